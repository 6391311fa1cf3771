package dev.freezeframe.bench;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import java.io.IOException;
import java.time.Duration;

/// Starts the guest of a measurement and waits until it is at work.
final class BenchMachine {
    private static final Duration BOOT_TIME = Duration.ofMinutes(2);

    private BenchMachine() {}

    static Machine boot(MachineSpec spec, Workload workload) throws IOException {
        return readied(Machine.boot(spec.withKernelArguments(workload.kernelArguments())), machine -> machine.console()
                .awaitLine(line -> workload.underWay().matcher(line).matches(), BOOT_TIME));
    }

    /// The same, and then stands still until its turn.
    static Machine standing(MachineSpec spec, Workload workload) throws IOException {
        return readied(boot(spec, workload), Machine::pause);
    }

    private interface Step {
        void apply(Machine machine) throws IOException;
    }

    private static Machine readied(Machine machine, Step step) throws IOException {
        boolean ready = false;
        try {
            step.apply(machine);
            ready = true;
            return machine;
        } finally {
            if (!ready) {
                machine.close();
            }
        }
    }
}
