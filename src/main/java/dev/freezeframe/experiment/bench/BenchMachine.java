package dev.freezeframe.experiment.bench;

import dev.freezeframe.machine.Machine;
import dev.freezeframe.machine.MachineSpec;
import java.io.IOException;
import java.time.Duration;

/// Starts the guest of a measurement and waits until it is at work.
final class BenchMachine {
    private static final Duration BOOT_TIME = Duration.ofMinutes(2);

    private BenchMachine() {}

    static Machine boot(MachineSpec spec, Workload workload) throws IOException {
        Machine machine = Machine.boot(spec.withKernelArguments(workload.kernelArguments()));
        boolean ready = false;
        try {
            machine.console().awaitLine(line -> workload.underWay().matcher(line).matches(), BOOT_TIME);
            ready = true;
            return machine;
        } finally {
            if (!ready) {
                machine.close();
            }
        }
    }
}
