package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.ExpectWarnings;
import dev.freezeframe.suite.Seeds;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a client may do to an export that it writes to, and what becomes of it when either end fails.
@Tag("slow")
class WrittenExportTest {
    private static final Duration LITTLE_PATIENCE = Duration.ofMillis(400);
    private static final int SIZE_BYTES = 33 << 20;
    private static final int UNKNOWN_FLAG = 1 << 9;
    private static final int NBD_CMD_FLAG_FAST_ZERO = 1 << 4;

    @TempDir
    Path folder;
    private final WrittenMemory disk = new WrittenMemory(SIZE_BYTES);
    private NbdServer server;
    private RawClient client;

    @BeforeEach
    void start() throws Exception {
        serve(Await.PATIENCE);
    }

    private void serve(Duration patience) throws IOException {
        server = NbdServer.start(folder.resolve("nbd"), Map.of("disk0", disk, "disk1", MemoryExport.random(5000, 1)),
                patience, patience);
        client = connectInTime("disk0");
    }

    /// Tries again where a server with little patience has taken a busy computer for a client that says nothing.
    private RawClient connectInTime(String export) {
        RawClient[] connected = {null};
        Await.untilAsserted(() -> {
            try {
                connected[0] = RawClient.connect(server.path(), export);
            } catch (IOException e) {
                throw new AssertionError("hung up on too early", e);
            }
        });
        return connected[0];
    }

