package dev.freezeframe.qemu.image;

import java.nio.file.Path;

/// Content for a disk of a new machine instead of its image file: an NBD export that is only read. The guest's writes go to a
/// throw-away file above it.
///
/// @param socket the server's UNIX socket
/// @param export the export's name, empty for the default one
/// @param sizeBytes the disk's size
public record DiskBacking(Path socket, String export, long sizeBytes) {
    public DiskBacking {
        if (sizeBytes <= 0) {
            throw new IllegalArgumentException("a disk of " + sizeBytes + " bytes");
        }
    }
}
