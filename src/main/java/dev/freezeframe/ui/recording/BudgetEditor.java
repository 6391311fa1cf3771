package dev.freezeframe.ui.recording;

import dev.freezeframe.record.Budget;
import dev.freezeframe.ui.WorkbenchModel;
import java.util.OptionalLong;
import javafx.geometry.Insets;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;
import org.controlsfx.control.PopOver;

/// The pop-over that sets how much a recording may take, and says in words what will happen.
final class BudgetEditor {
    private static final long GIB = 1L << 30;

    private final WorkbenchModel workbench;
    private final PopOver popOver = new PopOver();
    private final TextField gibibytes = new TextField();
    private final TextField checkpoints = new TextField();
    private final ComboBox<Budget.Rule> rule = new ComboBox<>();
    private final Label words = new Label();
    private final Button apply = new Button("Apply");

    BudgetEditor(WorkbenchModel workbench) {
        this.workbench = workbench;
        gibibytes.setId("budget-gib");
        gibibytes.setPromptText("no limit");
        checkpoints.setId("budget-checkpoints");
        checkpoints.setPromptText("no limit");
        rule.setId("budget-rule");
        rule.getItems().setAll(Budget.Rule.values());
        rule.setValue(Budget.Rule.STOP);
        rule.setConverter(new StringConverter<>() {
            @Override
            public String toString(Budget.Rule value) {
                return value == Budget.Rule.THIN ? "thin out old checkpoints" : "stop recording";
            }

            @Override
            public Budget.Rule fromString(String text) {
                return Budget.Rule.STOP;
            }
        });
        words.setWrapText(true);
        words.setPrefWidth(320);
        words.setMinHeight(60);
        words.getStyleClass().add("text-muted");
        apply.setId("budget-apply");
        apply.setDefaultButton(true);
        apply.setOnAction(_ -> {
            workbench.recordSettings().budgetProperty().set(read());
            popOver.hide();
        });
        Button none = new Button("No budget");
        none.setOnAction(_ -> {
            gibibytes.clear();
            checkpoints.clear();
        });
        gibibytes.textProperty().addListener((_, _, _) -> check());
        checkpoints.textProperty().addListener((_, _, _) -> check());
        rule.valueProperty().addListener((_, _, _) -> check());

        GridPane form = new GridPane(8, 8);
        form.getColumnConstraints().addAll(new ColumnConstraints(120), new ColumnConstraints(120),
                new ColumnConstraints(80));
        addRow(form, 0, "_Space", gibibytes, "GiB");
        addRow(form, 1, "_Checkpoints", checkpoints, "");
        addRow(form, 2, "_At the limit", rule, "");
        GridPane.setColumnSpan(rule, 2);
        VBox content = new VBox(16, form, words, new HBox(8, apply, none));
        content.setPadding(new Insets(16));
        popOver.setContentNode(content);
        popOver.setTitle("Budget of a recording");
        popOver.setHeaderAlwaysVisible(true);
        popOver.setArrowLocation(PopOver.ArrowLocation.TOP_CENTER);
        popOver.setFadeInDuration(javafx.util.Duration.millis(100));
    }

    private static void addRow(GridPane form, int row, String name, Node input, String unit) {
        Label label = new Label(name);
        label.setMnemonicParsing(true);
        label.setLabelFor(input);
        form.add(label, 0, row);
        form.add(input, 1, row);
        if (!unit.isEmpty()) {
            form.add(new Label(unit), 2, row);
        }
    }

    void show(Node owner) {
        Budget now = workbench.recordSettings().budgetProperty().get();
        gibibytes.setText(now.bytes().isPresent() ? Double.toString((double) now.bytes().getAsLong() / GIB) : "");
        checkpoints.setText(now.checkpoints().isPresent() ? Long.toString(now.checkpoints().getAsLong()) : "");
        rule.setValue(now.rule());
        check();
        popOver.show(owner);
    }

    /// @throws IllegalArgumentException with a line for the user
    private Budget read() {
        OptionalLong bytes = OptionalLong.empty();
        if (!gibibytes.getText().isBlank()) {
            double size = number(gibibytes.getText());
            bytes = OptionalLong.of((long) (size * GIB));
        }
        OptionalLong count = checkpoints.getText().isBlank()
                ? OptionalLong.empty()
                : OptionalLong.of((long) number(checkpoints.getText()));
        return new Budget(bytes, count, rule.getValue());
    }

    private static double number(String text) {
        try {
            double value = Double.parseDouble(text.strip());
            if (value > 0 && value < 1e9) {
                return value;
            }
        } catch (NumberFormatException _) {
            // said below
        }
        throw new IllegalArgumentException("\"" + text.strip() + "\" is no number above 0; write such as 2 or 0.5");
    }

    private void check() {
        try {
            words.setText(read().describe());
            words.getStyleClass().remove("text-late");
            apply.setDisable(false);
        } catch (IllegalArgumentException e) {
            words.setText(e.getMessage());
            if (!words.getStyleClass().contains("text-late")) {
                words.getStyleClass().add("text-late");
            }
            apply.setDisable(true);
        }
    }
}
