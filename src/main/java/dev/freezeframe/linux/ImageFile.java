package dev.freezeframe.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A file that is a disk's image, locked as QEMU's programs lock theirs: where one of them, or another of these, has it open
/// in a way that does not go together with this one, opening is refused, here and there. Its length stays what it was.
///
/// What was written is in the kernel's hands and survives the end of this process; it survives a failure of power when
/// [#flush] has returned. All methods may be called from any thread; after [#close] each throws [IOException].
public final class ImageFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ImageFile.class);
    private static final int SEEK_END = 2;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;
    private static final int FALLOC_FL_ZERO_RANGE = 0x10;
    private static final int ZEROES_BYTES = 256 << 10;
    private static final MemorySegment ZEROES = Arena.global().allocate(ZEROES_BYTES, Long.BYTES).asReadOnly();

    private final Path path;
    private final OpenDescriptor descriptor;
    private final long sizeBytes;
    /// Why not all that was written can become durable any more; null as long as it can.
    private volatile IOException lost;

    private ImageFile(Path path, OpenDescriptor descriptor, long sizeBytes) {
        this.path = path;
        this.descriptor = descriptor;
        this.sizeBytes = sizeBytes;
    }

    /// Opens an image for reading and writing, through symbolic links, and locks it.
    ///
    /// @throws InUse where another program has it open, or this one by another object
    /// @throws FileSystemException with the path and one clause, if it is no regular file or cannot be opened
    public static ImageFile open(Path path) throws IOException {
        return open(path, Libc.O_RDWR);
    }

    /// Opens one that is only read. Others may read it as well, but none may write.
    ///
    /// @throws InUse where another program has it open for writing, or this one by another object
    /// @throws FileSystemException with the path and one clause, if it is no regular file or cannot be opened
    public static ImageFile openForReading(Path path) throws IOException {
        return open(path, Libc.O_RDONLY);
    }

    private static ImageFile open(Path path, int access) throws IOException {
        int fd = RegularFile.openDescriptor(path, access);
        OpenDescriptor descriptor = new OpenDescriptor(path.toString(), fd);
        boolean opened = false;
        try {
            switch (ImageLock.take(fd, access == Libc.O_RDWR)) {
                case IN_USE -> throw new InUse(path, Holders.ofFile(path));
                case UNSUPPORTED -> LOG.warn(
                        "the file system of {} has no locks, so nothing keeps two programs from writing to it", path);
                case TAKEN -> {
                    // it is ours
                }
            }
            long size = descriptor.call("the size", file -> Libc.lseek(file, 0, SEEK_END));
            opened = true;
            return new ImageFile(path, descriptor, size);
        } finally {
            if (!opened) {
                descriptor.close();
            }
        }
    }

    /// An image that somebody else has open.
    public static final class InUse extends FileSystemException {
        private static final long serialVersionUID = 1;

        InUse(Path path, Optional<Holders.Holder> holder) {
            super(path.toString(), null, "is in use by " + holder.map(each -> "process " + each.pid()).orElse(
                    "another program, or a second time by this one") + "; end that first, or use another image");
        }
    }

    /// As it was opened.
    public Path path() {
        return path;
    }

    /// How long it was when it was opened.
    public long sizeBytes() {
        return sizeBytes;
    }

    /// The room that it takes on the file system now: holes take none.
    public long allocatedBytes() throws IOException {
        return FileRoom.read(path.toString(), status -> descriptor.call("the room that it takes", file -> Libc.fstat(
                file, status)));
    }

    /// Fills the rest of the buffer.
    ///
    /// @param target a direct buffer
    /// @throws IndexOutOfBoundsException beyond the end of the image
    public void read(long offset, ByteBuffer target) throws IOException {
        MemorySegment memory = memory(offset, target);
        long length = memory.byteSize();
        for (long done = 0; done < length;) {
            long from = done;
            long count = descriptor.call("reading", file -> Libc.pread(file, memory.asSlice(from), length - from, offset
                    + from));
            if (count == 0) {
                throw new IOException(path + " ends at " + (offset + done) + ", it was cut by another program");
            }
            done += count;
        }
        target.position(target.limit());
    }

    /// Writes the rest of the buffer.
    ///
    /// @param source a direct buffer
    /// @throws IndexOutOfBoundsException beyond the end of the image
    public void write(long offset, ByteBuffer source) throws IOException {
        write(offset, memory(offset, source));
        source.position(source.limit());
    }

    private MemorySegment memory(long offset, ByteBuffer buffer) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("the buffer is not direct");
        }
        Objects.checkFromIndexSize(offset, buffer.remaining(), sizeBytes);
        return MemorySegment.ofBuffer(buffer);
    }

    private void write(long offset, MemorySegment memory) throws IOException {
        long length = memory.byteSize();
        for (long done = 0; done < length;) {
            long from = done;
            done += descriptor.call("writing", file -> Libc.pwrite(file, memory.asSlice(from), length - from, offset
                    + from));
        }
    }

    /// Makes a range read as zeroes, without writing them where the file system knows how.
    ///
    /// @param mayTrim the range may give its room back; else a later write to it finds room
    /// @throws IndexOutOfBoundsException beyond the end of the image
    public void writeZeroes(long offset, long lengthBytes, boolean mayTrim) throws IOException {
        Objects.checkFromIndexSize(offset, lengthBytes, sizeBytes);
        if (lengthBytes == 0) {
            return;
        }
        if (mayTrim && allocate(FALLOC_FL_PUNCH_HOLE, offset, lengthBytes)) {
            return;
        }
        if (allocate(FALLOC_FL_ZERO_RANGE, offset, lengthBytes)) {
            return;
        }
        for (long done = 0; done < lengthBytes; done += ZEROES_BYTES) {
            write(offset + done, ZEROES.asSlice(0, Math.min(ZEROES_BYTES, lengthBytes - done)));
        }
    }

    /// @return false where the file system does not know how
    private boolean allocate(int mode, long offset, long lengthBytes) throws IOException {
        return descriptor.call("zeroing", file -> {
            int result = Libc.fallocate(file, mode | FALLOC_FL_KEEP_SIZE, offset, lengthBytes);
            return switch (-result) {
                case Libc.EOPNOTSUPP, Libc.ENOSYS, Libc.EINVAL -> 1;
                default -> result;
            };
        }) == 0;
    }

    /// Returns when all that was written before is on the disk. Once that has failed it fails for ever, as the kernel forgets
    /// what it could not write (fsync(2)), and the next call would say that all is well.
    public void flush() throws IOException {
        if (lost != null) {
            throw new IOException(lost.getMessage(), lost);
        }
        try {
            descriptor.call("making it durable", Libc::fdatasync);
        } catch (IOException e) {
            lost = e;
            throw e;
        }
    }

    /// Tells which parts of a range are holes, in order and without gaps. Zeroes that were written are no hole.
    ///
    /// @throws IndexOutOfBoundsException beyond the end of the image
    public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
        Objects.checkFromIndexSize(offset, lengthBytes, sizeBytes);
        long end = offset + lengthBytes;
        for (long at = offset; at < end;) {
            long data = Math.clamp(seek(at, SEEK_DATA), at, end);
            if (data > at) {
                visitor.extent(at, data - at, true);
            }
            at = data;
            if (at < end) {
                long hole = seek(at, SEEK_HOLE);
                // at the latest at the end of the file; a hole where there was content just now was made by another thread
                long next = hole <= at ? end : Math.min(hole, end);
                visitor.extent(at, next - at, false);
                at = next;
            }
        }
    }

    /// Where the next content or hole begins; where the file system does not tell, all is content.
    private long seek(long from, int whence) throws IOException {
        return descriptor.call("its holes", file -> {
            long result = Libc.lseek(file, from, whence);
            if (result == -Libc.ENXIO) {
                return sizeBytes; // there is none
            }
            return result == -Libc.EINVAL ? (whence == SEEK_DATA ? from : sizeBytes) : result;
        });
    }

    /// Takes the parts of a range.
    @FunctionalInterface
    public interface Extents {
        void extent(long offset, long lengthBytes, boolean hole) throws IOException;
    }

    /// Gives the lock back, and does not flush. Waits for calls under way. Idempotent.
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
