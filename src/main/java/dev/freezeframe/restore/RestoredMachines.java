package dev.freezeframe.restore;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.store.CheckpointRecord;
import java.util.List;

/// The machines of one restore and the image that they share. Closing ends all that were not detached.
public final class RestoredMachines implements AutoCloseable {
    private final CheckpointRecord checkpoint;
    private final List<RestoredMachine> machines;
    private final SharedMemory image;

    RestoredMachines(CheckpointRecord checkpoint, List<RestoredMachine> machines, SharedMemory image) {
        this.checkpoint = checkpoint;
        this.machines = List.copyOf(machines);
        this.image = image;
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

    /// What all copy-on-write machines began with.
    SharedMemory image() {
        return image;
    }

    @Override
    public void close() {
        machines.forEach(restored -> restored.machine().close());
        image.close();
    }
}
