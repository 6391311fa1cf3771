package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.ExpectWarnings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The server with clients that neither QEMU nor libnbd is. After each test the server must still serve, and be closed
/// without a thread left.
@Tag("slow")
class StrangeClientTest {
    private static final Duration LITTLE_PATIENCE = Duration.ofMillis(400);
    private static final int SIZE_BYTES = 4 << 20;

    @TempDir
    Path folder;
    private final MemoryExport export = MemoryExport.random(SIZE_BYTES, 5);
    private Duration serversPatience;
    private NbdServer server;
    private UnixConnection client;
    private PeerInput answers;

    @BeforeEach
    void start() throws Exception {
        serve(Await.PATIENCE);
    }

    private void serve(Duration patience) throws IOException {
        serversPatience = patience;
        server = NbdServer.start(folder.resolve("nbd"), Map.of("disk0", export), patience, patience);
        connect();
    }

    private void connect() throws IOException {
        client = UnixConnection.connect(server.path());
        client.setReadTimeout(Math.toIntExact(Await.PATIENCE.toMillis()));
        answers = new PeerInput(client, "the server");
    }

    private void reconnect() throws IOException {
        client.close();
        connect();
    }

    private interface Talk {
        void run() throws IOException;
    }

    /// Tries again where a server with little patience has taken a busy computer for a client that says nothing.
    private void inTime(Talk talk) throws IOException {
        if (serversPatience.equals(Await.PATIENCE)) {
            talk.run();
            return;
        }
        Await.untilAsserted(() -> {
            try {
                talk.run();
            } catch (IOException e) {
                throw new AssertionError("hung up on too early", e);
            }
        });
    }

    /// Only clients that are to be hung up on meet a server that waits for little.
    private void serveWithLittlePatience() throws IOException {
        client.close();
        server.close();
        serve(LITTLE_PATIENCE);
    }

    @AfterEach
    void serverIsAsGoodAsBefore() throws Exception {
        export.failingOffset = -1;
        inTime(() -> {
            try (NbdClient other = NbdClient.connect(server.path(), "", List.of(), Await.PATIENCE)) {
                ByteBuffer whole = ByteBuffer.allocateDirect(SIZE_BYTES);
                other.read(0, whole);
                byte[] read = new byte[SIZE_BYTES];
                whole.flip().get(read);
                assertArrayEquals(export.content(), read);
            }
        });
        server.close();
        client.close();
        assertEquals(0, server.connections());
        for (Thread each : Thread.getAllStackTraces().keySet())
            assertFalse(each.getName().startsWith("nbd-") && each.isAlive() && !endsSoon(each), each.getName());
        assertFalse(Files.exists(server.path()));
    }

    private static boolean endsSoon(Thread thread) throws InterruptedException {
        return thread.join(Await.PATIENCE);
    }

    private void say(ByteBuffer bytes) throws IOException {
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip();
        client.write(direct);
    }

    private void option(int option, byte[] content) throws IOException {
        say(ByteBuffer.allocate(16 + content.length).putLong(IHAVEOPT).putInt(option).putInt(content.length).put(
                content).flip());
    }

    private int answerTo(int option) throws IOException {
        assertEquals(NBD_REP_MAGIC, answers.nextLong());
        assertEquals(option, answers.nextInt());
        int type = answers.nextInt();
        answers.skip(answers.nextInt());
        return type;
    }

    private void greet() throws IOException {
        assertEquals(NBDMAGIC, answers.nextLong());
        assertEquals(IHAVEOPT, answers.nextLong());
        assertEquals(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES, answers.nextUnsignedShort());
        say(ByteBuffer.allocate(4).putInt(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES).flip());
    }

    private void go(boolean structured) throws IOException {
        greet();
        if (structured) {
            option(NBD_OPT_STRUCTURED_REPLY, new byte[0]);
            assertEquals(NBD_REP_ACK, answerTo(NBD_OPT_STRUCTURED_REPLY));
        }
        option(NBD_OPT_EXPORT_NAME, "disk0".getBytes(StandardCharsets.US_ASCII));
        assertEquals(SIZE_BYTES, answers.nextLong());
        assertEquals(structured, (answers.nextUnsignedShort() & NBD_FLAG_SEND_DF) != 0);
    }

    private void goInTime() throws IOException {
        inTime(() -> {
            reconnect();
            go(true);
        });
    }

    private void request(int flags, int command, long cookie, long offset, int length) throws IOException {
        say(putRequest(ByteBuffer.allocate(REQUEST_BYTES), flags, command, cookie, offset, length).flip());
    }

    private static ByteBuffer putRequest(ByteBuffer bytes, int flags, int command, long cookie, long offset,
            int length) {
        return bytes.putInt(NBD_REQUEST_MAGIC).putShort((short) flags).putShort((short) command).putLong(cookie)
                .putLong(offset).putInt(length);
    }

