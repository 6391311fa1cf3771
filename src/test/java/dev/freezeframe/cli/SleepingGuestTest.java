package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.SleepingGuest;
import dev.freezeframe.TestedQemu;
import dev.freezeframe.cli.run.DiskRetry;
import dev.freezeframe.cli.run.GuestWatch;
import dev.freezeframe.cli.terminal.CliEnvironment;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.ExpectWarnings;
import dev.freezeframe.suite.Needs;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A guest that sleeps, or that somebody stopped, is told of when it happens, its ticks are counted, and it can be woken.
@Tag("qemu")
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SleepingGuestTest {
    @TempDir
    private Path home;
    private Path profile;

    @BeforeEach
    void writeProfile() throws Exception {
        profile = SleepingGuest.write(home);
    }

    @Test
    void oneThatIsWokenIsRecordedOnAndItsSleepIsToldAndCounted() {
        // it sleeps when the recording begins, and longer than a recorder rehearses, so that ticks come in that sleep
        Invocation record = record("--after", SleepingGuest.MARK, "--delay", "300ms", "--checkpoints", "10",
                "--interval", "100ms", "--wake-after", "1500ms", "--json");
        assertEquals(0, record.status(), record::err);
        assertEquals(10, record.json("checkpoint").size());
        JsonNode sleeps = record.json("guest").getFirst();
        assertEquals("suspended", sleeps.path("state").asText());
        assertEquals(1, sleeps.path("machine").asInt());
        assertEquals("running", record.json("guest").get(1).path("state").asText());
        assertTrue(record.single("summary").path("standingTicks").asInt() > 0, record.out());
    }

    @Test
    void oneThatSleepsAllTheTimeIsTheReasonThatNothingWasStoredWithTheOptionThatWakesIt() {
        Invocation record = record("--after", SleepingGuest.MARK, "--delay", "2s", "--duration", "3s", "--interval",
                "50ms");
        assertEquals(1, record.status(), record::out);
        assertTrue(record.err().contains("the guest sleeps; --wake-after 0s wakes it\n"), record::err);
        assertTrue(record.err().endsWith("no checkpoint was stored: the guest sleeps; --wake-after 0s wakes it\n"),
                record::err);
        assertTrue(record.out().contains(" without a checkpoint, while the guest slept or was stopped\n"),
                record::out);
    }

    @Test
    void oneThatSomebodyStopsIsToldOnceAndWhenItRunsAgain() throws Exception {
        StringWriter remarks = new StringWriter();
        CliEnvironment surroundings = new CliEnvironment(InputStream.nullInputStream(),
                new PrintWriter(new StringWriter()),
                new PrintWriter(remarks, true), _ -> null, false);
        MachineSpec spec = MachineSpec.of(Profiles.standard().find("boot-sector")).withQemuBinary(Path.of(TestedQemu
                .binary()));
        try (Machine machine = Machine.boot(spec); TerminalOutput screen = new TerminalOutput(surroundings)) {
            GuestWatch watch = new GuestWatch(screen, false, 1, 1, true, Optional.empty());
            await(machine, MachineState.RUNNING::equals);
            watch.look(machine, false);
            machine.pause();
            await(machine, MachineState.PAUSED::equals);
            watch.look(machine, true);
            watch.look(machine, true);
            assertEquals("", remarks.toString(), "a checkpoint is being taken");
            watch.look(machine, false);
            watch.look(machine, false);
            machine.resume();
            await(machine, MachineState.RUNNING::equals);
            watch.look(machine, false);
            watch.look(machine, false);
            assertEquals("the guest was stopped by somebody else and waits to be resumed\nthe guest runs again\n",
                    remarks.toString());
        }
    }

    /// Its image has no room. One that fails again at once is not told of again.
    @Test
    @ExpectWarnings("the guest is stopped: disk0 cannot be written: No space left")
    void oneWhoseDiskFailsIsToldOnceResumedNowAndThenAndToldWhenItRunsAgain() throws Exception {
        Path full = Files.createDirectory(home.resolve("full"));
        Needs.MOUNTING.orSkip(run("mount", "-t", "tmpfs", "-o", "size=1m", "freezeframe", full.toString()) == 0,
                "a small file system cannot be mounted; root can");
        try {
            try (RandomAccessFile image = new RandomAccessFile(full.resolve("image").toFile(), "rw")) {
                image.setLength(8 << 20);
            }
            Files.writeString(profile,
                    "{\"memory\": \"16 MiB\", \"bootSector\": \"disk-writes\", \"disks\": [{\"file\":"
                            + " \"${profile}/full/image\", \"writes\": \"keep\"}]}");
            StringWriter remarks = new StringWriter();
            CliEnvironment surroundings = new CliEnvironment(InputStream.nullInputStream(), new PrintWriter(
                    new StringWriter()), new PrintWriter(remarks, true), _ -> null, false);
            MachineSpec spec = MachineSpec.of(Profiles.standard().find(profile.toString())).withQemuBinary(Path.of(
                    TestedQemu.binary()));
            try (Machine machine = Machine.boot(spec); TerminalOutput screen = new TerminalOutput(surroundings)) {
                GuestWatch restored = new GuestWatch(screen, false, 1, 1, true, Optional.empty());
                AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
                DiskRetry retry = new DiskRetry(machine, now::get);
                await(machine, MachineState.FAULTY::equals);
                restored.look(machine, false);
                restored.look(machine, false);
                assertEquals("the guest stands: disk0 cannot be written: No space left on device; make room in " + full
                        + " and resume the machine, which then tries again; that is done every 10.0 s\n",
                        remarks
                                .toString());
                assertEquals(0, run("mount", "-o", "remount,size=32m", full.toString()));
                now.set(now.get().plus(DiskRetry.PERIOD).minusMillis(1));
                retry.look();
                assertEquals("io-error", machine.runState(), "not yet");
                now.set(now.get().plusMillis(1));
                retry.look();
                await(machine, MachineState.RUNNING::equals);
                restored.look(machine, false);
                assertFalse(remarks.toString().contains("runs again"), "it may fail again at once");
                restored.look(machine, false);
                assertTrue(remarks.toString().endsWith("\nthe guest runs again\n"), remarks::toString);
            }
        } finally {
            run("umount", full.toString());
        }
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start().waitFor();
    }

    private static void await(Machine machine, Predicate<MachineState> wanted) {
        Await.until("the machine is in that state", () -> wanted.test(machine.state()));
    }

    private Invocation record(String... options) {
        String[] all = {"record", profile.toString(), "--qemu", TestedQemu.binary()};
        String[] arguments = Arrays.copyOf(all, all.length + options.length);
        System.arraycopy(options, 0, arguments, all.length, options.length);
        return Invocation.of(home, arguments);
    }
}
