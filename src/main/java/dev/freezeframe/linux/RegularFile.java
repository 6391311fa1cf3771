package dev.freezeframe.linux;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Opens regular files for reading, and nothing else. A device, a FIFO, a socket or a folder in the file's place is refused
/// without having been opened: opening a FIFO waits for a writer, a device may do anything, and `/dev/zero` never ends.
public final class RegularFile {
    private static final int O_PATH = 0x200000;

    private RegularFile() {}

    /// Opens a file, through symbolic links. What is looked at is what is opened, whatever happens to the name meanwhile.
    ///
    /// @throws FileSystemException with the path and one clause, if it is no regular file or cannot be opened
    public static FileChannel open(Path path) throws IOException {
        int fd = Libc.open(path.toString(), O_PATH | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            throw new FileSystemException(path.toString(), null, Libc.explain(fd));
        }
        try {
            Path same = Path.of("/proc/self/fd/" + fd);
            if (!Files.isRegularFile(same)) {
                throw new FileSystemException(path.toString(), null, "is no regular file");
            }
            return FileChannel.open(same, StandardOpenOption.READ);
        } catch (FileSystemException e) {
            if (e.getFile().equals(path.toString())) {
                throw e;
            }
            FileSystemException named = new FileSystemException(path.toString(), null,
                    e instanceof AccessDeniedException ? "Permission denied" : e.getReason());
            named.initCause(e);
            throw named;
        } finally {
            Libc.close(fd);
        }
    }
}
