package dev.freezeframe.ui.profile;

import dev.freezeframe.base.ShellText;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.ProfileEntry;
import dev.freezeframe.qemu.profile.ProfileField;
import dev.freezeframe.qemu.profile.ProfileProblem;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.machine.LossQuestions;
import dev.freezeframe.ui.machine.MachineButtons;
import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ObservableBooleanValue;
import javafx.collections.ListChangeListener;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Alert;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonType;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.SplitPane;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.control.TextInputControl;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The page on which a profile is edited, as a form or as its JSON, always the same in both. What is wrong stands beside the
/// field while one types; what QEMU would be started with stands below.
///
/// A draft that was not saved stays in the editor when the user goes to another page; it is asked for before another profile
/// takes its place.
public final class ProfileEditor extends BorderPane {
    private final WorkbenchModel workbench;
    private final ProfilesModel profiles;
    private final ProfileDraft draft;
    private final Map<ProfileField, Row> rows = new LinkedHashMap<>();
    private final TextField name = new TextField();
    private final Label title = MachineButtons.label("text-large", "text-strong");
    private final Label file = MachineButtons.label("text-small", "text-muted");
    private final Label banner = new Label();
    private final Button save = new Button("_Save", new FontIcon(Feather.SAVE));
    private final Button revert = new Button("_Revert", new FontIcon(Feather.ROTATE_CCW));
    private final Button start = new Button("S_tart", new FontIcon(Feather.PLAY));
    private final TextArea json = new TextArea();
    private final VBox others = new VBox();
    private final Label noForm = new Label("This is not a JSON object, so it has no fields. Correct it as JSON.");
    private final GridPane form = new GridPane(16, 4);
    private final Label commandState = MachineButtons.label("text-small", "text-muted");
    private final TextArea command = new TextArea();
    private boolean refreshing;
    private ProfileField typedIn;

    /// A field of the form.
    private final class Row {
        private final ProfileField field;
        private final Region control;
        private final Label error = new Label();

        Row(ProfileField field) {
            this.field = field;
            control = control(field);
            control.setId("field-" + field.name());
            control.setMaxWidth(Double.MAX_VALUE);
            control.setAccessibleText(field.title());
            control.setAccessibleHelp(field.help());
            error.setWrapText(true);
            error.setId("error-" + field.name());
            error.getStyleClass().addAll("text-small", "text-late");
        }

        private Region control(ProfileField what) {
            String prompt = what.defaultText().isEmpty() ? "" : what.defaultText();
            return switch (what.kind()) {
                case CHOICE, SWITCH -> choice(what, false);
                case TEXT, SIZE, COUNT, FILE -> what.choices().isEmpty()
                        ? text(new TextField(), prompt)
                        : choice(what,
                                true);
                case DISKS -> new DisksForm((index, row) -> {
                    typedIn = field;
                    draft.setDisk(index, row);
                    typedIn = null;
                }, draft::addDisk, draft::removeDisk);
                case TEXT_LIST -> {
                    TextArea area = new TextArea();
                    area.setPrefRowCount(4);
                    area.getStyleClass().add("monospace");
                    yield text(area, "one argument a line");
                }
            };
        }

        private <T extends TextInputControl> T text(T input, String prompt) {
            input.setPromptText(prompt);
            input.textProperty().addListener((_, _, value) -> typed(value));
            return input;
        }

        private ComboBox<String> choice(ProfileField what, boolean editable) {
            ComboBox<String> box = new ComboBox<>();
            box.setEditable(editable);
            box.setPromptText(what.defaultText());
            box.getItems().add("");
            box.getItems().addAll(what.choices());
            if (editable) {
                box.getEditor().textProperty().addListener((_, _, value) -> typed(value));
            } else {
                box.valueProperty().addListener((_, _, value) -> typed(value == null ? "" : value));
            }
            return box;
        }

        private void typed(String value) {
            if (!refreshing) {
                typedIn = field;
                draft.setField(field, value);
                typedIn = null;
            }
        }

        @SuppressWarnings("unchecked") // a combo box here is one of strings
        void show(String value) {
            switch (control) {
                case TextInputControl input -> {
                    if (!input.getText().equals(value)) {
                        input.setText(value);
                    }
                }
                case ComboBox<?> box when box.isEditable() -> {
                    if (!box.getEditor().getText().equals(value)) {
                        ((ComboBox<String>) box).setValue(value);
                        box.getEditor().setText(value);
                    }
                }
                case ComboBox<?> box -> ((ComboBox<String>) box).setValue(value);
                case DisksForm disks -> disks.show(draft.disks());
                default -> throw new IllegalStateException(control.toString());
            }
        }

