package dev.freezeframe.ui.compare;

import atlantafx.base.theme.Styles;
import dev.freezeframe.analyse.CheckpointComparison.Difference;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.theme.Palette;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.collections.FXCollections;
import javafx.collections.transformation.SortedList;
import javafx.geometry.Orientation;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.SelectionMode;
import javafx.scene.control.SplitPane;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.control.Tooltip;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// Two checkpoints compared: how many pages of RAM and blocks of disks differ and how, where they are, and what is in them. Shows what
/// [Navigation.Place.Compare] says, and whatever the user chooses after that.
public final class ComparePage extends BorderPane {
    private static final KeyCombination COPY = new KeyCodeCombination(KeyCode.C, KeyCombination.SHORTCUT_DOWN);

    private final WorkbenchModel workbench;
    private final ComparisonModel model;
    private final StackPane middle = new StackPane();
    private final FlowPane counts = new FlowPane(16, 4);
    private final Label hint = new Label();
    private final Label more = new Label();
    private final Label same = new Label();
    private final HBox images = new HBox();
    private final Label devices = new Label();
    private final ComparisonMap map;
    private final TableView<ComparisonRange> table = new TableView<>();
    private final HexView hex;
    private final Node content;

    /// @param workbench whose navigation it follows
    /// @param palette   the colours of the map
    public ComparePage(WorkbenchModel workbench, Palette palette) {
        this.workbench = workbench;
        model = new ComparisonModel(workbench);
        map = new ComparisonMap(palette, hint::setText, model::look, this::lookFurther);
        hex = new HexView(this::lookFurther);
        content = content();
        getStyleClass().add("compare-page");
        setId("compare-page");
        setTop(header());
        setCenter(middle);
        model.stateProperty().addListener((_, _, _) -> show());
        model.contentsProperty().addListener((_, _, now) -> {
            hex.show(now, model.imageProperty().get() == null ? "page" : model.imageProperty().get().unit());
            map.select(now == null ? -1 : now.page());
        });
        model.imageProperty().addListener((_, _, now) -> {
            if (now != null) {
                show(now);
            }
        });
        workbench.navigation().placeProperty().addListener((_, _, place) -> follow(place));
        follow(workbench.navigation().placeProperty().get());
        show();
    }

    /// Compares these two; where the second is null, the user chooses it here.
    public void compare(CheckpointRecord first, CheckpointRecord second) {
        model.compare(first, second);
    }

    private void follow(Navigation.Place place) {
        if (place instanceof Navigation.Place.Compare(CheckpointRecord checkpoint, Optional<CheckpointRecord> other)) {
            // the older one first, so that what is read as a change is one
            CheckpointRecord with = other.orElse(null);
            boolean swapped = with != null && with.id() < checkpoint.id();
            compare(swapped ? with : checkpoint, swapped ? checkpoint : with);
        }
    }

    private void lookFurther(int step) {
        if (model.contentsProperty().get() != null) {
            model.lookFurther(step);
        } else if (model.imageProperty().get() != null && !model.imageProperty().get().ranges().isEmpty()) {
            model.look(model.imageProperty().get().ranges().getFirst().firstPage());
        }
    }

    private Node header() {
        CheckpointPicker first = new CheckpointPicker(workbench, model, model.firstProperty());
        first.setId("compare-first");
        first.setAccessibleText("First checkpoint");
        CheckpointPicker second = new CheckpointPicker(workbench, model, model.secondProperty());
        second.setId("compare-second");
        second.setAccessibleText("Second checkpoint");
        Button swap = new Button(null, new FontIcon(Feather.REPEAT));
        swap.setId("compare-swap");
        swap.getStyleClass().addAll(Styles.BUTTON_ICON, Styles.FLAT);
        swap.setTooltip(new Tooltip("Let the two change places"));
        swap.setAccessibleText("Let the two change places");
        swap.setOnAction(_ -> model.swap());
        Label title = new Label("COMPARE");
        title.getStyleClass().add("section-title");
        title.setMinWidth(USE_PREF_SIZE);
        HBox header = new HBox(8, title, first, swap, second);
        header.setAlignment(Pos.CENTER_LEFT);
        header.getStyleClass().add("compare-bar");
        return header;
    }

