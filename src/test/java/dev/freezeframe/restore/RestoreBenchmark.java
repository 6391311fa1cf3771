package dev.freezeframe.restore;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.restore.SimpleRecorder.Taken;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;

/// Where the time of a restore goes: a 256 MiB Linux checkpoint, one machine ten times, then four at once. The first line is
/// a cold start: freshly opened store, nothing compiled. Run its main method by hand; it is no test.
final class RestoreBenchmark {
    private RestoreBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory("restore-benchmark");
        try {
            CheckpointRecord checkpoint = record(directory);
            try (Store store = Store.open(directory.resolve("store"))) {
                printCosts(store, checkpoint);
                System.out.printf("%-12s %9s %9s %9s %9s %9s %9s%n", "ms", "total", "spawn", "image", "load", "verify",
                        "resume");
                for (int i = 0; i < 11; i++)
                    print("single " + i, store, checkpoint, RestoreOptions.standard());
                for (int i = 0; i < 3; i++)
                    print("verified " + i, store, checkpoint, RestoreOptions.standard().withVerifyRam(true));
                for (int i = 0; i < 2; i++)
                    print("recordable " + i, store, checkpoint, RestoreOptions.standard().withRecordable(true));
                for (int i = 0; i < 2; i++)
                    print("of eight", store, checkpoint, RestoreOptions.standard().withCount(8));
            }
        } finally {
            try (var files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList())
                    Files.delete(file);
            }
        }
    }

    private static CheckpointRecord record(Path directory) throws Exception {
        try (Store store = Store.open(directory.resolve("store"));
                Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find("tiny-linux")));
                SimpleRecorder recorder = new SimpleRecorder(store, machine)) {
            machine.console().awaitLine(line -> line.startsWith("tick 5 "), Duration.ofMinutes(2));
            try (Taken taken = recorder.take()) {
                return taken.checkpoint();
            }
        }
    }

    /// Processor time of filling the image by one thread, which a busy host does not distort as much as it does the clock.
    private static void printCosts(Store store, CheckpointRecord checkpoint) throws Exception {
        PageMap map = store.pageMap(checkpoint.id(), NewCheckpoint.RAM);
        int[] nonZero = new int[1];
        map.forEachNonZero((page, chunk) -> nonZero[0]++);
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 6; i++) {
            long mapStart = threads.getCurrentThreadCpuTime();
            store.pageMap(checkpoint.id(), NewCheckpoint.RAM);
            DeviceState.of(store.readImageBytes(checkpoint.id(), NewCheckpoint.DEVICE_STATE));
            long readStart = threads.getCurrentThreadCpuTime();
            store.readPages(map, 1, (firstPage, count, content) -> {});
            long fillStart = threads.getCurrentThreadCpuTime();
            try (SharedMemory image = SharedMemory.allocate("image", map.pages() * (long) GuestPage.BYTES)) {
                RamImage.fill(image, store, map, 1);
            }
            long end = threads.getCurrentThreadCpuTime();
            System.out.printf("%d pages, CPU ms: map and devices %.1f, read packs %.1f, fill %.1f%n", nonZero[0],
                    (readStart - mapStart) / 1e6, (fillStart - readStart) / 1e6, (end - fillStart) / 1e6);
        }
    }

    private static void print(String name, Store store, CheckpointRecord checkpoint, RestoreOptions options)
            throws Exception {
        try (RestoredMachines restored = new Restorer(store).restore(checkpoint, options)) {
            for (RestoredMachine each : restored.machines().stream()
                    .sorted(Comparator.comparingLong(RestoredMachine::totalMicros)).toList()) {
                RestorePhases phases = each.phases();
                System.out.printf("%-12s %9.1f %9.1f %9.1f %9.1f %9.1f %9.1f%n", name, each.totalMicros() / 1e3,
                        phases.spawnMicros() / 1e3, phases.imageMicros() / 1e3, phases.loadMicros() / 1e3,
                        phases.verifyMicros() / 1e3, phases.resumeMicros() / 1e3);
            }
        }
    }
}