        void showProblem() {
            String text = draft.problemOf(field);
            error.setText(text);
            error.setVisible(!text.isEmpty());
            error.setManaged(!text.isEmpty());
            control.pseudoClassStateChanged(MachineButtons.PROBLEM, !text.isEmpty());
        }

        int addTo(GridPane grid, int line) {
            Label label = new Label(field.title() + (field.required() ? " *" : ""));
            label.setLabelFor(control);
            label.getStyleClass().add("form-label");
            Label help = new Label(field.help());
            help.setWrapText(true);
            help.getStyleClass().addAll("text-small", "text-muted");
            VBox below = new VBox(help, error);
            below.getStyleClass().add("form-help");
            Node input = control;
            if (field.kind() == ProfileField.Kind.FILE) {
                Button browse = MachineButtons.icon(Feather.FOLDER, "Choose the file for " + field.title(),
                        this::browse);
                HBox.setHgrow(control, Priority.ALWAYS);
                HBox both = new HBox(4, control, browse);
                both.setAlignment(Pos.CENTER_LEFT);
                input = both;
            }
            grid.add(label, 0, line);
            grid.add(input, 1, line);
            grid.add(below, 1, line + 1);
            return line + 2;
        }

        private void browse() {
            FileChooser chooser = new FileChooser();
            chooser.setTitle(field.title());
            File chosen = chooser.showOpenDialog(getScene().getWindow());
            if (chosen != null) {
                ((TextField) control).setText(chosen.toString());
            }
        }
    }

    /// The page; [#edit] says what it edits.
    public ProfileEditor(WorkbenchModel workbench, ProfilesModel profiles) {
        this.workbench = workbench;
        this.profiles = profiles;
        draft = new ProfileDraft(workbench.tasks(), profiles);
        getStyleClass().add("profile-editor");
        setTop(head());
        TabPane tabs = new TabPane(new Tab("Form", formPane()), new Tab("JSON", jsonPane()));
        tabs.setId("profile-tabs");
        tabs.setTabClosingPolicy(TabPane.TabClosingPolicy.UNAVAILABLE);
        SplitPane split = new SplitPane(tabs, commandPane());
        split.setOrientation(javafx.geometry.Orientation.VERTICAL);
        split.setDividerPositions(0.75);
        SplitPane.setResizableWithParent(split.getItems().getLast(), false);
        setCenter(split);

        draft.textProperty().addListener((_, _, _) -> refreshForm());
        draft.problems().addListener((ListChangeListener<ProfileProblem>) _ -> refreshProblems());
        draft.warnings().addListener((ListChangeListener<String>) _ -> refreshProblems());
        draft.commandLineProperty().addListener((_, _, _) -> refreshCommand());
        draft.sourceProperty().addListener((_, _, _) -> refreshHead());
        refreshForm();
        refreshProblems();
        refreshCommand();
        refreshHead();
    }

    private Node head() {
        name.setId("profile-name");
        name.textProperty().bindBidirectional(draft.nameProperty());
        name.setPrefColumnCount(20);
        name.setAccessibleText("Name of the profile");
        Label nameLabel = new Label("_Name");
        nameLabel.setMnemonicParsing(true);
        nameLabel.setLabelFor(name);
        nameLabel.setMinWidth(Region.USE_PREF_SIZE);
        save.setId("save-profile");
        save.setMnemonicParsing(true);
        save.getStyleClass().add("accent");
        save.setOnAction(_ -> save(() -> {}));
        save.disableProperty().bind(draft.dirtyProperty().not().or(draft.checkedProperty().not()).or(Bindings
                .isNotEmpty(draft.problems())));
        revert.setId("revert-profile");
        revert.setOnAction(_ -> askToRevert());
        revert.disableProperty().bind(draft.dirtyProperty().not());
        revert.setTooltip(new Tooltip("Back to what was saved last"));
        start.setId("start-profile");
        start.setOnAction(_ -> startSaved());
        start.setTooltip(new Tooltip("Start a machine from the saved profile"));
        start.disableProperty().bind(draft.dirtyProperty().or(Bindings.isNotEmpty(draft.problems())).or(Bindings
                .isNotEmpty(draft.warnings())));
        for (Button button : List.of(save, revert, start)) {
            button.setMinWidth(Region.USE_PREF_SIZE);
        }
        HBox.setHgrow(title, Priority.ALWAYS);
        title.setMaxWidth(Double.MAX_VALUE);
        HBox first = new HBox(8, title, nameLabel, name, save, revert, start);
        first.setAlignment(Pos.CENTER_LEFT);
        banner.setWrapText(true);
        banner.getStyleClass().add("editor-banner");
        banner.setMaxWidth(Double.MAX_VALUE);
        VBox head = new VBox(4, first, file, banner, others);
        head.getStyleClass().add("editor-head");
        draft.nameProperty().addListener((_, _, _) -> refreshHead());
        draft.unsavedProperty().addListener((_, _, _) -> refreshHead());
        return head;
    }

