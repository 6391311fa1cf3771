package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.freezeframe.TestedQemu;
import dev.freezeframe.analyse.RunStatistics;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.capture.dirty.UserfaultTracker;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A wall clock that is set by hours, in the middle of a pause and between two, while a machine is recorded. It is QEMU's,
/// whose stamps the pauses are measured by.
@Tag("qemu")
class SteppedClockTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> CLOCKS = List.of("+0", "+3600", "-7200", "-1", "+90000", "-86400", "+1");

    @TempDir
    private Path folder;

    private static Optional<Path> fakeTime() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of("/usr/lib"))) {
            return folders.map(each -> each.resolve("faketime/libfaketimeMT.so.1")).filter(Files::exists).findFirst();
        }
    }

    /// In one step, since it is read all the time.
    private void setClock(String offset) throws IOException {
        Files.move(Files.writeString(folder.resolve("clock.new"), offset + "\n"), folder.resolve("clock"),
                StandardCopyOption.ATOMIC_MOVE);
    }

    private Path qemuWithThatClock(Path fakeTime) throws IOException {
        Path script = Files.writeString(folder.resolve("qemu"), "#!/bin/sh\nexport LD_PRELOAD='" + fakeTime
                + "' FAKETIME_TIMESTAMP_FILE='" + folder.resolve("clock")
                + "' FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1\nexec " + TestedQemu
                        .binary()
                + " \"$@\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script;
    }

    @Test
    void pausesAndTheOrderOfCheckpointsHoldWhateverTheClockSays() throws Exception {
        Optional<Path> fakeTime = fakeTime();
        assumeTrue(fakeTime.isPresent(), "libfaketime is not installed");
        setClock("+0");
        long began = System.nanoTime();
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")).withQemuBinary(
                        qemuWithThatClock(fakeTime.get())))) {
            machine.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE);
            int[] harvests = {0};
            var recording = new ReferenceRecording(store, machine, UserfaultTracker.plant(machine.pid(), machine
                    .memory()), CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(60)), "stepped",
                    () -> setClock(CLOCKS.get(++harvests[0] % CLOCKS.size())));
            recording.record(15);
            recording.assertNothingDiffered(15);
            assertEquals(List.of(), recording.failed);
            assertHold(recording.stored, (System.nanoTime() - began) / 1000);
        }
    }

    private static void assertHold(List<CheckpointRecord> stored, long tookMicros) {
        Instant last = Instant.MIN;
        long pauses = 0;
        for (CheckpointRecord each : stored) {
            Map<String, Long> phases = each.metrics().phaseMicros();
            assertTrue(phases.values().stream().allMatch(micros -> micros >= 0), phases.toString());
            assertTrue(each.metrics().pauseMicros() > 0, each.toString());
            pauses += each.metrics().pauseMicros();
            assertTrue(each.metrics().capturedAt().isAfter(last), each.toString());
            last = each.metrics().capturedAt();
        }
        assertTrue(pauses < tookMicros, pauses + " of " + tookMicros);
        var statistics = new RunStatistics();
        stored.forEach(statistics::add);
        long spanMicros = statistics.summary().span().toNanos() / 1000;
        assertTrue(spanMicros > 0 && spanMicros < tookMicros, spanMicros + " of " + tookMicros);
    }
}
