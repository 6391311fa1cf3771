package dev.freezeframe.ui.compare;

import dev.freezeframe.analyse.CheckpointComparison.Difference;
import dev.freezeframe.base.Units;
import dev.freezeframe.ui.theme.Palette;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import javafx.application.Platform;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;

/// Guest RAM or a disk as a grid of cells, row by row from address 0; cells with pages that differ are coloured by how. A cell stands
/// for one page where there is room, and otherwise for as many as needed; one differing page still shows.
final class ComparisonMap extends Region {
    private static final int LARGEST_CELL = 12;
    private static final int SMALLEST_CELL = 3;
    private static final int SMALLEST_CELL_WITH_GAP = 5;
    /// So much colour a cell has at least in which a single page differs.
    private static final double FAINTEST = 0.45;
    private static final Difference[] DIFFERENCES = Difference.values();

    private final Palette palette;
    private final Canvas canvas = new Canvas();
    private final IntConsumer onChosen;
    private ComparedImage result;
    private int selectedPage = -1;
    private int cell;
    private int columns;
    private int pagesPerCell;
    private boolean painting;

    /// @param hint     gets a line about what is under the mouse
    /// @param onChosen gets the differing page that was clicked
    /// @param onFurther gets 1 or -1 for the next or the last differing page
    ComparisonMap(Palette palette, Consumer<String> hint, IntConsumer onChosen, IntConsumer onFurther) {
        this.palette = palette;
        this.onChosen = onChosen;
        setId("compare-map");
        setFocusTraversable(true);
        getStyleClass().add("comparison-map");
        getChildren().add(canvas);
        palette.changesProperty().addListener((_, _, _) -> repaint());
        setOnMouseMoved(event -> hint.accept(describe(pageAt(event))));
        setOnMouseExited(_ -> hint.accept(""));
        setOnMousePressed(this::pressed);
        addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            switch (event.getCode()) {
                case RIGHT, DOWN -> onFurther.accept(1);
                case LEFT, UP -> onFurther.accept(-1);
                default -> {
                    return;
                }
            }
            event.consume();
        });
    }

    void show(ComparedImage shown) {
        result = shown;
        selectedPage = -1;
        setAccessibleText(shown == null
                ? "Map of differing pages"
                : "Map of " + shown.title() + ": " + shown.sum());
        repaint();
    }

    void select(int page) {
        selectedPage = page;
        repaint();
    }

    @Override
    protected void layoutChildren() {
        if (canvas.getWidth() != getWidth() || canvas.getHeight() != getHeight()) {
            canvas.setWidth(getWidth());
            canvas.setHeight(getHeight());
            paint();
        }
    }

    private void repaint() {
        if (!painting) {
            painting = true;
            Platform.runLater(() -> {
                painting = false;
                paint();
            });
        }
    }

    private void measure(int width, int height) {
        long pages = result.pages();
        for (cell = LARGEST_CELL; cell > SMALLEST_CELL; cell--) {
            if ((long) (width / cell) * (height / cell) >= pages) {
                break;
            }
        }
        columns = Math.max(1, width / cell);
        long cells = (long) columns * Math.max(1, height / cell);
        pagesPerCell = (int) Math.max(1, (pages + cells - 1) / cells);
    }

    private void paint() {
        GraphicsContext graphics = canvas.getGraphicsContext2D();
        int width = (int) canvas.getWidth();
        int height = (int) canvas.getHeight();
        graphics.clearRect(0, 0, width, height);
        if (result == null || result.pages() == 0 || width < SMALLEST_CELL || height < SMALLEST_CELL) {
            return;
        }
        measure(width, height);
        int gap = cell >= SMALLEST_CELL_WITH_GAP ? 1 : 0;
        int[] counts = new int[DIFFERENCES.length];
        int cells = (result.pages() + pagesPerCell - 1) / pagesPerCell;
        for (int index = 0; index < cells; index++) {
            int first = index * pagesPerCell;
            int pages = Math.min(pagesPerCell, result.pages() - first);
            Arrays.fill(counts, 0);
            result.count(first, pages, counts);
            graphics.setFill(colour(counts, pages));
            graphics.fillRect(left(index), top(index), cell - gap, cell - gap);
        }
        if (selectedPage >= 0 && selectedPage < result.pages()) {
            int index = selectedPage / pagesPerCell;
            graphics.setStroke(palette.selection());
            graphics.setLineWidth(2);
            graphics.strokeRect(left(index) - 1, top(index) - 1, cell + 1, cell + 1);
        }
    }

    private int left(int index) {
        return index % columns * cell;
    }

    private int top(int index) {
        return index / columns * cell;
    }

    private Color colour(int[] counts, int pages) {
        int most = 0;
        int sum = 0;
        for (int i = 0; i < counts.length; i++) {
            sum += counts[i];
            most = counts[i] > counts[most] ? i : most;
        }
        if (sum == 0) {
            return palette.untouched();
        }
        double share = (double) sum / pages;
        return palette.untouched().interpolate(colour(palette, DIFFERENCES[most]), FAINTEST + (1 - FAINTEST) * share);
    }

    /// The colour of a difference: new content as new pages have, zeroed as zero pages have.
    static Color colour(Palette palette, Difference difference) {
        return switch (difference) {
            case ZERO_TO_CONTENT -> palette.of(dev.freezeframe.store.model.PageClass.NEW);
            case CONTENT_TO_ZERO -> palette.of(dev.freezeframe.store.model.PageClass.ZERO);
            case CHANGED -> palette.dirty();
            case ONLY_IN_FIRST, ONLY_IN_SECOND -> palette.raw();
        };
    }

    /// The page under the mouse; -1 where there is none. Of a cell with several, the first that differs.
    private int pageAt(MouseEvent event) {
        if (result == null || cell == 0 || event.getX() < 0 || event.getY() < 0) {
            return -1;
        }
        int column = (int) event.getX() / cell;
        long index = (long) ((int) event.getY() / cell) * columns + column;
        long first = index * pagesPerCell;
        if (column >= columns || first >= result.pages()) {
            return -1;
        }
        int end = (int) Math.min(result.pages(), first + pagesPerCell);
        int differing = result.nextDifference((int) first - 1, 1).orElse(end);
        return differing < end ? differing : (int) first;
    }

    private String describe(int page) {
        if (page < 0) {
            return "";
        }
        return ComparisonRange.hex(page * 4096L) + " · " + result.unit() + " " + Units.count(page) + " · "
                + result.difference(page).map(
                        ComparisonRange::words).orElse("same in both")
                + (pagesPerCell > 1
                        ? " · " + Units.count(pagesPerCell, result.unit()) + " a cell"
                        : "");
    }

    private void pressed(MouseEvent event) {
        requestFocus();
        int page = pageAt(event);
        if (page >= 0) {
            onChosen.accept(page);
        }
    }
}
