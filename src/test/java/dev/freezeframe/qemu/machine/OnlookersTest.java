package dev.freezeframe.qemu.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.suite.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What those see who look at a machine: its screen, its states, every byte of its console.
@Tag("qemu")
class OnlookersTest {
    private static final Duration PATIENCE = Await.PATIENCE;
    private static Machine machine;

    @BeforeAll
    static void boot() throws Exception {
        machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector-vga")));
    }

    @AfterAll
    static void close() {
        machine.close();
    }

    @BeforeEach
    void run() throws Exception {
        machine.resume();
        machine.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE);
    }

    private static StateChange next(BlockingQueue<StateChange> changes) throws InterruptedException {
        StateChange change = changes.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertTrue(change != null, "no change was told");
        return change;
    }

    @Test
    void theScreenIsSeenWhileTheGuestRuns() throws Exception {
        assertTrue(machine.hasDisplay());
        try (GuestScreen screen = GuestScreen.of(machine)) {
            ScreenImage first = Await.value("the firmware's text", screen::capture, image -> Arrays.stream(image.argb())
                    .distinct().count() > 1);
            assertEquals(first.width() * first.height(), first.argb().length);
            assertTrue(first.width() >= 320 && first.height() >= 200, first.width() + " × " + first.height());
            ScreenImage small = first.scaledToWidth(100);
            assertEquals(100, small.width());
            assertEquals(Math.round(first.height() * 100.0 / first.width()), small.height());
        }
    }

    @Test
    void keysArePressedByTheirNamesAndUnknownOnesAreRefused() throws Exception {
        try (GuestScreen screen = GuestScreen.of(machine)) {
            screen.sendKey("shift", "a");
            screen.key("ret", true);
            screen.key("ret", false);
            QmpException e = assertThrows(QmpException.class, () -> screen.sendKey("no-such-key"));
            assertEquals(QmpException.Kind.REFUSED, e.kind());
        }
    }

    @Test
    void aMachineWithoutADisplayHasNoScreenAndSaysWhatToDo() throws Exception {
        try (Machine blind = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")))) {
            assertFalse(blind.hasDisplay());
            IOException e = assertThrows(IOException.class, () -> GuestScreen.of(blind));
            assertTrue(e.getMessage().contains("\"display\": \"std\""), e.getMessage());
        }
    }

    @Test
    void pauseResumeAndResetAreTold() throws Exception {
        BlockingQueue<StateChange> changes = new LinkedBlockingQueue<>();
        Await.until("it is known to run", () -> machine.state() == MachineState.RUNNING);
        try (var _ = machine.onStateChange(changes::add)) {
            machine.pause();
            assertEquals(MachineState.PAUSED, next(changes).state());
            assertEquals(MachineState.PAUSED, machine.state());
            machine.resume();
            assertEquals(MachineState.RUNNING, next(changes).state());
            machine.reset();
            StateChange reset = next(changes);
            assertTrue(reset.reset());
            assertEquals(MachineState.RUNNING, reset.state());
            assertTrue(Duration.between(reset.at(), Instant.now()).abs().toSeconds() < 60);
        }
        assertTrue(machine.uptime().isPositive());
    }

    @Test
    void aStopAsShortAsACheckpointsIsNotTold() throws Exception {
        BlockingQueue<StateChange> changes = new LinkedBlockingQueue<>();
        Await.until("it is known to run", () -> machine.state() == MachineState.RUNNING);
        try (var _ = machine.onStateChange(changes::add)) {
            for (int i = 0; i < 5; i++) {
                // sent together, so that no busy machine makes it a long stop
                machine.qmp().send(QmpCommand.of("stop"), QmpCommand.of("cont")).getLast().await(PATIENCE);
            }
            machine.qmp().execute(QmpCommand.of("stop"));
            assertEquals(MachineState.PAUSED, next(changes).state());
            machine.qmp().execute(QmpCommand.of("cont"));
            assertEquals(MachineState.RUNNING, next(changes).state());
            assertTrue(changes.isEmpty(), "one stop was long, and it is told after the others: " + changes);
        }
    }

    @Test
    void anEndIsToldLast() throws Exception {
        BlockingQueue<StateChange> changes = new LinkedBlockingQueue<>();
        try (Machine dying = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")))) {
            dying.onStateChange(changes::add);
            ProcessHandle.of(dying.pid()).orElseThrow().destroyForcibly();
            StateChange change = next(changes);
            while (change.state() != MachineState.ENDED) {
                change = next(changes);
            }
            assertTrue(change.detail().contains("SIGKILL"), change.detail());
            assertEquals(MachineState.ENDED, dying.state());
        }
        assertTrue(changes.isEmpty());
    }

    @Test
    void aTerminalThatIsOpenedLateMissesNoByteAndGetsNoneTwice() throws Exception {
        ByteArrayOutputStream heard = new ByteArrayOutputStream();
        try (var _ = machine.console().onOutput(Console.KEPT_BYTES, heard::writeBytes)) {
            byte[] before = machine.console().bytes();
            machine.console().awaitLine(line -> BootSector.round(line).orElse(-1) > 0 && !new String(before,
                    StandardCharsets.UTF_8).contains(line), PATIENCE);
            machine.pause();
            // the next test must not take this one's pause for its own
            Await.until("the pause is known", () -> machine.state() == MachineState.PAUSED);
            Await.untilConsolesAreRead();
            Await.untilAsserted(() -> assertArrayEquals(machine.console().bytes(), heard.toByteArray()));
        }
        ByteArrayOutputStream none = new ByteArrayOutputStream();
        try (var _ = machine.console().onOutput(0, none::writeBytes)) {
            assertEquals(0, none.size());
        }
        assertNotEquals(0, machine.console().lastLines(3, 4096).lines().count());
        assertTrue(machine.console().lastLines(3, 4096).lines().count() <= 3);
    }

    @Test
    void rawBytesReachTheSerialPort() throws Exception {
        machine.console().send(new byte[]{0x1b, '[', 'A', (byte) 0xff, 0});
        assertEquals("running", machine.runState());
    }

    @Test
    void aMachineTooSmallForQemuToSampleHasNoDirtyRate() throws Exception {
        assertEquals(Optional.empty(), QemuDirtyRate.measure(machine, Duration.ofSeconds(1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "P6", "P6\n", "P5\n1 1\n255\nabc", "P6\n1 1\n255\nab", "P6\n1 1\n255\nabcd",
            "P6\n99999 1\n255\n", "P6\n999999999999 1\n255\n", "P6\n0 1\n255\n", "P6\n5000 4000\n255\nabc",
            "P6\n-1 1\n255\nabc", "P6\n1 1\n65535\nabcdef"})
    void aBrokenPictureIsRefused(String file) {
        assertThrows(IOException.class, () -> ScreenImage.ofPortablePixmap(file.getBytes(
                StandardCharsets.ISO_8859_1)));
    }
}
