package dev.freezeframe.capture;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.util.Optional;

/// What a machine is doing, as far as a checkpointer cares: it can be captured, not now, or never again.
/// Never again is only what has ended: a QEMU that does not answer in time may do so later.
sealed interface RunState {

    /// The guest's processors run.
    record Running() implements RunState {}

    /// Somebody paused it, it waits for its state, or one of its disks failed; it may be resumed.
    ///
    /// @param why for a disk that failed, one line for the user, as soon as it is known
    record Paused(Optional<String> why) implements RunState {}

    /// QEMU does not say in time.
    ///
    /// @param reason one line for the user
    record Late(String reason) implements RunState {}

    /// It will not run again.
    ///
    /// @param reason one line for the user
    /// @param failed whether that is not the guest's own doing
    record Ended(String reason, boolean failed) implements RunState {}

    /// What a user should hear of why no checkpoint is taken; empty where that is as they wanted it.
    default Optional<String> reasonToTell() {
        return switch (this) {
            case Paused(Optional<String> why) -> why;
            case Late(String reason) -> Optional.of(reason);
            case Running _,Ended _ -> Optional.empty();
        };
    }

    /// Asks QEMU, which answers from its main loop without touching the guest.
    static RunState of(Machine machine, Sessions sessions) {
        try {
            JsonNode status = sessions.main().execute(QmpCommand.of("query-status"), sessions.patience());
            if (sessions.isAnyLost()) {
                return new Ended(exit(machine).orElse("a connection to QEMU has ended, so no more can be captured"),
                        true);
            }
            String state = status.path("status").asText();
            return switch (state) {
                case "running" -> new Running();
                case "shutdown" -> new Ended("the guest powered off", false);
                case "guest-panicked" -> new Ended("the guest's kernel panicked", false);
                case "internal-error" -> new Ended("QEMU stopped the guest: " + state, true);
                // What is wrong with the disk is known a moment later.
                case "io-error" -> new Paused(machine.state() == MachineState.FAULTY
                        ? Optional.of(machine.stateDetail())
                        : Optional.empty());
                default -> new Paused(Optional.empty());
            };
        } catch (QmpException e) {
            Optional<String> exit = exit(machine);
            return e.endsSession() || exit.isPresent()
                    ? new Ended(e.endsSession() ? e.getMessage() : exit.get(), true)
                    : new Late(e.getMessage() + "; the guest may stand still; checkpoints go on when it answers");
        }
    }

    private static Optional<String> exit(Machine machine) {
        return machine.onExit().isDone()
                ? Optional.of("QEMU " + machine.onExit().join().describe())
                : Optional.empty();
    }
}
