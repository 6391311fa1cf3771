package dev.freezeframe.qemu.disk;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Progress;
import dev.freezeframe.base.ShellText;
import dev.freezeframe.linux.ImageFile;
import dev.freezeframe.qemu.nbd.NbdExport;
import dev.freezeframe.qemu.nbd.WritableNbdExport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A guest's disk that can tell at any later time what it held at one moment, for as long as that takes to be read: an
/// [Epoch]. To begin one takes microseconds, whatever the size of the disk, and the guest writes on meanwhile.
///
/// Which blocks were written is noted all the time. When an epoch has begun, a block that it still needs is copied into memory
/// before its first write. That memory is bounded: when it is used up, the guest's write waits until the reader of the epoch has
/// read on, and the reader takes these blocks first.
///
/// For any thread.
public final class EpochDisk implements WritableNbdExport, AutoCloseable {

    private final String name;
    final DiskContent content;
    final int mostCopies;

    final ReentrantLock lock = new ReentrantLock();
    /// There is room for a copy again, or no need for one.
    final Condition room = lock.newCondition();
    /// Since the last epoch began.
    @GuardedBy("lock")
    BlockSet dirty;
    /// The one that has begun and not ended; null without one.
    @GuardedBy("lock")
    Epoch epoch;
    /// Of a block each, made when first needed and kept.
    @GuardedBy("lock")
    final Deque<ByteBuffer> idleCopies = new ArrayDeque<>();
    @GuardedBy("lock")
    private int copiesMade;
    @GuardedBy("lock")
    private boolean closed;

    /// A disk with some content, which is closed with it.
    ///
    /// @param name      for messages, such as `disk0`
    /// @param copyBytes most memory for old content, outside the heap
    EpochDisk(String name, DiskContent content, long copyBytes) {
        this.name = name;
        this.content = content;
        mostCopies = Math.toIntExact(Math.max(1, copyBytes / GuestPage.BYTES));
        dirty = new BlockSet(blocks(content.sizeBytes()));
    }

    /// A disk whose writes go to a raw image file. When [#flush] has returned, what was written before survives a failure of
    /// power.
    public static EpochDisk keeping(String name, Path image, long copyBytes) throws IOException {
        ImageFile file = ImageFile.open(image);
        if (file.sizeBytes() % RawImage.SECTOR_BYTES != 0) {
            file.close();
            throw new IOException(image + " has " + file.sizeBytes()
                    + " bytes, and the last of them are no whole sector; make them one: truncate -s %512 " + ShellText
                            .quoted(image.toString()));
        }
        return new EpochDisk(name, new RawImage(file), copyBytes);
    }

    /// A disk that begins as a raw image file, which is only read, and is thrown away.
    public static EpochDisk discarding(String name, Path image, long copyBytes) throws IOException {
        RawImage base = new RawImage(ImageFile.openForReading(image));
        return new EpochDisk(name, Overlay.on(base, base), copyBytes);
    }

    /// A disk that begins with what an export has, which never changes, and is thrown away.
    ///
    /// @param base stays the caller's
    public static EpochDisk discarding(String name, NbdExport base, long copyBytes) throws IOException {
        return new EpochDisk(name, Overlay.on(base, null), copyBytes);
    }

    /// The blocks of so many bytes, the last one counted also where it is only a part.
    public static long blocks(long bytes) {
        return (bytes + GuestPage.BYTES - 1) / GuestPage.BYTES;
    }

    /// How many blocks it has.
    public long blocks() {
        return blocks(sizeBytes());
    }

    @Override
    public long sizeBytes() {
        return content.sizeBytes();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        content.read(offset, target);
    }

