package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jnr.unixsocket.UnixSocketChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The client with servers that no QEMU is: they need a fake. It says beforehand all that it ever will, as the client's
/// questions and the numbers of its requests (1, 2, …) are known.
class StrangeServerTest {
    private static final Duration LITTLE_PATIENCE = Duration.ofMillis(300);
    private static final int SIZE_BYTES = 1 << 20;
    private static final int CONTEXT = 7;

    /// Only those servers are given up that are to be.
    private Duration patience = Await.PATIENCE;
    private UnixConnection ours;
    private UnixConnection peer;
    private final ByteBuffer said = ByteBuffer.allocateDirect(128 << 10);

    @BeforeEach
    void connect() throws IOException {
        UnixConnection[] pair = UnixConnection.pair();
        ours = pair[0];
        peer = pair[1];
    }

    @AfterEach
    void disconnect() {
        ours.close();
        peer.close();
    }

    private NbdClient client(String... contexts) throws IOException {
        peer.write(said.flip());
        return NbdClient.over(ours, "disk0", List.of(contexts), patience);
    }

    private NbdException.Kind connectFailure() {
        return assertThrows(NbdException.class, this::client).kind();
    }

    private void greet() {
        said.putLong(NBDMAGIC).putLong(IHAVEOPT).putShort((short) (NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES));
    }

    private void answer(int option, int type, int length) {
        said.putLong(NBD_REP_MAGIC).putInt(option).putInt(type).putInt(length);
    }

    private void agree(boolean structured, boolean status) {
        greet();
        answer(NBD_OPT_STRUCTURED_REPLY, structured ? NBD_REP_ACK : NBD_REP_ERR_UNSUP, 0);
        if (status) {
            byte[] name = BASE_ALLOCATION.getBytes(StandardCharsets.US_ASCII);
            answer(NBD_OPT_SET_META_CONTEXT, NBD_REP_META_CONTEXT, Integer.BYTES + name.length);
            said.putInt(CONTEXT).put(name);
            answer(NBD_OPT_SET_META_CONTEXT, NBD_REP_ACK, 0);
        }
        tellSize(SIZE_BYTES);
        answer(NBD_OPT_GO, NBD_REP_ACK, 0);
    }

    private void tellSize(long sizeBytes) {
        answer(NBD_OPT_GO, NBD_REP_INFO, 12);
        said.putShort((short) NBD_INFO_EXPORT).putLong(sizeBytes).putShort((short) NBD_FLAG_HAS_FLAGS);
    }

    private void chunk(boolean done, int type, long cookie, int length) {
        said.putInt(NBD_STRUCTURED_REPLY_MAGIC).putShort((short) (done ? NBD_REPLY_FLAG_DONE : 0))
                .putShort((short) type)
                .putLong(cookie).putInt(length);
    }

    private void content(boolean done, long offset, int length, int value) {
        chunk(done, NBD_REPLY_TYPE_OFFSET_DATA, 1, Long.BYTES + length);
        said.putLong(offset);
        for (int i = 0; i < length; i++)
            said.put((byte) value);
    }

    /// What comes of a read of 100 bytes at 4096 that is answered so.
    private NbdException readFailure(boolean structured, Runnable answer) throws IOException {
        agree(structured, false);
        answer.run();
        try (NbdClient client = client()) {
            NbdException e = assertThrows(NbdException.class, () -> client.read(4096, ByteBuffer.allocate(100)));
            assertEquals(1, e.getMessage().lines().count());
            if (e.kind() != NbdException.Kind.REFUSED)
                assertEquals(NbdException.Kind.DISCONNECTED, assertThrows(NbdException.class, () -> client.read(0,
                        ByteBuffer.allocate(1))).kind());
            return e;
        }
    }

    private void assertOutOfStep(Runnable answer) throws IOException {
        assertEquals(NbdException.Kind.PROTOCOL, readFailure(true, answer).kind());
    }

    private NbdException statusFailure(Runnable answer) throws IOException {
        agree(true, true);
        answer.run();
        try (NbdClient client = client(BASE_ALLOCATION)) {
            return assertThrows(NbdException.class, () -> client.blockStatus(BASE_ALLOCATION, 0, 8192,
                    (_, _, _) -> {}));
        }
    }

