package dev.freezeframe.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.analyse.SyntheticCheckpoints;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Thousands of checkpoints on hundreds of pixels lose nothing that matters.
class PixelColumnsTest {

    private static PixelColumns columns(CheckpointSeries series, int pixels) {
        return PixelColumns.of(series, series::pauseMicros, 0, series.lastSeconds() + 1, pixels);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 40, 400, 700, 5000, 20_000})
    void everyPixelShowsTheLongestPauseOfItsCheckpoints(int checkpoints) {
        CheckpointSeries series = SyntheticCheckpoints.series(checkpoints);
        int pixels = 400;
        PixelColumns columns = columns(series, pixels);
        double[] longest = new double[pixels + 1];
        for (int i = 0; i < checkpoints; i++) {
            int pixel = (int) Math.floor(series.seconds(i) / (series.lastSeconds() + 1) * pixels);
            longest[pixel] = Math.max(longest[pixel], (double) series.pauseMicros(i));
        }
        int held = 0;
        for (int i = 0; i < columns.size(); i++) {
            int pixel = (int) Math.floor(series.seconds(columns.shown()[i]) / (series.lastSeconds() + 1) * pixels);
            assertEquals(longest[pixel], columns.values()[i]);
            assertEquals((double) series.pauseMicros(columns.shown()[i]), columns.values()[i]);
            held += columns.held()[i];
        }
        assertEquals(checkpoints, held, "each checkpoint is in one column");
        assertTrue(columns.size() <= pixels + 1);
    }

    @Test
    void columnsNeverCoverEachOther() {
        for (int checkpoints : new int[]{2, 10, 60, 150, 300, 900}) {
            PixelColumns columns = columns(SyntheticCheckpoints.series(checkpoints), 400);
            for (int i = 1; i < columns.size(); i++) {
                assertTrue(columns.x()[i - 1] + columns.width()[i - 1] <= columns.x()[i], checkpoints + " checkpoints");
                assertTrue(columns.width()[i] >= 1);
            }
        }
    }

    @Test
    void noOneAndTwoCheckpointsHaveColumns() {
        assertEquals(0, columns(SyntheticCheckpoints.series(0), 400).size());
        assertEquals(1, columns(SyntheticCheckpoints.series(1), 400).size());
        assertEquals(2, columns(SyntheticCheckpoints.series(2), 400).size());
    }

    @Test
    void theMouseFindsTheCheckpointThatItsColumnShows() {
        CheckpointSeries series = SyntheticCheckpoints.series(5000);
        PixelColumns columns = columns(series, 400);
        Set<Integer> found = new HashSet<>();
        for (int x = 0; x < 400; x++) {
            found.add(columns.checkpointAt(x, 3));
        }
        for (int i = 0; i < columns.size(); i++) {
            assertTrue(found.contains(columns.shown()[i]), "column " + i);
        }
    }
}
