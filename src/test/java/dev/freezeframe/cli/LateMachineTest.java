package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.cli.run.MachineEnd;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A machine that does not answer has not ended.
@Tag("qemu")
class LateMachineTest {

    private static void signal(Machine machine, String name) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(machine.pid())).start().waitFor());
    }

    @Test
    void onlyAMachineThatHasEndedHasEnded() throws Exception {
        try (Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")))) {
            signal(machine, "STOP");
            assertEquals(Optional.empty(), MachineEnd.of(machine));
            signal(machine, "CONT");
            assertEquals("running", machine.runState());
            assertEquals(Optional.empty(), MachineEnd.of(machine));
            machine.quit(Duration.ofSeconds(60));
            machine.onExit().join();
            assertTrue(MachineEnd.of(machine).orElseThrow().startsWith("QEMU "), MachineEnd.of(machine).toString());
        }
    }
}
