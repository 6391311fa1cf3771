package dev.freezeframe.qemu.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConsoleTest {
    private static final Duration PATIENCE = Await.PATIENCE;

    private UnixConnection guest;
    private Console console;

    @BeforeEach
    void connect() throws IOException {
        UnixConnection[] pair = UnixConnection.pair();
        guest = pair[0];
        console = Console.on(pair[1]);
    }

    @AfterEach
    void disconnect() {
        guest.close();
        console.close();
    }

    private void print(byte[] bytes) throws IOException {
        guest.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }

    private void print(String text) throws IOException {
        print(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void everyByteIsKeptUpToTheBoundAndTheOldestGoesFirst() throws Exception {
        byte[] all = new byte[Console.KEPT_BYTES + 123_457];
        new Random(1).nextBytes(all);
        int half = Console.KEPT_BYTES - 7;
        print(Arrays.copyOf(all, half));
        Await.until("the first half has come", () -> console.printedBytes() == half);
        assertArrayEquals(Arrays.copyOf(all, half), console.bytes());
        print(Arrays.copyOfRange(all, half, all.length));
        guest.close();
        assertTrue(console.awaitEnd(PATIENCE));
        assertEquals(all.length, console.printedBytes());
        assertArrayEquals(Arrays.copyOfRange(all, all.length - Console.KEPT_BYTES, all.length), console.bytes());
    }

    @Test
    void listenersGetWholeLinesHoweverTheyArrive() throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        try (var _ = console.onLine(lines::add)) {
            print("one\r\ntw");
            print("o\nthree ä");
            print("\n");
            console.awaitLine("three ä"::equals, PATIENCE);
            // a line is kept, where the wait finds it, a moment before it is told
            Await.untilAsserted(() -> assertEquals(List.of("one", "two", "three ä"), lines));
        }
        print("four\n");
        console.awaitLine("four"::equals, PATIENCE);
        assertEquals(List.of("one", "two", "three ä"), lines);
        assertEquals("one\r\ntwo\nthree ä\nfour\n", console.text());
    }

    @Test
    void halfALineIsNoLine() throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        try (var _ = console.onLine(lines::add)) {
            print("tick 1");
            Await.until("half a line has come", () -> console.printedBytes() == 6);
            print("2\n");
            assertEquals("tick 12", console.awaitLine(line -> line.startsWith("tick 1"), PATIENCE));
            Await.untilAsserted(() -> assertEquals(List.of("tick 12"), lines));
        }
    }

    @Test
    void waitingEndsWithTheMachine() throws Exception {
        Thread.ofPlatform().start(guest::close);
        IOException e = assertThrows(IOException.class, () -> console.awaitLine(_ -> false, PATIENCE));
        assertTrue(e.getMessage().contains("ended"), e.getMessage());
    }

    @Test
    void typedTextReachesTheGuest() throws Exception {
        console.type("ls\n");
        ByteBuffer typed = ByteBuffer.allocateDirect(10);
        while (typed.position() < 3) {
            guest.read(typed);
        }
        assertEquals("ls\n", StandardCharsets.UTF_8.decode(typed.flip()).toString());
    }
}
