package dev.freezeframe.capture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.suite.Seeds;
import dev.freezeframe.suite.Underway;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Every block that changed or is owed comes once, with its content or as one that is known to be zero, however little memory
/// there is and in whatever order it comes; and a read that fails keeps no memory. The server is a fake, because none but QEMU's
/// tells of bitmaps.
@Timeout(value = 2, unit = TimeUnit.MINUTES) // a wait without an end is one of the faults
class DiskReaderTest {
    private static final int BLOCK = GuestPage.BYTES;
    /// As in [DiskReader]: a shorter range is read whether it is zero or not.
    private static final int WORTH_ASKING_BLOCKS = 64;
    private static final String BITMAP = "b0";
    private static final Optional<String> NO_BASE = Optional.empty();

    @TempDir
    private Path folder;

    private int sockets;
    /// Of as few slabs as can be: 8 MiB.
    private final SlabPool pool = new SlabPool(1);

    @Test
    void everyBlockThatChangedOrIsOwedComesOnceWithItsContentOrAsZero() {
        // so that what is not written over shows
        List<Slab> all = emptied(pool);
        for (Slab each : all) {
            for (int i = 0; i < each.contents().capacity(); i++) {
                each.contents().put(i, (byte) 0x55);
            }
            each.close();
        }
        Seeds.check(40, random -> {
            int blocks = 1 + random.nextInt(700);
            int size = blocks * BLOCK - 512 * random.nextInt(8);
            View below = View.random(random, Math.min(size, BLOCK * (1 + random.nextInt(blocks))));
            View disk = View.random(random, size).above(below);
            boolean layered = random.nextBoolean();
            BlockRanges besides = switch (random.nextInt(3)) {
                case 0 -> BlockRanges.NONE;
                case 1 -> BlockRanges.of(0, blocks);
                default -> ranges(someBlocks(random, blocks));
            };
            Received received = new Received(size, false);
            DiskReader reader = new DiskReader(size, pool, () -> {}, received);
            BlockRanges wanted;
            try (ViewServer server = new ViewServer(socket(), Map.of("disk0", disk, "base", below))) {
                wanted = reader.read(server.socket, "disk0", layered ? Optional.of("base") : NO_BASE, BITMAP, besides);
            }
            BitSet expected = bits(besides);
            expected.or(disk.dirty);
            assertEquals(expected, bits(wanted));
            BitSet told = (BitSet) received.read.clone();
            told.or(received.zero);
            assertEquals(expected, told);
            assertFalse(received.read.intersects(received.zero));
            for (BlockRanges.Range range : wanted.ranges()) {
                for (int block = (int) range.first(); block < range.end(); block++) {
                    boolean knownZero = range.count() >= WORTH_ASKING_BLOCKS && (disk.isZero(block)
                            || (layered && disk.isHole(block) && block < below.blocks() && below.isZero(block)));
                    assertEquals(knownZero, received.zero.get(block), "block " + block);
                    assertArrayEquals(disk.block(block), received.block(block), "block " + block);
                }
            }
            assertEquals(received.read.stream().mapToLong(block -> Math.min(BLOCK, size - block * BLOCK)).sum(),
                    reader.bytesRead());
            assertEquals(pool.capacity(), pool.available());
        });
    }

    /// The pipeline is behind: it gives memory back only where nothing goes on without that.
    @Test
    void aDiskLargerThanAllMemoryIsReadAsMemoryComesBack() throws Exception {
        View disk = View.filled(20 << 20);
        Received received = new Received(disk.content.length, true);
        DiskReader reader = new DiskReader(disk.content.length, pool, () -> {
            if (pool.available() == 0 && !received.waiting.isEmpty()) {
                received.waiting.remove().close();
            }
        }, received);
        try (ViewServer server = new ViewServer(socket(), Map.of("disk0", disk))) {
            reader.read(server.socket, "disk0", NO_BASE, BITMAP, BlockRanges.NONE);
        }
        assertArrayEquals(disk.content, received.content);
        assertEquals(disk.blocks() / Slab.CAPACITY, received.slabs, "each is full");
        received.waiting.forEach(Slab::close);
        assertEquals(pool.capacity(), pool.available());
    }

