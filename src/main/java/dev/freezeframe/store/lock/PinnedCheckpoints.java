package dev.freezeframe.store.lock;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// The checkpoints that somebody reads images of, and their page maps, which all readers of an image share. What is pinned
/// cannot be deleted; a deletion waits for those who read briefly, and is refused for the others.
/// Its methods must be called with its monitor held, which a deletion holds from its question to its end.
public final class PinnedCheckpoints {
    /// A deletion holds recordings up, so it waits no longer than this for a brief reader.
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    @GuardedBy("this")
    private final Map<Long, Pin> pins = new HashMap<>();
    private final Duration patience;

    public PinnedCheckpoints() {
        this(PATIENCE);
    }

    PinnedCheckpoints(Duration patience) {
        this.patience = patience;
    }

    /// A checkpoint that is being read.
    private static final class Pin {
        final CheckpointRecord checkpoint;
        final Map<String, PageMap> maps = new HashMap<>();
        int readers;
        int briefReaders;

        Pin(CheckpointRecord checkpoint) {
            this.checkpoint = checkpoint;
        }
    }

    /// One reader more.
    ///
    /// @param briefly whether it is given back soon, whatever a person does
    @GuardedBy("this")
    public void pin(CheckpointRecord checkpoint, boolean briefly) {
        Pin pin = pins.computeIfAbsent(checkpoint.id(), _ -> new Pin(checkpoint));
        pin.readers += briefly ? 0 : 1;
        pin.briefReaders += briefly ? 1 : 0;
    }

    /// One reader less.
    ///
    /// @param briefly as it was pinned
    @GuardedBy("this")
    public void unpin(CheckpointRecord checkpoint, boolean briefly) {
        Pin pin = pins.get(checkpoint.id());
        pin.readers -= briefly ? 0 : 1;
        pin.briefReaders -= briefly ? 1 : 0;
        if (pin.readers == 0 && pin.briefReaders == 0) {
            pins.remove(checkpoint.id());
            notifyAll();
        }
    }

    /// The map that a reader of the image before had.
    @GuardedBy("this")
    public Optional<PageMap> map(CheckpointRecord checkpoint, String image) {
        return Optional.ofNullable(pins.get(checkpoint.id()).maps.get(image));
    }

    /// The map to use: this one, or the one that another reader was quicker with.
    @GuardedBy("this")
    public PageMap share(CheckpointRecord checkpoint, String image, PageMap map) {
        PageMap earlier = pins.get(checkpoint.id()).maps.putIfAbsent(image, map);
        return earlier == null ? map : earlier;
    }

    /// One of those that are pinned, not only briefly.
    @GuardedBy("this")
    public Optional<CheckpointRecord> any() {
        return pins.values().stream().filter(pin -> pin.readers > 0).map(pin -> pin.checkpoint).findFirst();
    }

    @GuardedBy("this")
    public Set<Long> ids() {
        return new HashSet<>(pins.keySet());
    }

    /// Refuses to delete what is pinned. May let go of the monitor in between.
    @GuardedBy("this")
    public void refuse(String what, Predicate<CheckpointRecord> deleted) throws StoreException {
        long start = System.nanoTime();
        Optional<Pin> pinned = pinned(deleted);
        try {
            while (pinned.isPresent() && pinned.get().readers == 0) {
                long leftMillis = patience.minusNanos(System.nanoTime() - start).toMillis();
                if (leftMillis <= 0) {
                    break;
                }
                wait(leftMillis);
                pinned = pinned(deleted);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (pinned.isPresent()) {
            throw new StoreException(Reason.REFUSED, what + " cannot be deleted: checkpoint "
                    + pinned.get().checkpoint.name() + " is in use by a machine or an export; end it first");
        }
    }

    /// One that is deleted with these, rather one that is pinned for long.
    @GuardedBy("this")
    private Optional<Pin> pinned(Predicate<CheckpointRecord> deleted) {
        return pins.values().stream().filter(pin -> deleted.test(pin.checkpoint)).max(Comparator.comparingInt(
                pin -> pin.readers));
    }
}
