package dev.freezeframe.cli.run;

import dev.freezeframe.bench.Workload;
import java.util.Optional;
import picocli.CommandLine.Option;

/// `--workload` of the measurements that have one guest at work.
public final class WorkloadOption {
    @Option(names = "--workload", paramLabel = "NAME", converter = WorkloadText.class, description = "What the guest does: ticker, idle, build or randomN with N pages a second. Default: ticker, and build for bench disks")
    private Optional<Workload> workload;

    /// The workload that was named.
    ///
    /// @param usual the one to use when none is named
    public Workload orElse(Workload usual) {
        return workload.orElse(usual);
    }
}
