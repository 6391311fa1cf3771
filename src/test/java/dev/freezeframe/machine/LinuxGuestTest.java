package dev.freezeframe.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.freezeframe.linux.SharedMemory;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The Linux guest, which the installer prepares.
class LinuxGuestTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @BeforeAll
    static void guestIsPrepared() {
        assumeTrue(Files.isReadable(Profiles.guestFolder().resolve("vmlinuz")),
                "run installer/bootstrap.sh build first");
    }

    private static boolean isTick(String line) {
        return line.matches("tick \\d+.*");
    }

    @Test
    void restoredGuestTicksOnAndRebootsFromInside() throws Exception {
        Profile profile = Profiles.standard().find("tiny-linux");
        MachineSpec spec = MachineSpec.of(profile).withMemoryBytes(128 << 20).withKernelArguments("ff.interval=100");
        try (Machine machine = Machine.boot(spec)) {
            machine.console().awaitLine(line -> line.startsWith("tick 5"), PATIENCE);
            machine.pause();
            SavedState state = SavedState.of(machine);
            SharedMemory image = SharedMemory.allocate("image", machine.ramBytes());
            machine.memory().copyTo(image);
            try (Machine restored = Machine.incoming(MachineSpec.fromRecord(machine.toRecord()), image, false)) {
                machine.quit(Duration.ofSeconds(1));
                state.load(restored);
                restored.resume();
                String tick = restored.console().awaitLine(LinuxGuestTest::isTick, PATIENCE);
                assertTrue(Integer.parseInt(tick.replaceAll("tick (\\d+).*", "$1")) >= 6, tick);
                restored.console().type("reboot\n");
                restored.console().awaitLine(line -> line.matches("tick 1\\b.*"), PATIENCE);
            }
        }
    }

    @Test
    void guestThatPowersOffStaysForComparisonUnderTheDeterministicProfile() throws Exception {
        MachineSpec spec = MachineSpec.of(Profiles.standard().find("deterministic-linux")).withKernelArguments(
                "ff.end=3");
        try (Machine machine = Machine.boot(spec)) {
            assertEquals(Accelerator.TCG, machine.accelerator());
            machine.console().awaitLine(line -> line.matches("tick 3\\b.*"), PATIENCE);
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!machine.runState().equals("shutdown")) {
                assertTrue(System.nanoTime() < deadline, machine.console()::text);
                Thread.sleep(50);
            }
        }
    }
}
