package dev.freezeframe.ui.chart;

import atlantafx.base.theme.Styles;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ChartColors;
import dev.freezeframe.plot.ink.ChartFile;
import dev.freezeframe.plot.ink.Ink.Size;
import dev.freezeframe.plot.ink.ShiftedInk;
import dev.freezeframe.plot.map.DirtyFrequency;
import dev.freezeframe.plot.map.MapLayout;
import dev.freezeframe.plot.map.MemoryMapSheet;
import dev.freezeframe.plot.map.PageStates;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.Cancellable;
import dev.freezeframe.ui.theme.Palette;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javafx.collections.ListChangeListener;
import javafx.scene.canvas.Canvas;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.ChoiceBox;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.MenuItem;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.input.ScrollEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.util.StringConverter;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// Every page of guest RAM as a cell, coloured by what became of it in the selected checkpoint, or by how often it was dirty.
/// Addresses run from the top left to the bottom right; the wheel zooms into them, dragging and the arrow keys move along, and
/// the page under the mouse or the cursor is told in words.
///
/// What is shown is read and coloured in the background, one piece of work at a time: while one is on its way, newer wishes
/// replace each other, so stepping through checkpoints never queues up.
public final class MemoryMapView extends BorderPane {
    private static final int LEAST_SHOWN = 256;
    private static final double LEAST_WIDTH = 240;
    private static final double LEAST_HEIGHT = 120;
    private static final double EXPORT_TITLE = 24;
    private static final double STILL_A_CLICK = 4;

    /// What the colours tell.
    private enum Subject {
        SELECTED("in the selected checkpoint", 0), LAST_10("how often in the last 10", 10), LAST_100(
                "how often in the last 100", 100), ALL("how often in all", Integer.MAX_VALUE);

        private final String words;
        private final int last;

        Subject(String words, int last) {
            this.words = words;
            this.last = last;
        }
    }

    /// A picture of the map that somebody wants.
    ///
    /// @param checkpoint whose pages are wanted, null where it is about several
    /// @param several    whose dirty pages are to be counted
    private record Wish(Subject subject, CheckpointRecord checkpoint, List<CheckpointRecord> several, int firstPage,
            int shownPages, double width, double height, ChartColors colors) {

        boolean sameStates(Wish other) {
            return other != null && subject == other.subject && (subject == Subject.SELECTED
                    ? checkpoint.id() == other.checkpoint.id()
                    : several.equals(other.several));
        }
    }

    /// A picture as it was made; the states are missing where the store has none for the checkpoint.
    private record Made(Wish wish, MemoryMapSheet sheet) {
        Optional<PageStates> states() {
            return sheet.states();
        }

        MapLayout layout() {
            return sheet.layout();
        }
    }

    private final WorkbenchModel workbench;
    private final Canvas canvas = new Canvas();
    private final CanvasInk ink = new CanvasInk(canvas.getGraphicsContext2D());
    private final Label readout = new Label();
    private final ChoiceBox<Subject> subject = new ChoiceBox<>();
    private final FramePainter painter = new FramePainter(canvas, this::paint);
    private final PaintedSurface surface = new PaintedSurface(canvas, painter, LEAST_WIDTH, LEAST_HEIGHT);
    private DirtyFrequency frequency = new DirtyFrequency(0);
    private ChartColors colors;
    private int pages;
    private int firstPage;
    private int shownPages;
    private int cursorPage = -1;
    private int hoveredPage = -1;
    private Made made;
    private boolean working;
    private double pressedY;
    private double draggedY;
    private boolean dragging;
    private ContextMenu menu;

    /// @param palette of the window that this is shown in
    public MemoryMapView(WorkbenchModel workbench, Palette palette) {
        this.workbench = workbench;
        surface.setFocusTraversable(true);
        surface.getStyleClass().add("charts-surface");
        surface.setId("memory-map");
        colors = PaletteColors.of(palette);
        getStyleClass().add("memory-map");
        setTop(bar());
        setCenter(surface);
        HBox line = new HBox(readout);
        line.getStyleClass().add("charts-line");
        setBottom(line);
        palette.changesProperty().addListener((_, _, _) -> {
            colors = PaletteColors.of(palette);
            painter.request();
        });
        workbench.experiment().experimentProperty().addListener((_, _, _) -> begin());
        workbench.experiment().selection().checkpointProperty().addListener((_, _, _) -> painter.request());
        workbench.experiment().checkpoints().addListener((ListChangeListener<CheckpointRecord>) _ -> {
            if (subject.getValue() != Subject.SELECTED) {
                painter.request();
            }
        });
        hearMouseAndKeys();
        begin();
    }

