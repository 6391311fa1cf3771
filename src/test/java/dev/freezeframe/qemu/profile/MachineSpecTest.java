package dev.freezeframe.qemu.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.freezeframe.qemu.machine.Machine;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MachineSpecTest {
    private static MachineSpec bootSector() throws ProfileException {
        return MachineSpec.of(Profiles.standard().find("boot-sector"));
    }

    @Test
    void anotherProcessorModelTakesThePlaceOfTheProfiles() throws Exception {
        MachineSpec nehalem = bootSector().withCpu("Nehalem");
        MachineSpec max = nehalem.withCpu("max,-avx2");
        assertFalse(max.profile().arguments().contains("Nehalem"));
        assertEquals(List.of("-cpu", "max,-avx2"), max.profile().arguments().subList(max.profile().arguments()
                .size() - 2, max.profile().arguments().size()));
    }

    @Test
    @Tag("qemu")
    void qemuRunsWithTheOtherProcessorModel() throws Exception {
        try (Machine machine = Machine.boot(bootSector().withCpu("Nehalem"))) {
            int at = machine.commandLine().indexOf("-cpu");
            assertEquals("Nehalem", machine.commandLine().get(at + 1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "-help", "max;reboot", "max\n", "max\0"})
    void whatIsNoProcessorModelIsRefused(String text) throws Exception {
        MachineSpec spec = bootSector();
        assertThrows(IllegalArgumentException.class, () -> spec.withCpu(text));
    }
}