    private Node formPane() {
        ColumnConstraints labels = new ColumnConstraints();
        labels.setMinWidth(Region.USE_PREF_SIZE);
        ColumnConstraints inputs = new ColumnConstraints();
        inputs.setHgrow(Priority.ALWAYS);
        inputs.setMaxWidth(720);
        inputs.setFillWidth(true);
        form.getColumnConstraints().setAll(labels, inputs);
        form.getStyleClass().add("profile-form");
        int line = 0;
        for (ProfileField field : ProfileField.ALL) {
            Row row = new Row(field);
            rows.put(field, row);
            line = row.addTo(form, line);
        }
        noForm.getStyleClass().addAll("text-muted", "profile-form");
        noForm.setWrapText(true);
        ScrollPane scroll = new ScrollPane(new VBox(noForm, form));
        scroll.setFitToWidth(true);
        return scroll;
    }

    private Node jsonPane() {
        json.setId("profile-json");
        json.getStyleClass().addAll("monospace", "drawer-text");
        json.setAccessibleText("The profile as JSON");
        json.textProperty().bindBidirectional(draft.textProperty());
        return json;
    }

    private Node commandPane() {
        Label heading = new Label("What QEMU would be started with");
        heading.getStyleClass().add("section-title");
        command.setId("profile-command-line");
        command.setEditable(false);
        command.setWrapText(true);
        command.getStyleClass().addAll("monospace", "drawer-text");
        command.setAccessibleText("QEMU's command line for this profile");
        command.setMinSize(0, 0);
        Region space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        HBox bar = new HBox(8, heading, space, commandState);
        bar.getStyleClass().add("drawer-bar");
        bar.setAlignment(Pos.CENTER_LEFT);
        BorderPane pane = new BorderPane(command);
        pane.setTop(bar);
        pane.setMinSize(0, 0);
        return pane;
    }

    private void refreshForm() {
        boolean has = draft.hasFields();
        form.setVisible(has);
        form.setManaged(has);
        noForm.setVisible(!has && !draft.loadingProperty().get());
        noForm.setManaged(noForm.isVisible());
        if (!has) {
            return;
        }
        refreshing = true;
        try {
            rows.forEach((field, row) -> {
                if (!field.equals(typedIn)) {
                    row.show(draft.field(field));
                }
            });
        } finally {
            refreshing = false;
        }
    }

    private void refreshProblems() {
        rows.values().forEach(Row::showProblem);
        others.getChildren().clear();
        draft.otherProblems().forEach(problem -> addNote((problem.jsonPath().isEmpty() ? "" : problem.jsonPath() + ": ")
                + problem.message(), "text-late"));
        draft.warnings().forEach(warning -> addNote("A machine cannot be started: " + warning, "text-muted"));
        int wrong = draft.problems().size();
        save.setTooltip(new Tooltip(wrong == 0
                ? "Save among your own profiles"
                : "Correct what is wrong first"));
    }

    private void addNote(String text, String styleClass) {
        Label note = new Label(text);
        note.setWrapText(true);
        note.getStyleClass().addAll("text-small", styleClass, "editor-note");
        others.getChildren().add(note);
    }

    private void refreshCommand() {
        List<String> line = draft.commandLineProperty().get();
        command.setText(line.isEmpty() ? "" : ShellText.commandLine(line));
        commandState.setText(line.isEmpty()
                ? "not before all is correct"
                : "names of sockets and memory are given at the start");
    }

