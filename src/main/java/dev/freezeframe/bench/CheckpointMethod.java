package dev.freezeframe.bench;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.store.Store;
import java.io.IOException;
import java.nio.file.Path;

/// A way to take checkpoints of a running machine: ours, and those that QEMU has by itself.
public enum CheckpointMethod {
    /// A recording into a store.
    FREEZEFRAME("freezeframe"),
    /// An internal snapshot in a qcow2 file (`snapshot-save`, which `savevm` is for people).
    SAVEVM("savevm"),
    /// The guest is stopped, all of it written to a file, and let go on; `virsh save` does that.
    STOP_AND_MIGRATE("stop-migrate"),
    /// A migration of the running guest to a file, and `cont` when it is complete.
    LIVE_MIGRATE("live-migrate"),
    /// A migration with QEMU's capability `background-snapshot`: the guest stands still while the devices are saved, and what
    /// it writes from then on waits for the page to be saved first (userfaultfd's write protection).
    BACKGROUND_SNAPSHOT("background-snapshot");

    private final String text;

    CheckpointMethod(String text) {
        this.text = text;
    }

    /// As it is called in tables and in JSON.
    public String text() {
        return text;
    }

    /// Makes a running machine ready for it.
    ///
    /// @param store for ours
    /// @param folder for the files of the others, empty
    /// @throws NotOfferedException if this QEMU, or this computer, cannot do it
    CheckpointTaker open(Machine machine, Store store, Path folder) throws IOException, InterruptedException {
        return switch (this) {
            case FREEZEFRAME -> RecordingTaker.open(store, machine);
            case SAVEVM -> SnapshotTaker.open(machine, folder);
            case STOP_AND_MIGRATE, LIVE_MIGRATE, BACKGROUND_SNAPSHOT -> MigrationTaker.open(machine, folder, this);
        };
    }
}
