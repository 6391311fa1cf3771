package dev.freezeframe.linux;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Opens regular files, and nothing else. A device, a FIFO, a socket or a folder in the file's place is refused
/// without having been opened: opening a FIFO waits for a writer, a device may do anything, and `/dev/zero` never ends.
public final class RegularFile {
    private static final int O_PATH = 0x200000;

    private RegularFile() {}

    /// Opens a file, through symbolic links. What is looked at is what is opened, whatever happens to the name meanwhile.
    ///
    /// @throws FileSystemException with the path and one clause, if it is no regular file or cannot be opened
    public static FileChannel open(Path path) throws IOException {
        int fd = look(path);
        try {
            return FileChannel.open(named(fd), StandardOpenOption.READ);
        } catch (FileSystemException e) {
            FileSystemException named = new FileSystemException(path.toString(), null,
                    e instanceof AccessDeniedException ? "Permission denied" : e.getReason());
            named.initCause(e);
            throw named;
        } finally {
            Libc.close(fd);
        }
    }

    /// The same for calls of this package.
    ///
    /// @param access `O_RDONLY` or `O_RDWR`
    /// @return a descriptor that the caller closes
    static int openDescriptor(Path path, int access) throws FileSystemException {
        int fd = look(path);
        try {
            int opened = Libc.open(named(fd).toString(), access | Libc.O_CLOEXEC);
            if (opened < 0) {
                throw new FileSystemException(path.toString(), null, Libc.explain(opened));
            }
            return opened;
        } finally {
            Libc.close(fd);
        }
    }

    /// A descriptor with which nothing can be read, of a file that is regular.
    private static int look(Path path) throws FileSystemException {
        int fd = Libc.open(path.toString(), O_PATH | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            throw new FileSystemException(path.toString(), null, Libc.explain(fd));
        }
        if (!Files.isRegularFile(named(fd))) {
            Libc.close(fd);
            throw new FileSystemException(path.toString(), null, "is no regular file");
        }
        return fd;
    }

    private static Path named(int fd) {
        return Path.of("/proc/self/fd/" + fd);
    }
}
