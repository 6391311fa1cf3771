package dev.freezeframe.analyse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.plot.ChartKind;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the charts add up is what the engine's own statistics say.
class CheckpointSeriesTest {

    @Test
    void rawAndKeptBytesAreTheSumsOfTheRunsStatistics() {
        List<CheckpointRecord> checkpoints = SyntheticCheckpoints.list(300);
        RunStatistics statistics = new RunStatistics();
        CheckpointSeries series = new CheckpointSeries(SyntheticCheckpoints.START);
        for (int i = 0; i < checkpoints.size(); i++) {
            statistics.add(checkpoints.get(i));
            series.add(checkpoints.get(i));
            assertEquals(statistics.summary().imageBytes(), series.rawBytes(i));
            assertEquals(statistics.summary().storedBytes(), series.keptBytes(i));
        }
    }

    @Test
    void thePhasesOfEachCheckpointAddUpToItsPause() {
        CheckpointSeries series = SyntheticCheckpoints.series(100);
        for (int i = 0; i < series.size(); i++) {
            long sum = 0;
            for (int phase = 0; phase < CheckpointSeries.PHASES.size(); phase++) {
                sum += series.phaseMicros(phase, i);
            }
            assertEquals(series.pauseMicros(i), sum);
            long pages = 0;
            for (int fate = 0; fate < PageFate.DIRTY_FATES; fate++) {
                pages += series.pages(PageFate.ALL.get(fate), i);
            }
            assertEquals(series.dirtyPages(i), pages);
        }
    }

    @Test
    void theBlocksOfAllDisksAddUpToThoseThatAreDirty() {
        CheckpointSeries without = SyntheticCheckpoints.series(2);
        assertFalse(without.hasDisks());
        assertEquals(4, ChartKind.of(without).size());
        SyntheticCheckpoints made = new SyntheticCheckpoints(1, 42).withDisks(2);
        CheckpointSeries series = new CheckpointSeries(SyntheticCheckpoints.START);
        long dirty = 0;
        long fresh = 0;
        for (int i = 0; i < 100; i++) {
            CheckpointRecord checkpoint = made.next();
            series.add(checkpoint);
            dirty += checkpoint.metrics().disks().stream().mapToLong(DiskMetrics::dirtyBlocks).sum();
            fresh += checkpoint.metrics().disks().stream().mapToLong(DiskMetrics::newBlocks).sum();
            int last = i;
            assertEquals(series.dirtyBlocks(i), BlockFate.ALL.stream().mapToLong(fate -> series.blocks(fate, last))
                    .sum());
            assertTrue(series.pages(PageFate.DUPLICATE_DISK, i) > 0);
        }
        CheckpointSeries snapshot = series.snapshot();
        assertTrue(snapshot.hasDisks());
        assertEquals(5, ChartKind.of(snapshot).size());
        assertEquals(dirty, snapshot.allDirtyBlocks(99));
        assertEquals(fresh, snapshot.allNewBlocks(99));
    }

    @Test
    void percentilesOfPausesAreThoseOfTheRunsStatistics() {
        OverlayRun run = OverlayRun.of(SyntheticCheckpoints.experiment("run"), SyntheticCheckpoints.list(1000));
        RunStatistics statistics = new RunStatistics();
        SyntheticCheckpoints.list(1000).forEach(statistics::add);
        RunSummary summary = statistics.summary();
        assertEquals(summary, run.summary());
        // the statistics are exact to one part in a thousand
        assertTrue(run.shareOfPausesUpTo(summary.pauseMicros().median() * 1.001 / 1e3) >= 0.5);
        assertTrue(run.shareOfPausesUpTo(summary.pauseMicros().median() * 0.998 / 1e3) <= 0.5);
        assertTrue(run.shareOfPausesUpTo(summary.pauseMicros().p99() * 1.001 / 1e3) >= 0.99);
        assertEquals(1, run.shareOfPausesUpTo(1e9));
        assertEquals(0, run.shareOfPausesUpTo(0));
    }

    @Test
    void theFirstCheckpointHasNoRateAndADeletedOneLeavesTheRateOfTheNextAsItWas() {
        List<CheckpointRecord> checkpoints = new ArrayList<>(SyntheticCheckpoints.list(4));
        CheckpointSeries whole = new CheckpointSeries(SyntheticCheckpoints.START);
        checkpoints.forEach(whole::add);
        assertTrue(Double.isNaN(whole.pagesPerSecond(0)));
        assertEquals((double) checkpoints.get(2).metrics().dirtyPages(), whole.pagesPerSecond(2), 1e-6);
        CheckpointRecord last = checkpoints.get(3);
        checkpoints.remove(1);
        checkpoints.remove(1);
        CheckpointSeries thinned = new CheckpointSeries(SyntheticCheckpoints.START);
        checkpoints.forEach(thinned::add);
        assertEquals(last.metrics().dirtyPages() / (double) (1 + last.metrics().late()), thinned.pagesPerSecond(1),
                1e-6);
    }

    @Test
    void aSnapshotStaysAsItIsWhileTheSeriesGrows() {
        CheckpointSeries series = SyntheticCheckpoints.series(60);
        CheckpointSeries snapshot = series.snapshot();
        SyntheticCheckpoints.list(500).subList(60, 500).forEach(series::add);
        assertEquals(60, snapshot.size());
        assertEquals(500, series.size());
        assertEquals(series.pauseMicros(59), snapshot.pauseMicros(59));
        assertEquals(59, snapshot.nearest(1e9));
        assertEquals(-1, snapshot.indexOf(61));
        assertEquals(41, series.indexOf(42));
    }
}
