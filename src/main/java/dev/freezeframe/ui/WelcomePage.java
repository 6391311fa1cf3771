package dev.freezeframe.ui;

import dev.freezeframe.base.Units;
import dev.freezeframe.host.Doctor;
import dev.freezeframe.host.Finding;
import dev.freezeframe.host.GuestPlan;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.machine.GuestModel;
import java.util.List;
import javafx.application.Platform;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.scene.text.TextAlignment;
import org.kordamp.ikonli.feather.Feather;

/// The first thing that a new user sees: one button that makes the first recording, and what the doctor found to be missing
/// for it. Where the demo machine's guest is not there yet, the button has it prepared first, after the page has said what
/// that takes; the smallest machine needs nothing and can be recorded meanwhile.
final class WelcomePage extends StackPane {
    private static final String SMALLEST_PROFILE = "boot-sector";
    private static final double TEXT_WIDTH = 560;
    private static final double BAR_WIDTH = 360;

    private final WorkbenchModel workbench;
    private final GuestModel guest;
    private final VBox findings = new VBox(8);
    private final VBox begin = new VBox(16);
    private final Label step = wrapped("text-muted");
    private final ProgressBar progress = new ProgressBar();
    private final Button start = Pages.button("Record the demo machine", "record-demo", () -> record(
            Doctor.DEMO_PROFILE), true);
    private boolean examined;

    WelcomePage(WorkbenchModel workbench, GuestModel guest) {
        this.workbench = workbench;
        this.guest = guest;
        findings.setAlignment(Pos.CENTER);
        begin.setAlignment(Pos.CENTER);
        progress.setPrefWidth(BAR_WIDTH);
        step.setId("prepare-step");
        Command examination = new PageCommands(workbench.navigation()).doctor();
        Hyperlink doctor = new Hyperlink(examination.words());
        doctor.setOnAction(_ -> examination.run());
        VBox page = Pages.page(Pages.icon(Feather.FILM), "Freeze a machine, every second",
                "Freezeframe runs a QEMU machine, keeps a checkpoint of it every second without the guest noticing, and brings "
                        + "any of them back to life. This store is empty: the demo machine is a small Linux that counts.");
        page.getChildren().addAll(begin, doctor, findings);
        getChildren().add(page);
        guest.stateProperty().addListener((_, before, now) -> show(before, now));
        show(null, guest.stateProperty().get());
        sceneProperty().addListener((_, _, _) -> focusButton());
    }

    /// Asks the doctor, once, and looks for the demo machine's guest, which may have been prepared elsewhere.
    void examine() {
        if (!(workbench.stores().stateProperty().get() instanceof StoreState.Open open)) {
            return;
        }
        if (!(guest.stateProperty().get() instanceof GuestModel.State.Missing)) {
            guest.look();
        }
        if (!examined) {
            examined = true;
            workbench.tasks().quietly("Examine this computer", _ -> Doctor.standard(open.directory()).examine(),
                    this::show);
        }
    }

    private void show(GuestModel.State before, GuestModel.State now) {
        switch (now) {
            case GuestModel.State.Ready _ -> offer(List.of(), start);
            case GuestModel.State.Looking _ -> {
                Label looking = wrapped("text-muted");
                looking.setText("Looking what the demo machine needs…");
                begin.getChildren().setAll(looking, buttons(smallest()));
            }
            case GuestModel.State.Missing(var plan) -> {
                Label what = wrapped("text-muted");
                what.setId("prepare-plan");
                what.setText(explain(plan));
                Button prepare = Pages.button("Prepare the demo machine" + (plan.fetches().isEmpty()
                        ? ""
                        : " (" + Units.download(plan.fetchedBytes(), plan.exact()) + ")"), "prepare-demo",
                        this::prepare, true);
                offer(List.of(what), prepare, smallest());
            }
            case GuestModel.State.Preparing(var text, var percent) -> {
                step.setText(sentence(text));
                progress.setProgress(percent.isPresent()
                        ? percent.getAsInt() / 100.0
                        : ProgressBar.INDETERMINATE_PROGRESS);
                if (!(before instanceof GuestModel.State.Preparing)) {
                    begin.getChildren().setAll(step, progress, buttons(Pages.button("Cancel", "prepare-cancel",
                            guest::cancel, false), smallest()));
                }
            }
            case GuestModel.State.Failed(var message) -> {
                Label why = wrapped("text-late");
                why.setId("prepare-problem");
                why.setText(sentence(message));
                offer(List.of(why), Pages.button("Try again", "prepare-again", guest::look, true), smallest());
            }
        }
    }

    /// What there is to say, the button that leads on, and others.
    private void offer(List<Node> text, Button main, Node... others) {
        HBox buttons = buttons(main);
        buttons.getChildren().addAll(others);
        main.setDefaultButton(true);
        begin.getChildren().setAll(text);
        begin.getChildren().add(buttons);
        focusButton();
    }

    private void focusButton() {
        // Enter is for the one thing that there is to do
        Platform.runLater(() -> {
            if (getScene() != null && begin.lookup(".accent") instanceof Button button) {
                button.requestFocus();
            }
        });
    }

    private static HBox buttons(Node... buttons) {
        HBox row = new HBox(8, buttons);
        row.setAlignment(Pos.CENTER);
        return row;
    }

    private Button smallest() {
        Button button = Pages.button("Record the smallest machine", "record-smallest", () -> record(SMALLEST_PROFILE),
                false);
        button.setTooltip(new Tooltip("A guest of 512 bytes that is part of this program"));
        return button;
    }

    private String explain(GuestPlan plan) {
        if (plan.fetches().isEmpty()) {
            return "What it boots is built once on each computer, in " + guest.folder() + ".";
        }
        StringBuilder text = new StringBuilder("Once on each computer it needs ");
        for (int i = 0; i < plan.fetches().size(); i++) {
            GuestPlan.Fetch fetch = plan.fetches().get(i);
            text.append(i == 0 ? "" : i < plan.fetches().size() - 1 ? ", " : " and ").append(fetch.name()).append(" (")
                    .append(fetch.purpose()).append(", ").append(Units.download(fetch.bytes(), fetch.exact())).append(
                            ")");
        }
        List<String> hosts = plan.fetches().stream().map(GuestPlan.Fetch::from).distinct().toList();
        return text + ", from " + String.join(" and ", hosts) + ". Nothing is installed; all goes into " + guest
                .folder() + ".";
    }

    private static Label wrapped(String styleClass) {
        Label label = new Label();
        label.getStyleClass().add(styleClass);
        label.setWrapText(true);
        label.setMaxWidth(TEXT_WIDTH);
        label.setTextAlignment(TextAlignment.CENTER);
        label.setAlignment(Pos.CENTER);
        return label;
    }

    private static String sentence(String text) {
        return text.isEmpty() ? text : Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }

    private void prepare() {
        guest.prepare(() -> {
            // Who has gone elsewhere meanwhile is not to be surprised by a machine.
            if (getScene() != null) {
                record(Doctor.DEMO_PROFILE);
            }
        });
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

    private void record(String profile) {
        begin.setDisable(true);
        workbench.record(profile, () -> begin.setDisable(false), () -> begin.setDisable(false));
    }
}
