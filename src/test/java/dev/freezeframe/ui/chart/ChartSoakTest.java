package dev.freezeframe.ui.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.SyntheticCheckpoints;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The charts stay quick and small for as long as a recording lasts.
@Tag("soak")
class ChartSoakTest {
    private static final int CHECKPOINTS = 5_000;
    private static final int PER_FRAME = 8;
    private static final double MOST_MILLIS = 33;
    /// Half of the checkpoints themselves take a megabyte; a leak of pictures would take a megabyte a frame.
    private static final long MOST_GROWTH_BYTES = 8 << 20;

    /// Frames are judged by the processor time of the JavaFX thread and the renderer together, as if the two never worked at
    /// the same time: the wall clock of a machine that does other work as well says nothing about the charts.
    @Test
    void fiveThousandCheckpointsArriveLiveWithinTheFrameTimeAndAFlatHeap(@TempDir Path directory) throws Exception {
        try (LiveCharts<ChartsPane> live = LiveCharts.open(directory, Theme.LIGHT, 900, 700, ChartsPane::new)) {
            SyntheticCheckpoints source = new SyntheticCheckpoints(live.experimentId(), 7);
            FrameClock clock = FxToolkit.call(() -> new FrameClock(CHECKPOINTS) {
                @Override
                public void handle(long now) {
                    super.handle(now);
                    int left = CHECKPOINTS - live.workbench().experiment().checkpoints().size();
                    live.arrive(source, Math.min(PER_FRAME, left));
                }
            });
            FxToolkit.run(clock::start);
            FxToolkit.await("half of them are there", () -> live.workbench().experiment().checkpoints()
                    .size() >= CHECKPOINTS / 2);
            long half = usedBytes();
            FxToolkit.run(clock::restart);
            FxToolkit.await("all of them are there", () -> live.workbench().experiment().checkpoints()
                    .size() == CHECKPOINTS);
            FxToolkit.run(clock::stop);
            long all = usedBytes();

            System.out.println(
                    "charts of " + CHECKPOINTS + " checkpoints: " + clock + "; heap " + half / 1024 + " KiB, then "
                            + all / 1024 + " KiB");
            assertTrue(clock.frames() > 100, () -> "only " + clock.frames() + " frames were painted");
            assertTrue(clock.cpuMillis(0.95) <= MOST_MILLIS, clock::toString);
            assertTrue(all - half < MOST_GROWTH_BYTES, () -> "the heap grew by " + (all - half) / 1024 + " KiB");
            assertEquals(CHECKPOINTS,
                    FxToolkit.<Integer>call(() -> live.workbench().experiment().selection().checkpoint()
                            .number()));
        }
    }

    private static long usedBytes() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            least = Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }
}
