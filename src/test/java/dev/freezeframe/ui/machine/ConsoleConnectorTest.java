package dev.freezeframe.ui.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.machine.ConsolePair;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Between a terminal and a console whose other end is in this test's hands.
class ConsoleConnectorTest {
    private final AtomicInteger refusals = new AtomicInteger();
    private ConsolePair pair;
    private ConsoleConnector connector;

    @BeforeEach
    void open() throws IOException {
        pair = ConsolePair.open();
        connector = new ConsoleConnector(pair.console(), () -> false, refusals::incrementAndGet);
    }

    @AfterEach
    void close() {
        connector.close();
        pair.close();
    }

    private void print(byte[] bytes) throws IOException {
        pair.guest().write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }

    private void print(String text) throws IOException {
        print(text.getBytes(StandardCharsets.UTF_8));
    }

    private String readUntil(String end) throws IOException {
        StringBuilder text = new StringBuilder();
        char[] buffer = new char[1024];
        while (text.indexOf(end) < 0) {
            int count = connector.read(buffer, 0, buffer.length);
            assertTrue(count > 0, text::toString);
            text.append(buffer, 0, count);
        }
        return text.toString();
    }

    @Test
    void aFloodLosesItsBeginningAndSaysHowMuch() {
        assertTimeoutPreemptively(Await.PATIENCE, () -> {
            connector.open();
            byte[] block = "x".repeat(1 << 16).getBytes(StandardCharsets.US_ASCII);
            int blocks = 8 * ConsoleConnector.MOST_WAITING_BYTES / block.length;
            for (int i = 0; i < blocks; i++) {
                print(block); // nobody reads, and yet the guest need not wait
            }
            print("THE END");
            Await.until("all of it has come", () -> pair.console().printedBytes() == (long) blocks * block.length + 7);
            Await.untilConsolesAreRead(); // the last of it is counted before it is told
            String read = readUntil("THE END");
            assertTrue(read.startsWith("\u001b[m\r\n[7.0"), read.substring(0, 40));
            assertTrue(read.contains("MiB left out]"), read.substring(0, 40));
            assertTrue(read.length() <= ConsoleConnector.MOST_WAITING_BYTES + 100, () -> "" + read.length());
        });
    }

    @Test
    void whatIsTypedIsRefusedWhenTheGuestDoesNotReadForLong() {
        assertTimeoutPreemptively(Await.PATIENCE, () -> {
            connector.open();
            byte[] text = new byte[ConsoleConnector.MOST_UNREAD_BYTES / 4];
            for (int i = 0; i < 20; i++) {
                connector.write(text); // returns at once
            }
            assertTrue(refusals.get() > 0);
        });
    }

    @Test
    void whatIsTypedArrivesInItsOrder() {
        assertTimeoutPreemptively(Await.PATIENCE, () -> {
            connector.open();
            for (char c = 'a'; c <= 'z'; c++) {
                connector.write(String.valueOf(c));
            }
            ByteBuffer typed = ByteBuffer.allocateDirect(26);
            while (typed.hasRemaining()) {
                pair.guest().read(typed);
            }
            assertEquals("abcdefghijklmnopqrstuvwxyz", StandardCharsets.UTF_8.decode(typed.flip()).toString());
        });
    }

    @Test
    void aLineEndWithoutCarriageReturnGetsOneAndOthersStay() {
        assertTimeoutPreemptively(Await.PATIENCE, () -> {
            connector.open();
            print("one\ntwo\r");
            print("\nthree\r\n.");
            assertEquals("one\r\ntwo\r\nthree\r\n.", readUntil("."));
        });
    }

    @Test
    void aCharacterThatArrivesInPiecesIsOne() {
        assertTimeoutPreemptively(Await.PATIENCE, () -> {
            connector.open();
            byte[] euro = "€".getBytes(StandardCharsets.UTF_8);
            print(new byte[]{euro[0]});
            Await.until("the first piece has come", () -> pair.console().printedBytes() == 1);
            print(new byte[]{euro[1], euro[2], '.'});
            assertEquals("€.", readUntil("."));
        });
    }

    @Test
    void closingEndsAReaderThatWaits() throws Exception {
        connector.open();
        Underway<Integer> reading = Underway.start(() -> connector.read(new char[16], 0, 16))
                .awaitInside(ConsoleConnector.class, "read");
        connector.close();
        assertTrue(reading.result() < 0);
    }
}