    private Node content() {
        hint.getStyleClass().addAll("text-small", "text-muted");
        hint.setId("compare-hint");
        more.getStyleClass().addAll("text-small", "text-muted");
        more.managedProperty().bind(more.textProperty().isNotEmpty());
        counts.setId("compare-counts");
        counts.getStyleClass().add("compare-bar");
        BorderPane mapSide = new BorderPane(map);
        mapSide.setBottom(hint);
        mapSide.getStyleClass().add("compare-map-side");
        table();
        BorderPane tableSide = new BorderPane(table);
        tableSide.setBottom(more);
        SplitPane upper = new SplitPane(mapSide, tableSide);
        upper.setDividerPositions(0.6);
        SplitPane split = new SplitPane(upper, hex);
        split.setOrientation(Orientation.VERTICAL);
        split.setDividerPositions(0.58);
        VBox.setVgrow(split, Priority.ALWAYS);
        return new VBox(counts, split);
    }

    private void table() {
        table.setId("compare-table");
        table.getStyleClass().addAll(Styles.DENSE, Styles.STRIPED);
        table.setFixedCellSize(24);
        table.getSelectionModel().setSelectionMode(SelectionMode.MULTIPLE);
        table.setColumnResizePolicy(TableView.CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        column("Address", 112, ComparisonRange::address, ComparisonRange::hex, "monospace");
        column("Count", 72, ComparisonRange::pages, pages -> Units.count(pages), "number");
        column("Size", 80, ComparisonRange::pages, pages -> Units.bytes((long) pages * GuestPage.BYTES), "number");
        column("Difference", 136, ComparisonRange::difference, ComparisonRange::words, "words");
        same.getStyleClass().add("text-muted");
        table.setPlaceholder(same);
        table.getSelectionModel().selectedItemProperty().addListener((_, _, range) -> {
            if (range != null) {
                model.look(range.firstPage());
            }
        });
        table.setOnKeyPressed(event -> {
            if (COPY.match(event)) {
                copy();
                event.consume();
            }
        });
        MenuItem copy = new MenuItem("Copy the selected ranges");
        copy.setAccelerator(COPY);
        copy.setOnAction(_ -> copy());
        table.setContextMenu(new ContextMenu(copy));
        table.setAccessibleText("Ranges that differ");
    }

    private <T> void column(String name, int width, Function<ComparisonRange, T> value, Function<T, String> text,
            String styleClass) {
        TableColumn<ComparisonRange, T> column = new TableColumn<>(name);
        column.setPrefWidth(width);
        column.setCellValueFactory(row -> new ReadOnlyObjectWrapper<>(value.apply(row.getValue())));
        column.setCellFactory(_ -> new TableCell<>() {
            {
                getStyleClass().add(styleClass);
            }

            @Override
            protected void updateItem(T item, boolean empty) {
                super.updateItem(item, empty);
                setText(empty || item == null ? "" : text.apply(item));
            }
        });
        table.getColumns().add(column);
    }

    /// The selected ranges as lines of tab-separated values.
    private void copy() {
        String lines = table.getSelectionModel().getSelectedItems().stream().map(range -> ComparisonRange.hex(range
                .address()) + "\t" + range.pages() + "\t" + ComparisonRange.words(range.difference())).collect(
                        Collectors.joining("\n"));
        ClipboardContent clipboard = new ClipboardContent();
        clipboard.putString(lines);
        Clipboard.getSystemClipboard().setContent(clipboard);
    }

    private void show() {
        Node now = switch (model.stateProperty().get()) {
            case ComparisonState.Choosing _ -> page(model.firstProperty().get() == null
                    ? "Choose two checkpoints to compare"
                    : "Choose what to compare checkpoint " + model.firstProperty().get().number() + " with",
                    List
                            .of());
            case ComparisonState.Running(CheckpointRecord first, CheckpointRecord second) -> running(first, second);
            case ComparisonState.Cancelled _ -> page("The comparison was cancelled", List.of(again("Compare again")));
            case ComparisonState.Failed failed -> page(failed.message(), List.of(again("Try again")));
            case ComparisonState.Done(ComparisonResult result) -> done(result);
        };
        middle.getChildren().setAll(now);
    }

    private static VBox page(String text, List<? extends Node> further) {
        Label label = new Label(text);
        label.setId("compare-message");
        label.setWrapText(true);
        VBox page = new VBox(label);
        page.getChildren().addAll(further);
        page.getStyleClass().add("page");
        return page;
    }

    private Button again(String text) {
        Button again = new Button(text);
        again.setOnAction(_ -> model.restart());
        return again;
    }

    private Node running(CheckpointRecord first, CheckpointRecord second) {
        ProgressBar bar = new ProgressBar(ProgressBar.INDETERMINATE_PROGRESS);
        model.running().ifPresent(task -> bar.progressProperty().bind(task.progressProperty()));
        bar.setPrefWidth(240);
        Button cancel = new Button("Cancel");
        cancel.setId("compare-cancel");
        cancel.setOnAction(_ -> model.cancel());
        return page("Comparing " + first.name() + " with " + second.name() + "…", List.of(bar, cancel));
    }

    private Node done(ComparisonResult result) {
        devices.setText(result.comparison().isDeviceStateEqual()
                ? "Devices: same state"
                : "Devices: in another state");
        offer(result.images());
        show(model.imageProperty().get());
        return content;
    }

    /// A button for RAM and for each disk, with how much of it differs; nothing where there is only RAM.
    private void offer(List<ComparedImage> all) {
        ToggleGroup group = new ToggleGroup();
        List<ToggleButton> buttons = new ArrayList<>();
        for (ComparedImage image : all) {
            ToggleButton button = new ToggleButton(image.title() + " · " + Units.count(image.comparison()
                    .pagesDiffering()));
            button.setId("compare-" + image.comparison().name());
            button.getStyleClass().addAll(Styles.SMALL, all.indexOf(image) == 0
                    ? Styles.LEFT_PILL
                    : all.indexOf(image) == all.size() - 1 ? Styles.RIGHT_PILL : Styles.CENTER_PILL);
            button.setMinWidth(USE_PREF_SIZE);
            button.setToggleGroup(group);
            button.setSelected(image == model.imageProperty().get());
            button.setTooltip(new Tooltip(image.title() + ": " + image.sum()));
            button.setAccessibleText(image.title() + ": " + image.sum());
            button.setOnAction(_ -> {
                // a second press must not leave nothing chosen
                button.setSelected(true);
                model.choose(image);
            });
            buttons.add(button);
        }
        images.setAlignment(Pos.CENTER_LEFT);
        images.getChildren().setAll(buttons.size() > 1 ? buttons : List.of());
    }

    private void show(ComparedImage image) {
        List<Node> nodes = new ArrayList<>();
        if (!images.getChildren().isEmpty()) {
            nodes.add(images);
        }
        Label sum = new Label(image.sum());
        sum.getStyleClass().add("text-strong");
        nodes.add(sum);
        for (Difference difference : Difference.values()) {
            long pages = image.comparison().count(difference);
            boolean usual = difference != Difference.ONLY_IN_FIRST && difference != Difference.ONLY_IN_SECOND;
            if (usual || pages > 0) {
                nodes.add(count(difference, pages));
            }
        }
        nodes.add(devices);
        counts.getChildren().setAll(nodes);
        map.show(image);
        same.setText("All " + image.unit() + "s are the same in both");
        SortedList<ComparisonRange> sorted = new SortedList<>(FXCollections.observableList(image.ranges()));
        sorted.comparatorProperty().bind(table.comparatorProperty());
        table.setItems(sorted);
        more.setText(image.hasMoreRanges()
                ? "The first " + Units.count(image.ranges().size()) + " of " + Units.count(image.comparison().runs())
                        + " ranges"
                : "");
    }

    private static Node count(Difference difference, long pages) {
        javafx.scene.layout.Region swatch = new javafx.scene.layout.Region();
        swatch.getStyleClass().addAll("swatch", "segment", switch (difference) {
            case ZERO_TO_CONTENT -> "class-new";
            case CONTENT_TO_ZERO -> "class-zero";
            case CHANGED -> "difference-changed";
            case ONLY_IN_FIRST, ONLY_IN_SECOND -> "difference-only";
        });
        Label label = new Label(ComparisonRange.words(difference) + " " + Units.count(pages));
        HBox entry = new HBox(4, swatch, label);
        entry.setAlignment(Pos.CENTER_LEFT);
        return entry;
    }
}