    private void assertRefused(NbdErrno errno, int flags, int command, long offset, int length) throws IOException {
        request(flags, command, 42, offset, length);
        assertEquals(NBD_STRUCTURED_REPLY_MAGIC, answers.nextInt());
        assertEquals(NBD_REPLY_FLAG_DONE, answers.nextUnsignedShort());
        assertEquals(NBD_REPLY_TYPE_ERROR, answers.nextUnsignedShort());
        assertEquals(42, answers.nextLong());
        int payload = answers.nextInt();
        assertEquals(errno.number(), answers.nextInt());
        answers.skip(payload - 4);
    }

    private void assertHungUp() {
        NbdException e = assertThrows(NbdException.class, () -> answers.skip(Long.MAX_VALUE));
        assertEquals(NbdException.Kind.DISCONNECTED, e.kind());
    }

    @Test
    void garbageIsHungUpOn() throws Exception {
        say(ByteBuffer.wrap("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
        assertHungUp();
    }

    @Test
    void hugeOptionIsHungUpOn() throws Exception {
        greet();
        say(ByteBuffer.allocate(16).putLong(IHAVEOPT).putInt(NBD_OPT_GO).putInt(-1).flip());
        assertHungUp();
    }

    @Test
    void optionsWhoseLengthsContradictEachOtherAreRefused() throws Exception {
        greet();
        option(NBD_OPT_GO, new byte[]{0x7f, -1, -1, -1, 'd'});
        assertEquals(NBD_REP_ERR_INVALID, answerTo(NBD_OPT_GO));
        option(NBD_OPT_GO, new byte[]{0, 0, 0, 1, 'd', -1, -1});
        assertEquals(NBD_REP_ERR_INVALID, answerTo(NBD_OPT_GO));
        option(NBD_OPT_STRUCTURED_REPLY, new byte[0]);
        assertEquals(NBD_REP_ACK, answerTo(NBD_OPT_STRUCTURED_REPLY));
        option(NBD_OPT_SET_META_CONTEXT, new byte[]{0, 0, 0, 0, 0x7f, -1, -1, -1});
        assertEquals(NBD_REP_ERR_INVALID, answerTo(NBD_OPT_SET_META_CONTEXT));
    }

    @Test
    void unknownOptionsAndTlsAreUnsupported() throws Exception {
        greet();
        for (int each : new int[]{5, 11, 4711}) {
            option(each, new byte[3]);
            assertEquals(NBD_REP_ERR_UNSUP, answerTo(each));
        }
        option(NBD_OPT_ABORT, new byte[0]);
        assertEquals(NBD_REP_ACK, answerTo(NBD_OPT_ABORT));
        assertHungUp();
    }

    @Test
    void halfAHandshakeAndThenSilenceIsHungUpOn() throws Exception {
        serveWithLittlePatience();
        inTime(() -> {
            reconnect();
            greet();
            say(ByteBuffer.allocate(8).putLong(IHAVEOPT).flip());
        });
        assertHungUp();
    }

    @Test
    void halfARequestAndThenSilenceIsHungUpOn() throws Exception {
        serveWithLittlePatience();
        goInTime();
        say(ByteBuffer.allocate(4).putInt(NBD_REQUEST_MAGIC).flip());
        assertHungUp();
    }

    @Test
    void idleClientIsKept() throws Exception {
        serveWithLittlePatience();
        goInTime();
        try (UnixConnection later = UnixConnection.connect(server.path())) {
            later.setReadTimeout(1);
            ByteBuffer greeting = ByteBuffer.allocateDirect(1024);
            Await.until("one that came later and said nothing is hung up on", () -> later.read(greeting.clear()) < 0);
        }
        assertRefused(NbdErrno.EPERM, 0, NBD_CMD_TRIM, 0, 4096);
    }

    @Test
    void wrongMagicIsHungUpOn() throws Exception {
        go(true);
        say(ByteBuffer.allocate(REQUEST_BYTES));
        assertHungUp();
    }

    @Test
    void badRequestsAreRefusedAndTheConnectionLivesOn() throws Exception {
        go(true);
        assertRefused(NbdErrno.EINVAL, 0, NBD_CMD_READ, SIZE_BYTES - 1, 2);
        assertRefused(NbdErrno.EINVAL, 0, NBD_CMD_READ, -1, 4096);
        assertRefused(NbdErrno.EINVAL, 0, NBD_CMD_READ, Long.MAX_VALUE, -1);
        assertRefused(NbdErrno.EINVAL, 0, NBD_CMD_READ, 0, -1);
        assertRefused(NbdErrno.EINVAL, 0, NBD_CMD_BLOCK_STATUS, 0, 4096);
        assertRefused(NbdErrno.EINVAL, 0, NBD_CMD_CACHE, SIZE_BYTES, 1);
        assertRefused(NbdErrno.EINVAL, 0, 99, 0, 0);
        assertRefused(NbdErrno.EOVERFLOW, NBD_CMD_FLAG_DF, NBD_CMD_READ, 0, 1 << 20);
        assertRefused(NbdErrno.EPERM, 0, NBD_CMD_WRITE_ZEROES, 0, 4096);
        request(0, NBD_CMD_WRITE, 42, 0, 5);
        say(ByteBuffer.allocate(5));
        answers.skip(CHUNK_HEADER_BYTES);
        assertEquals(NbdErrno.EPERM.number(), answers.nextInt());
    }

    @Test
    void hugeWriteIsHungUpOn() throws Exception {
        go(true);
        request(0, NBD_CMD_WRITE, 1, 0, -1);
        assertHungUp();
    }

    @Test
    void clientThatNeverReadsIsHungUpOnAndOthersAreServedMeanwhile() throws Exception {
        serveWithLittlePatience();
        goInTime();
        // at once, or it may be hung up on in between
        ByteBuffer requests = ByteBuffer.allocate(64 * REQUEST_BYTES);
        for (int i = 0; i < 64; i++)
            putRequest(requests, 0, NBD_CMD_READ, i, 0, SIZE_BYTES);
        say(requests.flip());
        inTime(this::serverIsServing);
        Await.until("it is hung up on", () -> server.connections() == 0);
    }

    private void serverIsServing() throws IOException {
        try (NbdClient other = NbdClient.connect(server.path(), "disk0", List.of(BASE_ALLOCATION), Await.PATIENCE)) {
            other.read(0, ByteBuffer.allocateDirect(1 << 20));
        }
    }

    @Test
    void clientThatLeavesInMidAnswerCostsNothing() throws Exception {
        go(true);
        for (int i = 0; i < 8; i++)
            request(0, NBD_CMD_READ, i, 0, SIZE_BYTES);
        answers.nextInt();
        client.close();
    }

    @Test
    void manyClientsThatSayNothingAreBoundedAndGoAway() throws Exception {
        serveWithLittlePatience();
        List<UnixConnection> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 200; i++) {
                idle.add(UnixConnection.connect(server.path()));
                assertTrue(server.connections() <= 128);
            }
            Await.until("they are hung up on", () -> server.connections() == 0);
        } finally {
            idle.forEach(UnixConnection::close);
        }
    }

