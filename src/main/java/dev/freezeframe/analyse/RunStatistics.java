package dev.freezeframe.analyse;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/// Adds up the checkpoints of a run as they come. Takes the same memory however long the run is; safe for use by several
/// threads.
public final class RunStatistics {
    /// Percentiles are exact to one part in a thousand.
    private static final int DIGITS = 3;

    @GuardedBy("this")
    private final Histogram pause = new Histogram(DIGITS);
    @GuardedBy("this")
    private final Histogram pipeline = new Histogram(DIGITS);
    @GuardedBy("this")
    private final Map<String, Histogram> phases = new LinkedHashMap<>();
    @GuardedBy("this")
    private int checkpoints;
    @GuardedBy("this")
    private long late;
    @GuardedBy("this")
    private Instant first;
    @GuardedBy("this")
    private Instant last;
    @GuardedBy("this")
    private long firstPipelineMillis;
    @GuardedBy("this")
    private long dirtyPages;
    @GuardedBy("this")
    private long unchangedPages;
    @GuardedBy("this")
    private long zeroPages;
    @GuardedBy("this")
    private long duplicatePages;
    @GuardedBy("this")
    private long newPages;
    @GuardedBy("this")
    private BlockSums blocks = BlockSums.NONE;
    @GuardedBy("this")
    private long storedBytes;
    @GuardedBy("this")
    private long imageBytes;

    /// Adds the next checkpoint of the run.
    public synchronized void add(CheckpointRecord checkpoint) {
        CheckpointMetrics metrics = checkpoint.metrics();
        if (checkpoints++ == 0) {
            first = metrics.capturedAt();
            firstPipelineMillis = metrics.pipelineMillis();
        } else {
            pipeline.recordValue(atLeastZero(metrics.pipelineMillis()));
        }
        last = metrics.capturedAt();
        late += metrics.late();
        pause.recordValue(atLeastZero(metrics.pauseMicros()));
        metrics.phaseMicros().forEach((name, micros) -> phases.computeIfAbsent(name, _ -> new Histogram(DIGITS))
                .recordValue(atLeastZero(micros)));
        dirtyPages += metrics.dirtyPages();
        unchangedPages += metrics.unchangedPages();
        zeroPages += metrics.zeroPages();
        duplicatePages += metrics.duplicatePages();
        newPages += metrics.newPages();
        for (DiskMetrics disk : metrics.disks()) {
            blocks = blocks.plus(disk);
        }
        storedBytes += metrics.storedBytes();
        imageBytes += metrics.imageBytes();
    }

    /// Figures of old recordings may be negative, where the computer's clock was set back.
    private static long atLeastZero(long value) {
        return Math.max(0, value);
    }

    /// What has come together so far.
    public synchronized RunSummary summary() {
        Map<String, Distribution> phaseMicros = new LinkedHashMap<>();
        phases.forEach((name, histogram) -> phaseMicros.put(name, Distribution.of(histogram)));
        return new RunSummary(checkpoints, late,
                first == null || last.isBefore(first) ? Duration.ZERO : Duration.between(first, last),
                Distribution.of(pause),
                Collections.unmodifiableMap(phaseMicros), firstPipelineMillis, Distribution.of(pipeline), dirtyPages,
                unchangedPages,
                zeroPages, duplicatePages, newPages, blocks, storedBytes, imageBytes);
    }
}
