package dev.freezeframe.capture;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.qemu.nbd.NbdClient;
import dev.freezeframe.qemu.nbd.NbdRange;
import dev.freezeframe.qemu.nbd.NbdReadSink;
import dev.freezeframe.qemu.nbd.NbdStatusVisitor;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads blocks of one frozen disk over NBD into slabs: those that a dirty bitmap names, and others on demand. It takes no
/// more memory than the slabs that the pool gives, and waits for them where the pipeline is behind.
final class DiskReader {

    private static final String ALLOCATION = "base:allocation";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /// Bytes asked for at once.
    private static final int REQUEST_BYTES = 256 << 10;
    /// A shorter range is read whether it is zero or not: to ask would take as long.
    private static final int WORTH_ASKING_BLOCKS = 64;
    /// How often the scratch space is looked at while the pipeline gives no memory.
    private static final Duration LOOK = Duration.ofMillis(50);
    private static final long LOOK_BYTES = 8 << 20;

    private final long sizeBytes;
    private final long blocks;
    private final SlabPool pool;
    private final Check check;
    private final Target target;
    private long bytesRead;

    /// Where the blocks go.
    interface Target {
        /// Blocks with their contents; the receiver owns the slab.
        void blocks(Slab slab);

        /// Blocks that QEMU knows to be zero.
        void zeroBlocks(BlockRanges.Range range);
    }

    /// Throws when there is no use in reading on.
    @FunctionalInterface
    interface Check {
        void check() throws IOException;
    }

    DiskReader(long sizeBytes, SlabPool pool, Check check, Target target) {
        this.sizeBytes = sizeBytes;
        blocks = DiskCapture.blocks(sizeBytes);
        this.pool = pool;
        this.check = check;
        this.target = target;
    }

    /// Bytes that were asked for.
    long bytesRead() {
        return bytesRead;
    }

    /// Reads the blocks that the bitmap names and those `besides`.
    ///
    /// @param base an export of the node below the disk that nobody writes to, if there is one
    /// @return all of them, those that are zero as well
    BlockRanges read(Path socket, String export, Optional<String> base, String bitmap, BlockRanges besides)
            throws IOException, InterruptedException {
        String changed = "qemu:dirty-bitmap:" + bitmap;
        try (NbdClient nbd = NbdClient.connect(socket, export, List.of(changed, ALLOCATION), PATIENCE);
                NbdClient below = base.isEmpty()
                        ? null
                        : NbdClient.connect(socket, base.get(), List.of(ALLOCATION), PATIENCE)) {
            if (nbd.sizeBytes() != sizeBytes) {
                throw new IOException("it has " + nbd.sizeBytes() + " bytes instead of " + sizeBytes
                        + "; a disk must keep its size while it is recorded");
            }
            BlockRanges wanted = besides.count() == blocks ? besides : besides.and(changedBlocks(nbd, changed));
            List<NbdRange> toRead = new ArrayList<>();
            for (BlockRanges.Range range : wanted.ranges()) {
                planRange(nbd, below, range, toRead);
            }
            Slabs slabs = new Slabs();
            try {
                nbd.read(toRead.iterator(), REQUEST_BYTES, slabs);
                slabs.finish();
            } finally {
                slabs.close();
            }
            check.check();
            return wanted;
        } catch (InterruptedIOException e) {
            Thread.interrupted();
            throw (InterruptedException) new InterruptedException(e.getMessage()).initCause(e);
        }
    }

    private BlockRanges changedBlocks(NbdClient nbd, String bitmap) throws IOException {
        List<BlockRanges.Range> ranges = new ArrayList<>();
        nbd.blockStatus(bitmap, 0, sizeBytes, (offset, length, flags) -> {
            if ((flags & NbdStatusVisitor.DIRTY) != 0) {
                ranges.add(new BlockRanges.Range(offset / GuestPage.BYTES, DiskCapture.blocks(offset + length)));
            }
        });
        return BlockRanges.of(ranges);
    }

    /// Sorts out what is known to be zero.
    private void planRange(NbdClient nbd, NbdClient below, BlockRanges.Range range, List<NbdRange> toRead)
            throws IOException {
        if (range.count() < WORTH_ASKING_BLOCKS) {
            addRead(range, toRead);
            return;
        }
        Plan plan = new Plan(range, toRead);
        long start = range.first() * GuestPage.BYTES;
        nbd.blockStatus(ALLOCATION, start, end(range) - start, (offset, length, flags) -> {
            if ((flags & NbdStatusVisitor.ZERO) != 0) {
                plan.zero(offset, length);
            } else if ((flags & NbdStatusVisitor.HOLE) != 0 && below != null && offset < below.sizeBytes()) {
                // The view speaks for the upper layer only. A hole there is what the guest had not written when the view was
                // frozen; that is in the layer below for good, so it does not matter when that is asked.
                below.blockStatus(ALLOCATION, offset, Math.min(length, below.sizeBytes() - offset),
                        (at, zeroes, flagsBelow) -> {
                            if ((flagsBelow & NbdStatusVisitor.ZERO) != 0) {
                                plan.zero(at, zeroes);
                            }
                        });
            }
        });
        plan.finish();
    }

