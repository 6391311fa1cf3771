package dev.freezeframe.ui.command;

import dev.freezeframe.ui.command.CommandSearch.Found;
import java.util.List;
import java.util.function.Supplier;
import javafx.application.Platform;
import javafx.geometry.Bounds;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.Popup;
import org.kordamp.ikonli.javafx.FontIcon;

/// Every command of the window by its name: type some of it, Return does it, Escape leaves. What cannot be done now is shown
/// grey at the end, so that nobody looks for it in vain.
public final class CommandPalette {
    private static final double WIDTH = 560;
    private static final double LINE_HEIGHT = 32;
    private static final int MOST_LINES = 10;
    private static final double FROM_TOP = 48;

    private final Supplier<List<CommandGroup>> groups;
    private final Popup popup = new Popup();
    private final TextField field = new TextField();
    private final ListView<Found> list = new ListView<>();
    private final VBox content = new VBox(8, field, list);

    /// @param groups asked each time that it is opened
    public CommandPalette(Supplier<List<CommandGroup>> groups) {
        this.groups = groups;
        field.setId("palette-search");
        field.setPromptText("What do you want to do?");
        field.setAccessibleText("Find a command by its name");
        field.textProperty().addListener((_, _, _) -> find());
        list.setId("palette-commands");
        list.setAccessibleText("Commands that fit");
        list.getStyleClass().addAll("edge-to-edge", "dense");
        list.setFixedCellSize(LINE_HEIGHT);
        list.setFocusTraversable(false);
        list.setCellFactory(_ -> new Line());
        Label none = new Label("No command fits.");
        none.getStyleClass().add("text-muted");
        list.setPlaceholder(none);
        content.getStyleClass().add("command-palette");
        content.setPrefWidth(WIDTH);
        content.addEventFilter(KeyEvent.KEY_PRESSED, this::pressed);
        popup.getContent().add(content);
        popup.setAutoHide(true);
        popup.setHideOnEscape(false);
        popup.setConsumeAutoHidingEvents(false);
    }

    /// Opens it in the upper middle of the window that this node is in; closes it if it is open.
    public void toggle(Node inside) {
        if (popup.isShowing()) {
            popup.hide();
            return;
        }
        Scene scene = inside.getScene();
        Bounds place = scene.getRoot().localToScreen(scene.getRoot().getLayoutBounds());
        content.setPrefWidth(Math.min(WIDTH, scene.getWidth() - 32));
        field.clear();
        find();
        popup.show(scene.getWindow(), place.getMinX() + (scene.getWidth() - content.getPrefWidth()) / 2, place.getMinY()
                + FROM_TOP);
        field.requestFocus();
    }

    private void find() {
        list.getItems().setAll(CommandSearch.find(groups.get(), field.getText()));
        list.setPrefHeight(LINE_HEIGHT * Math.clamp(list.getItems().size(), 1, MOST_LINES) + 2);
        list.getSelectionModel().selectFirst();
        list.scrollTo(0);
        if (popup.isShowing()) {
            popup.sizeToScene();
        }
    }

    private void pressed(KeyEvent event) {
        switch (event.getCode()) {
            case DOWN -> move(1);
            case UP -> move(-1);
            case PAGE_DOWN -> move(MOST_LINES);
            case PAGE_UP -> move(-MOST_LINES);
            case ENTER -> runSelected();
            // here, so that it does not go on to the window and end there what somebody is writing
            case ESCAPE -> popup.hide();
            default -> {
                return;
            }
        }
        event.consume();
    }

    private void move(int lines) {
        if (!list.getItems().isEmpty()) {
            int line = Math.clamp((long) list.getSelectionModel().getSelectedIndex() + lines, 0, list.getItems().size()
                    - 1);
            list.getSelectionModel().select(line);
            list.scrollTo(Math.max(0, line - MOST_LINES + 1));
        }
    }

    private void runSelected() {
        Found chosen = list.getSelectionModel().getSelectedItem();
        if (chosen != null && !chosen.command().isDisabled()) {
            String words = chosen.command().words();
            popup.hide();
            // once the window has the keyboard again, and only what was shown: a "Stop" may have become a "Record" by then
            Platform.runLater(() -> {
                if (chosen.command().words().equals(words)) {
                    chosen.command().run();
                }
            });
        }
    }

    /// A command: its icon, its words, its group, its key.
    private final class Line extends ListCell<Found> {
        private final Label words = new Label();
        private final Label group = new Label();
        private final Label key = new Label();
        private final HBox line = new HBox(8, words, group, gap(), key);

        Line() {
            line.setAlignment(Pos.CENTER_LEFT);
            words.setGraphicTextGap(8);
            group.getStyleClass().addAll("text-small", "text-muted");
            group.setMinWidth(Region.USE_PREF_SIZE);
            words.setMinWidth(0);
            setPrefWidth(0);
            key.getStyleClass().addAll("text-small", "text-muted");
            key.setMinWidth(Region.USE_PREF_SIZE);
            setOnMouseClicked(event -> {
                field.requestFocus();
                if (!isEmpty() && event.getButton() == MouseButton.PRIMARY) {
                    list.getSelectionModel().select(getIndex());
                    runSelected();
                }
            });
        }

        private static Region gap() {
            Region gap = new Region();
            HBox.setHgrow(gap, Priority.ALWAYS);
            return gap;
        }

        @Override
        protected void updateItem(Found found, boolean empty) {
            super.updateItem(found, empty);
            setText(null);
            words.textProperty().unbind();
            line.disableProperty().unbind();
            if (empty || found == null) {
                setGraphic(null);
                return;
            }
            Command command = found.command();
            words.textProperty().bind(command.textProperty().map(_ -> command.words()));
            words.setGraphic(found.command().icon().map(FontIcon::new).orElse(null));
            group.setText(found.group());
            key.setText(found.command().key().map(KeyCombination::getDisplayText).orElse(""));
            line.disableProperty().bind(found.command().disabledProperty());
            setGraphic(line);
            setAccessibleText(command.words() + ", " + found.group() + ", " + key.getText() + (command.isDisabled()
                    ? ", cannot be done now"
                    : ""));
        }
    }
}
