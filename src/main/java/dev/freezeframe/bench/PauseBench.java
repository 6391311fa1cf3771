package dev.freezeframe.bench;

import dev.freezeframe.analyse.Distribution;
import dev.freezeframe.analyse.RunSummary;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/// Records one guest for a while and tells how long it stood still, where that time went, and what recording cost us.
public final class PauseBench {
    private PauseBench() {}

    /// What came out of one recording.
    ///
    /// @param failed checkpoints that were given up; the guest ran on, and the next one has their pages
    /// @param cpuMicros processor time of the background pipeline for a checkpoint, without the first
    /// @param firstCpuMicros the same for the first
    /// @param preCopyRounds rounds before the stop, per checkpoint
    /// @param preCopiedPages pages copied before the stop, per checkpoint
    /// @param pausePages pages copied in the pause, per checkpoint
    /// @param dirtyPages per checkpoint, without the first
    /// @param heapPeakBytes the most heap that was in use, garbage included
    public record Result(Workload workload, long memoryBytes, RunSummary run, int failed,
            Distribution cpuMicros,
            long firstCpuMicros,
            Distribution preCopyRounds, Distribution preCopiedPages, Distribution pausePages, Distribution dirtyPages,
            long heapPeakBytes) {}

    /// Measures one combination.
    ///
    /// @param each called with every checkpoint that is in the store
    public static Result run(Store store, MachineSpec spec, Workload workload, RecordingOptions options,
            Consumer<CheckpointRecord> each) throws IOException, InterruptedException {
        ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
        Meter meter = new Meter(each);
        try (Machine machine = BenchMachine.boot(spec, workload)) {
            meter.run.record(store, machine, options);
        }
        return new Result(workload, spec.memoryBytes(), meter.run.summary(), meter.run.failed(), Distribution.of(
                meter.cpu), meter.firstCpuMicros, Distribution.of(meter.rounds),
                Distribution.of(
                        meter.preCopied),
                Distribution.of(meter.pausePages), Distribution.of(meter.dirty), heapPeakBytes());
    }

    /// The options that the project's figures are stated for.
    public static RecordingOptions options(int checkpoints, Duration interval) {
        return RecordingOptions.DEFAULT.with(RecordingOptions.DEFAULT.capture().withInterval(interval)).stoppingAfter(
                checkpoints);
    }

    private static long heapPeakBytes() {
        return ManagementFactory.getMemoryPoolMXBeans().stream().filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
    }

    /// Reads the clocks in the pipeline's own thread, which is the one that tells of stored checkpoints.
    private static final class Meter {
        private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        private final Consumer<CheckpointRecord> each;
        private final RunMeter run = new RunMeter(this::add);
        private final Histogram cpu = new Histogram(RunMeter.DIGITS);
        private final Histogram rounds = new Histogram(RunMeter.DIGITS);
        private final Histogram preCopied = new Histogram(RunMeter.DIGITS);
        private final Histogram pausePages = new Histogram(RunMeter.DIGITS);
        private final Histogram dirty = new Histogram(RunMeter.DIGITS);
        private long firstCpuMicros = -1;
        private long cpuBeforeMicros;

        Meter(Consumer<CheckpointRecord> each) {
            this.each = each;
        }

        private void add(CheckpointRecord checkpoint) {
            long now = threads.getCurrentThreadCpuTime() / 1000;
            if (firstCpuMicros < 0) {
                firstCpuMicros = now;
            } else {
                cpu.recordValue(Math.max(0, now - cpuBeforeMicros));
                dirty.recordValue(checkpoint.metrics().dirtyPages());
            }
            cpuBeforeMicros = now;
            rounds.recordValue(checkpoint.metrics().of(CheckpointFigure.PRE_COPY_ROUNDS));
            preCopied.recordValue(checkpoint.metrics().of(CheckpointFigure.PRE_COPIED_PAGES));
            pausePages.recordValue(checkpoint.metrics().of(CheckpointFigure.PAUSE_PAGES));
            each.accept(checkpoint);
        }
    }
}