    /// What is to be read of one range, once the zero extents in it are told in their order.
    private final class Plan {
        private final BlockRanges.Range range;
        private final List<NbdRange> toRead;
        private long next;
        /// The zero extent that may go on.
        private long zeroStart;
        private long zeroEnd;

        Plan(BlockRanges.Range range, List<NbdRange> toRead) {
            this.range = range;
            this.toRead = toRead;
            next = range.first();
        }

        void zero(long offset, long length) {
            if (offset != zeroEnd) {
                takeZeroes();
                zeroStart = offset;
            }
            zeroEnd = offset + length;
        }

        /// Blocks that lie in the zero extent with all they have.
        private void takeZeroes() {
            long first = Math.max(next, DiskCapture.blocks(zeroStart));
            long last = zeroEnd == sizeBytes ? blocks : zeroEnd / GuestPage.BYTES;
            if (last > first) {
                if (first > next) {
                    addRead(new BlockRanges.Range(next, first), toRead);
                }
                target.zeroBlocks(new BlockRanges.Range(first, last));
                next = last;
            }
        }

        void finish() {
            takeZeroes();
            if (next < range.end()) {
                addRead(new BlockRanges.Range(next, range.end()), toRead);
            }
        }
    }

    private void addRead(BlockRanges.Range range, List<NbdRange> toRead) {
        long offset = range.first() * GuestPage.BYTES;
        toRead.add(new NbdRange(offset, end(range) - offset));
    }

    private long end(BlockRanges.Range range) {
        return Math.min(sizeBytes, range.end() * GuestPage.BYTES);
    }

    /// The slabs that are being filled. A slab goes on its way when it has no room for the next piece and all of its pieces
    /// have come; the pieces of different slabs may come in any order.
    private final class Slabs implements NbdReadSink, AutoCloseable {
        private final List<Filling> filling = new ArrayList<>();
        private long bytesSinceLook;

        private static final class Filling {
            final Slab slab;
            /// Offset on the disk of each piece that is still to come.
            final List<Long> awaited = new ArrayList<>();
            boolean full;

            Filling(Slab slab) {
                this.slab = slab;
            }
        }

        @Override
        public ByteBuffer target(long offset, int lengthBytes, boolean mayWait) throws IOException {
            int count = (int) DiskCapture.blocks(lengthBytes);
            Filling last = filling.isEmpty() ? null : filling.getLast();
            if (last == null || last.full || Slab.CAPACITY - last.slab.count() < count) {
                if (last != null) {
                    last.full = true;
                    handOver(last);
                }
                Slab slab = mayWait ? waitForSlab() : pool.poll();
                if (slab == null) {
                    return null;
                }
                last = new Filling(slab);
                filling.add(last);
            }
            int start = last.slab.count();
            long firstBlock = offset / GuestPage.BYTES;
            for (int i = 0; i < count; i++) {
                last.slab.pages()[start + i] = Math.toIntExact(firstBlock + i);
            }
            last.slab.advance(count);
            last.awaited.add(offset);
            bytesRead += lengthBytes;
            ByteBuffer room = last.slab.contents().slice(start * GuestPage.BYTES, count * GuestPage.BYTES);
            for (int i = lengthBytes; i < room.capacity(); i++) {
                room.put(i, (byte) 0);
            }
            return room.limit(lengthBytes);
        }

        private Slab waitForSlab() throws IOException {
            try {
                while (true) {
                    check.check();
                    Slab slab = pool.take(LOOK);
                    if (slab != null) {
                        return slab;
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw (IOException) new InterruptedIOException("interrupted while waiting for memory").initCause(e);
            }
        }

        @Override
        public void delivered(long offset, int lengthBytes, ByteBuffer room, boolean zero) throws IOException {
            for (Filling each : List.copyOf(filling)) {
                if (each.awaited.remove(offset)) {
                    handOver(each);
                    break;
                }
            }
            bytesSinceLook += lengthBytes;
            if (bytesSinceLook > LOOK_BYTES) {
                bytesSinceLook = 0;
                check.check();
            }
        }

        @Override
        public void abandoned(long offset, int lengthBytes, ByteBuffer room) {
            // The slabs come back with the others when the read has failed.
        }

        private void handOver(Filling each) {
            if (each.full && each.awaited.isEmpty()) {
                filling.remove(each);
                target.blocks(each.slab);
            }
        }

        void finish() {
            for (Filling each : List.copyOf(filling)) {
                each.full = true;
                handOver(each);
            }
        }

        /// Gives back what was not handed over.
        @Override
        public void close() {
            filling.forEach(each -> each.slab.close());
            filling.clear();
        }
    }
}
