/// Page hashing, classification and the in-memory chunk index. Decides how few bytes are kept. Knows the
/// store below it and nothing of machines or captures.
///
/// [dev.freezeframe.dedup.Deduplicator] is the way in: one per store, with a [dev.freezeframe.dedup.CheckpointWriter] for
/// each checkpoint.
package dev.freezeframe.dedup;