    @Test
    void piecesMayComeInAnyOrder() throws Exception {
        View disk = View.filled(3 << 20);
        Received received = new Received(disk.content.length, false);
        try (ViewServer server = new ViewServer(socket(), Map.of("disk0", disk))) {
            server.answeredTogether = 12; // of 256 KiB each, in two slabs
            new DiskReader(disk.content.length, pool, () -> {}, received).read(server.socket, "disk0", NO_BASE, BITMAP,
                    BlockRanges.NONE);
        }
        assertArrayEquals(disk.content, received.content);
    }

    @Test
    void aServerThatHangsUpCostsNoMemory() throws Exception {
        View disk = View.filled(12 << 20);
        Received received = new Received(disk.content.length, false);
        try (ViewServer server = new ViewServer(socket(), Map.of("disk0", disk))) {
            server.hangsUpAt = 5 << 20;
            assertThrows(IOException.class, () -> new DiskReader(disk.content.length, pool, () -> {}, received).read(
                    server.socket, "disk0", NO_BASE, BITMAP, BlockRanges.NONE));
        }
        assertEquals(pool.capacity(), pool.available());
    }

    @Test
    void aViewThatIsOfNoUseAnyMoreEndsALongReadSoonAndAShortOneAtItsEnd() throws Exception {
        for (int mebibytes : new int[]{24, 1}) {
            View disk = View.filled(mebibytes << 20);
            AtomicInteger checks = new AtomicInteger();
            // it is good when memory is first asked for
            DiskReader reader = new DiskReader(disk.content.length, new SlabPool(64 << 20), () -> {
                if (checks.incrementAndGet() > 1) {
                    throw new IOException("no room");
                }
            }, new Received(disk.content.length, false));
            try (ViewServer server = new ViewServer(socket(), Map.of("disk0", disk))) {
                assertEquals("no room", assertThrows(IOException.class, () -> reader.read(server.socket, "disk0",
                        NO_BASE, BITMAP, BlockRanges.NONE)).getMessage());
            }
            assertEquals(2, checks.get());
            assertTrue(reader.bytesRead() <= 16 << 20, reader.bytesRead() + " bytes");
            assertTrue(mebibytes == 1 || reader.bytesRead() > 8 << 20, "it is not looked at for each piece");
        }
    }

    @Test
    void aViewThatIsOfNoUseAnyMoreEndsTheWaitForMemory() throws Exception {
        List<Slab> all = emptied(pool);
        View disk = View.filled(1 << 20);
        AtomicInteger checks = new AtomicInteger();
        DiskReader reader = new DiskReader(disk.content.length, pool, () -> {
            if (checks.incrementAndGet() > 1) {
                throw new IOException("no room");
            }
        }, new Received(disk.content.length, false));
        try (ViewServer server = new ViewServer(socket(), Map.of("disk0", disk))) {
            assertThrows(IOException.class, () -> reader.read(server.socket, "disk0", NO_BASE, BITMAP,
                    BlockRanges.NONE));
        }
        all.forEach(Slab::close);
    }

    @Test
    void anInterruptEndsTheWaitForMemory() throws Exception {
        List<Slab> all = emptied(pool);
        View disk = View.filled(1 << 20);
        DiskReader reader = new DiskReader(disk.content.length, pool, () -> {}, new Received(disk.content.length,
                false));
        try (ViewServer server = new ViewServer(socket(), Map.of("disk0", disk))) {
            Underway<Boolean> reading = Underway.start(() -> {
                assertThrows(InterruptedException.class, () -> reader.read(server.socket, "disk0", NO_BASE, BITMAP,
                        BlockRanges.NONE));
                return Thread.currentThread().isInterrupted();
            }).awaitInside(SlabPool.class, "take");
            reading.interrupt();
            assertFalse(reading.result(), "the exception says it");
        }
        all.forEach(Slab::close);
        assertEquals(pool.capacity(), pool.available());
    }

