package dev.freezeframe.dedup;

import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.PageMap;
import java.util.List;

/// A checkpoint that is stored.
///
/// @param ram   the map to begin the next checkpoint with
/// @param disks the same of each disk, in their order
public record Committed(CheckpointRecord checkpoint, PageMap ram, List<PageMap> disks) {
    public Committed {
        disks = List.copyOf(disks);
    }
}
