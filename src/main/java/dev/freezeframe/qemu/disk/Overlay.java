package dev.freezeframe.qemu.disk;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.Closing;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.ImageFile;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.nbd.NbdExport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// A disk that is thrown away: what it held in the beginning is only read, and blocks that were written are in a file that has no
/// name and goes with this process.
final class Overlay implements DiskContent {
    /// A multiple of a block.
    private static final int PIECE_BYTES = 1 << 20;

    private final NbdExport base;
    private final AutoCloseable closedWithIt;
    private final ImageFile file;
    private final long sizeBytes;
    @GuardedBy("itself")
    private final BlockSet written;

    private Overlay(NbdExport base, AutoCloseable closedWithIt, ImageFile file, long sizeBytes) {
        this.base = base;
        this.closedWithIt = closedWithIt;
        this.file = file;
        this.sizeBytes = sizeBytes;
        written = new BlockSet(EpochDisk.blocks(sizeBytes));
    }

    /// A disk with the content of another one.
    ///
    /// @param base         never changes
    /// @param closedWithIt also where this fails; null for nothing
    static Overlay on(NbdExport base, AutoCloseable closedWithIt) throws IOException {
        boolean done = false;
        try (UnnamedFile room = ScratchFolder.newFile()) {
            room.resize(EpochDisk.blocks(base.sizeBytes()) * GuestPage.BYTES);
            Overlay overlay = new Overlay(base, closedWithIt, ImageFile.open(room.path()), base.sizeBytes());
            done = true;
            return overlay;
        } finally {
            if (!done) {
                Closing.all(Arrays.asList(closedWithIt));
            }
        }
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    private interface Part {
        /// @param own whether it is in our own file
        void handle(long offset, long lengthBytes, boolean own) throws IOException;
    }

    /// Tells which parts of a range are in our own file.
    private void forEachPart(long offset, long lengthBytes, Part part) throws IOException {
        long end = offset + lengthBytes;
        for (long at = offset; at < end;) {
            long block = at / GuestPage.BYTES;
            boolean own;
            long next;
            synchronized (written) {
                own = written.contains(block);
                next = own ? written.nextMissing(block) : written.next(block);
            }
            long to = next < 0 ? end : Math.min(end, next * GuestPage.BYTES);
            part.handle(at, to - at, own);
            at = to;
        }
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        int limit = target.limit();
        forEachPart(offset, target.remaining(), (at, length, own) -> {
            target.limit(target.position() + (int) length);
            if (own) {
                file.read(at, target);
            } else {
                base.read(at, target);
            }
            target.limit(limit);
        });
    }

    @Override
    public void write(long offset, ByteBuffer content) throws IOException {
        long end = offset + content.remaining();
        complete(offset, end);
        file.write(offset, content);
        own(offset, end);
    }

    @Override
    public void writeZeroes(long offset, long lengthBytes, boolean mayTrim) throws IOException {
        complete(offset, offset + lengthBytes);
        file.writeZeroes(offset, lengthBytes, true);
        own(offset, offset + lengthBytes);
    }

    /// Takes over the first and the last block of a range where it has them only in part.
    private void complete(long offset, long end) throws IOException {
        takeOver(offset / GuestPage.BYTES, offset, end);
        takeOver((end - 1) / GuestPage.BYTES, offset, end);
    }

    private void takeOver(long block, long offset, long end) throws IOException {
        long start = block * GuestPage.BYTES;
        long stop = Math.min(sizeBytes, start + GuestPage.BYTES);
        if (offset <= start && end >= stop) {
            return;
        }
        synchronized (written) {
            if (written.contains(block)) {
                return;
            }
        }
        ByteBuffer content = ByteBuffer.allocateDirect((int) (stop - start));
        base.read(start, content);
        file.write(start, content.flip());
        own(start, stop);
    }

    /// From here on it is read from our own file.
    private void own(long offset, long end) {
        synchronized (written) {
            written.add(offset / GuestPage.BYTES, EpochDisk.blocks(end));
        }
    }

    @Override
    public long takeOver(long from) throws IOException {
        long stop = Math.min(sizeBytes, from + PIECE_BYTES);
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
        forEachPart(from, stop - from, (offset, lengthBytes, own) -> {
            if (own) {
                return;
            }
            base.extents(offset, lengthBytes, (at, length, zero) -> {
                if (!zero) {
                    base.read(at, piece.clear().limit((int) length));
                    file.write(at, piece.flip());
                }
            });
            own(offset, offset + lengthBytes);
        });
        return stop;
    }

    @Override
    public void flush() {
        // it is gone with this process, whatever becomes of the computer
    }

    @Override
    public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
        forEachPart(offset, lengthBytes, (at, length, own) -> {
            if (own) {
                file.extents(at, length, visitor::extent);
            } else {
                base.extents(at, length, visitor);
            }
        });
    }

    @Override
    public void close() throws IOException {
        Closing.all(Arrays.asList(file, closedWithIt));
    }
}
