package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.capture.dirty.UserfaultTracker;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A disk whose image stays as it is: what neither the image holds nor the guest has written is not read, and every block is
/// still right.
@Tag("qemu")
class UnwrittenDiskTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CHECKPOINTS = 6;
    private static final long DISK_BYTES = 64 << 20;
    private static final int CONTENT_BYTES = 6 << 20;

    @TempDir
    private Path folder;

    @Test
    void whatNobodyWroteIsNotRead() throws Exception {
        DiskMetrics first = record("rounds", 1);
        assertEquals(DISK_BYTES / GuestPage.BYTES, first.dirtyBlocks());
        assertTrue(first.readBytes() >= CONTENT_BYTES && first.readBytes() < CONTENT_BYTES + (1 << 20),
                first.toString());
    }

    @Test
    void whatTheGuestWroteWhereTheImageIsEmptyIsCaptured() throws Exception {
        DiskMetrics first = record("disk-writes", CHECKPOINTS);
        assertTrue(first.readBytes() > CONTENT_BYTES + (1 << 20), first.toString());
    }

    /// @return of the first checkpoint, once all of them were compared with what the disk held
    private DiskMetrics record(String program, int checkpoints) throws Exception {
        Path image = folder.resolve("disk.raw");
        byte[] content = new byte[CONTENT_BYTES];
        new Random(1).nextBytes(content);
        try (FileChannel file = FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            // A hole before it, and a far greater one behind it, up to the last sector.
            file.write(ByteBuffer.wrap(content), 4 << 20);
            file.write(ByteBuffer.wrap(content, 0, 512), DISK_BYTES - 512);
        }
        Path profile = Files.writeString(folder.resolve("disk.json"), """
                {"memory": "16 MiB", "bootSector": "%s", "disks": [{"file": "disk.raw"}]}""".formatted(program));
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find(profile.toString())))) {
            machine.console().awaitLine(line -> BootSector.round(line).orElse(0) > 0, PATIENCE);
            var recording = new ReferenceRecording(store, machine, UserfaultTracker.plant(machine.pid(), machine
                    .memory()), CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(150)), "unwritten",
                    ReferenceRecording.Interference.NONE);
            recording.record(checkpoints);
            recording.assertNothingDiffered(checkpoints);
            assertEquals(List.of(), recording.failed);
            return recording.stored.getFirst().metrics().disks().getFirst();
        }
    }
}
