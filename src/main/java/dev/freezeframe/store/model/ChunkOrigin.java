package dev.freezeframe.store.model;

/// Where the chunks of a pack first came from. It is kept with the pack, so it can be told of every chunk as long as that
/// lives.
public enum ChunkOrigin {
    /// Guest RAM, or the device state.
    RAM,
    /// A disk of the guest.
    DISK
}
