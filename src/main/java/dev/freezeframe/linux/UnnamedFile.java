package dev.freezeframe.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;

/// A file on a disk that has no name: child QEMUs and qemu-img open it through [#path()], and its room comes back when the
/// last who has it open is gone, however that one ends. Nothing is ever left in the folder.
///
/// A process that has opened it keeps it without us. But [#path()] means the file only as long as this object is open, so
/// it must not be opened *anew* after [#close].
///
/// All methods may be called from any thread; one that meets a closed file throws [IOException].
public final class UnnamedFile implements AutoCloseable {
    private static final int OWNER_ONLY = 0600;
    private static final int O_DIRECTORY = System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("aarch64")
            ? 0x4000
            : 0x10000;
    private static final int O_TMPFILE = 0x400000 | O_DIRECTORY;
    private static final int SEEK_END = 2;
    private static final int NAME_ATTEMPTS = 100;
    private static final int FALLOC_FL_PUNCH_HOLE_KEEP_SIZE = 3;
    private static final long CANNOT = 1;

    private final Path folder;
    private final OpenDescriptor descriptor;

    private UnnamedFile(Path folder, int fd) {
        this.folder = folder;
        this.descriptor = new OpenDescriptor("unnamed file in " + folder, fd);
    }

    /// Makes an empty file, readable and writable by its owner only.
    ///
    /// @param folder a folder that is there, on the file system that is to hold the content
    /// @throws NotForOthers where [#path()] would be of no use
    public static UnnamedFile create(Path folder) throws IOException {
        int fd = Libc.open(folder.toString(), O_TMPFILE | Libc.O_RDWR | Libc.O_EXCL | Libc.O_CLOEXEC, OWNER_ONLY);
        return switch (-fd) {
            case Libc.EOPNOTSUPP, Libc.EISDIR, Libc.EINVAL -> createAndUnlink(folder);
            default -> opened(folder, fd);
        };
    }

    private static UnnamedFile opened(Path folder, int fd) throws IOException {
        if (fd < 0) {
            throw Libc.failure("cannot make a file in " + folder, fd);
        }
        UnnamedFile file = new UnnamedFile(folder, fd);
        int again = Libc.open(file.path().toString(), Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        if (again < 0) {
            file.close();
            throw new NotForOthers(folder);
        }
        Libc.close(again);
        return file;
    }

    /// A file system on which no other program can open a file that has no name, as some encrypted ones are.
    public static final class NotForOthers extends IOException {
        private static final long serialVersionUID = 1;

        NotForOthers(Path folder) {
            super("the file system of " + folder + " (" + type(folder)
                    + ") has no files without a name that QEMU could open");
        }

        private static String type(Path folder) {
            try {
                return Files.getFileStore(folder).type();
            } catch (IOException e) {
                return "of an unknown type";
            }
        }
    }

    /// For file systems that know no file without a name, such as NFS: it has one for a moment.
    static UnnamedFile createAndUnlink(Path folder) throws IOException {
        SecureRandom random = new SecureRandom();
        byte[] letters = new byte[12];
        for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
            random.nextBytes(letters);
            String path = folder.resolve(".unnamed-" + HexFormat.of().formatHex(letters)).toString();
            int fd = Libc.open(path, Libc.O_CREAT | Libc.O_EXCL | Libc.O_RDWR | Libc.O_CLOEXEC, OWNER_ONLY);
            if (fd == -Libc.EEXIST) {
                continue;
            }
            if (fd >= 0) {
                int unlinked = Libc.unlink(path);
                if (unlinked < 0) {
                    Libc.close(fd);
                    return opened(folder, unlinked);
                }
            }
            return opened(folder, fd);
        }
        return opened(folder, -Libc.EEXIST);
    }

    /// Where processes of the same user can open it, as long as this object is open.
    public Path path() {
        return Path.of("/proc/" + ProcessHandle.current().pid() + "/fd/" + descriptor.number());
    }

    /// The folder that it was made in, and whose file system holds its content.
    public Path folder() {
        return folder;
    }

    /// How long it is, holes included.
    public long sizeBytes() throws IOException {
        return descriptor.call("the size", file -> Libc.lseek(file, 0, SEEK_END));
    }

    /// The room that it takes on the file system now: holes take none.
    public long allocatedBytes() throws IOException {
        return FileRoom.read(toString(), status -> descriptor.call("the room that it takes", file -> Libc.fstat(file,
                status)));
    }

    /// Gives it this length: what is behind is lost, what is new is a hole. A length of 0 gives all its room back.
    public void resize(long newSizeBytes) throws IOException {
        descriptor.call("resizing", file -> Libc.ftruncate(file, newSizeBytes));
    }

    /// Gives the room of a part back, which reads as zeros from then on.
    ///
    /// @return whether the file system can do that; otherwise the part stays as it is
    public boolean discard(long offset, long lengthBytes) throws IOException {
        return descriptor.call("discarding", file -> {
            long result = Libc.fallocate(file, FALLOC_FL_PUNCH_HOLE_KEEP_SIZE, offset, lengthBytes);
            return result == -Libc.EOPNOTSUPP ? CANNOT : result;
        }) != CANNOT;
    }

    /// Lets go of it. Its room comes back now, or when the last process that opened it is gone. Idempotent.
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return descriptor.toString();
    }
}
