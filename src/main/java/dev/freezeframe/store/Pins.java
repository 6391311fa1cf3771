package dev.freezeframe.store;

import dev.freezeframe.store.StoreException.Reason;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// The checkpoints that somebody reads images of, and their page maps, which all readers of an image share. What is pinned
/// cannot be deleted. Its methods must be called with its monitor held, which a deletion holds from its question to its end.
final class Pins {
    private final Map<Long, Pin> pins = new HashMap<>();

    /// A checkpoint that is being read.
    private static final class Pin {
        final CheckpointRecord checkpoint;
        final Map<String, PageMap> maps = new HashMap<>();
        int readers;

        Pin(CheckpointRecord checkpoint) {
            this.checkpoint = checkpoint;
        }
    }

    void pin(CheckpointRecord checkpoint) {
        pins.computeIfAbsent(checkpoint.id(), _ -> new Pin(checkpoint)).readers++;
    }

    void unpin(CheckpointRecord checkpoint) {
        Pin pin = pins.get(checkpoint.id());
        pin.readers--;
        if (pin.readers == 0) {
            pins.remove(checkpoint.id());
        }
    }

    /// The map that a reader of the image before had.
    Optional<PageMap> map(CheckpointRecord checkpoint, String image) {
        return Optional.ofNullable(pins.get(checkpoint.id()).maps.get(image));
    }

    /// The map to use: this one, or the one that another reader was quicker with.
    PageMap share(CheckpointRecord checkpoint, String image, PageMap map) {
        PageMap earlier = pins.get(checkpoint.id()).maps.putIfAbsent(image, map);
        return earlier == null ? map : earlier;
    }

    /// One of those that are pinned.
    Optional<CheckpointRecord> any() {
        return pins.values().stream().map(pin -> pin.checkpoint).findFirst();
    }

    Set<Long> ids() {
        return new HashSet<>(pins.keySet());
    }

    /// Refuses to delete what is pinned.
    void refuse(String what, Predicate<CheckpointRecord> deleted) throws StoreException {
        for (Pin pin : pins.values()) {
            if (deleted.test(pin.checkpoint)) {
                throw new StoreException(Reason.REFUSED, what + " cannot be deleted: checkpoint "
                        + pin.checkpoint.name() + " is in use by a machine or an export; end it first");
            }
        }
    }
}
