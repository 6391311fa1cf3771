package dev.freezeframe.store.lock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.suite.Await;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// Whoever reads for long keeps a deletion off, whoever reads for a moment delays it.
class PinnedCheckpointsTest {
    private static final CheckpointRecord READ = new CheckpointRecord(1, 1, "read", 1, null);

    private final PinnedCheckpoints pins = new PinnedCheckpoints(Await.PATIENCE);

    private void pin(boolean briefly) {
        synchronized (pins) {
            pins.pin(READ, briefly);
        }
    }

    private void unpin(boolean briefly) {
        synchronized (pins) {
            pins.unpin(READ, briefly);
        }
    }

    private void delete() throws StoreException {
        synchronized (pins) {
            pins.refuse("checkpoint " + READ.name(), checkpoint -> checkpoint.id() == READ.id());
        }
    }

    @Test
    void aDeletionWaitsForABriefReader() throws Exception {
        pin(true);
        CompletableFuture<Optional<StoreException>> deleted = new CompletableFuture<>();
        Thread deleting = Thread.ofPlatform().start(() -> {
            try {
                delete();
                deleted.complete(Optional.empty());
            } catch (StoreException e) {
                deleted.complete(Optional.of(e));
            }
        });
        Await.until("it waits", () -> deleting.getState() == Thread.State.TIMED_WAITING || deleted.isDone());
        unpin(true);
        assertEquals(Optional.empty(), deleted.get());
    }

    @Test
    void aBriefReaderThatStaysKeepsADeletionOffInTheEnd() {
        PinnedCheckpoints impatient = new PinnedCheckpoints(Duration.ofMillis(50));
        synchronized (impatient) {
            impatient.pin(READ, true);
        }
        assertEquals(Reason.REFUSED, assertThrows(StoreException.class, () -> {
            synchronized (impatient) {
                impatient.refuse("it", _ -> true);
            }
        }).reason());
    }

    @Test
    void aDeletionIsRefusedWhileAMachineReads() throws Exception {
        pin(false);
        pin(true);
        assertEquals(Reason.REFUSED, assertThrows(StoreException.class, this::delete).reason());
        unpin(true);
        assertEquals(Reason.REFUSED, assertThrows(StoreException.class, this::delete).reason());
        unpin(false);
        delete();
    }

    @Test
    void onlyAReaderThatStaysKeepsTheFileFromBeingMadeShorter() {
        synchronized (pins) {
            pins.pin(READ, true);
            assertTrue(pins.any().isEmpty());
            pins.pin(READ, false);
            assertEquals(Optional.of(READ), pins.any());
        }
    }
}
