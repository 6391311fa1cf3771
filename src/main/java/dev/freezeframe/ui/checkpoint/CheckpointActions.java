package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.base.Units;
import dev.freezeframe.bundle.CheckpointExport;
import dev.freezeframe.bundle.CheckpointExport.DiskFormat;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.recording.RecordingModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Cancellable;
import dev.freezeframe.ui.task.Steps;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// What can be done with stored checkpoints: delete them, export them. All of it runs in the background, where it can be
/// cancelled and where its failures are reported.
public final class CheckpointActions {
    private final WorkbenchModel workbench;

    /// @param workbench whose checkpoints they are
    public CheckpointActions(WorkbenchModel workbench) {
        this.workbench = workbench;
    }

    /// One machine with memory of its own, running, that can be recorded: what Enter does.
    public static RestoreOptions usualRestore() {
        return RestoreOptions.standard().withRecordable(true);
    }

    /// What deleting these checkpoints of the shown experiment would do.
    public CheckpointDeletion deletionOf(List<CheckpointRecord> chosen) {
        List<CheckpointRecord> all = workbench.experiment().checkpoints();
        return CheckpointDeletion.of(chosen, workbench.library().experiments().stream().map(
                ExperimentTotals::experiment).toList(), recorded(), all.isEmpty()
                        ? Optional.empty()
                        : Optional.of(all.getLast()));
    }

    private List<ExperimentRecord> recorded() {
        return workbench.machines().machines().stream().map(machine -> machine.recordingProperty().get()).filter(
                recording -> recording != null).map(RecordingModel::experiment).toList();
    }

    /// Deletes what was confirmed. What has gone when it is cancelled, or fails, is gone.
    public void delete(CheckpointDeletion confirmed) {
        Optional<Store> store = workbench.stores().store();
        List<CheckpointRecord> going = confirmed.going();
        if (store.isEmpty() || going.isEmpty()) {
            return;
        }
        String title = going.size() == 1
                ? "Delete " + going.getFirst().name()
                : "Delete " + Units.count(going.size(), "checkpoint") + " of " + going.getFirst().experimentName();
        Cancellable _ = workbench.tasks().run(title, steps -> {
            List<CheckpointRecord> gone = new ArrayList<>();
            try {
                deleteAll(store.get(), going, gone, steps);
            } finally {
                BackgroundTasks.onFxThread(() -> {
                    workbench.experiment().deleted(gone);
                    workbench.library().reload();
                    workbench.stores().measure();
                });
            }
            return null;
        }, _ -> {});
    }

    /// Newest first: the store writes the page map of the next one anew, and the newest has none behind it.
    private static void deleteAll(Store store, List<CheckpointRecord> going, List<CheckpointRecord> gone, Steps steps)
            throws StoreException {
        StoreException refused = null;
        for (CheckpointRecord each : going.reversed()) {
            steps.at("checkpoint " + each.number(), gone.size(), going.size());
            try {
                store.delete(each.name());
                gone.add(each);
            } catch (StoreException e) {
                switch (e.reason()) {
                    case NOT_FOUND -> gone.add(each);
                    case REFUSED -> refused = e;
                    default -> throw e;
                }
            }
        }
        if (refused != null) {
            throw refused;
        }
    }

    /// Writes the RAM to a file, one that is there is replaced: the file dialog has asked.
    ///
    /// @param whenDone gets a line about it
    public void exportRam(CheckpointRecord checkpoint, Path file, Consumer<String> whenDone) {
        export("Export the RAM of " + checkpoint.name(), whenDone, (export, steps) -> {
            long bytes = export.writeRam(checkpoint, file, true, steps);
            return Units.bytes(bytes) + " of RAM written to " + file;
        });
    }

    /// Writes the device state to a file, one that is there is replaced: the file dialog has asked.
    ///
    /// @param whenDone gets a line about it
    public void exportDeviceState(CheckpointRecord checkpoint, Path file, Consumer<String> whenDone) {
        export("Export the device state of " + checkpoint.name(), whenDone, (export, _) -> {
            long bytes = export.writeDeviceState(checkpoint, file, true);
            return Units.bytes(bytes) + " of device state written to " + file;
        });
    }

    /// Writes a disk to a file, as the guest would find it; one that is there is replaced: the file dialog has asked.
    ///
    /// @param diskId   such as `disk0`
    /// @param whenDone gets a line about it
    public void exportDisk(CheckpointRecord checkpoint, String diskId, DiskFormat format, Path file,
            Consumer<String> whenDone) {
        export("Export " + diskId + " of " + checkpoint.name(), whenDone, (export, steps) -> {
            long bytes = export.writeDisk(checkpoint, diskId, file, format, true, steps);
            return diskId + ", a disk of " + Units.bytes(bytes) + ", written to " + file;
        });
    }

    @FunctionalInterface
    private interface Export {
        String write(CheckpointExport export, Steps steps) throws Exception;
    }

    private void export(String title, Consumer<String> whenDone, Export work) {
        Optional<Store> store = workbench.stores().store();
        if (store.isPresent()) {
            Cancellable _ = workbench.tasks().run(title, steps -> work.write(new CheckpointExport(store.get()), steps),
                    whenDone);
        }
    }
}
