package dev.freezeframe.qemu.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.image.Guest;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.ProfileException;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.suite.Await;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The Linux guest, which the installer prepares.
@Tag("qemu")
class LinuxGuestTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @BeforeAll
    static void guestIsPrepared() {
        for (String file : List.of("vmlinuz", "initramfs.cpio.gz")) {
            assertTrue(Files.isReadable(Guest.folder().resolve(file)),
                    () -> "there is no " + Guest.folder()
                            .resolve(file) + "; run installer/bootstrap.sh guest");
        }
    }

    private static boolean isTick(String line) {
        return line.matches("tick \\d+.*");
    }

    @Test
    void guestTicksOnInAMachineStartedFromItsRecord() throws Exception {
        try (Machine machine = Machine.boot(ticker())) {
            machine.console().awaitLine(line -> line.startsWith("tick 5"), PATIENCE);
            machine.pause();
            SavedState state = SavedState.of(machine);
            SharedMemory image = SharedMemory.allocate("image", machine.ramBytes());
            machine.memory().copyTo(image);
            try (Machine restored = Machine.incoming(MachineSpec.fromRecord(machine.toRecord()), image, false)) {
                state.load(restored);
                restored.resume();
                String tick = restored.console().awaitLine(LinuxGuestTest::isTick, PATIENCE);
                assertTrue(Integer.parseInt(tick.replaceAll("tick (\\d+).*", "$1")) >= 6, tick);
            }
        }
    }

    @Test
    @Tag("soak")
    void guestRebootsFromInside() throws Exception {
        try (Machine machine = Machine.boot(ticker())) {
            machine.console().awaitLine(line -> line.startsWith("tick 3"), PATIENCE);
            machine.console().type("reboot\n");
            machine.console().awaitLine(line -> line.contains("Restarting system"), PATIENCE);
            Await.until("it has printed its first tick once more", () -> machine.console().text().lines().filter(
                    line -> line.contains("tick 1 ")).count() == 2);
        }
    }

    private static MachineSpec ticker() throws ProfileException {
        return MachineSpec.of(Profiles.standard().find("tiny-linux")).withMemoryBytes(128 << 20).withKernelArguments(
                "ff.interval=100");
    }

    @Test
    void guestThatPowersOffStaysForComparisonUnderTheDeterministicProfile() throws Exception {
        MachineSpec spec = MachineSpec.of(Profiles.standard().find("deterministic-linux")).withKernelArguments(
                "ff.end=3");
        try (Machine machine = Machine.boot(spec)) {
            assertEquals(Accelerator.TCG, machine.accelerator());
            machine.console().awaitLine(line -> line.matches("tick 3\\b.*"), PATIENCE);
            Await.until("it has powered off", () -> machine.runState().equals("shutdown"));
        }
    }
}
