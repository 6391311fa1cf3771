package dev.freezeframe.qemu.nbd;

import static dev.freezeframe.qemu.nbd.NbdProtocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.ImageFile;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.ChildJvm;
import dev.freezeframe.suite.Seeds;
import dev.freezeframe.suite.TestOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A disk behind the server is an array of bytes, whatever is done to it, and what was acknowledged stays.
class WrittenDiskTest {
    private static final int SIZE_BYTES = 1_300_000;
    private static final int MOST_OWED_BYTES = 50_000;

    @TempDir
    Path folder;
    private byte[] model = new byte[SIZE_BYTES];
    private byte[] flushed = model;
    private final Map<Long, byte[]> expected = new HashMap<>();

    /// Sends some change or question of which the model knows the outcome.
    private void step(Random random, RawClient client) throws IOException {
        int length = random.nextInt(4) == 0 ? random.nextInt(SIZE_BYTES) : random.nextInt(10_000);
        int offset = random.nextInt(SIZE_BYTES - length + 1);
        if (random.nextBoolean()) { // as a guest does
            offset &= -512;
            length &= -512;
        }
        int fua = random.nextInt(5) == 0 ? NBD_CMD_FLAG_FUA : 0;
        switch (random.nextInt(8)) {
            case 0, 1, 2 -> {
                byte[] content = new byte[length];
                random.nextBytes(content);
                System.arraycopy(content, 0, model, offset, length);
                expect(client.send(fua, NBD_CMD_WRITE, offset, length, content), new byte[0]);
            }
            case 3 -> {
                Arrays.fill(model, offset, offset + length, (byte) 0);
                expect(client.send(fua | (random.nextBoolean() ? NBD_CMD_FLAG_NO_HOLE : 0), NBD_CMD_WRITE_ZEROES,
                        offset, length), new byte[0]);
            }
            case 4 -> {
                Arrays.fill(model, offset, offset + length, (byte) 0);
                expect(client.send(fua, NBD_CMD_TRIM, offset, length), new byte[0]);
            }
            case 5 -> {
                flushed = model.clone();
                expect(client.send(0, NBD_CMD_FLUSH, 0, 0), new byte[0]);
                return;
            }
            default -> {
                expect(client.send(0, NBD_CMD_READ, offset, length), Arrays.copyOfRange(model, offset, offset
                        + length));
                return;
            }
        }
        if (fua != 0)
            flushed = model.clone();
    }

    private void expect(long cookie, byte[] content) {
        expected.put(cookie, content);
    }

    private void takeAnswer(RawClient client) throws IOException {
        RawClient.Answer answer = client.answer();
        answer.assertDone();
        assertArrayEquals(expected.remove(answer.cookie()), answer.content());
    }

    private int owedBytes() {
        return expected.values().stream().mapToInt(content -> content.length).sum();
    }

    /// With several requests in flight.
    private void steps(Random random, RawClient client) throws IOException {
        for (int steps = 1 + random.nextInt(40); steps > 0; steps--) {
            step(random, client);
            // more than the sockets hold would have both ends wait for each other
            while (expected.size() > random.nextInt(4) || owedBytes() > MOST_OWED_BYTES)
                takeAnswer(client);
        }
        while (!expected.isEmpty())
            takeAnswer(client);
    }

    private void begin() {
        model = new byte[SIZE_BYTES];
        flushed = model.clone();
        expected.clear();
    }

    @Test
    void anySequenceOfRequestsIsThatOnAnArray() {
        Seeds.check(40, random -> {
            begin();
            WrittenMemory disk = new WrittenMemory(SIZE_BYTES);
            try (NbdServer server = NbdServer.start(folder.resolve("nbd"), Map.of("disk0", disk))) {
                try (RawClient client = random.nextBoolean()
                        ? RawClient.connect(server.path(), "disk0")
                        : RawClient.connectSimply(server.path(), "disk0", SIZE_BYTES)) {
                    steps(random, client);
                }
                assertArrayEquals(model, disk.content());
                assertArrayEquals(flushed, disk.durable(), "durable is what was flushed");
            }
        });
    }

    @Test
    void anySequenceOfRequestsIsThatInAFile() throws Exception {
        Path file = Files.write(folder.resolve("image"), model);
        Seeds.check(25, random -> {
            begin();
            Files.write(file, model);
            try (ImageFile image = ImageFile.open(file);
                    NbdServer server = NbdServer.start(folder.resolve("nbd"), Map.of("disk0", new ServedImage(image)));
                    RawClient client = RawClient.connect(server.path(), "disk0")) {
                steps(random, client);
                assertZeroesAreZero(server, client);
            }
            assertArrayEquals(model, Files.readAllBytes(file));
        });
    }

    private void assertZeroesAreZero(NbdServer server, RawClient client) throws IOException {
        client.close();
        try (NbdClient reader = NbdClient.connect(server.path(), "disk0", List.of(BASE_ALLOCATION), Await.PATIENCE)) {
            reader.blockStatus(BASE_ALLOCATION, 0, SIZE_BYTES, (offset, length, flags) -> {
                if ((flags & NbdStatusVisitor.ZERO) != 0)
                    assertArrayEquals(new byte[(int) length], Arrays.copyOfRange(model, (int) offset, (int) (offset
                            + length)));
            });
        }
    }

    @Test
    @Tag("slow")
    void killedServerLeavesAllThatItAcknowledged() throws Exception {
        Path file = Files.write(folder.resolve("image"), model);
        Path socket = folder.resolve("nbd");
        Random random = new Random(12);
        for (int life = 0; life < 2; life++) {
            List<String> command = ChildJvm.command();
            command.addAll(List.of(ServedImage.class.getName(), file.toString(), socket.toString()));
            Process server = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(TestOutput.ofChildren()).start();
            try {
                Await.listening(server, socket);
                try (RawClient client = RawClient.connect(socket, "disk0")) {
                    steps(random, client);
                    client.ask(0, NBD_CMD_FLUSH, 0, 0).assertDone();
                    steps(random, client);
                    // and one more that nobody waits for
                    client.send(0, NBD_CMD_WRITE, 0, 4096, new byte[4096]);
                    server.destroyForcibly().waitFor();
                }
                byte[] left = Files.readAllBytes(file);
                byte[] withTheLast = model.clone();
                Arrays.fill(withTheLast, 0, 4096, (byte) 0);
                assertTrue(Arrays.equals(model, left) || Arrays.equals(withTheLast, left),
                        "the file is neither with nor without the last write");
                model = left;
                Files.delete(socket);
                try (ImageFile image = ImageFile.open(file)) {
                    assertEquals(SIZE_BYTES, image.sizeBytes(), "its lock went with it");
                }
            } finally {
                server.destroyForcibly().waitFor();
            }
        }
    }
}
