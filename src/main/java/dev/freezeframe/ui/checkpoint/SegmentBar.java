package dev.freezeframe.ui.checkpoint;

import java.util.ArrayList;
import java.util.List;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.Region;

/// A bar of coloured parts, with an optional mark on it. Each part takes its share of the whole, and at least a pixel where
/// it is more than nothing; the colours come from the style sheet.
final class SegmentBar extends Region {
    private static final double HEIGHT = 16;
    private static final double MARK_WIDTH = 2;

    /// A part.
    ///
    /// @param styleClass says its colour
    /// @param text       what it stands for, with its value
    record Segment(String styleClass, long value, String text) {}

    private final List<Region> parts = new ArrayList<>();
    private final Region mark = new Region();
    private List<Segment> segments = List.of();
    private long whole = 1;
    private long marked = -1;

    SegmentBar() {
        getStyleClass().add("segment-bar");
        mark.getStyleClass().add("segment-mark");
        mark.setVisible(false);
        mark.setMouseTransparent(true);
        setMinHeight(HEIGHT);
        setPrefHeight(HEIGHT);
        setMaxHeight(HEIGHT);
    }

    /// @param full   what the whole width stands for
    /// @param markAt where the mark is, in the same unit; negative for none
    void show(List<Segment> now, long full, long markAt) {
        segments = List.copyOf(now);
        whole = Math.max(full, 1);
        marked = markAt;
        parts.clear();
        for (Segment segment : segments) {
            Region part = new Region();
            part.getStyleClass().addAll("segment", segment.styleClass);
            Tooltip.install(part, new Tooltip(segment.text));
            parts.add(part);
        }
        mark.setVisible(markAt >= 0);
        getChildren().setAll(parts);
        getChildren().add(mark);
        requestLayout();
    }

    @Override
    protected void layoutChildren() {
        double width = getWidth();
        double height = getHeight();
        long sum = 0;
        double at = 0;
        for (int i = 0; i < parts.size(); i++) {
            sum += segments.get(i).value;
            double end = snapPositionX(Math.min(width, width * (double) sum / whole));
            if (segments.get(i).value > 0) {
                end = Math.min(width, Math.max(end, at + 1));
            }
            end = Math.max(end, at);
            parts.get(i).resizeRelocate(at, 0, end - at, height);
            at = end;
        }
        mark.resizeRelocate(
                snapPositionX(Math.clamp(width * (double) marked / whole - MARK_WIDTH / 2, 0, Math.max(0, width
                        - MARK_WIDTH))),
                -2, MARK_WIDTH, height + 4);
    }
}
