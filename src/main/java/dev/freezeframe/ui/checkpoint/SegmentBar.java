package dev.freezeframe.ui.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

/// A bar of coloured parts with its legend, and an optional mark on it. Each part takes its share of the whole, and at least
/// a pixel where it is more than nothing; the colours come from the style sheet. Its nodes are made once, so that showing
/// other values while a key repeats is cheap.
final class SegmentBar extends Region {
    private static final double HEIGHT = 16;
    private static final double MARK_WIDTH = 2;
    private static final int LEGEND_COLUMNS = 2;

    /// A part.
    ///
    /// @param styleClass says its colour
    /// @param name       what it stands for
    record Part(String styleClass, String name) {}

    /// What a part has now.
    ///
    /// @param value in the unit of the bar
    /// @param text  the same for people
    record Value(long value, String text) {}

    private final List<Part> parts;
    private final List<Region> regions = new ArrayList<>();
    private final List<Tooltip> tooltips = new ArrayList<>();
    private final List<Label> figures = new ArrayList<>();
    private final Region mark = new Region();
    private final GridPane legend = new GridPane();
    private List<Value> values = List.of();
    private long whole = 1;
    private long marked = -1;

    SegmentBar(List<Part> parts) {
        this.parts = List.copyOf(parts);
        getStyleClass().add("segment-bar");
        for (Part part : parts) {
            Region region = new Region();
            region.getStyleClass().addAll("segment", part.styleClass);
            Tooltip tooltip = new Tooltip();
            Tooltip.install(region, tooltip);
            regions.add(region);
            tooltips.add(tooltip);
        }
        mark.getStyleClass().add("segment-mark");
        mark.setVisible(false);
        mark.setMouseTransparent(true);
        getChildren().setAll(regions);
        getChildren().add(mark);
        setMinHeight(HEIGHT);
        setPrefHeight(HEIGHT);
        setMaxHeight(HEIGHT);
        buildLegend();
    }

    private void buildLegend() {
        legend.setHgap(8);
        legend.setVgap(2);
        for (int i = 0; i < LEGEND_COLUMNS; i++) {
            ColumnConstraints half = new ColumnConstraints();
            half.setPercentWidth(100.0 / LEGEND_COLUMNS);
            legend.getColumnConstraints().add(half);
        }
        int rows = (parts.size() + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
        for (int i = 0; i < parts.size(); i++) {
            legend.add(entry(parts.get(i)), i / rows, i % rows);
        }
    }

    private Node entry(Part part) {
        Region swatch = new Region();
        swatch.getStyleClass().addAll("swatch", "segment", part.styleClass);
        Label text = new Label(part.name);
        text.getStyleClass().addAll("text-small", "text-muted");
        Label figure = new Label();
        figure.getStyleClass().add("text-small");
        figure.setMinWidth(Region.USE_PREF_SIZE);
        figures.add(figure);
        Region between = new Region();
        HBox.setHgrow(between, Priority.ALWAYS);
        HBox entry = new HBox(4, swatch, text, between, figure);
        entry.setAlignment(Pos.CENTER_LEFT);
        return entry;
    }

    /// What the colours mean, with the values.
    Node legend() {
        return legend;
    }

    /// Shows other values.
    ///
    /// @param title  what it is about, for screen readers
    /// @param now    a value for each part
    /// @param full   what the whole width stands for
    /// @param markAt where the mark is, in the same unit; negative for none
    void show(String title, List<Value> now, long full, long markAt) {
        values = List.copyOf(now);
        whole = Math.max(full, 1);
        marked = markAt;
        List<String> words = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            figures.get(i).setText(values.get(i).text);
            words.add(parts.get(i).name + " " + values.get(i).text);
            tooltips.get(i).setText(words.getLast());
        }
        setAccessibleText(words.stream().collect(Collectors.joining(", ", title + ": ", "")));
        mark.setVisible(markAt >= 0);
        requestLayout();
    }

    @Override
    protected void layoutChildren() {
        double width = getWidth();
        double height = getHeight();
        long sum = 0;
        double at = 0;
        for (int i = 0; i < values.size(); i++) {
            long value = values.get(i).value;
            sum += value;
            double end = snapPositionX(Math.min(width, width * (double) sum / whole));
            if (value > 0) {
                end = Math.min(width, Math.max(end, at + 1));
            }
            end = Math.max(end, at);
            regions.get(i).resizeRelocate(at, 0, end - at, height);
            at = end;
        }
        double markAt = Math.clamp(width * (double) marked / whole - MARK_WIDTH / 2, 0, Math.max(0, width
                - MARK_WIDTH));
        mark.resizeRelocate(snapPositionX(markAt), -2, MARK_WIDTH, height + 4);
    }
}