    private HBox bar() {
        subject.getItems().setAll(Subject.values());
        subject.setValue(Subject.SELECTED);
        subject.setConverter(new StringConverter<>() {
            @Override
            public String toString(Subject each) {
                return each == null ? "" : each.words;
            }

            @Override
            public Subject fromString(String words) {
                return Subject.SELECTED;
            }
        });
        subject.setId("memory-map-subject");
        subject.setAccessibleText("What the colours of the memory map tell");
        subject.getStyleClass().addAll(Styles.SMALL, "text-small");
        subject.valueProperty().addListener((_, _, _) -> painter.request());
        readout.setId("memory-map-readout");
        readout.getStyleClass().add("text-small");
        readout.setMinWidth(0);
        Tooltip whole = new Tooltip();
        whole.textProperty().bind(readout.textProperty());
        readout.setTooltip(whole);
        Button all = new Button(null, new FontIcon(Feather.MAXIMIZE_2));
        icon(all, "Show all of RAM (0)");
        all.setOnAction(_ -> showAll());
        Button export = new Button(null, new FontIcon(Feather.DOWNLOAD));
        icon(export, "Save the memory map as a picture");
        export.setOnAction(_ -> chooseFile());
        Label title = new Label("Memory");
        title.getStyleClass().add("section-title");
        title.setMinWidth(USE_PREF_SIZE);
        Region space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        HBox bar = new HBox(8, title, subject, space, all, export);
        bar.getStyleClass().add("charts-bar");
        return bar;
    }

    private static void icon(ButtonBase button, String what) {
        button.getStyleClass().addAll(Styles.BUTTON_ICON, Styles.FLAT, Styles.SMALL);
        button.setTooltip(new Tooltip(what));
        button.setAccessibleText(what);
    }

    private void begin() {
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        int now = shown == null ? 0 : (int) (shown.ramBytes() / GuestPage.BYTES);
        frequency = new DirtyFrequency(now);
        if (now != pages) {
            pages = now;
            cursorPage = -1;
            firstPage = 0;
            shownPages = pages;
        }
        hoveredPage = -1;
        made = null;
        painter.request();
    }

    // What the user does.

    private void hearMouseAndKeys() {
        surface.setOnMouseMoved(event -> hover(event.getX(), event.getY()));
        surface.setOnMouseExited(_ -> hover(-1, -1));
        surface.setOnMousePressed(event -> {
            surface.requestFocus();
            pressedY = event.getY();
            draggedY = event.getY();
            dragging = false;
        });
        surface.setOnMouseDragged(this::drag);
        surface.setOnMouseReleased(event -> {
            if (event.getButton() == MouseButton.PRIMARY && !dragging) {
                if (event.getClickCount() == 2) {
                    showAll();
                } else {
                    cursorPage = pageAt(event.getX(), event.getY());
                    painter.request();
                }
            }
            dragging = false;
        });
        surface.setOnScroll(this::scroll);
        surface.setOnKeyPressed(this::key);
        surface.setOnContextMenuRequested(event -> {
            if (menu != null) {
                menu.hide();
            }
            MenuItem whole = new MenuItem("Show all of RAM");
            whole.setOnAction(_ -> showAll());
            MenuItem save = new MenuItem("Save the memory map as a picture…");
            save.setOnAction(_ -> chooseFile());
            menu = new ContextMenu(whole, save);
            menu.show(surface, event.getScreenX(), event.getScreenY());
            event.consume();
        });
    }

    private int pageAt(double x, double y) {
        int cell = made == null ? -1 : made.layout().cellAt(x - MemoryMapSheet.LABELS, y - MemoryMapSheet.LEGEND);
        return cell < 0 ? -1 : made.layout().firstPageOf(cell);
    }

    private void hover(double x, double y) {
        int page = pageAt(x, y);
        if (page != hoveredPage) {
            hoveredPage = page;
            painter.request();
        }
    }

    private void drag(MouseEvent event) {
        if (made == null || event.getButton() != MouseButton.PRIMARY || (!dragging && Math.abs(event.getY()
                - pressedY) < STILL_A_CLICK)) {
            return;
        }
        dragging = true;
        int rows = (int) ((draggedY - event.getY()) / made.layout().cellHeight());
        if (rows != 0) {
            draggedY -= rows * (double) made.layout().cellHeight();
            show(firstPage + (long) rows * made.layout().pagesPerRow(), shownPages);
        }
    }