    @Test
    void aDiskThatHasAnotherSizeByNowIsRefused() throws Exception {
        View disk = View.filled(1 << 20);
        try (ViewServer server = new ViewServer(socket(), Map.of("disk0", disk))) {
            IOException refused = assertThrows(IOException.class, () -> new DiskReader(disk.content.length - 512, pool,
                    () -> {}, new Received(disk.content.length, false)).read(server.socket, "disk0", NO_BASE, BITMAP,
                            BlockRanges.NONE));
            assertEquals("it has 1048576 bytes instead of 1048064; a disk must keep its size while it is recorded",
                    refused.getMessage());
        }
    }

    private Path socket() {
        return folder.resolve("socket" + ++sockets);
    }

    private static List<Slab> emptied(SlabPool pool) {
        List<Slab> all = new ArrayList<>();
        for (Slab slab = pool.poll(); slab != null; slab = pool.poll()) {
            all.add(slab);
        }
        return all;
    }

    /// In runs, some of which are long enough to ask for.
    private static BitSet someBlocks(Random random, int blocks) {
        BitSet some = new BitSet();
        for (int block = random.nextInt(20); block < blocks; block += 1 + random.nextInt(60)) {
            int end = Math.min(blocks, block + 1 + random.nextInt(200));
            some.set(block, end);
            block = end;
        }
        return some;
    }

    private static BlockRanges ranges(BitSet blocks) {
        return BlockRanges.of(blocks.stream().mapToObj(block -> new BlockRanges.Range(block, block + 1L)).toList());
    }

    private static BitSet bits(BlockRanges ranges) {
        BitSet blocks = new BitSet();
        ranges.ranges().forEach(each -> blocks.set((int) each.first(), (int) each.end()));
        return blocks;
    }

    /// What a server says of a disk.
    ///
    /// @param states of its blocks, in the context `base:allocation`
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record View(byte[] content, int[] states, BitSet dirty) {
        private static final int HOLE = 1;
        private static final int ZERO = 1 << 1;

        static View random(Random random, int sizeBytes) {
            byte[] content = new byte[sizeBytes];
            random.nextBytes(content);
            int[] states = new int[Math.ceilDiv(sizeBytes, BLOCK)];
            for (int block = 0; block < states.length;) {
                int state = new int[]{0, HOLE, ZERO, HOLE | ZERO}[random.nextInt(4)];
                for (int run = 1 + random.nextInt(120); run > 0 && block < states.length; run--, block++) {
                    states[block] = state;
                    if ((state & ZERO) != 0) {
                        Arrays.fill(content, block * BLOCK, Math.min(sizeBytes, (block + 1) * BLOCK), (byte) 0);
                    }
                }
            }
            return new View(content, states, someBlocks(random, states.length));
        }

        /// Without zeroes, and all of it changed.
        static View filled(int sizeBytes) {
            byte[] content = new byte[sizeBytes];
            new Random(sizeBytes).nextBytes(content);
            BitSet all = new BitSet();
            all.set(0, Math.ceilDiv(sizeBytes, BLOCK));
            return new View(content, new int[Math.ceilDiv(sizeBytes, BLOCK)], all);
        }

        /// With what another one holds where this one has a hole.
        View above(View below) {
            for (int block = 0; block < states.length; block++) {
                int from = block * BLOCK;
                int end = Math.min(content.length, from + BLOCK);
                for (int i = from; isHole(block) && i < end; i++) {
                    content[i] = i < below.content.length ? below.content[i] : 0;
                }
            }
            return this;
        }

        int blocks() {
            return states.length;
        }

        boolean isZero(int block) {
            return (states[block] & ZERO) != 0;
        }

        /// And nothing is said of zeroes.
        boolean isHole(int block) {
            return states[block] == HOLE;
        }

        /// Filled up with zeroes at the end of the disk.
        byte[] block(int block) {
            return Arrays.copyOf(Arrays.copyOfRange(content, block * BLOCK, Math.min(content.length, (block + 1)
                    * BLOCK)), BLOCK);
        }
    }

