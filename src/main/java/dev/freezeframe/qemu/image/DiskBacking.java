package dev.freezeframe.qemu.image;

import dev.freezeframe.qemu.nbd.NbdExport;
import java.nio.file.Path;
import java.util.Optional;

/// Content for a disk of a new machine instead of its image file: an NBD export that is only read. The guest's writes go to a
/// throw-away file above it.
///
/// @param socket the server's UNIX socket
/// @param export the export's name, empty for the default one
/// @param sizeBytes the disk's size
/// @param content what is served there, where it is this process that does
public record DiskBacking(Path socket, String export, long sizeBytes, Optional<NbdExport> content) {
    public DiskBacking {
        if (sizeBytes <= 0) {
            throw new IllegalArgumentException("a disk of " + sizeBytes + " bytes");
        }
    }

    /// Served by another process.
    public DiskBacking(Path socket, String export, long sizeBytes) {
        this(socket, export, sizeBytes, Optional.empty());
    }
}