    private void status(int context, int... lengthsAndFlags) {
        chunk(true, NBD_REPLY_TYPE_BLOCK_STATUS, 1, Integer.BYTES * (1 + lengthsAndFlags.length));
        said.putInt(context);
        for (int each : lengthsAndFlags)
            said.putInt(each);
    }

    @Test
    void whatIsNoNbdServerIsToldSo() {
        said.put("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertEquals(NbdException.Kind.PROTOCOL, connectFailure());
    }

    @Test
    void oldstyleServerIsRefused() {
        said.putLong(NBDMAGIC).putLong(0x00420281861253L).putLong(SIZE_BYTES).put(new byte[128]);
        assertEquals(NbdException.Kind.PROTOCOL, connectFailure());
    }

    @Test
    void answerToAnotherOptionIsRefused() {
        greet();
        answer(NBD_OPT_GO, NBD_REP_ACK, 0);
        assertEquals(NbdException.Kind.PROTOCOL, connectFailure());
    }

    @Test
    void hugeAnswerToAnOptionIsRefused() {
        greet();
        answer(NBD_OPT_STRUCTURED_REPLY, NBD_REP_ERR_UNSUP, -1);
        assertEquals(NbdException.Kind.PROTOCOL, connectFailure());
    }

    @Test
    void sizeBeyondAllDisksIsRefused() {
        greet();
        answer(NBD_OPT_STRUCTURED_REPLY, NBD_REP_ACK, 0);
        tellSize(-4096);
        assertEquals(NbdException.Kind.PROTOCOL, connectFailure());
    }

    @Test
    void missingSizeIsRefused() {
        greet();
        answer(NBD_OPT_STRUCTURED_REPLY, NBD_REP_ACK, 0);
        answer(NBD_OPT_GO, NBD_REP_ACK, 0);
        assertEquals(NbdException.Kind.PROTOCOL, connectFailure());
    }

    @Test
    void serverThatLeavesBeforeTheHandshakeIsReported() throws Exception {
        greet();
        peer.write(said.flip());
        said.clear();
        peer.close();
        NbdException e = assertThrows(NbdException.class, () -> NbdClient.over(ours, "disk0", List.of(), patience));
        assertEquals(NbdException.Kind.DISCONNECTED, e.kind());
    }

    @Test
    void nobodyAtTheSocketIsReported(@TempDir Path folder) {
        Path socket = folder.resolve("nobody");
        NbdException e = assertThrows(NbdException.class, () -> NbdClient.connect(socket, "disk0", List.of(),
                patience));
        assertEquals(NbdException.Kind.DISCONNECTED, e.kind());
        assertTrue(e.getMessage().contains(socket.toString()), e.getMessage());
    }

    @Test
    void whatWasRefusedIsToldThoughTheServerHearsNoMore() throws Exception {
        UnixSocketChannel[] ends = UnixSocketChannel.pair();
        try (UnixSocketChannel deaf = ends[1]; UnixConnection client = new UnixConnection(ends[0])) {
            Underway<NbdException> connecting = Underway.start(() -> assertThrows(NbdException.class,
                    () -> NbdClient.over(client, "disk0", List.of(), patience)));
            greet();
            answer(NBD_OPT_STRUCTURED_REPLY, NBD_REP_ACK, 0);
            tell(deaf);
            int flags = Integer.BYTES;
            int option = 2 * Long.BYTES;
            int go = option + Integer.BYTES + "disk0".length() + 2 * Short.BYTES;
            for (ByteBuffer heard = ByteBuffer.allocate(flags + option + go); heard.hasRemaining();)
                assertTrue(deaf.read(heard) > 0);
            deaf.shutdownInput();
            answer(NBD_OPT_GO, NBD_REP_ERR_UNKNOWN, 0);
            tell(deaf);
            assertEquals(NbdException.Kind.REFUSED, connecting.result().kind());
        }
    }

    private void tell(UnixSocketChannel channel) throws IOException {
        for (said.flip(); said.hasRemaining();)
            channel.write(said);
        said.clear();
    }

    @Test
    void silentServerIsGivenUp() {
        patience = LITTLE_PATIENCE;
        greet();
        assertEquals(NbdException.Kind.TIMED_OUT, connectFailure());
    }

    @Test
    void serverThatDribblesIsGivenUp() throws Exception {
        patience = LITTLE_PATIENCE;
        greet();
        answer(NBD_OPT_STRUCTURED_REPLY, NBD_REP_ERR_UNSUP, 4000); // at that speed it takes minutes
        peer.write(said.flip());
        said.clear();
        CountDownLatch gone = new CountDownLatch(1);
        Thread dribbling = Thread.ofPlatform().unstarted(() -> {
            try {
                while (!gone.await(LITTLE_PATIENCE.toMillis() / 3, TimeUnit.MILLISECONDS)) {
                    peer.write(ByteBuffer.allocateDirect(1).put((byte) 'x').flip());
                }
            } catch (IOException | InterruptedException e) {
                // the client has gone, as it should
            }
        });
        try {
            dribbling.start();
            assertEquals(NbdException.Kind.TIMED_OUT, connectFailure());
        } finally {
            gone.countDown();
            dribbling.join();
        }
    }

    @Test
    void serverThatHangsUpInMidReadIsReported() throws Exception {
        agree(true, false);
        content(true, 4096, 100, 1);
        said.position(said.position() - 1);
        try (NbdClient client = client()) {
            peer.close();
            assertEquals(NbdException.Kind.DISCONNECTED, assertThrows(NbdException.class, () -> client.read(4096,
                    ByteBuffer.allocate(100))).kind());
        }
    }

    @Test
    void readWithoutAnAnswerTimesOut() throws Exception {
        patience = LITTLE_PATIENCE;
        assertEquals(NbdException.Kind.TIMED_OUT, readFailure(true, () -> {}).kind());
    }

    @Test
    void answerToNoRequestIsRefused() throws Exception {
        assertOutOfStep(() -> chunk(true, NBD_REPLY_TYPE_NONE, 5, 0));
    }

    @Test
    void whatIsNoReplyIsRefused() throws Exception {
        assertOutOfStep(() -> said.putInt(0x12345678).putLong(0).putLong(0));
    }

    @Test
    void bytesOutsideOfTheReadAreRefused() throws Exception {
        assertOutOfStep(() -> content(true, 4090, 100, 1));
    }

    @Test
    void moreBytesThanWereAskedForAreRefused() throws Exception {
        assertOutOfStep(() -> content(true, 4096, 101, 1));
    }

    @Test
    void hugeChunkIsRefused() throws Exception {
        assertOutOfStep(() -> {
            chunk(true, NBD_REPLY_TYPE_OFFSET_DATA, 1, -1);
            said.putLong(4096);
        });
    }

    @Test
    void hugeHoleIsRefused() throws Exception {
        assertOutOfStep(() -> {
            chunk(true, NBD_REPLY_TYPE_OFFSET_HOLE, 1, 12);
            said.putLong(4096).putInt(-1);
        });
    }

    @Test
    void bytesSentTwiceDoNotHideOthersThatAreMissing() throws Exception {
        assertOutOfStep(() -> {
            content(false, 4096, 50, 1);
            content(true, 4096, 50, 1);
        });
    }

    @Test
    void overlapOfPiecesThatCameAheadIsRefused() throws Exception {
        assertOutOfStep(() -> {
            content(false, 4096 + 50, 50, 1);
            content(true, 4096, 51, 1);
        });
    }

    @Test
    void answerThatEndsTooEarlyIsRefused() throws Exception {
        assertOutOfStep(() -> content(true, 4096, 99, 1));
    }

    @Test
    void simpleReplyAgainstTheAgreementIsRefused() throws Exception {
        assertOutOfStep(() -> said.putInt(NBD_SIMPLE_REPLY_MAGIC).putInt(0).putLong(1).put(new byte[100]));
    }

    @Test
    void errorWhoseTextIsLongerThanItselfIsRefused() throws Exception {
        assertOutOfStep(() -> {
            chunk(true, NBD_REPLY_TYPE_ERROR, 1, 10);
            said.putInt(5).putShort((short) 4000).putInt(0);
        });
    }

    @Test
    void serversErrorIsOneLineWithItsNameAndText() throws Exception {
        byte[] text = "a\nb\u001b[31mc".getBytes(StandardCharsets.US_ASCII);
        NbdException e = readFailure(true, () -> {
            chunk(false, NBD_REPLY_TYPE_ERROR_OFFSET, 1, Integer.BYTES + Short.BYTES + text.length + Long.BYTES);
            said.putInt(5).putShort((short) text.length).put(text).putLong(4096);
            chunk(true, NBD_REPLY_TYPE_NONE, 1, 0);
        });
        assertEquals(NbdErrno.EIO, e.errno().orElseThrow());
        assertEquals("the NBD server refused to read 100 bytes at 4096: EIO (a b [31mc)", e.getMessage());
    }

    @Test
    void piecesMayComeInAnyOrderAndAsHoles() throws Exception {
        agree(true, false);
        content(false, 4096 + 60, 40, 3);
        chunk(false, NBD_REPLY_TYPE_OFFSET_HOLE, 1, 12);
        said.putLong(4096 + 10).putInt(50);
        content(true, 4096, 10, 1);
        try (NbdClient client = client()) {
            ByteBuffer read = ByteBuffer.allocate(100);
            java.util.Arrays.fill(read.array(), (byte) 9);
            client.read(4096, read);
            byte[] expected = new byte[100];
            java.util.Arrays.fill(expected, 0, 10, (byte) 1);
            java.util.Arrays.fill(expected, 60, 100, (byte) 3);
            assertArrayEquals(expected, read.array());
        }
    }

    @Test
    void simpleRepliesWillDoForReading() throws Exception {
        agree(false, false);
        said.putInt(NBD_SIMPLE_REPLY_MAGIC).putInt(5).putLong(1);
        said.putInt(NBD_SIMPLE_REPLY_MAGIC).putInt(0).putLong(2).put(new byte[]{1, 2, 3});
        try (NbdClient client = client()) {
            assertEquals(NbdErrno.EIO, assertThrows(NbdException.class, () -> client.read(0, ByteBuffer.allocate(5)))
                    .errno().orElseThrow());
            ByteBuffer read = ByteBuffer.allocate(3);
            client.read(0, read);
            assertArrayEquals(new byte[]{1, 2, 3}, read.array());
        }
    }

    @Test
    void statusOfNothingIsRefused() throws Exception {
        assertEquals(NbdException.Kind.PROTOCOL, statusFailure(() -> status(CONTEXT, 0, 3)).kind());
    }

    @Test
    void statusOfMoreThanWasAskedForIsRefused() throws Exception {
        assertEquals(NbdException.Kind.PROTOCOL, statusFailure(() -> status(CONTEXT, 8192, 3, 4096, 0)).kind());
    }

    @Test
    void statusOfAnotherContextIsRefused() throws Exception {
        assertEquals(NbdException.Kind.PROTOCOL, statusFailure(() -> status(CONTEXT + 1, 8192, 3)).kind());
    }

    @Test
    void hugeStatusIsRefused() throws Exception {
        assertEquals(NbdException.Kind.PROTOCOL, statusFailure(() -> {
            chunk(true, NBD_REPLY_TYPE_BLOCK_STATUS, 1, -4);
            said.putInt(CONTEXT);
        }).kind());
    }

    @Test
    void neighboursInOneStateAreOneExtentWhateverTheAnswersAre() throws Exception {
        agree(true, true);
        status(CONTEXT, 1024, 0, 1024, 0);
        chunk(true, NBD_REPLY_TYPE_BLOCK_STATUS, 2, 20);
        // goes beyond what was asked for, as the last one may
        said.putInt(CONTEXT).putInt(2048).putInt(0).putInt(65536).putInt(3);
        List<String> visited = new ArrayList<>();
        try (NbdClient client = client(BASE_ALLOCATION)) {
            client.blockStatus(BASE_ALLOCATION, 0, 8192, (offset, length, flags) -> visited.add(offset + " " + length
                    + " " + flags));
        }
        assertEquals(List.of("0 4096 0", "4096 4096 3"), visited);
    }
}