    @Override
    public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
        content.extents(offset, lengthBytes, visitor);
    }

    @Override
    public void write(long offset, ByteBuffer bytes) throws IOException {
        change(offset, bytes.remaining(), () -> content.write(offset, bytes));
    }

    @Override
    public void writeZeroes(long offset, long lengthBytes, boolean mayTrim) throws IOException {
        change(offset, lengthBytes, () -> content.writeZeroes(offset, lengthBytes, mayTrim));
    }

    /// What is trimmed reads as zeroes, so that a run that is executed again finds the same.
    @Override
    public void trim(long offset, long lengthBytes) throws IOException {
        writeZeroes(offset, lengthBytes, true);
    }

    @Override
    public void flush() throws IOException {
        content.flush();
    }

    /// Copies what is not its own yet, so that the export that it began with is not read any more. The guest goes on meanwhile.
    ///
    /// @param progress told of bytes; what it throws comes out of here
    public void makeIndependent(Progress progress) throws IOException {
        for (long at = 0; at < sizeBytes();) {
            lock.lock();
            try {
                requireOpen();
                at = content.takeOver(at);
            } finally {
                lock.unlock();
            }
            progress.at("disk bytes", at, sizeBytes());
        }
    }

    private interface Change {
        void make() throws IOException;
    }

    private void change(long offset, long lengthBytes, Change change) throws IOException {
        if (lengthBytes == 0) {
            return;
        }
        long first = offset / GuestPage.BYTES;
        long end = blocks(offset + lengthBytes);
        lock.lock();
        try {
            keepOld(first, end);
            dirty.add(first, end);
            change.make();
        } finally {
            lock.unlock();
        }
    }

    /// Copies what the epoch still needs of these blocks.
    @GuardedBy("lock")
    private void keepOld(long first, long end) throws IOException {
        for (long block = first; block < end;) {
            requireOpen();
            block = epoch == null ? -1 : epoch.nextNeeded(block);
            if (block < 0 || block >= end) {
                return;
            }
            ByteBuffer copy = takeCopy();
            if (copy == null) {
                epoch.tellOfWaiting();
                room.awaitUninterruptibly();
                // there may be another epoch by now
                block = first;
                continue;
            }
            boolean kept = false;
            try {
                epoch.keep(block, readBlock(block, copy));
                kept = true;
            } finally {
                if (!kept) {
                    idleCopies.push(copy);
                }
            }
            block++;
        }
    }

    /// Fills a direct buffer of a block with one of it, and rewinds it. The last block of the disk may be a part; what is behind it
    /// is zero.
    ///
    /// @return the buffer
    public ByteBuffer readBlock(long block, ByteBuffer target) throws IOException {
        long start = block * GuestPage.BYTES;
        int length = (int) Math.min(GuestPage.BYTES, sizeBytes() - start);
        content.read(start, target.clear().limit(length));
        target.limit(GuestPage.BYTES);
        while (target.hasRemaining()) {
            target.put((byte) 0);
        }
        return target.flip();
    }

    @GuardedBy("lock")
    private ByteBuffer takeCopy() {
        ByteBuffer idle = idleCopies.poll();
        if (idle == null && copiesMade < mostCopies) {
            copiesMade++;
            idle = ByteBuffer.allocateDirect(GuestPage.BYTES);
        }
        return idle;
    }

    @GuardedBy("lock")
    void requireOpen() throws IOException {
        if (closed) {
            throw new IOException(name + " is closed");
        }
    }

    @GuardedBy("lock")
    void end(Epoch which) {
        if (epoch == which) {
            epoch = null;
            idleCopies.addAll(which.kept.values());
            which.kept.clear();
            room.signalAll();
        }
    }

    /// The blocks that were written since the last epoch began; without one, since this was opened.
    public BlockSet written() {
        lock.lock();
        try {
            BlockSet copy = new BlockSet(blocks());
            copy.addAll(dirty);
            return copy;
        } finally {
            lock.unlock();
        }
    }

    /// Prepares an epoch, so that there is nothing left to do for it when it begins.
    ///
    /// @param besides blocks that it is to have whether they were written or not; taken over
    public Epoch prepare(BlockSet besides) {
        return new Epoch(this, besides);
    }

    /// Ends an epoch that has not ended, lets writes that wait for it fail, and gives files and memory back. Nothing is
    /// flushed.
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (epoch != null) {
                end(epoch);
            }
            room.signalAll();
        } finally {
            lock.unlock();
        }
        content.close();
    }

    @Override
    public String toString() {
        return name;
    }
}
