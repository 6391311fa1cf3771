package dev.freezeframe.ui.profile;

import dev.freezeframe.base.Units;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.ProfileEntry;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.machine.LossQuestions;
import dev.freezeframe.ui.machine.MachineButtons;
import java.io.File;
import java.util.List;
import java.util.Optional;
import javafx.collections.ListChangeListener;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.control.Tooltip;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.MouseButton;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;

/// The profiles in the sidebar: start a machine from one, or edit, copy, import and delete them. One that cannot be started
/// says why, and what to do, before anybody tries.
public final class ProfileList extends VBox {
    private static final double ROW_HEIGHT = 44;
    private static final double LINE_HEIGHT = 16;
    private static final double MOST_HEIGHT = 400;

    private final WorkbenchModel workbench;
    private final ProfilesModel profiles;
    private final ListView<ProfilesModel.Listed> list = new ListView<>();

    /// The section for the sidebar. Reads the profiles when it is made.
    public ProfileList(WorkbenchModel workbench, ProfilesModel profiles) {
        this.workbench = workbench;
        this.profiles = profiles;
        getStyleClass().addAll("profile-list", "sidebar-section");
        Label title = new Label("PROFILES");
        title.getStyleClass().add("section-title");
        title.setLabelFor(list);
        Region space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        Button fresh = MachineButtons.icon(Feather.PLUS, "New profile", this::newProfile);
        fresh.setId("new-profile");
        Button bring = MachineButtons.icon(Feather.DOWNLOAD, "Import profiles from files", this::importFiles);
        bring.setId("import-profiles");
        HBox head = new HBox(4, title, space, bring, fresh);
        head.setAlignment(Pos.CENTER_LEFT);
        head.getStyleClass().add("section-head");
        list.setId("profiles");
        list.setAccessibleText("Profiles");
        list.setItems(profiles.list());
        list.setCellFactory(_ -> new Row());
        MachineButtons.menusByKeyboard(list);
        Label empty = new Label();
        empty.setWrapText(true);
        empty.getStyleClass().addAll("text-small", "text-muted", "empty-note");
        empty.textProperty().bind(javafx.beans.binding.Bindings.when(profiles.loadedProperty()).then(
                "There is no profile. Make one with + above.").otherwise("Reading the profiles…"));
        list.setPlaceholder(empty);
        VBox.setVgrow(list, Priority.ALWAYS);
        getChildren().addAll(head, list);
        list.getItems().addListener((ListChangeListener<ProfilesModel.Listed>) _ -> size());
        size();
        list.setOnKeyPressed(key -> {
            ProfilesModel.Listed chosen = list.getSelectionModel().getSelectedItem();
            if (chosen == null) {
                return;
            }
            switch (key.getCode()) {
                case ENTER -> start(chosen);
                case F2 -> edit(chosen);
                case DELETE -> delete(chosen);
                default -> {
                    return;
                }
            }
            key.consume();
        });
        profiles.reload();
    }

    /// As high as its rows, up to a bound: what is more is scrolled to.
    private void size() {
        double height = 2;
        for (ProfilesModel.Listed listed : list.getItems()) {
            height += ROW_HEIGHT + (listed.problem().isPresent() ? 2 * LINE_HEIGHT : 0);
        }
        list.setPrefHeight(Math.clamp(height, ROW_HEIGHT, MOST_HEIGHT));
        list.setMinHeight(Math.min(list.getPrefHeight(), 2 * ROW_HEIGHT));
    }

    /// Goes to the editor with a new profile.
    public void newProfile() {
        workbench.navigation().go(new Navigation.Place.Profile(Optional.empty()));
    }

    /// Has the user choose files, and takes them in.
    public void importFiles() {
        FileChooser chooser = new FileChooser();
        chooser.setTitle("Import profiles");
        chooser.getExtensionFilters().add(new FileChooser.ExtensionFilter("Profiles (*.json)", "*.json"));
        List<File> files = chooser.showOpenMultipleDialog(getScene().getWindow());
        if (files != null) {
            profiles.importFiles(files.stream().map(File::toPath).toList(), this::select);
        }
    }

    private void select(ProfileEntry entry) {
        // it is in the list once that has been read again
        list.getItems().addListener(new ListChangeListener<>() {
            @Override
            public void onChanged(Change<? extends ProfilesModel.Listed> change) {
                list.getItems().removeListener(this);
                profiles.find(entry.name()).ifPresent(found -> {
                    list.getSelectionModel().select(found);
                    list.scrollTo(found);
                });
            }
        });
    }

    private void start(ProfilesModel.Listed listed) {
        if (listed.problem().isEmpty()) {
            listed.entry().profile().ifPresent(profile -> workbench.machines().start(MachineSpec.of(profile)));
        } else {
            workbench.tasks().report(new dev.freezeframe.ui.task.Problem("Start " + listed.name(), listed.problem()
                    .get()));
        }
    }

    private void startWithOptions(ProfilesModel.Listed listed) {
        listed.entry().profile().ifPresent(profile -> StartDialog.show(this, profiles, profile, spec -> workbench
                .machines().start(spec)));
    }

