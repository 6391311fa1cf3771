package dev.freezeframe.ui.checkpoint;

import atlantafx.base.theme.Styles;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import javafx.beans.binding.Bindings;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContentDisplay;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// Note and tags of the selected checkpoint, to be read and written. A note that is being written goes to the checkpoint that it
/// was begun for, wherever the selection has moved.
final class AnnotationPanel extends VBox {
    static final KeyCombination UNDO = new KeyCodeCombination(KeyCode.Z, KeyCombination.SHORTCUT_DOWN);
    private static final KeyCombination SAVE = new KeyCodeCombination(KeyCode.ENTER, KeyCombination.SHORTCUT_DOWN);

    private final CheckpointDetailsModel model;
    private final Node before;
    private final TextArea note = new TextArea();
    private final Label noteProblem = problemLabel();
    private final FlowPane tags = new FlowPane(4, 4);
    private final TextField newTag = new TextField();
    private final Label tagProblem = problemLabel();
    private final Hyperlink undo = new Hyperlink();
    /// Whose note the text field holds; stays while somebody writes.
    private CheckpointRecord noteOf;
    private SortedSet<String> shownTags;

    /// @param before where the keyboard goes from here with Shift+Tab
    AnnotationPanel(CheckpointDetailsModel model, Node before) {
        super(4);
        this.model = model;
        this.before = before;
        getChildren().setAll(title(), note, noteProblem, tags, tagProblem);
        buildNote();
        buildNewTag();
        model.annotationProperty().addListener((_, _, now) -> show(now));
    }

    private static Label problemLabel() {
        Label label = new Label();
        label.getStyleClass().addAll("text-small", "text-late");
        label.setWrapText(true);
        label.managedProperty().bind(label.textProperty().isNotEmpty());
        label.visibleProperty().bind(label.managedProperty());
        return label;
    }

    private Node title() {
        undo.setId("details-undo");
        undo.getStyleClass().add("text-small");
        undo.textProperty().bind(Bindings.concat("Undo: ", model.undoTextProperty()));
        undo.visibleProperty().bind(model.undoTextProperty().isNotEmpty());
        undo.setOnAction(_ -> {
            undo.setVisited(false);
            model.undo();
        });
        undo.setMinWidth(0);
        Region between = new Region();
        HBox.setHgrow(between, Priority.ALWAYS);
        HBox line = new HBox(8, CheckpointDetails.section("NOTE AND TAGS"), between, undo);
        line.setAlignment(Pos.CENTER_LEFT);
        return line;
    }

    private void buildNote() {
        note.setId("details-note");
        note.setPromptText("Write a note");
        note.setWrapText(true);
        note.setPrefRowCount(2);
        note.setMinHeight(Region.USE_PREF_SIZE);
        note.setAccessibleText("Note");
        note.setTooltip(new Tooltip("Saved when you leave it, or with Ctrl+Enter; Escape drops the change"));
        note.addEventFilter(KeyEvent.KEY_PRESSED, event -> {
            if (SAVE.match(event)) {
                saveNote();
                event.consume();
            } else if (event.getCode() == KeyCode.ESCAPE) {
                dropNote();
                event.consume();
            } else if (event.getCode() == KeyCode.TAB && !event.isControlDown()) {
                // in a note Tab is of no use, and from a text area there would be no way on
                Node next = event.isShiftDown() ? before : newTag;
                next.requestFocus();
                event.consume();
            } else if (UNDO.match(event) && !note.isUndoable()) {
                model.undo();
                event.consume();
            }
        });
        note.textProperty().addListener((_, _, _) -> {
            if (note.isFocused() && noteOf != null) {
                model.beginEditing();
            }
        });
        note.focusedProperty().addListener((_, _, focused) -> {
            if (!focused) {
                saveNote();
            }
        });
    }

    private void buildNewTag() {
        newTag.setId("details-new-tag");
        newTag.setPromptText("add tag");
        newTag.setPrefColumnCount(7);
        newTag.getStyleClass().add(Styles.SMALL);
        newTag.setAccessibleText("New tag");
        newTag.setOnAction(_ -> {
            if (newTag.getText().isBlank()) {
                return;
            }
            Optional<String> wrong = model.addTag(newTag.getText());
            tagProblem.setText(wrong.orElse(""));
            if (wrong.isEmpty()) {
                newTag.clear();
            }
        });
        newTag.textProperty().addListener((_, _, text) -> {
            tagProblem.setText("");
            if (!text.isEmpty()) {
                model.beginEditing();
            }
        });
    }

    private void saveNote() {
        if (noteOf != null) {
            noteProblem.setText(model.saveNote(noteOf, note.getText()).orElse(""));
            if (noteProblem.getText().isEmpty()) {
                takeNote();
            }
        }
    }

    private void dropNote() {
        noteOf = null;
        noteProblem.setText("");
        takeNote();
    }

    /// Fills the field with the note of the selected checkpoint.
    private void takeNote() {
        noteOf = model.checkpointProperty().get();
        String text = model.annotationProperty().get().note();
        if (!note.getText().equals(text)) {
            note.setText(text);
        }
    }

    /// Another checkpoint was selected, or none.
    void show() {
        tagProblem.setText("");
        if (model.checkpointProperty().get() == null) {
            noteOf = null;
        } else {
            show(model.annotationProperty().get());
        }
    }

    private void show(Annotation annotation) {
        CheckpointRecord checkpoint = model.checkpointProperty().get();
        boolean writing = note.isFocused() && noteOf != null && checkpoint != null && noteOf.id() != checkpoint.id();
        if (!writing && checkpoint != null) {
            boolean other = noteOf == null || noteOf.id() != checkpoint.id();
            if (other || !note.isFocused()) {
                takeNote();
            }
        } else if (writing) {
            saveNote();
        }
        if (!annotation.tags().equals(shownTags)) {
            showTags(annotation.tags());
        }
    }

    private void showTags(SortedSet<String> now) {
        shownTags = now;
        List<Node> chips = new ArrayList<>();
        for (String tag : now) {
            Button remove = new Button(tag, new FontIcon(Feather.X));
            remove.getStyleClass().addAll("tag-chip", "tag-remove");
            remove.setContentDisplay(ContentDisplay.RIGHT);
            remove.setMaxWidth(200);
            remove.setTooltip(new Tooltip("Remove tag " + tag));
            remove.setAccessibleText("Remove tag " + tag);
            remove.setOnAction(_ -> model.removeTag(tag));
            chips.add(remove);
        }
        chips.add(newTag);
        boolean typing = newTag.isFocused();
        tags.getChildren().setAll(chips);
        if (typing) {
            newTag.requestFocus();
        }
    }
}
