package dev.freezeframe.ui;

import dev.freezeframe.experiment.Doctor;
import dev.freezeframe.experiment.Finding;
import dev.freezeframe.machine.MachineSpec;
import dev.freezeframe.machine.Profile;
import dev.freezeframe.machine.ProfileException;
import dev.freezeframe.machine.Profiles;
import dev.freezeframe.ui.model.Navigation;
import dev.freezeframe.ui.model.StoreState;
import dev.freezeframe.ui.model.WorkbenchModel;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javafx.application.Platform;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;

/// The first thing that a new user sees: one button that makes the first recording, and what the doctor found to be missing
/// for it. It starts the demo machine, or the boot-sector machine where the demo's guest has not been built.
final class WelcomePage extends StackPane {
    private static final String SMALLEST_PROFILE = "boot-sector";

    private final WorkbenchModel workbench;
    private final VBox findings = new VBox(8);
    private final Button start = Pages.button("Record the demo machine", "record-demo", this::recordDemo, true);
    private boolean examined;

    WelcomePage(WorkbenchModel workbench) {
        this.workbench = workbench;
        start.setDefaultButton(true);
        findings.setAlignment(Pos.CENTER);
        Hyperlink doctor = new Hyperlink("What this computer can do");
        doctor.setOnAction(_ -> workbench.navigation().go(new Navigation.Place.Doctor()));
        VBox page = Pages.page(Pages.icon(Feather.FILM), "Freeze a machine, every second",
                "Freezeframe runs a QEMU machine, keeps a checkpoint of it every second without the guest noticing, and brings "
                        + "any of them back to life. This store is empty: the demo machine is a small Linux that counts.",
                start);
        page.getChildren().addAll(doctor, findings);
        getChildren().add(page);
        // Enter is for the one thing that there is to do
        sceneProperty().addListener((_, _, scene) -> {
            if (scene != null) {
                Platform.runLater(start::requestFocus);
            }
        });
    }

    /// Asks the doctor, once.
    void examine() {
        if (examined || !(workbench.stores().stateProperty().get() instanceof StoreState.Open open)) {
            return;
        }
        examined = true;
        workbench.tasks().quietly("Examine this computer", _ -> Doctor.standard(open.directory()).examine(),
                this::show);
    }

    private void show(List<Finding> found) {
        findings.getChildren().clear();
        for (Finding finding : found) {
            if (finding.severity() == Finding.Severity.MISSING) {
                Label line = new Label(finding.subject() + ": " + finding.found() + ". " + finding.remedy() + finding
                        .command().map(command -> ": " + command).orElse(""));
                line.getStyleClass().add("text-late");
                line.setWrapText(true);
                line.setMaxWidth(640);
                findings.getChildren().add(line);
            }
        }
    }

    private void recordDemo() {
        start.setDisable(true);
        workbench.tasks().quietly("Find the demo machine", _ -> demoProfile(), profile -> workbench.machines().start(
                MachineSpec.of(profile), machine -> {
                    start.setDisable(false);
                    workbench.machines().record(machine, workbench.recordSettings().options());
                }, _ -> start.setDisable(false)), cause -> {
                    start.setDisable(false);
                    workbench.tasks().report(dev.freezeframe.ui.task.Problem.of("Record the demo machine", cause));
                });
    }

    private static Profile demoProfile() throws ProfileException {
        Profile demo = Profiles.standard().find(Doctor.DEMO_PROFILE);
        boolean built = Stream.of(demo.kernel(), demo.initrd()).flatMap(Optional::stream).allMatch(Files::isReadable);
        return built ? demo : Profiles.standard().find(SMALLEST_PROFILE);
    }
}
