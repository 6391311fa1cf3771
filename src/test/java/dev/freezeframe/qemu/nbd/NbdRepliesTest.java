package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.suite.Seeds;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// Whatever a server answers is what was asked for, or refused by the client's own exception: with no byte beside the place that
/// the answer is for, and no memory because of a length that is only claimed.
class NbdRepliesTest {
    private static final int CONTEXT = 7;
    private static final int OTHER_CONTEXT = 8;
    private static final int OFFSET = 4096;
    private static final int LENGTH = 100;
    private static final int AROUND = 32;
    private static final long STATUS_BYTES = 1 << 20;
    /// An answer here has a few hundred bytes; a length in it may be four billion.
    private static final int MOST_ALLOCATED_BYTES = 1 << 20;
    private static final Map<Integer, String> CONTEXTS = Map.of(CONTEXT, BASE_ALLOCATION, OTHER_CONTEXT, "other");

    private static Negotiated negotiated(boolean structured) {
        return new Negotiated(1 << 20, NBD_FLAG_HAS_FLAGS, structured, CONTEXTS, 1, MAX_PAYLOAD_BYTES);
    }

    @Test
    void anyAnswerIsTakenInOrRefused() {
        ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Seeds.check(400, random -> {
            byte[] around = new byte[AROUND + LENGTH + AROUND];
            Arrays.fill(around, (byte) 0x55);
            PendingRequest.Read read = new PendingRequest.Read(1, OFFSET, LENGTH,
                    ByteBuffer.wrap(around, AROUND, LENGTH));
            PendingRequest.Status status = new PendingRequest.Status(2, CONTEXT, STATUS_BYTES);
            List<PendingRequest> pending = new ArrayList<>(List.of(read, status));
            UnixConnection[] pair = UnixConnection.pair();
            try (UnixConnection peer = pair[1]) {
                ByteBuffer said = ByteBuffer.allocateDirect(8 << 10);
                for (int answers = 1 + random.nextInt(5); answers > 0; answers--) {
                    answer(random, said);
                }
                peer.write(said.flip());
            }
            try (UnixConnection ours = pair[0]) {
                boolean structured = random.nextInt(4) > 0;
                NbdReplies replies = new NbdReplies(new PeerInput(ours, "the NBD server"), negotiated(structured),
                        pending);
                long before = memory.getCurrentThreadAllocatedBytes();
                NbdException end = assertThrows(NbdException.class, () -> takeAll(replies, pending, structured));
                assertTrue(memory.getCurrentThreadAllocatedBytes() - before < MOST_ALLOCATED_BYTES);
                assertTrue(EnumSet.of(NbdException.Kind.PROTOCOL, NbdException.Kind.DISCONNECTED).contains(end.kind()));
                assertEquals(1, end.getMessage().lines().count(), end.getMessage());
            }
            for (int i = 0; i < AROUND; i++) {
                assertEquals(0x55, around[i]);
                assertEquals(0x55, around[AROUND + LENGTH + i]);
            }
            if (!pending.contains(status) && status.refusal == null) {
                assertTrue(status.count > 0);
            }
        });
    }

    private static void takeAll(NbdReplies replies, List<PendingRequest> pending, boolean structured)
            throws IOException {
        while (true) {
            PendingRequest answered = replies.take();
            if (answered != null) {
                // a simple reply has all at once, or the connection is out of step
                assertTrue(answered.refusal != null || !structured || answered.isAnswered());
                assertTrue(pending.remove(answered), "answered twice");
            }
        }
    }

