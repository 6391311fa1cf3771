package dev.freezeframe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// How long a guest stood still is what QEMU stamped, unless that cannot be.
class StandStillTest {
    private static final Duration PATIENCE = Await.PATIENCE;
    private static final long SOME_DAY_MICROS = 1_790_000_000_000_000L;
    private static final long ENOUGH_NANOS = 20_000_000;

    private Monitor monitor;
    private QmpClient qmp;
    private StandStill standStill;
    private long beganNanos;

    /// The other end of a session: says what it is told to, and agrees to every command.
    private static final class Monitor implements AutoCloseable {
        private final ObjectMapper json = new ObjectMapper();
        private final UnixConnection end;

        Monitor(UnixConnection end) throws IOException {
            this.end = end;
            say("{\"QMP\":{\"version\":{\"qemu\":{\"major\":7,\"minor\":2,\"micro\":0}},\"capabilities\":[]}}");
            Thread.ofPlatform().name("monitor").daemon().start(this::answer);
        }

        void say(String line) throws IOException {
            byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            end.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
        }

        void tell(String event, long stampMicros) throws IOException {
            say("{\"event\":\"" + event + "\",\"timestamp\":{\"seconds\":" + stampMicros / 1_000_000
                    + ",\"microseconds\":" + stampMicros % 1_000_000 + "}}");
        }

        private void answer() {
            StringBuilder heard = new StringBuilder();
            ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
            try {
                while (end.read(buffer.clear()) >= 0) {
                    heard.append(StandardCharsets.UTF_8.decode(buffer.flip()));
                    for (int newline = heard.indexOf("\n"); newline >= 0; newline = heard.indexOf("\n")) {
                        say("{\"return\":{},\"id\":" + json.readTree(heard.substring(0, newline)).get("id") + "}");
                        heard.delete(0, newline + 1);
                    }
                }
            } catch (IOException e) {
                end.close(); // and so the test fails
            }
        }

        @Override
        public void close() {
            end.close();
        }
    }

    @BeforeEach
    void open() throws IOException {
        UnixConnection[] ends = UnixConnection.pair();
        monitor = new Monitor(ends[1]);
        qmp = QmpClient.open(ends[0], _ -> "the monitor has gone", PATIENCE);
        standStill = new StandStill(qmp);
        standStill.begin();
        beganNanos = System.nanoTime();
    }

    @AfterEach
    void close() {
        standStill.close();
        qmp.close();
        monitor.close();
    }

    /// So that no stand-still of this test is longer than the test.
    private void untilEnoughIsOver() {
        while (System.nanoTime() - beganNanos < ENOUGH_NANOS) {
            Thread.onSpinWait();
        }
    }

    @Test
    void itIsTheDistanceOfTheStamps() throws IOException {
        monitor.tell("STOP", SOME_DAY_MICROS);
        monitor.tell("RESUME", SOME_DAY_MICROS + 1234);
        untilEnoughIsOver();
        assertEquals(1234, standStill.micros());
    }

    @Test
    void severalStopsAddUp() throws IOException {
        monitor.tell("RESUME", SOME_DAY_MICROS - 1);
        monitor.tell("STOP", SOME_DAY_MICROS);
        monitor.tell("RESUME", SOME_DAY_MICROS + 1000);
        monitor.tell("STOP", SOME_DAY_MICROS + 5000);
        monitor.tell("RESUME", SOME_DAY_MICROS + 5500);
        untilEnoughIsOver();
        assertEquals(1500, standStill.micros());
    }

    @Test
    void aClockThatWasSetMeanwhileDoesNotCount() throws IOException {
        for (long jumpMicros : new long[]{3_600_000_000L, -3_600_000_000L}) {
            standStill.begin();
            monitor.tell("STOP", SOME_DAY_MICROS);
            monitor.tell("RESUME", SOME_DAY_MICROS + jumpMicros);
            long micros = standStill.micros();
            assertTrue(micros >= 0 && micros <= (System.nanoTime() - beganNanos) / 1000, () -> micros + " µs");
        }
    }

    @Test
    void aGuestThatNeverStoodOrStandsStillHasNoFigure() throws IOException {
        assertTrue(assertThrows(IOException.class, standStill::micros).getMessage().contains("no stop"));
        monitor.tell("STOP", SOME_DAY_MICROS);
        assertTrue(assertThrows(IOException.class, standStill::micros).getMessage().contains("still stands"));
    }
}
