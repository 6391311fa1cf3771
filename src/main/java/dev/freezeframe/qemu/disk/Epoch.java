package dev.freezeframe.qemu.disk;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.GuestPage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the disk held when this began, as far as it was written since the last epoch began or was asked for. There can be
/// one at a time. Exactly one thread reads it, block by block, and each block once.
public final class Epoch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Epoch.class);
    /// A shorter run of blocks is read whether it is zero or not: to ask would take as long.
    private static final int WORTH_ASKING_BLOCKS = 64;
    private static final int ASKED_BLOCKS = 1 << 15;

    /// Told of blocks that are known to be zero.
    @FunctionalInterface
    public interface Zeroes {
        /// Takes one run.
        ///
        /// @param end the one behind the last
        void zero(long first, long end);
    }

    // the disk's lock guards all of it but the plan, which is the reader's
    private final EpochDisk disk;
    /// What nobody has read yet of what was asked for; of what was written as well, once reading has begun.
    private final BlockSet needed;
    /// For what is written from the beginning of this on.
    private final BlockSet fresh;
    /// Written before it began; null before.
    private BlockSet written;
    private boolean reading;
    /// The old content of needed blocks that were overwritten.
    final Map<Long, ByteBuffer> kept = new LinkedHashMap<>();
    private boolean toldOfWaiting;
    /// What the content told of its zeroes, ahead of where it is read. It stays true of all that is needed and not kept,
    /// because that has not changed.
    private final Deque<Run> plan = new ArrayDeque<>();
    /// Where what is in no plan begins; what is needed before that is in the plan, or kept.
    private long planned;

    private record Run(long first, long end, boolean zero) {}

    Epoch(EpochDisk disk, BlockSet besides) {
        this.disk = disk;
        needed = besides;
        fresh = new BlockSet(disk.blocks());
    }

    /// Begins it: this is the moment.
    ///
    /// @throws IllegalStateException if another one has not ended
    public void begin() {
        disk.lock.lock();
        try {
            if (disk.epoch != null || written != null) {
                throw new IllegalStateException("an epoch of " + disk + " has begun already");
            }
            written = disk.dirty;
            disk.dirty = fresh;
            disk.epoch = this;
        } finally {
            disk.lock.unlock();
        }
    }

    /// The next block from one on whose old content has to be kept before it is written; -1 for none.
    long nextNeeded(long from) {
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

    void keep(long block, ByteBuffer copy) {
        kept.put(block, copy);
    }

    void tellOfWaiting() {
        if (!toldOfWaiting) {
            toldOfWaiting = true;
            LOG.info("the guest's writes to {} wait until more of the checkpoint is read: {} MiB of old content are"
                    + " in memory", disk, ((long) disk.mostCopies * GuestPage.BYTES) >> 20);
        }
    }

    @GuardedBy("disk.lock")
    private void startReading() {
        if (disk.epoch != this) {
            throw new IllegalStateException("the epoch has not begun, or has ended");
        }
        if (!reading) {
            reading = true;
            needed.addAll(written);
        }
    }

    /// How many blocks it has in all. Call it before the first is read.
    public long count() {
        disk.lock.lock();
        try {
            startReading();
            return needed.count();
        } finally {
            disk.lock.unlock();
        }
    }

    /// All of its blocks. Call it before the first is read.
    public void forEachRun(BlockSet.Runs runs) {
        disk.lock.lock();
        try {
            startReading();
            needed.forEachRun(runs);
        } finally {
            disk.lock.unlock();
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
            count += readKept(numbers, count, most, target.position(start + count * GuestPage.BYTES));
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
        disk.lock.lock();
        try {
            disk.requireOpen();
            startReading();
            int count = from;
            for (Iterator<Map.Entry<Long, ByteBuffer>> each = kept.entrySet().iterator(); count < most && each
                    .hasNext();) {
                Map.Entry<Long, ByteBuffer> entry = each.next();
                numbers[count++] = Math.toIntExact(entry.getKey());
                target.put(entry.getValue());
                needed.remove(entry.getKey());
                disk.idleCopies.push(entry.getValue());
                each.remove();
            }
            if (count > from) {
                disk.room.signalAll();
            }
            return count - from;
        } finally {
            disk.lock.unlock();
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
        disk.lock.lock();
        try {
            first = planned < needed.blocks() ? needed.next(planned) : -1;
            if (first < 0) {
                return;
            }
            end = Math.min(needed.nextMissing(first), first + ASKED_BLOCKS);
            planned = end;
        } finally {
            disk.lock.unlock();
        }
        if (end - first < WORTH_ASKING_BLOCKS) {
            plan.add(new Run(first, end, false));
            return;
        }
        List<long[]> zeroExtents = new ArrayList<>();
        long stop = Math.min(disk.sizeBytes(), end * GuestPage.BYTES);
        disk.content.extents(first * GuestPage.BYTES, stop - first * GuestPage.BYTES, (at, length, zero) -> {
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
            long from = EpochDisk.blocks(zero[0]);
            long to = zero[1] == disk.sizeBytes() ? disk.blocks() : zero[1] / GuestPage.BYTES;
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
        disk.lock.lock();
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
            disk.room.signalAll();
        } finally {
            disk.lock.unlock();
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
        int length = Math.toIntExact(Math.min(disk.sizeBytes(), run.end * GuestPage.BYTES) - offset);
        int limit = target.limit();
        disk.content.read(offset, target.limit(start + length));
        target.limit(limit);
        for (int i = start + length; i < start + (run.end - run.first) * GuestPage.BYTES; i++) {
            target.put(i, (byte) 0);
        }
        int count = 0;
        disk.lock.lock();
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
            disk.room.signalAll();
        } finally {
            disk.lock.unlock();
        }
        return count;
    }

    /// Ends it without its having come to anything: all that was written before belongs to the next one. What was asked for
    /// besides does not.
    public void giveUp() {
        disk.lock.lock();
        try {
            if (disk.epoch == this) {
                disk.dirty.addAll(written);
            }
            disk.end(this);
        } finally {
            disk.lock.unlock();
        }
    }

    /// Ends it when all was read. Idempotent.
    @Override
    public void close() {
        disk.lock.lock();
        try {
            disk.end(this);
        } finally {
            disk.lock.unlock();
        }
    }
}
