package dev.freezeframe.ui.host;

import dev.freezeframe.host.Doctor;
import dev.freezeframe.host.Finding;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.util.List;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;

/// Has the doctor examine this computer in the background, and keeps what it found until the next time.
public final class DoctorModel {
    private static final String EXAMINE = "Examine this computer";

    private final WorkbenchModel workbench;
    private final BackgroundTasks.Lane lane;
    private final ReadOnlyObjectWrapper<List<Finding>> findings = new ReadOnlyObjectWrapper<>(this, "findings", List
            .of());
    private final ReadOnlyBooleanWrapper examining = new ReadOnlyBooleanWrapper(this, "examining", false);
    private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper(this, "problem", "");

    public DoctorModel(WorkbenchModel workbench) {
        this.workbench = workbench;
        lane = workbench.tasks().lane();
    }

    /// What was found, the worst first; empty before the first examination.
    public ReadOnlyObjectProperty<List<Finding>> findingsProperty() {
        return findings.getReadOnlyProperty();
    }

    /// Whether an examination is under way.
    public ReadOnlyBooleanProperty examiningProperty() {
        return examining.getReadOnlyProperty();
    }

    /// One line about why it could not be examined, empty if it could.
    public ReadOnlyStringProperty problemProperty() {
        return problem.getReadOnlyProperty();
    }

    /// Looks at everything, anew.
    public void examine() {
        examining.set(true);
        problem.set("");
        Doctor doctor = Doctor.standard(workbench.stores().stateProperty().get().directory());
        lane.run(EXAMINE, _ -> doctor.examine(), found -> {
            examining.set(false);
            findings.set(worstFirst(found));
        }, cause -> {
            examining.set(false);
            problem.set(Problem.of(EXAMINE, cause).message());
        });
    }

    private static List<Finding> worstFirst(List<Finding> found) {
        return found.stream().sorted((one, other) -> other.severity().compareTo(one.severity())).toList();
    }
}