    /// What the reader hands over.
    private static final class Received implements DiskReader.Target {
        final byte[] content;
        final BitSet read = new BitSet();
        final BitSet zero = new BitSet();
        final Deque<Slab> waiting = new ArrayDeque<>();
        private final boolean keeps;
        int slabs;

        /// @param keeps whether slabs wait until somebody gives them back
        Received(int sizeBytes, boolean keeps) {
            content = new byte[Math.ceilDiv(sizeBytes, BLOCK) * BLOCK];
            this.keeps = keeps;
        }

        byte[] block(int block) {
            return Arrays.copyOfRange(content, block * BLOCK, (block + 1) * BLOCK);
        }

        @Override
        public void blocks(Slab slab) {
            slabs++;
            for (int i = 0; i < slab.count(); i++) {
                int block = slab.pages()[i];
                assertFalse(read.get(block), "block " + block + " came twice");
                read.set(block);
                slab.contents().get(i * BLOCK, content, block * BLOCK, BLOCK);
            }
            if (keeps) {
                waiting.add(slab);
            } else {
                slab.close();
            }
        }

        @Override
        public void zeroBlocks(BlockRanges.Range range) {
            zero.set((int) range.first(), (int) range.end());
        }
    }

    /// As much of an NBD server as the reader needs, for clients that make no mistakes. Numbers are named as the protocol's.
    private static final class ViewServer implements AutoCloseable {
        private static final long NBDMAGIC = 0x4e42444d41474943L;
        private static final long IHAVEOPT = 0x49484156454F5054L;
        private static final int NBD_FLAG_FIXED_NEWSTYLE = 1;
        private static final int NBD_FLAG_NO_ZEROES = 1 << 1;
        private static final long NBD_REP_MAGIC = 0x3e889045565a9L;
        private static final int NBD_OPT_GO = 7;
        private static final int NBD_OPT_SET_META_CONTEXT = 10;
        private static final int NBD_REP_ACK = 1;
        private static final int NBD_REP_INFO = 3;
        private static final int NBD_REP_META_CONTEXT = 4;
        private static final short NBD_INFO_EXPORT = 0;
        private static final short NBD_FLAG_HAS_FLAGS = 1;
        private static final int NBD_STRUCTURED_REPLY_MAGIC = 0x668e33ef;
        private static final int NBD_REPLY_TYPE_OFFSET_DATA = 1;
        private static final int NBD_REPLY_TYPE_BLOCK_STATUS = 5;
        private static final int NBD_CMD_READ = 0;
        private static final int NBD_CMD_BLOCK_STATUS = 7;

        final Path socket;
        /// So many reads are waited for before the first answer; the last one is answered first.
        volatile int answeredTogether = 1;
        volatile long hangsUpAt = Long.MAX_VALUE;
        private final Map<String, View> exports;
        private final ServerSocketChannel door;

        private record Request(int command, long cookie, long offset, int length) {}

        ViewServer(Path socket, Map<String, View> exports) throws IOException {
            this.socket = socket;
            this.exports = exports;
            door = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            door.bind(UnixDomainSocketAddress.of(socket));
            Thread.ofPlatform().daemon().name("view-door").start(this::welcome);
        }

        @Override
        public void close() throws IOException {
            door.close();
        }

        private void welcome() {
            try {
                while (true) {
                    SocketChannel client = door.accept();
                    Thread.ofPlatform().daemon().name("view-server").start(() -> serve(client));
                }
            } catch (IOException e) {
                // closed
            }
        }