    private void scroll(ScrollEvent event) {
        if (event.getDeltaY() != 0 && made != null) {
            int page = pageAt(event.getX(), event.getY());
            zoom(event.getDeltaY() > 0 ? 0.5 : 2, page < 0 ? firstPage + shownPages / 2 : page);
            event.consume();
        }
    }

    private void zoom(double factor, int around) {
        int shown = Math.clamp(Math.round(shownPages * factor), Math.min(LEAST_SHOWN, pages), pages);
        double share = shownPages == 0 ? 0 : (double) (around - firstPage) / shownPages;
        show(Math.round(around - share * shown), shown);
    }

    /// Shows a part of RAM, as far as there is such a part.
    private void show(long first, int shown) {
        long inside = Math.clamp(first, 0, Math.max(0, pages - shown));
        // rows begin at round addresses
        firstPage = (int) (inside / 16 * 16);
        shownPages = shown;
        painter.request();
    }

    /// Shows all of RAM.
    public void showAll() {
        show(0, pages);
    }

    private void key(KeyEvent event) {
        if (made == null) {
            return;
        }
        MapLayout layout = made.layout();
        switch (event.getCode()) {
            case LEFT -> moveCursor(-layout.pagesPerCell());
            case RIGHT -> moveCursor(layout.pagesPerCell());
            case UP -> moveCursor(-layout.pagesPerRow());
            case DOWN -> moveCursor(layout.pagesPerRow());
            case PAGE_UP -> show(firstPage - (long) shownPages, shownPages);
            case PAGE_DOWN -> show(firstPage + (long) shownPages, shownPages);
            case HOME -> moveCursor(-pages);
            case END -> moveCursor(pages);
            case PLUS, ADD, EQUALS -> zoom(0.5, cursorPage < 0 ? firstPage + shownPages / 2 : cursorPage);
            case MINUS, SUBTRACT -> zoom(2, cursorPage < 0 ? firstPage + shownPages / 2 : cursorPage);
            case DIGIT0, NUMPAD0 -> showAll();
            default -> {
                return;
            }
        }
        event.consume();
    }

    private void moveCursor(int by) {
        if (pages == 0) {
            return;
        }
        cursorPage = cursorPage < 0 ? firstPage : Math.clamp((long) cursorPage + by, 0, pages - 1);
        hoveredPage = -1;
        if (cursorPage < firstPage) {
            show(firstPage - Math.ceilDiv(firstPage - cursorPage, made.layout().pagesPerRow()) * (long) made.layout()
                    .pagesPerRow(), shownPages);
        } else if (cursorPage >= firstPage + shownPages) {
            show(firstPage + Math.ceilDiv(cursorPage - firstPage - shownPages + 1, made.layout().pagesPerRow())
                    * (long) made.layout().pagesPerRow(), shownPages);
        }
        painter.request();
    }

    // What is painted.

    private Optional<Wish> wish() {
        CheckpointRecord selected = workbench.experiment().selection().checkpoint();
        double width = canvas.getWidth() - MemoryMapSheet.LABELS - MemoryMapSheet.OVERVIEW;
        double height = canvas.getHeight() - MemoryMapSheet.LEGEND - MemoryMapSheet.EDGE;
        if (pages == 0 || selected == null || width <= 0 || height <= 0) {
            return Optional.empty();
        }
        List<CheckpointRecord> several = List.of();
        if (subject.getValue() != Subject.SELECTED) {
            List<CheckpointRecord> all = workbench.experiment().checkpoints();
            int from = (int) Math.max(0, (long) all.size() - subject.getValue().last);
            several = new ArrayList<>(all.subList(from, all.size()));
            // the first checkpoint of a recording holds all of RAM, dirty or not
            several.removeIf(checkpoint -> checkpoint.number() == 1);
        }
        return Optional
                .of(new Wish(subject.getValue(), selected, several, firstPage, shownPages, width, height, colors));
    }