    @Test
    void simpleRepliesAreServedWithoutAnAgreement() throws Exception {
        go(false);
        int length = SIZE_BYTES - 1000;
        request(0, NBD_CMD_READ, 7, 1000, length);
        assertEquals(NBD_SIMPLE_REPLY_MAGIC, answers.nextInt());
        assertEquals(0, answers.nextInt());
        assertEquals(7, answers.nextLong());
        ByteBuffer read = ByteBuffer.allocate(length);
        answers.read(read);
        assertArrayEquals(Arrays.copyOfRange(export.content(), 1000, SIZE_BYTES), read.array());
        request(0, NBD_CMD_READ, 8, SIZE_BYTES, 1);
        assertEquals(NBD_SIMPLE_REPLY_MAGIC, answers.nextInt());
        assertEquals(NbdErrno.EINVAL.number(), answers.nextInt());
        assertEquals(8, answers.nextLong());
    }

    @Test
    void dontFragmentGetsOneChunk() throws Exception {
        go(true);
        request(NBD_CMD_FLAG_DF, NBD_CMD_READ, 7, 4096, 65536);
        assertEquals(NBD_STRUCTURED_REPLY_MAGIC, answers.nextInt());
        assertEquals(NBD_REPLY_FLAG_DONE, answers.nextUnsignedShort());
        assertEquals(NBD_REPLY_TYPE_OFFSET_DATA, answers.nextUnsignedShort());
        assertEquals(7, answers.nextLong());
        assertEquals(8 + 65536, answers.nextInt());
        assertEquals(4096, answers.nextLong());
        ByteBuffer read = ByteBuffer.allocate(65536);
        answers.read(read);
        assertArrayEquals(Arrays.copyOfRange(export.content(), 4096, 4096 + 65536), read.array());
    }

    @Test
    @ExpectWarnings("an export could not be read: pack 7 is damaged")
    void reasonOfAFailedReadReachesTheClientWhichGoesOn() throws Exception {
        export.failingOffset = export.firstContentFrom(1 << 20);
        try (NbdClient other = NbdClient.connect(server.path(), "disk0", List.of(), Await.PATIENCE)) {
            NbdException e = assertThrows(NbdException.class, () -> other.read(0, ByteBuffer.allocateDirect(
                    SIZE_BYTES)));
            assertEquals(NbdErrno.EIO, e.errno().orElseThrow());
            assertTrue(e.getMessage().contains("pack 7 is damaged"), e.getMessage());
            other.read(0, ByteBuffer.allocateDirect(1000));
        }
    }
}