        private void serve(SocketChannel client) {
            try (client;
                    DataInputStream in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(client)));
                    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(
                            client)))) {
                List<String> contexts = new ArrayList<>();
                View view = agree(in, out, contexts);
                List<Request> reads = new ArrayList<>();
                while (true) {
                    out.flush();
                    in.skipNBytes(Integer.BYTES + Short.BYTES);
                    Request request = new Request(in.readShort(), in.readLong(), in.readLong(), in.readInt());
                    switch (request.command) {
                        case NBD_CMD_READ -> {
                            if (request.offset >= hangsUpAt) {
                                return;
                            }
                            reads.add(request);
                            if (reads.size() >= answeredTogether) {
                                answeredTogether = 1;
                                for (Request each : reads.reversed()) {
                                    chunk(out, true, NBD_REPLY_TYPE_OFFSET_DATA, each, Long.BYTES + each.length);
                                    out.writeLong(each.offset);
                                    out.write(view.content, (int) each.offset, each.length);
                                }
                                reads.clear();
                            }
                        }
                        case NBD_CMD_BLOCK_STATUS -> tellStatus(out, view, contexts, request);
                        default -> {
                            return; // it takes its leave
                        }
                    }
                }
            } catch (IOException e) {
                // it has gone
            }
        }

        private View agree(DataInputStream in, DataOutputStream out, List<String> contexts) throws IOException {
            out.writeLong(NBDMAGIC);
            out.writeLong(IHAVEOPT);
            out.writeShort(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
            out.flush();
            in.skipNBytes(Integer.BYTES);
            while (true) {
                in.skipNBytes(Long.BYTES);
                int option = in.readInt();
                ByteBuffer content = ByteBuffer.wrap(in.readNBytes(in.readInt()));
                View view = null;
                switch (option) {
                    case NBD_OPT_SET_META_CONTEXT -> {
                        text(content); // the export's name
                        for (int left = content.getInt(); left > 0; left--) {
                            String context = text(content);
                            byte[] name = context.getBytes(StandardCharsets.UTF_8);
                            reply(out, option, NBD_REP_META_CONTEXT, ByteBuffer.allocate(Integer.BYTES + name.length)
                                    .putInt(contexts.size()).put(name).array());
                            contexts.add(context);
                        }
                    }
                    case NBD_OPT_GO -> {
                        view = exports.get(text(content));
                        reply(out, option, NBD_REP_INFO, ByteBuffer.allocate(2 * Short.BYTES + Long.BYTES).putShort(
                                NBD_INFO_EXPORT).putLong(view.content.length).putShort(NBD_FLAG_HAS_FLAGS).array());
                    }
                    default -> {
                        // structured replies, of course
                    }
                }
                reply(out, option, NBD_REP_ACK, new byte[0]);
                if (view != null) {
                    return view;
                }
            }
        }

        private static String text(ByteBuffer content) {
            byte[] bytes = new byte[content.getInt()];
            content.get(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }

        private static void reply(DataOutputStream out, int option, int type, byte[] content) throws IOException {
            out.writeLong(NBD_REP_MAGIC);
            out.writeInt(option);
            out.writeInt(type);
            out.writeInt(content.length);
            out.write(content);
            out.flush();
        }

        private static void chunk(DataOutputStream out, boolean done, int type, Request request, int length)
                throws IOException {
            out.writeInt(NBD_STRUCTURED_REPLY_MAGIC);
            out.writeShort(done ? 1 : 0);
            out.writeShort(type);
            out.writeLong(request.cookie);
            out.writeInt(length);
        }

        /// In all contexts, as QEMU does; an extent for each block.
        private static void tellStatus(DataOutputStream out, View view, List<String> contexts, Request request)
                throws IOException {
            int first = (int) (request.offset / BLOCK);
            int end = (int) Math.ceilDiv(request.offset + request.length, (long) BLOCK);
            for (int context = 0; context < contexts.size(); context++) {
                chunk(out, context == contexts.size() - 1, NBD_REPLY_TYPE_BLOCK_STATUS, request, Integer.BYTES + (end
                        - first) * 2 * Integer.BYTES);
                out.writeInt(context);
                for (int block = first; block < end; block++) {
                    out.writeInt((int) Math.min(BLOCK, request.offset + request.length - (long) block * BLOCK));
                    out.writeInt(contexts.get(context).equals("qemu:dirty-bitmap:" + BITMAP)
                            ? view.dirty.get(block) ? 1 : 0
                            : view.states[block]);
                }
            }
        }
    }
}
