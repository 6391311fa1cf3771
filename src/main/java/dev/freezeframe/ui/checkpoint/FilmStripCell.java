package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.util.List;
import java.util.Optional;
import javafx.css.PseudoClass;
import javafx.geometry.Pos;
import javafx.scene.control.ContentDisplay;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.Tooltip;
import javafx.scene.image.ImageView;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.scene.shape.Rectangle;
import javafx.scene.text.Text;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// One checkpoint of the film strip: what the guest showed, its number, pause and savings, and what people wrote about it.
final class FilmStripCell extends ListCell<CheckpointRecord> {
    static final double WIDTH = 128;
    private static final double PADDING = 4;
    private static final PseudoClass LATE = PseudoClass.getPseudoClass("late");
    /// Of a line in the picture, at the size of its letters.
    private static final double LINE_HEIGHT = 8.2;

    private final FilmStrip strip;
    private final Text console = new Text();
    private final ImageView screen = new ImageView();
    private final FontIcon nothing = new FontIcon(Feather.MONITOR);
    private final Label number = new Label();
    private final Label tags = new Label();
    private final FontIcon late = new FontIcon(Feather.CLOCK);
    private final FontIcon note = new FontIcon(Feather.MESSAGE_SQUARE);
    private final Label pause = new Label();
    private final Label saved = new Label();
    private final StackPane picture = new StackPane(nothing, screen, console);
    private final VBox content;
    private final Tooltip tooltip = new Tooltip();
    private List<String> lines = List.of();

    FilmStripCell(FilmStrip strip) {
        this.strip = strip;
        getStyleClass().add("film-cell");
        setContentDisplay(ContentDisplay.GRAPHIC_ONLY);
        setPrefWidth(WIDTH);
        number.getStyleClass().add("text-strong");
        number.setMinWidth(Region.USE_PREF_SIZE);
        tags.getStyleClass().add("tag-chip");
        late.getStyleClass().add("late-mark");
        pause.getStyleClass().add("text-small");
        saved.getStyleClass().addAll("text-small", "text-muted");
        saved.setMinWidth(Region.USE_PREF_SIZE);
        console.getStyleClass().add("film-console");
        nothing.getStyleClass().add("film-nothing");
        picture.getStyleClass().add("film-picture");
        picture.setMinSize(0, 0);
        picture.setPrefSize(WIDTH - 2 * PADDING, 0);
        StackPane.setAlignment(console, Pos.BOTTOM_LEFT);
        picture.heightProperty().addListener((_, _, _) -> showLines());
        screen.setPreserveRatio(true);
        screen.setFitWidth(WIDTH - 2 * PADDING);
        screen.fitHeightProperty().bind(picture.heightProperty());
        Rectangle clip = new Rectangle();
        clip.widthProperty().bind(picture.widthProperty());
        clip.heightProperty().bind(picture.heightProperty());
        picture.setClip(clip);
        VBox.setVgrow(picture, Priority.ALWAYS);
        HBox.setHgrow(tags, Priority.SOMETIMES);
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        Region gapBelow = new Region();
        HBox.setHgrow(gapBelow, Priority.ALWAYS);
        HBox first = new HBox(4, number, tags, gap, note, late);
        first.setAlignment(Pos.CENTER_LEFT);
        HBox second = new HBox(4, pause, gapBelow, saved);
        content = new VBox(picture, first, second);
        content.setSpacing(2);
        setOnMouseEntered(_ -> strip.hover(getItem()));
        setOnMouseExited(_ -> strip.hover(null));
        setOnMousePressed(_ -> strip.select(getItem()));
    }

    @Override
    protected void updateItem(CheckpointRecord checkpoint, boolean empty) {
        super.updateItem(checkpoint, empty);
        if (empty || checkpoint == null) {
            setGraphic(null);
            setTooltip(null);
            setAccessibleText(null);
            pseudoClassStateChanged(LATE, false);
            return;
        }
        CheckpointMetrics metrics = checkpoint.metrics();
        number.setText(Units.count(checkpoint.number()));
        pause.setText(Units.millis(metrics.pauseMicros()));
        saved.setText("saved " + CheckpointFigures.saved(metrics));
        show(late, metrics.late() > 0);
        pseudoClassStateChanged(LATE, metrics.late() > 0);
        setGraphic(content);
        showAnnotation(checkpoint);
        showPicture(checkpoint);
    }

    /// As tall as the strip, whatever the picture wants.
    @Override
    protected double computePrefHeight(double width) {
        return 0;
    }

    @Override
    protected void layoutChildren() {
        super.layoutChildren();
        if (getGraphic() != null) {
            content.resizeRelocate(snappedLeftInset(), snappedTopInset(), getWidth() - snappedLeftInset()
                    - snappedRightInset(), getHeight() - snappedTopInset() - snappedBottomInset());
        }
    }

    private static void show(javafx.scene.Node node, boolean shown) {
        node.setVisible(shown);
        node.setManaged(shown);
    }

    /// Reads note and tags anew.
    void showAnnotation(CheckpointRecord checkpoint) {
        Annotation annotation = strip.annotation(checkpoint);
        show(note, !annotation.note().isEmpty());
        show(tags, !annotation.tags().isEmpty());
        tags.setText(String.join(" ", annotation.tags()));
        String about = CheckpointFigures.inOneLine(checkpoint)
                + (annotation.tags().isEmpty() ? "" : ", tags " + String.join(" ", annotation.tags()))
                + (annotation.note().isEmpty() ? "" : ", note: " + annotation.note());
        setAccessibleText(about);
        tooltip.setText(about.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + about.substring(1));
        setTooltip(tooltip);
    }

    /// Takes the picture anew, or asks for it.
    void showPicture(CheckpointRecord checkpoint) {
        Optional<GuestPicture> known = strip.picture(checkpoint);
        screen.setImage(known.orElse(null) instanceof GuestPicture.Screen(var image) ? image : null);
        lines = known.orElse(null) instanceof GuestPicture.Console(List<String> all) ? all : List.of();
        showLines();
        nothing.setVisible(known.orElse(null) instanceof GuestPicture.None);
    }

    /// As many of the last lines as fit.
    private void showLines() {
        int fitting = Math.max(1, (int) ((picture.getHeight() - PADDING) / LINE_HEIGHT));
        console.setText(String.join("\n", lines.subList(Math.max(0, lines.size() - fitting), lines.size())));
    }
}
