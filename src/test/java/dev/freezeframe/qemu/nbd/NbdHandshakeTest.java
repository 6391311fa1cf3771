package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Forged;
import dev.freezeframe.suite.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Both sides of a connection with a peer that says anything, and then nothing more: it comes to an end, by an agreement that
/// can be or by hanging up, and others are served as before. What a fault of ours would log fails the test.
class NbdHandshakeTest {
    private static final byte[] NAME = "disk0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTEXT = BASE_ALLOCATION.getBytes(StandardCharsets.US_ASCII);

    private final ByteBuffer said = ByteBuffer.allocate(64 << 10);

    @Test
    void aServerThatSaysAnythingIsAgreedWithOrGivenUp() {
        Seeds.check(200, random -> {
            said.clear().putLong(NBDMAGIC).putLong(IHAVEOPT).putShort((short) odd(random, NBD_FLAG_FIXED_NEWSTYLE
                    | NBD_FLAG_NO_ZEROES));
            for (int option : List.of(NBD_OPT_STRUCTURED_REPLY, NBD_OPT_SET_META_CONTEXT, NBD_OPT_GO)) {
                answers(random, option);
            }
            UnixSocketChannel[] ends = UnixSocketChannel.pair();
            try (UnixConnection ours = new UnixConnection(ends[0]); UnixSocketChannel peer = ends[1]) {
                sayAll(random, peer);
                Negotiated agreed = Negotiated.with(ours, new PeerInput(ours, "the NBD server"), "disk0", random
                        .nextBoolean() ? List.of(BASE_ALLOCATION) : List.of());
                assertTrue(agreed.sizeBytes() >= 0);
                assertTrue(agreed.minimumBlockBytes() > 0);
                assertTrue(agreed.maximumPayloadBytes() >= agreed.minimumBlockBytes()
                        && agreed.maximumPayloadBytes() <= MAX_PAYLOAD_BYTES);
            } catch (NbdException e) {
                assertNotEquals(NbdException.Kind.TIMED_OUT, e.kind());
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        });
    }

    /// To one option, as they should be but for a number or a reply too many here and there.
    private void answers(Random random, int option) {
        if (option == NBD_OPT_SET_META_CONTEXT) {
            reply(random, option, NBD_REP_META_CONTEXT,
                    ByteBuffer.allocate(Integer.BYTES + CONTEXT.length).putInt(random
                            .nextInt()).put(CONTEXT).array());
        }
        if (option == NBD_OPT_GO) {
            reply(random, option, NBD_REP_INFO, ByteBuffer.allocate(12).putShort((short) NBD_INFO_EXPORT)
                    .putLong(random.nextLong() >>> random.nextInt(64)).putShort((short) random.nextInt()).array());
            reply(random, option, NBD_REP_INFO, ByteBuffer.allocate(14).putShort((short) NBD_INFO_BLOCK_SIZE)
                    .putInt(odd(random, 1 << random.nextInt(12))).putInt(4096).putInt(odd(random, MAX_PAYLOAD_BYTES))
                    .array());
        }
        if (random.nextInt(4) == 0) {
            byte[] noise = new byte[random.nextInt(30)];
            random.nextBytes(noise);
            reply(random, option, odd(random, NBD_REP_INFO), noise);
        }
        reply(random, option, random.nextInt(10) == 0 ? NBD_REP_ERR_UNSUP : NBD_REP_ACK, new byte[0]);
    }

    private void reply(Random random, int option, int type, byte[] content) {
        said.putLong(NBD_REP_MAGIC).putInt(odd(random, option)).putInt(type).putInt(odd(random, content.length)).put(
                content);
    }

    @Test
    void aClientThatSaysAnythingIsServedOrHungUpOn(@TempDir Path folder) throws Exception {
        MemoryExport export = MemoryExport.random(50_000, 3, 5);
        try (NbdServer server = NbdServer.start(folder.resolve("nbd"), Map.of("disk0", export), Await.PATIENCE,
                Await.PATIENCE)) {
            Seeds.check(150, random -> {
                said.clear().putInt(odd(random, NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES));
                for (int options = random.nextInt(6); options > 0; options--) {
                    option(random, random.nextInt(12));
                }
                option(random, NBD_OPT_GO);
                for (int requests = random.nextInt(6); requests > 0; requests--) {
                    said.putInt(odd(random, NBD_REQUEST_MAGIC)).putShort((short) random.nextInt(16))
                            .putShort((short) (random.nextBoolean() ? NBD_CMD_READ : odd(random, random.nextInt(9))))
                            .putLong(random.nextLong()).putLong(random.nextInt(4) == 0
                                    ? random.nextLong()
                                    : random.nextInt(50_000))
                            .putInt(odd(random, random.nextInt(50_000)));
                }
                UnixSocketChannel channel = UnixSocketChannel.open(new UnixSocketAddress(server.path().toFile()));
                try (UnixConnection client = new UnixConnection(channel)) {
                    client.setReadTimeout(Math.toIntExact(Await.PATIENCE.toMillis()));
                    sayAll(random, channel);
                    ByteBuffer heard = ByteBuffer.allocateDirect(64 << 10);
                    int count = client.read(heard.clear());
                    while (count > 0) {
                        count = client.read(heard.clear());
                    }
                    assertEquals(-1, count, "the server hangs up when the client has");
                }
            });
            try (NbdClient client = NbdClient.connect(server.path(), "disk0", List.of(BASE_ALLOCATION),
                    Await.PATIENCE)) {
                ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(client.sizeBytes()));
                client.read(0, all);
                assertArrayEquals(export.content(), all.array());
            }
            Await.until("no connection left", () -> server.connections() == 0);
        }
    }

    private void option(Random random, int option) {
        ByteBuffer content = ByteBuffer.allocate(200);
        switch (option) {
            case NBD_OPT_GO, NBD_OPT_INFO -> {
                name(random, content, NAME);
                int requests = random.nextInt(3);
                content.putShort((short) odd(random, requests));
                for (int i = 0; i < requests; i++) {
                    content.putShort((short) random.nextInt(4));
                }
            }
            case NBD_OPT_LIST_META_CONTEXT, NBD_OPT_SET_META_CONTEXT -> {
                name(random, content, NAME);
                int queries = random.nextInt(3);
                content.putInt(odd(random, queries));
                for (int i = 0; i < queries; i++) {
                    name(random, content, CONTEXT);
                }
            }
            default -> content.put(new byte[random.nextInt(6) / 5]);
        }
        said.putLong(IHAVEOPT).putInt(odd(random, option)).putInt(odd(random, content.flip().remaining())).put(content);
    }

    private static void name(Random random, ByteBuffer content, byte[] name) {
        content.putInt(odd(random, name.length)).put(name);
    }

    private void sayAll(Random random, UnixSocketChannel channel) throws IOException {
        byte[] all = new byte[said.flip().remaining()];
        said.get(all);
        ByteBuffer told = ByteBuffer.wrap(random.nextInt(4) == 0 ? Forged.bytes(random, all) : all);
        while (told.hasRemaining()) {
            channel.write(told);
        }
        channel.shutdownOutput();
    }

    /// Mostly the number itself.
    private static int odd(Random random, int number) {
        return switch (random.nextInt(40)) {
            case 0 -> number + 1;
            case 1 -> random.nextInt();
            default -> number;
        };
    }
}
