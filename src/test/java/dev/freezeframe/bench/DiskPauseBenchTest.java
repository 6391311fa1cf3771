package dev.freezeframe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.ProfileFolders;
import dev.freezeframe.store.Store;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A machine with a disk and the same without it are recorded in turns.
@Tag("qemu")
class DiskPauseBenchTest {
    private static final Workload ROUNDS = new Workload("rounds", "", Pattern.compile("round.*"));

    @TempDir
    private Path folder;

    @Test
    void bothMachinesAreRecordedInEachRoundAndTheOtherOneFirst() throws Exception {
        Path image = Files.write(folder.resolve("disk.raw"), new byte[1 << 20]);
        Files.writeString(folder.resolve("guest.json"), Files.readString(Path.of("qemu-profiles/boot-sector.json"))
                .replaceFirst("\\{", "{\"disks\": [{\"file\": \"" + image
                        + "\", \"format\": \"raw\", \"interface\": \"virtio\", \"writes\": \"keep\"}],"));
        MachineSpec guest = MachineSpec.of(ProfileFolders.of(folder).find("guest"));
        List<Boolean> withDisk = new ArrayList<>();
        try (Store store = Store.open(folder.resolve("store"))) {
            DiskPauseBench.Result result = DiskPauseBench.run(store, guest, ROUNDS, ROUNDS, PauseBench.options(2,
                    Duration.ofMillis(50)), 2, (_, disk) -> withDisk.add(disk), () -> false).orElseThrow();
            assertEquals(List.of(true, true, false, false, false, false, true, true), withDisk);
            assertEquals(4, result.withDisk().run().checkpoints());
            assertEquals(4, result.withoutDisk().run().checkpoints());
            assertEquals(0, result.withDisk().failed() + result.withoutDisk().failed());
        }
    }
}
