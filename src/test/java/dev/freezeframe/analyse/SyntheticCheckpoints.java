package dev.freezeframe.analyse;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;

/// Checkpoints of a guest of 256 MiB that nobody recorded, without a store: a first one with much of RAM, then figures that
/// walk about, with spikes. The same seed gives the same.
public final class SyntheticCheckpoints {
    public static final Instant START = Instant.parse("2026-11-22T10:15:00Z");
    static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final long RAM_PAGES = 65_536;

    private final long experimentId;
    private final Random random;
    private int number;
    private int disks;
    private double level = 2600;

    public SyntheticCheckpoints(long experimentId, long seed) {
        this.experimentId = experimentId;
        random = new Random(seed);
    }

    public static ExperimentRecord experiment(String name) {
        return ExperimentRecord.starting(name, "tiny-linux", "{}", RAM_PAGES * GuestPage.BYTES, Optional.empty(),
                START);
    }

    public static List<CheckpointRecord> list(int count) {
        SyntheticCheckpoints made = new SyntheticCheckpoints(1, 42);
        List<CheckpointRecord> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(made.next());
        }
        return all;
    }

    public static CheckpointSeries series(int count) {
        CheckpointSeries series = new CheckpointSeries(START);
        list(count).forEach(series::add);
        return series;
    }

    /// Gives the machine disks; without them it has none.
    public SyntheticCheckpoints withDisks(int count) {
        disks = count;
        return this;
    }

    private List<DiskMetrics> disks() {
        List<DiskMetrics> all = new ArrayList<>();
        for (int i = 0; i < disks; i++) {
            long dirty = number == 1 ? 16_384 : 400 + random.nextInt(200);
            long fresh = dirty / 2;
            long ofDisk = dirty / 8;
            long ofRam = dirty / 5;
            long zero = dirty / 10;
            all.add(GivenFigures.disk("disk" + i, 64 << 20, dirty, dirty - fresh - ofDisk - ofRam - zero, zero, ofDisk,
                    ofRam, fresh, dirty * GuestPage.BYTES, 30 * dirty, fresh * 3500));
        }
        return all;
    }

    public CheckpointRecord next() {
        number++;
        level = Math.clamp(level * (1 + 0.1 * random.nextGaussian()) + 20, 100, 20_000);
        long dirty = number == 1 ? 40_000 : Math.round(level);
        long spike = random.nextInt(60) == 0 ? 3000 + random.nextInt(4000) : 0;
        long[] phases = {200 + random.nextInt(60), 450 + random.nextInt(200),
                180 + random.nextInt(50),
                20 + random.nextInt(20), 0, 90 + spike};
        long pause = LongStream.of(phases).sum();
        long fresh = dirty / 2;
        long within = dirty / 10;
        long stored = dirty / 5;
        long zero = dirty / 10;
        int late = random.nextInt(300) == 0 ? 1 : 0;
        return record(START.plus(INTERVAL.multipliedBy(number)), late, pause, phases, dirty, fresh, within, stored,
                zero);
    }

    private CheckpointRecord record(Instant at, int late, long pause, long[] phases, long dirty, long fresh,
            long within, long stored, long zero) {
        List<DiskMetrics> ofDisks = disks();
        // what a disk brought in is no other part of the duplicates
        long onDisk = disks == 0 ? 0 : stored / 2;
        return new CheckpointRecord(number, experimentId, "synthetic", number, new CheckpointMetrics(at, GivenFigures
                .checkpoint(INTERVAL.toMillis(), late, pause, phases[0], phases[1], phases[2], phases[3], phases[4],
                        phases[5], 2, 3000, dirty, 40, RAM_PAGES, dirty, dirty - fresh - within - stored - zero, zero,
                        within + stored, within, stored - onDisk, fresh, ofDisks.stream().mapToLong(
                                DiskMetrics::dirtyBlocks).sum(),
                        ofDisks.stream().mapToLong(DiskMetrics::newBlocks).sum(), 13_312, fresh * 3500, 12),
                ofDisks));
    }
}
