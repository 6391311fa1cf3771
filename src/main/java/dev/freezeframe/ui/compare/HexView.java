package dev.freezeframe.ui.compare;

import atlantafx.base.theme.Styles;
import dev.freezeframe.analyse.CheckpointComparison.PageContents;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.text.Text;
import javafx.scene.text.TextFlow;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// One page or block as both checkpoints have it, side by side, sixteen bytes a line; bytes that differ are underlined and coloured.
final class HexView extends BorderPane {
    private static final int LINE_BYTES = 16;

    private final ListView<Integer> lines = new ListView<>();
    private final Label title = new Label();
    private final CheckBox onlyDiffering = new CheckBox("Only lines that differ");
    private final Button before = new Button(null, new FontIcon(Feather.CHEVRON_LEFT));
    private final Button after = new Button(null, new FontIcon(Feather.CHEVRON_RIGHT));
    private PageContents contents;
    private String unit = "page";

    /// @param onFurther gets 1 or -1 for the next or the last differing page
    HexView(IntConsumer onFurther) {
        setId("compare-hex");
        lines.getStyleClass().add("hex-lines");
        lines.setCellFactory(_ -> new Line());
        lines.setFixedCellSize(18);
        lines.setAccessibleText("Bytes of the page or block in both checkpoints");
        Label choose = new Label("Choose a place on the map or a range in the table to see its bytes");
        choose.setWrapText(true);
        choose.getStyleClass().add("text-muted");
        lines.setPlaceholder(choose);
        title.setId("compare-hex-title");
        title.setMinWidth(0);
        onlyDiffering.setId("compare-only-differing");
        onlyDiffering.setMinWidth(Region.USE_PREF_SIZE);
        onlyDiffering.selectedProperty().addListener((_, _, _) -> fill());
        button(before, "Previous that differs", () -> onFurther.accept(-1));
        button(after, "Next that differs", () -> onFurther.accept(1));
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox bar = new HBox(8, title, gap, onlyDiffering, before, after);
        bar.setAlignment(Pos.CENTER_LEFT);
        bar.getStyleClass().add("compare-bar");
        setTop(bar);
        setCenter(lines);
        show(null);
    }

    private static void button(Button button, String text, Runnable action) {
        button.getStyleClass().addAll(Styles.BUTTON_ICON, Styles.FLAT, Styles.SMALL);
        button.setTooltip(new Tooltip(text));
        button.setAccessibleText(text);
        button.setOnAction(_ -> action.run());
    }

    /// @param of `page` or `block`
    void show(PageContents shown, String of) {
        unit = of;
        show(shown);
    }

    private void show(PageContents shown) {
        contents = shown;
        before.setDisable(shown == null);
        after.setDisable(shown == null);
        title.setText(shown == null
                ? "Bytes"
                : unit.substring(0, 1).toUpperCase(Locale.ROOT) + unit.substring(1) + " " + Units.count(shown.page())
                        + " at " + ComparisonRange.hex(address(0)) + ": " + Units.count(
                                shown.bytesDiffering())
                        + " of 4,096 bytes differ");
        fill();
    }

    private long address(int offset) {
        return contents.page() * (long) GuestPage.BYTES + offset;
    }

    private void fill() {
        List<Integer> shown = new ArrayList<>();
        if (contents != null) {
            for (int line = 0; line < GuestPage.BYTES / LINE_BYTES; line++) {
                if (!onlyDiffering.isSelected() || differs(line)) {
                    shown.add(line);
                }
            }
        }
        lines.getItems().setAll(shown);
        if (!shown.isEmpty()) {
            lines.scrollTo(shown.stream().filter(this::differs).findFirst().map(shown::indexOf).orElse(0));
        }
    }

    private boolean differs(int line) {
        for (int i = 0; i < LINE_BYTES; i++) {
            if (contents.differsAt(line * LINE_BYTES + i)) {
                return true;
            }
        }
        return false;
    }

    private final class Line extends ListCell<Integer> {
        private final TextFlow flow = new TextFlow();
        private final List<Node> texts = new ArrayList<>();
        private final StringBuilder run = new StringBuilder();
        private boolean marked;

        Line() {
            setContentDisplay(javafx.scene.control.ContentDisplay.GRAPHIC_ONLY);
            flow.getStyleClass().addAll("monospace", "hex-line");
        }

        @Override
        protected void updateItem(Integer line, boolean empty) {
            super.updateItem(line, empty);
            if (empty || line == null || contents == null) {
                setGraphic(null);
                setAccessibleText(null);
                return;
            }
            texts.clear();
            Text address = new Text(ComparisonRange.hex(address(line * LINE_BYTES)) + "  ");
            address.getStyleClass().add("hex-address");
            texts.add(address);
            side(contents.first(), line);
            add("   ", false);
            side(contents.second(), line);
            end();
            flow.getChildren().setAll(texts);
            setGraphic(flow);
            setAccessibleText(accessible(line));
        }

        private String accessible(int line) {
            StringBuilder text = new StringBuilder(ComparisonRange.hex(address(line * LINE_BYTES)));
            for (int i = 0; i < LINE_BYTES; i++) {
                int offset = line * LINE_BYTES + i;
                if (contents.differsAt(offset)) {
                    text.append(Units.text(", byte %x: %02x, %02x", i, contents.first()[offset], contents
                            .second()[offset]));
                }
            }
            return text.toString();
        }

        private void side(byte[] bytes, int line) {
            for (int i = 0; i < LINE_BYTES; i++) {
                int offset = line * LINE_BYTES + i;
                add(Units.text("%02x", bytes[offset]), contents.differsAt(offset));
                add(i == LINE_BYTES / 2 - 1 ? "  " : " ", false);
            }
            for (int i = 0; i < LINE_BYTES; i++) {
                int offset = line * LINE_BYTES + i;
                char letter = (char) (bytes[offset] & 0xff);
                add(letter >= ' ' && letter < 0x7f ? String.valueOf(letter) : ".", contents.differsAt(offset));
            }
        }

        private void add(String text, boolean differs) {
            if (differs != marked) {
                end();
                marked = differs;
            }
            run.append(text);
        }

        private void end() {
            if (!run.isEmpty()) {
                Text text = new Text(run.toString());
                text.getStyleClass().add(marked ? "hex-differs" : "hex-same");
                texts.add(text);
                run.setLength(0);
            }
        }
    }
}
