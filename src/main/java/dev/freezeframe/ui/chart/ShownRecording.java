package dev.freezeframe.ui.chart;

import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.recording.RecordingModel;
import javafx.beans.InvalidationListener;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;

/// The recording that the shown experiment is growing by: null while it is not being recorded. For the JavaFX thread.
final class ShownRecording {
    private final ReadOnlyObjectWrapper<RecordingModel> recording = new ReadOnlyObjectWrapper<>(this, "recording");
    private final ReadOnlyObjectProperty<ExperimentRecord> experiment;
    /// Held here, because the list that wraps another hears of its changes only while somebody holds it.
    private final ObservableList<MachineModel> machines;

    ShownRecording(WorkbenchModel workbench) {
        experiment = workbench.experiment().experimentProperty();
        machines = workbench.machines().machines();
        InvalidationListener find = _ -> find();
        experiment.addListener((_, _, _) -> find());
        machines.forEach(machine -> machine.recordingProperty().addListener(find));
        machines.addListener((ListChangeListener<MachineModel>) change -> {
            while (change.next()) {
                change.getAddedSubList().forEach(machine -> machine.recordingProperty().addListener(find));
                change.getRemoved().forEach(machine -> machine.recordingProperty().removeListener(find));
            }
            find();
        });
        find();
    }

    ReadOnlyObjectProperty<RecordingModel> recordingProperty() {
        return recording.getReadOnlyProperty();
    }

    private void find() {
        ExperimentRecord shown = experiment.get();
        RecordingModel found = null;
        for (MachineModel machine : machines) {
            RecordingModel each = machine.recordingProperty().get();
            if (each != null && shown != null && each.experiment().id() == shown.id()) {
                found = each;
            }
        }
        recording.set(found);
    }
}
