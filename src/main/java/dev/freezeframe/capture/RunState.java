package dev.freezeframe.capture;

import dev.freezeframe.machine.Machine;
import dev.freezeframe.qmp.QmpException;

/// What a machine is doing, as far as a checkpointer cares: it can be captured, not now, or never again.
sealed interface RunState {

    /// The guest's processors run.
    record Running() implements RunState {}

    /// Somebody paused it, or it waits for its state.
    record Paused() implements RunState {}

    /// It will not run again.
    ///
    /// @param reason one line for the user
    /// @param failed whether that is not the guest's own doing
    record Ended(String reason, boolean failed) implements RunState {}

    /// Asks QEMU, which answers from its main loop without touching the guest.
    static RunState of(Machine machine) {
        try {
            String state = machine.runState();
            return switch (state) {
                case "running" -> new Running();
                case "shutdown" -> new Ended("the guest powered off", false);
                case "guest-panicked" -> new Ended("the guest's kernel panicked", false);
                case "internal-error", "io-error" -> new Ended("QEMU stopped the guest: " + state, true);
                default -> new Paused();
            };
        } catch (QmpException e) {
            return new Ended(e.getMessage(), true);
        }
    }
}
