package dev.freezeframe.dedup;

import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.PageMap;

/// A checkpoint that is stored.
///
/// @param ram the map to begin the next checkpoint with
public record Committed(CheckpointRecord checkpoint, PageMap ram) {}
