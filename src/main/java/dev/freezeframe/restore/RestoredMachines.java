package dev.freezeframe.restore;

import dev.freezeframe.base.Closing;
import dev.freezeframe.base.Progress;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.disk.EpochDisk;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The machines of one restore, and the memory image and the disks that they share. Closing ends all that were not detached.
///
/// Machines with disks read these from the store, which so must stay open as long as this is, unless all were made
/// [independent][#makeIndependent].
public final class RestoredMachines implements AutoCloseable {
    private final CheckpointRecord checkpoint;
    private final List<RestoredMachine> machines;
    private final Optional<SharedMemory> image;
    private volatile Optional<DiskServer> disks;

    RestoredMachines(CheckpointRecord checkpoint, List<RestoredMachine> machines, Optional<SharedMemory> image,
            Optional<DiskServer> disks) {
        this.checkpoint = checkpoint;
        this.machines = List.copyOf(machines);
        this.image = image;
        this.disks = disks;
    }

    /// What they were restored from.
    public CheckpointRecord checkpoint() {
        return checkpoint;
    }

    /// At least one.
    public List<RestoredMachine> machines() {
        return machines;
    }

    /// The single machine of a restore without a count.
    public RestoredMachine first() {
        return machines.getFirst();
    }

    /// Whether the machines read disks from the store.
    public boolean needStore() {
        return disks.isPresent();
    }

    /// Has every machine copy what it still needs of its disks, so that it can do without us and without the store, which may
    /// be closed then. Takes as long as reading all of the disks; the guests run meanwhile.
    ///
    /// @param progress told of bytes; what it throws comes out of here
    /// @throws IOException if a disk could not be copied, such as for want of room
    public void makeIndependent(Progress progress) throws IOException {
        if (disks.isEmpty()) {
            return;
        }
        for (RestoredMachine each : machines) {
            Machine machine = each.machine();
            for (EpochDisk disk : machine.servedDisks().values()) {
                disk.makeIndependent(progress);
            }
            for (MachineDisk disk : machine.servedDisks().isEmpty() ? machine.disks() : List.<MachineDisk>of()) {
                DiskStream.copy(machine.qmp(), disk, progress);
            }
        }
        closeDisks();
    }

    /// What all copy-on-write machines began with; empty where that stays.
    Optional<SharedMemory> image() {
        return image;
    }

    private void closeDisks() {
        Optional<DiskServer> served = disks;
        disks = Optional.empty();
        served.ifPresent(DiskServer::close);
    }

    @Override
    public void close() {
        List<Closing.Unchecked> all = new ArrayList<>();
        machines.forEach(restored -> all.add(restored.machine()::close));
        image.ifPresent(memory -> all.add(memory::close));
        all.add(this::closeDisks);
        Closing.each(all.toArray(Closing.Unchecked[]::new));
    }
}