    /// One that could be, but for a number here and there.
    private static void answer(Random random, ByteBuffer said) {
        if (random.nextInt(4) == 0) {
            said.putInt(odd(random, NBD_SIMPLE_REPLY_MAGIC)).putInt(random.nextInt(3) == 0 ? odd(random, 5) : 0)
                    .putLong(cookie(random));
            said.put(new byte[random.nextInt(4) == 0 ? random.nextInt(2 * LENGTH) : LENGTH]);
            return;
        }
        int type = switch (random.nextInt(8)) {
            case 0, 1 -> NBD_REPLY_TYPE_OFFSET_DATA;
            case 2 -> NBD_REPLY_TYPE_OFFSET_HOLE;
            case 3, 4 -> NBD_REPLY_TYPE_BLOCK_STATUS;
            case 5 -> NBD_REPLY_TYPE_NONE;
            case 6 -> NBD_REPLY_TYPE_ERROR;
            default -> odd(random, NBD_REPLY_TYPE_ERROR_OFFSET);
        };
        ByteBuffer content = ByteBuffer.allocate(1 << 10);
        switch (type) {
            case NBD_REPLY_TYPE_OFFSET_DATA -> {
                boolean whole = random.nextInt(3) > 0;
                content.putLong(whole ? OFFSET : OFFSET - 10 + random.nextInt(LENGTH + 20));
                content.put(new byte[whole ? LENGTH : random.nextInt(LENGTH)]);
            }
            case NBD_REPLY_TYPE_OFFSET_HOLE ->
                content.putLong(OFFSET + random.nextInt(LENGTH)).putInt(odd(random, random.nextInt(LENGTH)));
            case NBD_REPLY_TYPE_BLOCK_STATUS -> {
                content.putInt(odd(random, random.nextInt(4) == 0 ? OTHER_CONTEXT : CONTEXT));
                for (int extents = random.nextInt(6); extents > 0; extents--) {
                    content.putInt(odd(random, 4096 << random.nextInt(10))).putInt(random.nextInt(4));
                }
            }
            case NBD_REPLY_TYPE_ERROR, NBD_REPLY_TYPE_ERROR_OFFSET -> {
                int length = random.nextInt(40);
                content.putInt(odd(random, 5)).putShort((short) odd(random, length)).put(new byte[length]);
                if (type == NBD_REPLY_TYPE_ERROR_OFFSET) {
                    content.putLong(OFFSET);
                }
            }
            default -> content.put(new byte[random.nextInt(6) / 5]);
        }
        said.putInt(odd(random, NBD_STRUCTURED_REPLY_MAGIC)).putShort((short) odd(random, random.nextInt(2)))
                .putShort((short) type).putLong(cookie(random)).putInt(odd(random, content.flip().remaining()))
                .put(content);
    }

    private static long cookie(Random random) {
        return random.nextInt(20) == 0 ? random.nextLong() : 1 + random.nextInt(2);
    }

    /// Mostly the number itself.
    private static int odd(Random random, int number) {
        return switch (random.nextInt(24)) {
            case 0 -> number + 1;
            case 1 -> random.nextInt();
            default -> number;
        };
    }

    @Test
    void whatTheServerTellsOfAReadIsWhatTheClientGets() {
        Seeds.check(60, random -> {
            MemoryExport export = MemoryExport.random(1 + random.nextInt(60_000), random.nextLong(), 5);
            int size = (int) export.sizeBytes();
            int offset = random.nextInt(size);
            int length = 1 + random.nextInt(size - offset);
            boolean structured = random.nextInt(3) > 0;
            ByteBuffer target = ByteBuffer.allocate(length);
            PendingRequest.Read read = new PendingRequest.Read(1, offset, length, target);
            UnixConnection[] pair = UnixConnection.pair();
            try (UnixConnection ours = pair[0]; UnixConnection peer = pair[1]) {
                ReadReply reply = new ReadReply(export,
                        new ServerConnection.Request(0, NBD_CMD_READ, 1, offset, length),
                        ByteBuffer.allocateDirect(ReadReply.BUFFER_BYTES));
                peer.write(structured ? reply.nextChunks() : reply.simpleStart());
                assertFalse(reply.hasMore(), "small enough for one piece");
                NbdReplies replies = new NbdReplies(new PeerInput(ours, "the NBD server"), negotiated(structured),
                        List.of(
                                read));
                PendingRequest answered = replies.take();
                while (answered == null) {
                    answered = replies.take();
                }
                assertEquals(read, answered);
            }
            byte[] wanted = Arrays.copyOfRange(export.content(), offset, offset + length);
            assertArrayEquals(wanted, target.array());
            assertEquals(structured && LongStream.range(offset, offset + length).allMatch(export::isZero), read.zero);
        });
    }
}
