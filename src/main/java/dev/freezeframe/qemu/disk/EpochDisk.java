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
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A guest's disk that can tell at any later time what it held at one moment, for as long as that takes to be read: an
/// [Epoch]. To begin one takes microseconds, whatever the size of the disk, and the guest writes on meanwhile.
///
/// Which blocks were written is noted all the time. When an epoch has begun, a block that it still needs is copied into memory
/// before its first write. That memory is bounded: when it is used up, the guest's write waits until the reader of the epoch has
/// read on, and the reader takes these blocks first.
///
/// For any thread.
public final class EpochDisk implements WritableNbdExport, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EpochDisk.class);
    /// A shorter run of blocks is read whether it is zero or not: to ask would take as long.
    private static final int WORTH_ASKING_BLOCKS = 64;
    private static final int ASKED_BLOCKS = 1 << 15;

    private final String name;
    private final DiskContent content;
    private final int mostCopies;

    private final ReentrantLock lock = new ReentrantLock();
    /// There is room for a copy again, or no need for one.
    private final Condition room = lock.newCondition();
    /// Since the last epoch began.
    @GuardedBy("lock")
    private BlockSet dirty;
    /// The one that has begun and not ended; null without one.
    @GuardedBy("lock")
    private Epoch epoch;
    /// Of a block each, made when first needed and kept.
    @GuardedBy("lock")
    private final Deque<ByteBuffer> idleCopies = new ArrayDeque<>();
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
    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException(name + " is closed");
        }
    }

    @GuardedBy("lock")
    private void end(Epoch which) {
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
        return new Epoch(besides);
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

    /// Told of blocks that are known to be zero.
    @FunctionalInterface
    public interface Zeroes {
        /// @param end the one behind the last
        void zero(long first, long end);
    }

    /// What the disk held when this began, as far as it was written since the last epoch began or was asked for. There can be
    /// one at a time. Exactly one thread reads it, block by block, and each block once.
    public final class Epoch implements AutoCloseable {
        // the disk's lock guards all of it but the plan, which is the reader's
        /// What nobody has read yet of what was asked for; of what was written as well, once reading has begun.
        private final BlockSet needed;
        /// For what is written from the beginning of this on.
        private final BlockSet fresh = new BlockSet(blocks());
        /// Written before it began; null before.
        private BlockSet written;
        private boolean reading;
        /// The old content of needed blocks that were overwritten.
        private final Map<Long, ByteBuffer> kept = new LinkedHashMap<>();
        private boolean toldOfWaiting;
        /// What the content told of its zeroes, ahead of where it is read. It stays true of all that is needed and not kept,
        /// because that has not changed.
        private final Deque<Run> plan = new ArrayDeque<>();
        /// Where what is in no plan begins; what is needed before that is in the plan, or kept.
        private long planned;

        private record Run(long first, long end, boolean zero) {}

        private Epoch(BlockSet besides) {
            needed = besides;
        }

        /// Begins it: this is the moment.
        ///
        /// @throws IllegalStateException if another one has not ended
        public void begin() {
            lock.lock();
            try {
                if (epoch != null || written != null) {
                    throw new IllegalStateException("an epoch of " + name + " has begun already");
                }
                written = dirty;
                dirty = fresh;
                epoch = this;
            } finally {
                lock.unlock();
            }
        }

        /// The next block from one on whose old content has to be kept before it is written; -1 for none.
        private long nextNeeded(long from) {
            for (long block = from;; block++) {
                long wanted = block < needed.blocks() ? needed.next(block) : -1;
                if (!reading && block < needed.blocks()) {
                    long other = written.next(block);
                    wanted = wanted < 0 || (other >= 0 && other < wanted) ? other : wanted;
                }
                if (wanted < 0 || !kept.containsKey(wanted)) {
                    return wanted;
                }
                block = wanted;
            }
        }

        private void keep(long block, ByteBuffer copy) {
            kept.put(block, copy);
        }

        private void tellOfWaiting() {
            if (!toldOfWaiting) {
                toldOfWaiting = true;
                LOG.info("the guest's writes to {} wait until more of the checkpoint is read: {} MiB of old content are"
                        + " in memory", name, (long) mostCopies * GuestPage.BYTES >> 20);
            }
        }

        @GuardedBy("lock")
        private void startReading() {
            if (epoch != this) {
                throw new IllegalStateException("the epoch has not begun, or has ended");
            }
            if (!reading) {
                reading = true;
                needed.addAll(written);
            }
        }

        /// How many blocks it has in all. Call it before the first is read.
        public long count() {
            lock.lock();
            try {
                startReading();
                return needed.count();
            } finally {
                lock.unlock();
            }
        }

        /// All of its blocks. Call it before the first is read.
        public void forEachRun(BlockSet.Runs runs) {
            lock.lock();
            try {
                startReading();
                needed.forEachRun(runs);
            } finally {
                lock.unlock();
            }
        }

        /// Reads some blocks that were not read before.
        ///
        /// @param numbers receives their numbers, which has room for as many as the buffer
        /// @param target  receives their content, one behind the other from its position on; direct
        /// @param zeroes  told of blocks that are known to be zero and so are not among them
        /// @return how many were put there; fewer than there is room for only where no more are left
        public int read(int[] numbers, ByteBuffer target, Zeroes zeroes) throws IOException {
            int start = target.position();
            int most = Math.min(numbers.length, target.remaining() / GuestPage.BYTES);
            int count = 0;
            while (count < most) {
                count += readKept(numbers, count, most, target);
                if (count == most) {
                    break;
                }
                Run run = next(most - count);
                if (run == null) {
                    break;
                }
                if (run.zero) {
                    forEachUnkept(run.first, run.end, zeroes);
                } else {
                    count += readRun(run, numbers, count, target.position(start + count * GuestPage.BYTES));
                }
            }
            target.position(start + count * GuestPage.BYTES);
            return count;
        }

        /// Takes what was overwritten first, because writes may wait for the memory.
        private int readKept(int[] numbers, int from, int most, ByteBuffer target) throws IOException {
            lock.lock();
            try {
                requireOpen();
                startReading();
                int count = from;
                for (Iterator<Map.Entry<Long, ByteBuffer>> each = kept.entrySet().iterator(); count < most && each
                        .hasNext();) {
                    Map.Entry<Long, ByteBuffer> entry = each.next();
                    numbers[count++] = Math.toIntExact(entry.getKey());
                    target.put(entry.getValue());
                    needed.remove(entry.getKey());
                    idleCopies.push(entry.getValue());
                    each.remove();
                }
                if (count > from) {
                    room.signalAll();
                }
                return count - from;
            } finally {
                lock.unlock();
            }
        }

        /// The next blocks to read, of one kind; null where no more are left. What has been overwritten meanwhile may be among
        /// them.
        private Run next(int most) throws IOException {
            if (plan.isEmpty()) {
                plan();
            }
            Run run = plan.poll();
            if (run == null || run.zero || run.end - run.first <= most) {
                return run;
            }
            plan.push(new Run(run.first + most, run.end, false));
            return new Run(run.first, run.first + most, false);
        }

        private void plan() throws IOException {
            long first;
            long end;
            lock.lock();
            try {
                first = planned < needed.blocks() ? needed.next(planned) : -1;
                if (first < 0) {
                    return;
                }
                end = Math.min(needed.nextMissing(first), first + ASKED_BLOCKS);
                planned = end;
            } finally {
                lock.unlock();
            }
            if (end - first < WORTH_ASKING_BLOCKS) {
                plan.add(new Run(first, end, false));
                return;
            }
            List<long[]> zeroExtents = new ArrayList<>();
            long stop = Math.min(sizeBytes(), end * GuestPage.BYTES);
            content.extents(first * GuestPage.BYTES, stop - first * GuestPage.BYTES, (at, length, zero) -> {
                if (!zero) {
                    return;
                }
                if (!zeroExtents.isEmpty() && zeroExtents.getLast()[1] == at) {
                    zeroExtents.getLast()[1] = at + length;
                } else {
                    zeroExtents.add(new long[]{at, at + length});
                }
            });
            long next = first;
            for (long[] zero : zeroExtents) {
                // only blocks that lie in it with all they have
                long from = blocks(zero[0]);
                long to = zero[1] == sizeBytes() ? blocks() : zero[1] / GuestPage.BYTES;
                if (to > from) {
                    if (from > next) {
                        plan.add(new Run(next, from, false));
                    }
                    plan.add(new Run(from, to, true));
                    next = to;
                }
            }
            if (next < end) {
                plan.add(new Run(next, end, false));
            }
        }

        /// What is kept was overwritten, so that the content may have told of what it is now.
        private void forEachUnkept(long first, long end, Zeroes zeroes) {
            List<long[]> runs = new ArrayList<>();
            lock.lock();
            try {
                for (long block = needed.next(first); block >= 0 && block < end; block = next(block)) {
                    long to = block;
                    while (to < end && needed.contains(to) && !kept.containsKey(to)) {
                        to++;
                    }
                    if (to > block) {
                        needed.remove(block, to);
                        runs.add(new long[]{block, to});
                    }
                    block = Math.max(to, block);
                }
                room.signalAll();
            } finally {
                lock.unlock();
            }
            runs.forEach(run -> zeroes.zero(run[0], run[1]));
        }

        private long next(long block) {
            return block + 1 < needed.blocks() ? needed.next(block + 1) : -1;
        }

        /// Reads from the content, and then leaves out what has been overwritten meanwhile: that is kept.
        private int readRun(Run run, int[] numbers, int from, ByteBuffer target) throws IOException {
            int start = target.position();
            long offset = run.first * GuestPage.BYTES;
            int length = Math.toIntExact(Math.min(sizeBytes(), run.end * GuestPage.BYTES) - offset);
            int limit = target.limit();
            content.read(offset, target.limit(start + length));
            target.limit(limit);
            for (int i = start + length; i < start + (run.end - run.first) * GuestPage.BYTES; i++) {
                target.put(i, (byte) 0);
            }
            int count = 0;
            lock.lock();
            try {
                for (long block = run.first; block < run.end; block++) {
                    if (!needed.contains(block) || kept.containsKey(block)) {
                        continue;
                    }
                    int place = (int) (block - run.first);
                    if (place != count) {
                        target.put(start + count * GuestPage.BYTES, target, start + place * GuestPage.BYTES,
                                GuestPage.BYTES);
                    }
                    numbers[from + count++] = Math.toIntExact(block);
                    needed.remove(block);
                }
                room.signalAll();
            } finally {
                lock.unlock();
            }
            return count;
        }

        /// Ends it without its having come to anything: all that was written before belongs to the next one. What was asked for
        /// besides does not.
        public void giveUp() {
            lock.lock();
            try {
                if (epoch == this) {
                    dirty.addAll(written);
                }
                end(this);
            } finally {
                lock.unlock();
            }
        }

        /// Ends it when all was read. Idempotent.
        @Override
        public void close() {
            lock.lock();
            try {
                end(this);
            } finally {
                lock.unlock();
            }
        }
    }
}