    private void refreshHead() {
        ProfileEntry source = draft.sourceProperty().get();
        boolean dirty = draft.unsavedProperty().get();
        title.setText((source == null ? "New profile" : source.name()) + (dirty ? " · not saved" : ""));
        file.setText(source == null ? "" : source.file().toString());
        file.setVisible(source != null);
        file.setManaged(source != null);
        boolean isOurs = source != null && !source.own();
        boolean copy = source != null && !draft.nameProperty().get().equals(source.name());
        save.setText(copy ? "_Save as a copy" : "_Save");
        banner.setText(isOurs
                ? "This profile comes with the program and stays as it is. Saving makes one of your own"
                        + (copy ? "." : ", which is used instead of it.")
                : "");
        banner.setVisible(isOurs);
        banner.setManaged(isOurs);
    }

    /// Edits the profile in this file, or a new one where it is empty. One that was changed and not saved is asked for first.
    public void edit(Optional<Path> wanted) {
        ProfileEntry source = draft.sourceProperty().get();
        boolean same = wanted.isPresent()
                ? source != null && source.file().equals(wanted.get())
                : source == null && !draft.textProperty().get().isEmpty();
        if (same && (draft.dirtyProperty().get() || wanted.isPresent())) {
            return;
        }
        leave(() -> open(wanted));
    }

    private void open(Optional<Path> wanted) {
        if (wanted.isEmpty()) {
            draft.openNew();
            return;
        }
        Optional<ProfilesModel.Listed> listed = profiles.find(wanted.get());
        if (listed.isPresent()) {
            draft.open(listed.get().entry());
        } else {
            workbench.tasks().report(new dev.freezeframe.ui.task.Problem("Edit " + wanted.get().getFileName(),
                    "there is no profile " + wanted.get() + " any more; choose another"));
        }
    }

    /// Whether something would be lost if the program ended now.
    public ObservableBooleanValue unsaved() {
        return draft.unsavedProperty();
    }

    /// Does something that takes the draft away; where it was changed and not saved, after the user has decided about it.
    public void leave(Runnable then) {
        if (!draft.unsavedProperty().get()) {
            then.run();
            return;
        }
        Alert alert = new Alert(Alert.AlertType.CONFIRMATION);
        ButtonType keep = new ButtonType("Save", ButtonBar.ButtonData.YES);
        ButtonType drop = new ButtonType("Discard", ButtonBar.ButtonData.NO);
        alert.getButtonTypes().setAll(keep, drop, ButtonType.CANCEL);
        alert.setHeaderText("Save the changes to profile " + draft.nameProperty().get() + "?");
        alert.setGraphic(null);
        alert.setContentText("They are lost otherwise.");
        alert.getDialogPane().lookupButton(keep).disableProperty().bind(save.disableProperty());
        LossQuestions.show(this, alert, "Changes were not saved", answer -> {
            if (answer == keep) {
                save(then);
            } else if (answer == drop) {
                then.run();
            }
        });
    }

    /// Saves the draft, after asking where that writes over another profile.
    private void save(Runnable then) {
        Optional<ProfileEntry> other = draft.overwrites();
        if (other.isPresent()) {
            LossQuestions.ask(this, "Write over profile " + other.get().name() + "?", "What is in " + other.get().file()
                    + " now is lost.", "Write over", () -> saveNow(then));
        } else {
            saveNow(then);
        }
    }

    private void saveNow(Runnable then) {
        draft.save(saved -> {
            // where the user still is on this page, it is about the new file now
            if (workbench.navigation().placeProperty().get() instanceof Navigation.Place.Profile) {
                workbench.navigation().go(new Navigation.Place.Profile(Optional.of(saved.file())));
            }
            then.run();
        });
    }

    private void askToRevert() {
        LossQuestions.ask(this, "Revert profile " + draft.nameProperty().get() + "?",
                "The changes since it was saved last are lost.", "Revert", draft::revert);
    }

    private void startSaved() {
        ProfileEntry source = draft.sourceProperty().get();
        if (source != null) {
            source.profile().ifPresent(profile -> workbench.machines().start(MachineSpec.of(profile)));
        }
    }

    /// What is edited.
    ProfileDraft draft() {
        return draft;
    }
}
