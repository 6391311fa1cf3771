package dev.freezeframe.store.catalog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Some room that is kept beside the store for the day on which its disk is full: even a deletion writes a little before it
/// frees anything. It is given up for that, and put back when there is room again.
final class StoreReserve {
    static final String FILE_NAME = "store.reserve";
    static final int BYTES = 8 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(StoreReserve.class);

    private final Path file;

    StoreReserve(Path directory) {
        file = directory.resolve(FILE_NAME);
    }

    /// Puts the room aside, if it is not and the disk has plenty.
    void keep(long freeBytes) {
        if (freeBytes < 16L * BYTES || bytes() == BYTES) {
            return;
        }
        // nothing that a file system can compress
        byte[] block = new byte[BYTES / 8];
        new Random(1).nextBytes(block);
        try (FileChannel channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE,
                StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(
                        "rw-------")))) {
            for (int written = 0; written < BYTES; written += block.length) {
                channel.write(ByteBuffer.wrap(block));
            }
        } catch (IOException e) {
            LOG.debug("no room is put aside in {}", file, e);
        }
    }

    /// Gives the room up if there is hardly any other.
    ///
    /// @return how much that was
    long spend(long freeBytes) {
        if (freeBytes < BYTES) {
            long bytes = bytes();
            try {
                if (Files.deleteIfExists(file)) {
                    LOG.info("gave up {} so that the store can delete on a full disk", file);
                    return bytes;
                }
            } catch (IOException e) {
                LOG.debug("{} cannot be given up", file, e);
            }
        }
        return 0;
    }

    /// Gives a part of the room up, for what else of the store has grown by so much.
    ///
    /// @return how much that was, less where it is not as large
    long cut(long grownBytes) {
        long bytes = bytes();
        long part = Math.min(bytes, grownBytes);
        if (part <= 0) {
            return 0;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(bytes - part);
            return part;
        } catch (IOException e) {
            LOG.debug("{} cannot be cut", file, e);
            return 0;
        }
    }

    private long bytes() {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0; // there is none
        }
    }
}
