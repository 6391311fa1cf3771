package dev.freezeframe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What recordings of a measurement stored and gave up, and why one that stored nothing did not.
class RunMeterTest {
    @TempDir
    private Path folder;

    @Test
    void checkpointsAndFailuresAreCountedAndAFailureEndsTheWaitWithItsReason() throws Exception {
        List<CheckpointRecord> checkpoints;
        try (Store store = Store.open(folder)) {
            checkpoints = store.checkpoints(SyntheticExperiments.write(store, "two", 2, 1));
        }
        List<CheckpointRecord> told = new ArrayList<>();
        RunMeter meter = new RunMeter(told::add);
        meter.checkpointStored(checkpoints.get(0));
        assertSame(checkpoints.get(0), meter.awaitStored(1));
        meter.checkpointFailed(2, new IOException("the disk was full"));
        assertEquals("no checkpoint was stored: the disk was full", assertThrows(IOException.class, () -> meter
                .awaitStored(2)).getMessage());
        meter.checkpointStored(checkpoints.get(1));
        assertSame(checkpoints.get(1), meter.awaitStored(2));
        meter.captureEnded("QEMU was killed");
        assertEquals("no checkpoint was stored: QEMU was killed", assertThrows(IOException.class, () -> meter
                .awaitStored(3)).getMessage());
        assertEquals(checkpoints, told);
        assertEquals(2, meter.stored());
        assertEquals(2, meter.summary().checkpoints());
        assertEquals(1, meter.failed());
    }
}
