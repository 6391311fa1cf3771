package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.TestedQemu;
import dev.freezeframe.machine.Machine;
import dev.freezeframe.machine.MachineSpec;
import dev.freezeframe.machine.MachineState;
import dev.freezeframe.machine.Profiles;
import dev.freezeframe.suite.Await;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
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
    /// Printed by the guest before it goes to sleep.
    private static final String MARK = "zz";
    /// An option ROM that waits a second by the firmware (`int 15h`, function 86h), prints [#MARK] and a new line to the serial
    /// port, and writes SLP_EN with the type of S3 to the ACPI register PM1a_CNT of QEMU's `pc` (hw/acpi/core.c):
    /// ```
    /// mov ah,86h; mov cx,0fh; mov dx,4240h; int 15h
    /// mov dx,3f8h; mov al,'z'; out dx,al; out dx,al; mov al,10; out dx,al
    /// mov dx,604h; mov ax,2400h; out dx,ax; 1: jmp 1b
    /// ```
    /// Woken, the firmware finds nobody to go on with, and boots again.
    private static final String SLEEPER = "55aa01" + "b486b90f00ba4042cd15" + "baf803b07aeeeeb00aee" + "ba0406b80024ef"
            + "ebfe";
    private static final int ROM_BYTES = 512;

    @TempDir
    private Path home;
    private Path profile;

    @BeforeEach
    void writeProfile() throws Exception {
        byte[] rom = Arrays.copyOf(HexFormat.of().parseHex(SLEEPER), ROM_BYTES);
        int sum = 0;
        for (byte each : rom) {
            sum += each;
        }
        rom[ROM_BYTES - 1] = (byte) -sum;
        Files.write(home.resolve("sleeper.rom"), rom);
        profile = home.resolve("sleeper.json");
        Files.writeString(profile, "{\"memory\": \"16 MiB\", \"machine\": \"pc\", \"bootSector\": \"rounds\","
                + " \"arguments\": [\"-option-rom\", \"${profile}/sleeper.rom\"]}");
    }

    @Test
    void oneThatIsWokenIsRecordedOnAndItsSleepIsToldAndCounted() {
        Invocation record = record("--checkpoints", "25", "--interval", "100ms", "--wake-after", "300ms", "--json");
        assertEquals(0, record.status(), record::err);
        assertEquals(25, record.json("checkpoint").size());
        JsonNode sleeps = record.json("guest").getFirst();
        assertEquals("suspended", sleeps.path("state").asText());
        assertEquals(1, sleeps.path("machine").asInt());
        assertEquals("running", record.json("guest").get(1).path("state").asText());
        assertTrue(record.single("summary").path("standingTicks").asInt() > 0, record.out());
    }

    @Test
    void oneThatSleepsAllTheTimeIsTheReasonThatNothingWasStoredWithTheOptionThatWakesIt() {
        Invocation record = record("--after", MARK, "--delay", "300ms", "--duration", "1s", "--interval", "50ms");
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
        Surroundings surroundings = new Surroundings(InputStream.nullInputStream(), new PrintWriter(new StringWriter()),
                new PrintWriter(remarks, true), _ -> null, false);
        MachineSpec spec = MachineSpec.of(Profiles.standard().find("boot-sector")).withQemuBinary(Path.of(TestedQemu
                .binary()));
        try (Machine machine = Machine.boot(spec); Screen screen = new Screen(surroundings)) {
            GuestWatch watch = new GuestWatch(screen, false, 1, 1, Optional.empty());
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
