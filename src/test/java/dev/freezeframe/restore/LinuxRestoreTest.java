package dev.freezeframe.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.restore.SimpleRecorder.Taken;
import dev.freezeframe.store.Store;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a restore promises for a real operating system. Needs the guest that the installer builds.
@Tag("qemu")
@Tag("soak")
class LinuxRestoreTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Pattern TICK = Pattern.compile("tick (\\d+).*");

    @TempDir
    Path directory;

    @Test
    void aRestoredLinuxGoesOnTickingAndRebootsFromInside() throws Exception {
        try (Store store = Store.open(directory.resolve("store"));
                Machine original = Machine.boot(MachineSpec.of(Profiles.standard().find("tiny-linux")));
                SimpleRecorder recorder = new SimpleRecorder(store, original)) {
            awaitTick(original, 3);
            try (Taken taken = recorder.take();
                    RestoredMachines restored = new Restorer(store).restore(taken.checkpoint(),
                            RestoreOptions.standard().withRecordable(true).withVerifyRam(true).withLeavePaused(true))) {
                Machine machine = restored.first().machine();
                assertEquals(List.of(), SimpleRecorder.differingPages(taken.ram(), machine.memory()));
                String before = original.console().text().substring(0, (int) taken.printedBytes());
                long last = before.lines().mapToLong(LinuxRestoreTest::tick).max().orElseThrow();
                machine.resume();
                awaitTick(machine, last + 2);
                // of a line that was half printed each of the two has a part
                String all = before + machine.console().text();
                long[] ticks = all.substring(0, all.lastIndexOf('\n')).lines().mapToLong(LinuxRestoreTest::tick).filter(
                        tick -> tick >= 0).toArray();
                assertArrayEquals(LongStream.range(ticks[0], ticks[0] + ticks.length).toArray(), ticks, all);

                machine.console().type("reboot\n");
                awaitTick(machine, 1);
                machine.console().awaitLine(line -> tick(line) == 1, PATIENCE);
                assertEquals("", machine.qemuLog());
            }
        }
    }

    private static void awaitTick(Machine machine, long atLeast) throws Exception {
        machine.console().awaitLine(line -> tick(line) >= atLeast, PATIENCE);
    }

    private static long tick(String line) {
        Matcher matcher = TICK.matcher(line);
        return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
    }
}
