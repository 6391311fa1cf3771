package dev.freezeframe.bench;

import dev.freezeframe.analyse.Distribution;
import dev.freezeframe.analyse.RunSummary;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/// Measures what a disk that the guest writes to adds to the pause: the same machine is recorded with it and without it.
/// Both are recorded in turns in one run, the other one standing still, so that neither a drift nor a slow minute of this
/// computer counts for one of them only.
public final class DiskPauseBench {
    private DiskPauseBench() {}

    /// What came of the recordings of one of the machines.
    ///
    /// @param failed checkpoints that were given up; the guest ran on
    public record Side(Workload workload, RunSummary run, int failed) {}

    /// What the disks took, all together. The first checkpoint of each recording reads all that is on them and does not count.
    ///
    /// @param dirtyBlocks per checkpoint
    /// @param readKilobytesPerSecond per checkpoint; from the first request to the last answer, while the guest runs
    /// @param totals over all checkpoints
    public record DiskLoad(Distribution dirtyBlocks, Distribution readKilobytesPerSecond, SavedBlocks totals) {}

    /// Both machines.
    public record Result(long memoryBytes, Side withDisk, Side withoutDisk, DiskLoad disks) {
        /// What the disk adds to the median.
        public long addedMicros() {
            return withDisk.run.pauseMicros().median() - withoutDisk.run.pauseMicros().median();
        }
    }

    /// Measures.
    ///
    /// @param spec a machine with a disk that the guest can write
    /// @param writes what its guest does
    /// @param other what the guest of the machine without the disk does
    /// @param options for each recording
    /// @param rounds recordings of each machine
    /// @param each called with every checkpoint that is in the store, and whether its machine has the disk
    /// @param stopping asked between two recordings; then the result is of those until there
    /// @return empty if that was before the end of the first round
    public static Optional<Result> run(Store store, MachineSpec spec, Workload writes, Workload other,
            RecordingOptions options, int rounds, BiConsumer<CheckpointRecord, Boolean> each, BooleanSupplier stopping)
            throws IOException, InterruptedException {
        if (spec.profile().disks().stream().allMatch(disk -> disk.readOnly())) {
            throw new IOException("the profile " + spec.profile().name()
                    + " has no disk that the guest can write; name one that has, such as debian-build");
        }
        Meter with = new Meter(checkpoint -> each.accept(checkpoint, true));
        Meter without = new Meter(checkpoint -> each.accept(checkpoint, false));
        int done = 0;
        try (Machine disk = BenchMachine.standing(spec, writes);
                Machine noDisk = BenchMachine.standing(withoutDisks(spec), other)) {
            while (done < rounds && !stopping.getAsBoolean()) {
                boolean diskFirst = done % 2 == 0;
                record(store, diskFirst ? disk : noDisk, options, diskFirst ? with : without);
                record(store, diskFirst ? noDisk : disk, options, diskFirst ? without : with);
                done++;
            }
        }
        return done == 0
                ? Optional.empty()
                : Optional.of(new Result(spec.memoryBytes(), with.side(writes), without.side(other), with.disks()));
    }

    /// The same machine without its disks.
    static MachineSpec withoutDisks(MachineSpec spec) {
        Profile p = spec.profile();
        // without it the guest stays in its initramfs
        String append = p.append().replaceAll("\\s*\\bff\\.root=\\S*", "");
        Profile profile = new Profile(p.name(), p.description(), p.memoryBytes(), p.cpus(), p.machine(), p
                .accelerator(), p.firmware(), p.kernel(), p.initrd(), append, p.display(), List.of(), p.bootSector(),
                p.replay(),
                p
                        .arguments());
        return new MachineSpec(profile, spec.memoryBytes(), spec.accelerator(), spec.qemuBinary(), spec
                .kernelArguments(), spec.startPaused(), spec.detachable(), spec.machineType(), spec.bootFiles(),
                spec
                        .acceptChangedBootFiles(),
                Map.of(), spec.outside(), spec.background());
    }

    private static void record(Store store, Machine machine, RecordingOptions options, Meter meter) throws IOException,
            InterruptedException {
        machine.resume();
        meter.run.record(store, machine, options);
        machine.pause();
    }

    /// Adds up the checkpoints of several recordings. Of those, only one at a time is under way.
    private static final class Meter {
        private final Consumer<CheckpointRecord> each;
        private final RunMeter run = new RunMeter(this::add);
        private final Histogram dirtyBlocks = new Histogram(RunMeter.DIGITS);
        private final Histogram readRate = new Histogram(RunMeter.DIGITS);
        private final AtomicReference<SavedBlocks> totals = new AtomicReference<>(SavedBlocks.NONE);

        Meter(Consumer<CheckpointRecord> each) {
            this.each = each;
        }

        private void add(CheckpointRecord checkpoint) {
            if (checkpoint.number() > 1) {
                List<DiskMetrics> disks = checkpoint.metrics().disks();
                SavedBlocks blocks = SavedBlocks.of(disks);
                totals.accumulateAndGet(blocks, SavedBlocks::plus);
                dirtyBlocks.recordValue(blocks.dirty());
                long micros = disks.stream().mapToLong(DiskMetrics::readMicros).sum();
                if (micros > 0) {
                    readRate.recordValue(disks.stream().mapToLong(DiskMetrics::readBytes).sum() * 1000 / micros);
                }
            }
            each.accept(checkpoint);
        }

        Side side(Workload workload) {
            return new Side(workload, run.summary(), run.failed());
        }

        DiskLoad disks() {
            return new DiskLoad(Distribution.of(dirtyBlocks), Distribution.of(readRate), totals.get());
        }
    }
}
