package dev.freezeframe.cli.run;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.qmp.QmpException;
import java.util.Optional;

/// Tells whether a machine will not run again. Asks nobody who may be slow to answer: a QEMU that is late has not ended.
public final class MachineEnd {
    private MachineEnd() {}

    /// Why it will not, as a clause for the user, or empty while it may.
    public static Optional<String> of(Machine machine) {
        if (machine.onExit().isDone()) {
            return Optional.of("QEMU " + machine.onExit().join().describe());
        }
        if (machine.qmp().isLost()) {
            return Optional.of(whyLost(machine));
        }
        // Under -no-shutdown QEMU stays when the guest has powered off.
        return machine.state() == MachineState.SHUT_DOWN ? Optional.of("the guest powered off") : Optional.empty();
    }

    /// A session that has ended answers at once.
    private static String whyLost(Machine machine) {
        try {
            return machine.runState();
        } catch (QmpException e) {
            return e.getMessage();
        }
    }
}
