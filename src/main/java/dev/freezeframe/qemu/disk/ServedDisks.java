package dev.freezeframe.qemu.disk;

import dev.freezeframe.base.Closing;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.image.DiskBacking;
import dev.freezeframe.qemu.nbd.NbdExport;
import dev.freezeframe.qemu.nbd.NbdServer;
import dev.freezeframe.qemu.qmp.RunDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The disks of one machine, served to its QEMU over a UNIX socket that only its owner can reach, each under its id.
public final class ServedDisks implements AutoCloseable {
    /// Most memory of a disk for old content that a checkpoint has not read yet.
    public static final long COPY_BYTES = 32L << 20;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<String, EpochDisk> disks = new LinkedHashMap<>();
    private final Path socket;

    /// Opens the disks' images, or what is to be in their place, and serves them.
    ///
    /// @param backings by the disk's id, for those that are to have other content than their image file, and are thrown away
    /// @throws IOException one line for the user
    public ServedDisks(List<Disk> machineDisks, Map<String, DiskBacking> backings) throws IOException {
        boolean done = false;
        try {
            RunDirectory folder = RunDirectory.create();
            opened.add(folder);
            socket = folder.socket("disks");
            for (Disk disk : machineDisks) {
                EpochDisk served = open(disk, backings.get(disk.id()));
                opened.add(served);
                disks.put(disk.id(), served);
            }
            Map<String, NbdExport> exports = new LinkedHashMap<>(disks);
            // closed behind the disks, as a write that waits for one waits in the server as well
            opened.add(1, NbdServer.start(socket, exports));
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
    }

    private static EpochDisk open(Disk disk, DiskBacking backing) throws IOException {
        if (backing != null) {
            return EpochDisk.discarding(disk.id(), backing.content().orElseThrow(() -> new IOException("what "
                    + disk.id() + " is to hold is served by another process")), COPY_BYTES);
        }
        return disk.writesImage()
                ? EpochDisk.keeping(disk.id(), disk.file(), COPY_BYTES)
                : EpochDisk.discarding(disk.id(), disk.file(), COPY_BYTES);
    }

    /// Where QEMU finds them.
    public Path socket() {
        return socket;
    }

    /// By id, in the profile's order.
    public Map<String, EpochDisk> disks() {
        return Collections.unmodifiableMap(disks);
    }

    /// Ends the service, behind the end of QEMU.
    @Override
    public void close() {
        Closing.emptied(opened);
    }
}
