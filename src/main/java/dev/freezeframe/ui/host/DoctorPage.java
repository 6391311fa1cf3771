package dev.freezeframe.ui.host;

import dev.freezeframe.host.Doctor;
import dev.freezeframe.host.Finding;
import dev.freezeframe.ui.WorkbenchModel;
import java.util.List;
import java.util.Locale;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressIndicator;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// What this computer has of what recording needs, the worst first: what was found, what it costs, and what to do, with
/// commands ready to be copied. Looks anew whenever the page is gone to for the first time, or on request.
public final class DoctorPage extends ScrollPane {
    private static final double MOST_WIDTH = 880;

    private final DoctorModel doctor;
    private final Label sentence = new Label();
    private final VBox findings = new VBox();
    private final ProgressIndicator progress = new ProgressIndicator();

    public DoctorPage(WorkbenchModel workbench) {
        doctor = new DoctorModel(workbench);
        setId("doctor-page");
        getStyleClass().addAll("doctor-page", "edge-to-edge");
        setFitToWidth(true);
        setHbarPolicy(ScrollBarPolicy.NEVER);

        Label title = new Label("What this computer can do");
        title.getStyleClass().add("text-figure");
        sentence.setId("doctor-summary");
        sentence.getStyleClass().add("text-large");
        sentence.setWrapText(true);
        sentence.setMinHeight(Region.USE_PREF_SIZE);
        Button again = new Button("Examine again", new FontIcon(Feather.REFRESH_CW));
        again.setId("examine-again");
        again.setMinWidth(Region.USE_PREF_SIZE);
        again.setOnAction(_ -> doctor.examine());
        again.disableProperty().bind(doctor.examiningProperty());
        progress.setMaxSize(20, 20);
        progress.visibleProperty().bind(doctor.examiningProperty());
        VBox words = new VBox(8, title, sentence);
        HBox.setHgrow(words, Priority.ALWAYS);
        HBox top = new HBox(12, words, progress, again);
        top.setAlignment(Pos.TOP_LEFT);
        findings.getStyleClass().add("findings");
        VBox column = new VBox(24, top, findings);
        column.setMaxWidth(MOST_WIDTH);
        column.getStyleClass().add("doctor-column");
        HBox centred = new HBox(column);
        HBox.setHgrow(column, Priority.ALWAYS);
        centred.setAlignment(Pos.TOP_CENTER);
        setContent(centred);

        doctor.findingsProperty().addListener((_, _, _) -> show());
        doctor.examiningProperty().addListener((_, _, _) -> show());
        doctor.problemProperty().addListener((_, _, _) -> show());
        sceneProperty().addListener((_, _, scene) -> {
            if (scene != null && doctor.findingsProperty().get().isEmpty() && !doctor.examiningProperty().get()) {
                doctor.examine();
            }
        });
        show();
    }

    private void show() {
        List<Finding> found = doctor.findingsProperty().get();
        String problem = doctor.problemProperty().get();
        if (!problem.isEmpty()) {
            sentence.setText("This computer could not be examined: " + problem);
        } else if (found.isEmpty()) {
            sentence.setText("Looking at QEMU, its tools, KVM, the kernel, memory and the store…");
        } else {
            sentence.setText(Doctor.summary(found));
        }
        findings.getChildren().setAll(found.stream().map(DoctorPage::row).toList());
    }

    private static Node row(Finding finding) {
        FontIcon icon = new FontIcon(switch (finding.severity()) {
            case GOOD -> Feather.CHECK_CIRCLE;
            case DEGRADED -> Feather.ALERT_CIRCLE;
            case MISSING -> Feather.X_OCTAGON;
        });
        icon.getStyleClass().add("finding-" + finding.severity().name().toLowerCase(Locale.ROOT));
        String word = switch (finding.severity()) {
            case GOOD -> "good";
            case DEGRADED -> "could be better";
            case MISSING -> "missing";
        };
        Label subject = new Label(finding.subject());
        subject.getStyleClass().add("text-strong");
        Label severity = new Label(word);
        severity.getStyleClass().addAll("text-small", "text-muted");
        VBox what = new VBox(subject, severity);
        what.getStyleClass().add("finding-subject");

        VBox text = new VBox(4, wrapped(finding.found()));
        if (!finding.cost().isEmpty()) {
            text.getChildren().add(labelled("So", finding.cost()));
        }
        if (!finding.remedy().isEmpty()) {
            text.getChildren().add(labelled("Remedy", finding.remedy()));
        }
        finding.command().ifPresent(command -> text.getChildren().add(command(command)));
        HBox.setHgrow(text, Priority.ALWAYS);
        HBox row = new HBox(16, icon, what, text);
        row.getStyleClass().add("finding");
        row.setAccessibleText(finding.subject() + ", " + word + ": " + finding.found());
        return row;
    }

    private static Node labelled(String label, String text) {
        Label name = new Label(label);
        name.getStyleClass().add("text-muted");
        name.setMinWidth(56);
        Label words = wrapped(text);
        HBox.setHgrow(words, Priority.ALWAYS);
        return new HBox(8, name, words);
    }

    private static Label wrapped(String text) {
        Label label = new Label(text);
        label.setWrapText(true);
        label.setMinHeight(Region.USE_PREF_SIZE);
        label.setMaxWidth(Double.MAX_VALUE);
        return label;
    }

    private static Node command(String command) {
        // a field, so that it can be selected and read by a screen reader
        TextField text = new TextField(command);
        text.setEditable(false);
        text.getStyleClass().addAll("monospace", "small");
        text.setAccessibleText("Command");
        HBox.setHgrow(text, Priority.ALWAYS);
        Button copy = new Button("Copy", new FontIcon(Feather.COPY));
        copy.getStyleClass().add("small");
        copy.setTooltip(new Tooltip("Copy this command, for a terminal"));
        copy.setAccessibleText("Copy the command " + command);
        copy.setMinWidth(Region.USE_PREF_SIZE);
        copy.setOnAction(_ -> {
            ClipboardContent content = new ClipboardContent();
            content.putString(command);
            Clipboard.getSystemClipboard().setContent(content);
            copy.setText("Copied");
        });
        HBox line = new HBox(8, text, copy);
        line.setAlignment(Pos.CENTER_LEFT);
        return line;
    }
}