    @AfterEach
    void serverIsAsGoodAsBefore() throws Exception {
        client.close();
        disk.failingWrite = 0;
        disk.failsToFlush = false;
        try (RawClient next = connectInTime("disk0")) {
            byte[] content = random(5000);
            next.write(7, content);
            assertArrayEquals(content, next.read(7, 5000));
            next.ask(0, NBD_CMD_FLUSH, 0, 0).assertDone();
        } finally {
            server.close();
        }
        assertEquals(0, server.connections());
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void flagsSayWhatCanBeDone() throws Exception {
        int writing = NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA | NBD_FLAG_SEND_TRIM
                | NBD_FLAG_SEND_WRITE_ZEROES | NBD_FLAG_SEND_CACHE;
        assertEquals(writing | NBD_FLAG_SEND_DF, client.flags());
        client.close();
        try (RawClient simple = RawClient.connectSimply(server.path(), "disk0", SIZE_BYTES);
                RawClient reader = RawClient.connectSimply(server.path(), "disk1", 5000)) {
            assertEquals(writing, simple.flags());
            assertEquals(NBD_FLAG_HAS_FLAGS | NBD_FLAG_READ_ONLY | NBD_FLAG_SEND_FLUSH | NBD_FLAG_CAN_MULTI_CONN
                    | NBD_FLAG_SEND_CACHE, reader.flags());
        }
    }

    @Test
    void largestWriteArrivesWholeAndOneThatIsLargerIsHungUpOn() throws Exception {
        byte[] content = random(MAX_PAYLOAD_BYTES);
        client.write(1000, content);
        assertArrayEquals(content, Arrays.copyOfRange(disk.content(), 1000, 1000 + content.length));
        assertArrayEquals(content, client.read(1000, content.length));
        client.send(0, NBD_CMD_WRITE, 0, MAX_PAYLOAD_BYTES + 1);
        client.awaitHangUp();
    }

    @Test
    void contentMayComeByteByByte() throws Exception {
        byte[] content = random(300);
        client.send(0, NBD_CMD_WRITE, 4, content.length);
        for (byte each : content)
            client.say(ByteBuffer.wrap(new byte[]{each}));
        client.answer().assertDone();
        assertArrayEquals(content, client.read(4, content.length));
    }

    @Test
    void flushMakesAllDurableThatWasAnsweredBefore() throws Exception {
        client.write(0, random(3000));
        client.ask(0, NBD_CMD_WRITE_ZEROES, 100, 50).assertDone();
        assertFalse(Arrays.equals(disk.content(), disk.durable()));
        client.ask(0, NBD_CMD_FLUSH, 0, 0).assertDone();
        assertArrayEquals(disk.content(), disk.durable());
    }

    @Test
    void requestsThatAskForItAreDurableWhenTheyAreAnsweredWithOneFlushEach() throws Exception {
        byte[] content = random(3 * NbdServer.PIECE_BYTES + 1);
        client.ask(NBD_CMD_FLAG_FUA, NBD_CMD_WRITE, 10, content.length, content).assertDone();
        assertArrayEquals(content, Arrays.copyOfRange(disk.durable(), 10, 10 + content.length));
        client.ask(NBD_CMD_FLAG_FUA, NBD_CMD_WRITE_ZEROES, 20, 30).assertDone();
        client.ask(NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_NO_HOLE, NBD_CMD_WRITE_ZEROES, 50, 60).assertDone();
        client.ask(NBD_CMD_FLAG_FUA, NBD_CMD_TRIM, 110, 70).assertDone();
        assertArrayEquals(disk.content(), disk.durable());
        assertEquals("range 10 " + content.length + ", flush, zero 20 30 trimming, range 20 30, flush, zero 50 60,"
                + " range 50 60, flush, trim 110 70, range 110 70, flush", disk.calls());
    }

    @Test
    void whatIsBeyondTheEndIsRefusedAndTheConnectionStaysInStep() throws Exception {
        byte[] content = random(2);
        for (long offset : new long[]{SIZE_BYTES - 1, SIZE_BYTES + 1L, Long.MAX_VALUE, Long.MAX_VALUE - 1, -1,
                Long.MIN_VALUE}) {
            client.ask(0, NBD_CMD_WRITE, offset, 2, content).assertRefused(NbdErrno.ENOSPC);
            client.ask(0, NBD_CMD_WRITE_ZEROES, offset, 2).assertRefused(NbdErrno.ENOSPC);
            client.ask(0, NBD_CMD_TRIM, offset, 2).assertRefused(NbdErrno.EINVAL);
            client.ask(0, NBD_CMD_READ, offset, 2).assertRefused(NbdErrno.EINVAL);
            client.ask(0, NBD_CMD_CACHE, offset, 2).assertRefused(NbdErrno.EINVAL);
            client.ask(0, NBD_CMD_BLOCK_STATUS, offset, 2).assertRefused(NbdErrno.EINVAL);
        }
        client.ask(0, NBD_CMD_WRITE_ZEROES, 0, -1).assertRefused(NbdErrno.ENOSPC);
        client.ask(0, NBD_CMD_TRIM, 1, -1).assertRefused(NbdErrno.EINVAL);
        assertEquals("", disk.calls());
        assertEquals(0, disk.writes());
        client.write(SIZE_BYTES - 2, content);
    }

    @Test
    void whatWasNotOfferedIsRefusedAndTheConnectionStaysInStep() throws Exception {
        client.ask(UNKNOWN_FLAG, NBD_CMD_WRITE, 0, 3, random(3)).assertRefused(NbdErrno.EINVAL);
        client.ask(NBD_CMD_FLAG_NO_HOLE, NBD_CMD_WRITE, 0, 3, random(3)).assertRefused(NbdErrno.EINVAL);
        client.ask(NBD_CMD_FLAG_FAST_ZERO, NBD_CMD_WRITE_ZEROES, 0, 3).assertRefused(NbdErrno.EINVAL);
        client.ask(NBD_CMD_FLAG_NO_HOLE, NBD_CMD_TRIM, 0, 3).assertRefused(NbdErrno.EINVAL);
        client.ask(0, 99, 0, 3).assertRefused(NbdErrno.EINVAL);
        assertEquals("", disk.calls());
    }

    @Test
    void requestsForNothingAreDone() throws Exception {
        for (long offset : new long[]{0, SIZE_BYTES}) {
            client.ask(0, NBD_CMD_WRITE, offset, 0).assertDone();
            client.ask(0, NBD_CMD_WRITE_ZEROES, offset, 0).assertDone();
            client.ask(0, NBD_CMD_TRIM, offset, 0).assertDone();
            client.ask(0, NBD_CMD_READ, offset, 0).assertDone();
            client.ask(0, NBD_CMD_CACHE, offset, 0).assertDone();
        }
        assertEquals("", disk.calls());
        client.ask(NBD_CMD_FLAG_FUA, NBD_CMD_WRITE, 5, 0).assertDone();
        assertEquals("range 5 0, flush", disk.calls());
    }

    @Test
    void clientsWithoutStructuredRepliesAreServed() throws Exception {
        client.close();
        try (RawClient simple = RawClient.connectSimply(server.path(), "disk0", SIZE_BYTES)) {
            byte[] content = random(NbdServer.PIECE_BYTES + 1);
            simple.write(3, content);
            simple.ask(NBD_CMD_FLAG_FUA, NBD_CMD_WRITE_ZEROES, 4, 5).assertDone();
            Arrays.fill(content, 1, 6, (byte) 0);
            assertArrayEquals(content, simple.read(3, content.length));
            simple.ask(0, NBD_CMD_WRITE, SIZE_BYTES, 3, random(3)).assertRefused(NbdErrno.ENOSPC);
            simple.ask(0, NBD_CMD_TRIM, SIZE_BYTES, 3).assertRefused(NbdErrno.EINVAL);
            assertArrayEquals(content, simple.read(3, content.length));
        }
    }

    @Test
    void requestsInFlightAreDoneInTheirOrder() throws Exception {
        for (int i = 0; i < 100; i++) {
            client.send(0, NBD_CMD_WRITE, 0, 1, (byte) i);
            client.send(0, i % 10 == 5 ? NBD_CMD_FLUSH : NBD_CMD_READ, 0, i % 10 == 5 ? 0 : 1);
        }
        for (int i = 0; i < 100; i++) {
            client.answer().assertDone();
            RawClient.Answer read = client.answer();
            read.assertDone();
            if (i % 10 != 5)
                assertEquals(i, read.content()[0]);
        }
    }

    @Test
    @ExpectWarnings("an export could not be written: the disk is damaged")
    void writeThatFailsInItsMidstIsAnErrorOfThatWriteOnly() throws Exception {
        disk.failingWrite = 3;
        byte[] content = random(5 * NbdServer.PIECE_BYTES);
        RawClient.Answer failed = client.ask(NBD_CMD_FLAG_FUA, NBD_CMD_WRITE, 0, content.length, content);
        failed.assertRefused(NbdErrno.EIO);
        assertEquals("the disk is damaged", failed.text());
        assertEquals(3, disk.writes(), "the rest is read and thrown away");
        assertEquals("", disk.calls(), "what failed is not flushed");
        client.write(0, content);
        assertArrayEquals(content, client.read(0, content.length));
    }

    @Test
    @ExpectWarnings("an export could not be written: .*No space left on device")
    void fullDiskIsToldAsOne() throws Exception {
        disk.failure = "/images/a.img, writing: No space left on device (errno 28)";
        for (int i = 1; i <= 3; i++) {
            disk.failingWrite = i;
            client.ask(0, NBD_CMD_WRITE, 0, 3, random(3)).assertRefused(NbdErrno.ENOSPC);
        }
        client.write(0, random(3));
    }

    @Test
    @ExpectWarnings("an export could not be written: the disk is damaged")
    void flushThatFailsIsNoSuccess() throws Exception {
        disk.failsToFlush = true;
        client.ask(0, NBD_CMD_FLUSH, 0, 0).assertRefused(NbdErrno.EIO);
        client.ask(NBD_CMD_FLAG_FUA, NBD_CMD_WRITE, 0, 3, random(3)).assertRefused(NbdErrno.EIO);
        client.ask(NBD_CMD_FLAG_FUA, NBD_CMD_TRIM, 0, 3).assertRefused(NbdErrno.EIO);
        client.write(0, random(3));
    }

    @Test
    @ExpectWarnings("an export could not be written because of a fault")
    void faultOfTheExportIsAnErrorOfThatRequestOnly() throws Exception {
        disk.happening = () -> {
            throw new IllegalStateException("a fault");
        };
        client.ask(0, NBD_CMD_WRITE, 0, 3, random(3)).assertRefused(NbdErrno.EIO);
        disk.happening = () -> {};
        client.write(0, random(3));
    }

    @Test
    void clientThatLeavesInMidContentLeavesABeginningOfIt() throws Exception {
        byte[] before = random(2 * NbdServer.PIECE_BYTES);
        client.write(0, before);
        byte[] content = new byte[NbdServer.PIECE_BYTES + 1000];
        Arrays.fill(content, (byte) 7);
        client.send(0, NBD_CMD_WRITE, 0, 2 * NbdServer.PIECE_BYTES, content);
        client.close();
        Await.until("it is noticed", () -> server.connections() == 0);
        byte[] after = Arrays.copyOf(disk.content(), before.length);
        int written = 0;
        while (written < after.length && after[written] == 7)
            written++;
        assertTrue(written >= NbdServer.PIECE_BYTES && written <= content.length, "wrote " + written);
        assertArrayEquals(Arrays.copyOfRange(before, NbdServer.PIECE_BYTES, before.length), Arrays.copyOfRange(after,
                NbdServer.PIECE_BYTES, after.length), "what did not come as a whole piece");
    }

    @Test
    void contentThatStopsComingIsHungUpOn() throws Exception {
        client.close();
        server.close();
        serve(LITTLE_PATIENCE);
        client.send(0, NBD_CMD_WRITE, 0, 1000, random(999));
        client.awaitHangUp();
        assertEquals(0, disk.writes());
    }

    @Test
    void idleClientIsKept() throws Exception {
        client.close();
        server.close();
        serve(LITTLE_PATIENCE);
        try (RawClient other = connectInTime("disk1")) {
            other.send(0, NBD_CMD_READ, 0, 1);
            other.say(ByteBuffer.allocate(3));
            other.awaitHangUp();
        }
        client.write(0, random(3));
    }

    @Test
    void onlyOneClientAtATimeHasTheExport() throws Exception {
        client.close();
        server.close();
        serve(LITTLE_PATIENCE);
        Await.untilAsserted(() -> {
            NbdException refused = assertThrows(NbdException.class, () -> RawClient.connect(server.path(), "disk0"));
            assertEquals(NbdException.Kind.REFUSED, refused.kind());
            assertTrue(refused.getMessage().contains("another client writes to the export"), refused.getMessage());
        });
        assertThrows(NbdException.class, () -> RawClient.connectSimply(server.path(), "disk0", SIZE_BYTES));
        client.write(0, random(3));
    }

    @Test
    void whoComesNextWaitsForOneThatLeaves() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        disk.happening = () -> await(goOn);
        client.send(0, NBD_CMD_WRITE, 0, 3, random(3));
        Await.untilAsserted(() -> assertTrue(Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> Await
                .isInside(thread, WrittenExportTest.class, "await"))));
        client.close();
        Underway<RawClient> next = Underway.start(() -> RawClient.connect(server.path(), "disk0"));
        Await.until("the next one waits", () -> Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> Await
                .isInside(thread, NbdServer.class, "claim")));
        goOn.countDown();
        try (RawClient second = next.result()) {
            assertArrayEquals(random(3), second.read(0, 3));
        }
    }

    @Test
    void closingWaitsForTheWriteUnderWay() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        NbdServer one = NbdServer.start(folder.resolve("one"), Map.of("disk0", disk));
        disk.happening = () -> await(goOn);
        try (RawClient writer = RawClient.connect(one.path(), "disk0")) {
            writer.send(0, NBD_CMD_WRITE, 0, 3, random(3));
            Await.untilAsserted(() -> assertTrue(Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> Await
                    .isInside(thread, WrittenExportTest.class, "await"))));
            Underway<Boolean> closing = Underway.start(() -> {
                one.close();
                return true;
            }).awaitInside(ServerConnection.class, "awaitEnd");
            goOn.countDown();
            assertTrue(closing.result());
            assertArrayEquals(random(3), Arrays.copyOf(disk.content(), 3));
            assertEquals(0, one.connections());
        } finally {
            goOn.countDown();
            disk.happening = () -> {};
            one.close();
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                throw new IOException("nobody lets it go on");
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }

    @Test
    void aClientThatSaysAnythingIsServedOrHungUpOn() {
        client.close();
        Seeds.check(60, random -> {
            ByteBuffer said = ByteBuffer.allocate(48 << 10);
            for (int requests = 1 + random.nextInt(8); requests > 0; requests--) {
                int length = random.nextInt(4000);
                int command = odd(random, random.nextInt(9));
                said.putInt(odd(random, NBD_REQUEST_MAGIC)).putShort((short) (random.nextInt(4) == 0
                        ? random.nextInt(32)
                        : 0)).putShort((short) command).putLong(random.nextLong()).putLong(random.nextInt(4) == 0
                                ? random.nextLong()
                                : random.nextInt(SIZE_BYTES))
                        .putInt(odd(random, length));
                if (command == NBD_CMD_WRITE) {
                    byte[] content = new byte[random.nextInt(10) == 0 ? random.nextInt(4000) : length];
                    random.nextBytes(content);
                    said.put(content);
                }
            }
            try (RawClient strange = RawClient.connect(server.path(), "disk0")) {
                strange.say(said.flip());
            }
        });
        Await.until("no connection left", () -> server.connections() == 0);
    }

    /// Mostly the number itself.
    private static int odd(Random random, int number) {
        return random.nextInt(30) == 0 ? random.nextInt() : number;
    }

    @Test
    void ourOwnClientReadsWhatAnotherWrote() throws Exception {
        byte[] content = random(3 << 20);
        client.write(1 << 20, content);
        client.close();
        try (NbdClient reader = NbdClient.connect(server.path(), "disk0", List.of(BASE_ALLOCATION), Await.PATIENCE)) {
            assertFalse(reader.isReadOnly());
            ByteBuffer read = ByteBuffer.allocate(content.length);
            reader.read(1 << 20, read);
            assertArrayEquals(content, read.array());
            long[] zeroBytes = {0};
            reader.blockStatus(BASE_ALLOCATION, 0, SIZE_BYTES, (_, length, flags) -> zeroBytes[0] += (flags
                    & NbdStatusVisitor.ZERO) != 0 ? length : 0);
            assertEquals(SIZE_BYTES - content.length, zeroBytes[0]);
        }
    }
}
