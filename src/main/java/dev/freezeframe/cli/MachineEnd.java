package dev.freezeframe.cli;

import dev.freezeframe.machine.Machine;
import dev.freezeframe.qmp.QmpException;
import java.util.Optional;

/// Tells whether a machine will not run again.
final class MachineEnd {
    private MachineEnd() {}

    /// Why it will not, as a clause for the user, or empty while it may.
    static Optional<String> of(Machine machine) {
        if (machine.onExit().isDone()) {
            return Optional.of("QEMU " + machine.onExit().join().describe());
        }
        try {
            // Under -no-shutdown QEMU stays when the guest has powered off.
            return machine.runState().equals("shutdown") ? Optional.of("the guest powered off") : Optional.empty();
        } catch (QmpException e) {
            return Optional.of(e.getMessage());
        }
    }
}