    private void edit(ProfilesModel.Listed listed) {
        workbench.navigation().go(new Navigation.Place.Profile(Optional.of(listed.entry().file())));
    }

    private void duplicate(ProfilesModel.Listed listed) {
        profiles.duplicate(listed.name(), profiles.freeName(listed.name() + "-copy"), this::select);
    }

    private void delete(ProfilesModel.Listed listed) {
        if (listed.entry().own()) {
            LossQuestions.ask(this, "Delete profile " + listed.name() + "?", "The file " + listed.entry().file()
                    + " is deleted. Machines that run and experiments that were recorded with it stay.", "Delete",
                    () -> profiles.delete(listed.name()));
        }
    }

    private static void copyPath(ProfilesModel.Listed listed) {
        ClipboardContent content = new ClipboardContent();
        content.putString(listed.entry().file().toString());
        Clipboard.getSystemClipboard().setContent(content);
    }

    /// Processors and memory.
    static String figures(Profile profile) {
        return Units.bytes(profile.memoryBytes()) + " · " + Units.count(profile.cpus(), "CPU");
    }

    /// One profile.
    private final class Row extends ListCell<ProfilesModel.Listed> {
        private final Label name = MachineButtons.label("text-strong");
        private final Label whose = new Label("own");
        private final Label details = MachineButtons.label("text-small", "text-muted", "figures");
        private final Label problem = MachineButtons.label("text-small", "text-late");
        private final Button start = MachineButtons.icon(Feather.PLAY, "Start", () -> start(getItem()));
        private final VBox content = new VBox();
        private final ContextMenu menu = new ContextMenu();
        private final MenuItem startItem = MachineButtons.item("Start", () -> start(getItem()));
        private final MenuItem optionsItem = MachineButtons.item("Start with options…",
                () -> startWithOptions(getItem()));
        private final MenuItem duplicateItem = MachineButtons.item("Duplicate", () -> duplicate(getItem()));
        private final MenuItem deleteItem = MachineButtons.item("Delete…", () -> delete(getItem()));
        private final MenuItem pathItem = MachineButtons.item("", () -> copyPath(getItem()));

        Row() {
            whose.getStyleClass().addAll("text-small", "text-muted");
            whose.setMinWidth(Region.USE_PREF_SIZE);
            whose.setTooltip(new Tooltip("One of your own profiles"));
            name.setMaxWidth(Double.MAX_VALUE);
            HBox.setHgrow(name, Priority.ALWAYS);
            HBox.setHgrow(details, Priority.ALWAYS);
            details.setMaxWidth(Double.MAX_VALUE);
            start.setFocusTraversable(false);
            start.setMinWidth(Region.USE_PREF_SIZE);
            problem.setWrapText(true);
            HBox first = new HBox(8, name, whose, start);
            first.setAlignment(Pos.CENTER_LEFT);
            content.getChildren().addAll(first, details, problem);
            content.getStyleClass().add("profile-row");
            content.prefWidthProperty().bind(list.widthProperty().subtract(24));
            content.maxWidthProperty().bind(content.prefWidthProperty());
            menu.getItems().addAll(startItem, optionsItem, new SeparatorMenuItem(),
                    MachineButtons.item("Edit", () -> edit(
                            getItem())),
                    duplicateItem, MachineButtons.item("Import…", ProfileList.this::importFiles), deleteItem,
                    new SeparatorMenuItem(), pathItem);
            setOnMouseClicked(click -> {
                if (getItem() != null && click.getButton() == MouseButton.PRIMARY && click.getClickCount() == 2) {
                    start(getItem());
                }
            });
        }

        @Override
        protected void updateItem(ProfilesModel.Listed listed, boolean empty) {
            super.updateItem(listed, empty);
            setText(null);
            setGraphic(empty ? null : content);
            setContextMenu(empty ? null : menu);
            if (empty) {
                return;
            }
            ProfileEntry entry = listed.entry();
            name.setText(entry.name());
            whose.setVisible(entry.own());
            whose.setManaged(entry.own());
            details.setText(entry.profile().map(profile -> figures(profile) + (profile.description().isEmpty()
                    ? ""
                    : " · " + profile.description())).orElse(""));
            details.setVisible(entry.profile().isPresent());
            details.setManaged(details.isVisible());
            problem.setText(listed.problem().orElse(""));
            problem.setVisible(listed.problem().isPresent());
            problem.setManaged(problem.isVisible());
            boolean startable = listed.problem().isEmpty();
            start.setDisable(!startable);
            start.setAccessibleText("Start " + entry.name());
            start.getTooltip().setText("Start " + entry.name());
            startItem.setDisable(!startable);
            optionsItem.setDisable(!startable);
            duplicateItem.setDisable(entry.profile().isEmpty());
            deleteItem.setDisable(!entry.own());
            pathItem.setText("Copy path " + entry.file());
            setAccessibleText(entry.name() + ", " + details.getText() + ", " + problem.getText());
        }
    }

    /// Starts the profile that is selected in the list.
    public void startSelected() {
        ProfilesModel.Listed chosen = list.getSelectionModel().getSelectedItem();
        if (chosen != null) {
            start(chosen);
        }
    }
}