    private void paint() {
        Optional<Wish> wanted = wish();
        if (wanted.isPresent() && !working && (made == null || !upToDate(made.wish(), wanted.get()))) {
            make(wanted.get());
        }
        canvas.getGraphicsContext2D().clearRect(0, 0, canvas.getWidth(), canvas.getHeight());
        if (made != null && wanted.isPresent()) {
            made.sheet().paint(ink, canvas.getWidth());
            paintCursor();
        } else {
            ink.text(colors.mutedText(), Size.NORMAL, false, pages == 0 ? "No checkpoint yet" : "", MemoryMapSheet.EDGE,
                    MemoryMapSheet.LEGEND + 20);
        }
        tell();
    }

    private static boolean upToDate(Wish is, Wish wanted) {
        return wanted.sameStates(is) && is.firstPage == wanted.firstPage && is.shownPages == wanted.shownPages
                && is.width == wanted.width && is.height == wanted.height && is.colors.equals(wanted.colors);
    }

    private void make(Wish wish) {
        Optional<Store> store = workbench.stores().store();
        if (store.isEmpty()) {
            return;
        }
        working = true;
        Made before = made;
        DirtyFrequency counting = frequency;
        var _ = workbench.tasks().quietly("Paint the memory map", steps -> {
            Optional<PageStates> states = before != null && wish.sameStates(before.wish())
                    ? before.states()
                    : wish.subject() == Subject.SELECTED
                            ? store.get().pageClasses(wish.checkpoint().id()).map(PageStates.Fates::of)
                            : Optional.of(counting.of(store.get(), wish.several(), steps::check));
            MapLayout layout = MapLayout.of(wish.firstPage(), Math.min(wish.shownPages(), pages(states)
                    - wish.firstPage()), wish.width(), wish.height());
            return new Made(wish, new MemoryMapSheet(states, layout, states.isEmpty()
                    ? new int[0]
                    : PageStates.paint(states.get(), layout, new PageStates.Shades(wish.colors())), wish.colors()));
        }, done -> {
            working = false;
            if (counting == frequency) {
                made = done;
            }
            painter.request();
        }, cause -> {
            working = false;
            readout.setText("the pages cannot be read: " + cause.getMessage());
        });
    }

    private static int pages(Optional<PageStates> states) {
        return states.map(PageStates::pages).orElse(0);
    }

    private void paintCursor() {
        for (int page : new int[]{cursorPage, hoveredPage}) {
            if (page >= 0) {
                made.sheet().frame(ink, page, page == cursorPage ? colors.selection() : colors.text());
            }
        }
    }

    private void tell() {
        String words = "";
        if (made != null && made.states().isPresent()) {
            int page = hoveredPage >= 0 ? hoveredPage : cursorPage;
            int cell = page < 0 ? -1 : made.layout().cellOf(page);
            words = cell >= 0
                    ? made.sheet().words(cell)
                    : Units.bytes(pages * (long) GuestPage.BYTES) + " of RAM, " + (made.layout()
                            .pagesPerCell() == 1
                                    ? "each cell a page of 4 KiB"
                                    : "each cell " + Units.count(made.layout().pagesPerCell()) + " pages");
        }
        readout.setText(words);
        surface.setAccessibleText("Memory map " + subject.getValue().words + ". " + words);
    }

    /// The states that are shown now, for tests of what is on the screen.
    Optional<PageStates> shownStates() {
        return made == null ? Optional.empty() : made.states();
    }

    // Files.

    /// Saves the map, as it is shown, as a PNG file of twice the size or an SVG file, by the ending of its name.
    public Cancellable exportTo(Path file) {
        Made picture = Objects.requireNonNull(made, "nothing is shown yet");
        double width = canvas.getWidth();
        double height = canvas.getHeight();
        String title = picture.wish().subject() == Subject.SELECTED
                ? picture.wish().checkpoint().name().toString()
                : picture.wish().checkpoint().experimentName() + ", " + picture.wish().subject().words;
        return workbench.tasks().run("Save the memory map as " + file.getFileName(), _ -> {
            ChartFile.write(file, width, height + EXPORT_TITLE, picture.wish().colors().background(), to -> {
                to.text(picture.wish().colors().text(), Size.NORMAL, true, title, MemoryMapSheet.EDGE, 18);
                picture.sheet().paint(new ShiftedInk(to, EXPORT_TITLE), width);
            });
            return file;
        }, _ -> {});
    }

    private void chooseFile() {
        if (made != null) {
            Path file = PictureFile.choose(surface, made.wish().checkpoint().experimentName() + "-memory");
            if (file != null) {
                var _ = exportTo(file);
            }
        }
    }
}
