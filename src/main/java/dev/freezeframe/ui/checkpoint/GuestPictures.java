package dev.freezeframe.ui.checkpoint;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.Cancellable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The pictures of the guest, read and decoded in the background and kept within a bound. However fast somebody scrolls, a
/// few are read at a time, what was asked for last first. For the JavaFX thread.
final class GuestPictures {
    private static final Logger LOG = LoggerFactory.getLogger(GuestPictures.class);
    private static final long MOST_BYTES = 24 << 20;
    private static final int MOST_READING = 2;
    /// More do not fit on a screen; who asked before has scrolled on.
    private static final int MOST_WAITING = 48;

    private final WorkbenchModel workbench;
    private final LongConsumer whenRead;
    private final Cache<Long, GuestPicture> cache = Caffeine.newBuilder().maximumWeight(MOST_BYTES)
            .<Long, GuestPicture>weigher((_, picture) -> picture.weightBytes()).executor(Runnable::run).build();
    private final Map<Long, CheckpointRecord> waiting = new LinkedHashMap<>();
    private int reading;
    /// Counts up when the store changes; what was read from another one is dropped.
    private long generation;

    /// @param whenRead told of the id of each checkpoint whose picture has come
    GuestPictures(WorkbenchModel workbench, LongConsumer whenRead) {
        this.workbench = workbench;
        this.whenRead = whenRead;
        workbench.stores().stateProperty().addListener((_, _, _) -> {
            generation++;
            cache.invalidateAll();
            waiting.clear();
        });
        workbench.experiment().picturedProperty().addListener((_, _, checkpoint) -> {
            if (checkpoint != null) {
                cache.invalidate(checkpoint.id());
                whenRead.accept(checkpoint.id());
            }
        });
    }

    /// The picture, where it is there; otherwise it is on its way from now on.
    Optional<GuestPicture> of(CheckpointRecord checkpoint) {
        GuestPicture known = cache.getIfPresent(checkpoint.id());
        if (known == null) {
            waiting.remove(checkpoint.id());
            waiting.put(checkpoint.id(), checkpoint);
            if (waiting.size() > MOST_WAITING) {
                waiting.remove(waiting.keySet().iterator().next());
            }
            readNext();
        }
        return Optional.ofNullable(known);
    }

    private void readNext() {
        Optional<Store> store = workbench.stores().store();
        while (reading < MOST_READING && !waiting.isEmpty() && store.isPresent()) {
            CheckpointRecord next = newestRequest();
            long asked = generation;
            reading++;
            Cancellable _ = workbench.tasks().quietly("Read the picture of " + next.name(),
                    _ -> store.get().picture(next.id()).map(GuestPicture::of).orElse(new GuestPicture.None()),
                    picture -> arrived(asked, next, picture), cause -> {
                        LOG.info("{} is shown without its picture: {}", next.name(), cause.getMessage());
                        arrived(asked, next, new GuestPicture.None());
                    });
        }
    }

    private CheckpointRecord newestRequest() {
        long last = 0;
        for (long id : waiting.keySet()) {
            last = id;
        }
        return waiting.remove(last);
    }

    private void arrived(long asked, CheckpointRecord checkpoint, GuestPicture picture) {
        reading--;
        if (asked == generation) {
            cache.put(checkpoint.id(), picture);
            whenRead.accept(checkpoint.id());
        }
        readNext();
    }
}
