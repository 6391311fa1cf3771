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
    record Ended(String reason) implements RunState {}

    /// Asks QEMU, which answers from its main loop without touching the guest.
    static RunState of(Machine machine) {
        try {
            String state = machine.runState();
            return switch (state) {
                case "running" -> new Running();
                case "shutdown" -> new Ended("the guest powered off");
                case "guest-panicked" -> new Ended("the guest's kernel panicked");
                case "internal-error", "io-error" -> new Ended("QEMU stopped the guest: " + state);
                default -> new Paused();
            };
        } catch (QmpException e) {
            return new Ended(e.getMessage());
        }
    }
}
