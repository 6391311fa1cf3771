package dev.freezeframe.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// The room that a file takes on its file system, which Java does not tell. Holes take none, so it may be less than the
/// file's length.
public final class FileRoom {
    /// struct stat of x86-64 and aarch64 is 144 and 128 bytes long and has this field, a 64-bit number, at the same place.
    private static final int STAT_BYTES = 256;
    private static final int STAT_BLOCKS = 64;
    /// The unit of st_blocks, whatever the file system (stat(2)).
    private static final int STAT_BLOCK_BYTES = 512;

    private FileRoom() {}

    /// What a file that is there takes now. Some file systems know only once its content is on the disk.
    public static long allocatedBytes(Path file) throws IOException {
        int fd = Libc.open(file.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (fd < 0) {
            throw Libc.failure("cannot look at " + file, fd);
        }
        try {
            return read(file.toString(), status -> Libc.fstat(fd, status));
        } finally {
            Libc.close(fd);
        }
    }

    /// Fills a struct stat.
    interface Stat {
        /// Asks the kernel; gives 0, or minus the error number.
        long into(MemorySegment status) throws IOException;
    }

    /// @param what the file, for the message of the failure
    static long read(String what, Stat stat) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(STAT_BYTES, Long.BYTES);
            long result = stat.into(status);
            if (result < 0) {
                throw Libc.failure(what + ", the room that it takes", result);
            }
            return status.get(ValueLayout.JAVA_LONG, STAT_BLOCKS) * STAT_BLOCK_BYTES;
        }
    }
}
