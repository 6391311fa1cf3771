package dev.freezeframe.qemu.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// QMP with a real QEMU.
@Tag("qemu")
class QmpClientTest {
    private static final QmpCommand STATUS = QmpCommand.of("query-status");
    private static QemuPeer qemu;

    @BeforeAll
    static void start() throws Exception {
        qemu = QemuPeer.start();
    }

    @AfterAll
    static void stop() {
        qemu.close();
    }

    @Test
    void greetingTellsTheVersion() {
        QmpGreeting greeting = qemu.qmp().greeting();
        assertTrue(greeting.major() >= 7, greeting::toString);
        assertEquals(greeting.major() + "." + greeting.minor() + "." + greeting.micro(), greeting.version());
    }

    @Test
    void nothingIsLeftInTheFileSystemOnceQemuHasCalled() {
        assertFalse(Files.exists(qemu.folder()));
    }

    @Test
    void commandsSentTogetherGetTheirOwnAnswers() throws Exception {
        List<PendingReply> replies = qemu.qmp().send(STATUS, QmpCommand.of("no-such-command"), QmpCommand.of(
                "query-name"), QmpCommand.of("query-version"));
        assertTrue(replies.get(3).await(Await.PATIENCE).has("qemu"));
        assertEquals("test-peer", replies.get(2).await(Await.PATIENCE).path("name").asText());
        assertThrows(QmpException.class, () -> replies.get(1).await(Await.PATIENCE));
        assertTrue(replies.get(0).await(Await.PATIENCE).has("status"));
    }

    @Test
    void answersFindTheirCallersAcrossThreads() throws Exception {
        List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String property = i % 2 == 0 ? "type" : "no-such-property-" + i;
            callers.add(CompletableFuture.runAsync(() -> {
                for (int k = 0; k < 100; k++) {
                    try {
                        assertEquals("none-machine", qemu.qmp().execute(QmpCommand.of("qom-get").with("path",
                                "/machine").with("property", property)).asText());
                        assertEquals("type", property);
                    } catch (QmpException e) {
                        assertTrue(e.getMessage().contains(property), e.getMessage());
                    }
                }
            }, task -> Thread.ofPlatform().start(task)));
        }
        CompletableFuture.allOf(callers.toArray(CompletableFuture[]::new)).get();
    }

    @Test
    void refusalKeepsQemusClassAndText() {
        QmpException unknown = assertThrows(QmpException.class, () -> qemu.qmp().execute(QmpCommand.of("frobnicate")));
        assertEquals(QmpException.Kind.REFUSED, unknown.kind());
        assertEquals("CommandNotFound", unknown.errorClass());
        assertEquals("The command frobnicate has not been found", unknown.description());
        QmpException generic = assertThrows(QmpException.class, () -> qemu.qmp().execute(QmpCommand.of("qom-get").with(
                "path", "/machine").with("property", "nonsense")));
        assertEquals("GenericError", generic.errorClass());
    }

    @Test
    void eventsCarryQemusTimeAndArriveBeforeTheReplyBehindThem() throws Exception {
        List<QmpEvent> events = new CopyOnWriteArrayList<>();
        try (var _ = qemu.qmp().onEvent(events::add)) {
            for (int k = 1; k <= 20; k++) {
                qemu.qmp().execute(QmpCommand.of("cont"));
                assertEquals(2 * k - 1, events.size());
                qemu.qmp().execute(QmpCommand.of("stop"));
                assertEquals(2 * k, events.size());
            }
        }
        long now = System.currentTimeMillis() * 1000;
        long last = 0;
        for (int i = 0; i < events.size(); i++) {
            QmpEvent event = events.get(i);
            assertEquals(i % 2 == 0 ? "RESUME" : "STOP", event.name());
            assertTrue(Math.abs(now - event.timestampMicros()) < 60_000_000, event::toString);
            assertTrue(event.timestampMicros() >= last);
            last = event.timestampMicros();
        }
    }

    @Test
    void expectedEventIsNotMissedThoughNobodyWaitsYet() throws Exception {
        try (PendingEvent resume = qemu.qmp().expect("RESUME", _ -> true)) {
            qemu.qmp().execute(QmpCommand.of("cont"));
            assertEquals("RESUME", resume.await(Await.PATIENCE).name());
        }
        qemu.qmp().execute(QmpCommand.of("stop"));
    }

    @Test
    void listenersHearEventsThatNoCallWaitsFor() throws Exception {
        CompletableFuture<QmpEvent> heard = new CompletableFuture<>();
        try (var _ = qemu.qmp().onEvent(heard::complete)) {
            // Nobody awaits the reply, so it is the background thread that has to read.
            qemu.qmp().send(QmpCommand.of("cont"));
            assertEquals("RESUME", heard.get(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS).name());
        }
        qemu.qmp().execute(QmpCommand.of("stop"));
    }

    @Test
    void listenerThatWaitsForQemuIsTold() throws Exception {
        AtomicReference<Throwable> told = new AtomicReference<>();
        try (var _ = qemu.qmp().onEvent(_ -> {
            try {
                qemu.qmp().execute(STATUS);
            } catch (QmpException | IllegalStateException e) {
                told.set(e);
            }
        })) {
            qemu.qmp().execute(QmpCommand.of("cont"));
        }
        qemu.qmp().execute(QmpCommand.of("stop"));
        assertInstanceOf(IllegalStateException.class, told.get());
    }

    @Test
    void timeOutLeavesTheSessionUsable() throws Exception {
        try (QemuPeer own = QemuPeer.start()) {
            own.signal("STOP");
            long start = System.nanoTime();
            QmpException late = assertThrows(QmpException.class, () -> own.qmp().execute(STATUS, Duration.ofMillis(
                    150)));
            long millis = (System.nanoTime() - start) / 1_000_000;
            assertEquals(QmpException.Kind.TIMED_OUT, late.kind());
            assertTrue(millis >= 150, millis + " ms");
            own.signal("CONT");
            assertTrue(own.qmp().execute(QmpCommand.of("query-version")).has("qemu"));
        }
    }

    @Test
    void interruptEndsAWait() throws Exception {
        try (QemuPeer own = QemuPeer.start()) {
            own.signal("STOP");
            Underway<QmpException.Kind> waiting = Underway.start(() -> {
                QmpException e = assertThrows(QmpException.class, () -> own.qmp().execute(STATUS));
                assertTrue(Thread.currentThread().isInterrupted());
                return e.kind();
            }).awaitInside(QmpReader.class, "await");
            waiting.interrupt();
            assertEquals(QmpException.Kind.INTERRUPTED, waiting.result());
        }
    }

    @RepeatedTest(3)
    void killedQemuFailsEveryWaitingCallLongBeforeItsTimeIsOver() throws Exception {
        try (QemuPeer own = QemuPeer.start(); PendingEvent never = own.qmp().expect("NEVER", _ -> true)) {
            own.signal("STOP"); // so that the calls wait for sure
            List<Underway<QmpException>> calls = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int number = i;
                calls.add(Underway.start(() -> assertThrows(QmpException.class, () -> {
                    if (number == 0) {
                        never.await(Duration.ofHours(1));
                    } else {
                        own.qmp().execute(STATUS, Duration.ofHours(1));
                    }
                })));
            }
            for (Underway<QmpException> call : calls) {
                call.awaitInside(QmpReader.class, "await");
            }
            own.process().destroyForcibly();
            for (Underway<QmpException> call : calls) {
                QmpException e = call.result();
                assertEquals(QmpException.Kind.DISCONNECTED, e.kind());
                assertTrue(e.getMessage().contains("fate known"), e.getMessage());
            }
            assertTrue(own.qmp().isLost());
            assertThrows(QmpException.class, () -> own.qmp().execute(STATUS));
        }
    }

    @Test
    void closingFailsWaitingCalls() throws Exception {
        try (QemuPeer own = QemuPeer.start()) {
            own.signal("STOP");
            PendingReply reply = own.qmp().send(STATUS).getFirst();
            own.qmp().close();
            QmpException e = assertThrows(QmpException.class, () -> reply.await(Await.PATIENCE));
            assertEquals(QmpException.Kind.DISCONNECTED, e.kind());
        }
    }
}
