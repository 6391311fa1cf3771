package dev.freezeframe.cli.terminal;

import dev.freezeframe.analyse.BlockSums;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Checkpoints as a table, one aligned line each, as wide as fits: the least important columns go first.
/// The phases of a pause are shown as ten letters, each a tenth of it: what stands out took the time.
public final class CheckpointLines {
    public static final String PHASE_KEY = "phases: s stop, d device state, h harvest, c copy, k disks, r resume; each letter is a tenth of the pause";

    private static final Map<String, Character> LETTERS = Map.of("stop", 's', "deviceState", 'd', "harvest", 'h',
            "copy",
            'c', "disks", 'k', "resume", 'r');
    private static final Map<Character, String> COLOURS = Map.of('s', "33", 'd', "36", 'h', "34", 'c', "35", 'k', "31",
            'r', "32");
    private static final int BAR_LETTERS = 10;
    private static final Set<String> DISK_COLUMNS = Set.of("blocks", "in RAM");

    /// A column, right-aligned.
    ///
    /// @param rank of the columns that there are, those with the lowest go first when they do not fit
    private record Column(String title, int width, int rank, Function<CheckpointRecord, String> text) {}

    private final boolean coloured;
    private final int most;
    private final List<Column> columns;
    private Instant start;

    /// @param most letters in a line
    /// @param disks whether there are disks to tell of
    public CheckpointLines(boolean coloured, int most, boolean disks) {
        this.coloured = coloured;
        this.most = most;
        List<Column> fitting = new ArrayList<>(List.of(
                new Column("#", 5, 10, each -> Integer.toString(each.number())),
                new Column("time", 9, 5, each -> Units.duration(Duration.between(start, each.metrics().capturedAt()))),
                new Column("pause", 8, 9, each -> Units.millis(each.metrics().pauseMicros())),
                // The gap before it is part of it; what is painted has no width of its own.
                new Column("phases    ", BAR_LETTERS + 1, 4, each -> " " + bar(each.metrics())),
                new Column("dirty", 7, 8, each -> Units.count(each.metrics().dirtyPages())),
                new Column("new", 8, 6, each -> Units.count(each.metrics().newPages())),
                new Column("dup", 7, 3, each -> Units.count(each.metrics().duplicatePages())),
                new Column("zero", 7, 2, each -> Units.count(each.metrics().zeroPages())),
                new Column("same", 7, 1, each -> Units.count(each.metrics().unchangedPages())),
                new Column("blocks", 7, 7, each -> Units.count(each.metrics().dirtyBlocks())),
                new Column("in RAM", 6, 6, each -> inRam(each.metrics())),
                new Column("stored", 10, 7, each -> Units.bytes(each.metrics().storedBytes())),
                new Column("late", 4, 3,
                        each -> each.metrics().late() == 0 ? "-" : Units.count(each.metrics().late()))));
        if (!disks) {
            fitting.removeIf(column -> DISK_COLUMNS.contains(column.title));
        }
        while (fitting.size() > 1 && fitting.stream().mapToInt(each -> each.width + 1).sum() - 1 > most) {
            fitting.remove(Collections.min(fitting, Comparator.comparingInt(Column::rank)));
        }
        columns = List.copyOf(fitting);
    }

    /// The share of the dirty blocks that RAM has as well.
    private static String inRam(CheckpointMetrics metrics) {
        BlockSums blocks = BlockSums.NONE;
        for (DiskMetrics disk : metrics.disks()) {
            blocks = blocks.plus(disk);
        }
        return blocks.dirty() == 0 ? "-" : Units.text("%.0f %%", 100 * blocks.sharedWithRam());
    }

    public String header() {
        return columns.stream().map(column -> aligned(column.title, column.width)).collect(Collectors.joining(" "));
    }

    /// The line of a checkpoint; the time is counted from the first one that was asked for.
    public String row(CheckpointRecord checkpoint) {
        if (start == null) {
            start = checkpoint.metrics().capturedAt();
        }
        return columns.stream().map(column -> aligned(column.text.apply(checkpoint), column.width)).collect(Collectors
                .joining(" "));
    }

    /// A line that says more about the checkpoint above it; cut where it does not fit.
    public String below(String text) {
        String line = " ".repeat(Math.min(columns.getFirst().width + 3, most / 2)) + text;
        return line.length() <= most ? line : line.substring(0, Math.max(0, most - 1)) + "…";
    }

    private static String aligned(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }

    private String bar(CheckpointMetrics metrics) {
        Map<String, Long> phases = metrics.phaseMicros();
        String letters = letters(phases);
        if (!coloured) {
            return letters;
        }
        StringBuilder painted = new StringBuilder();
        char before = 0;
        for (int i = 0; i < letters.length(); i++) {
            char letter = letters.charAt(i);
            if (letter != before) {
                painted.append("\u001b[").append(COLOURS.getOrDefault(letter, "0")).append('m');
                before = letter;
            }
            painted.append(letter);
        }
        return painted.append("\u001b[0m").toString();
    }

    /// Cuts the pause into equal parts and names each by the phase that its middle falls into.
    public static String letters(Map<String, Long> phases) {
        long whole = sum(phases.values());
        if (whole <= 0) {
            return " ".repeat(BAR_LETTERS);
        }
        StringBuilder bar = new StringBuilder();
        for (int i = 0; i < BAR_LETTERS; i++) {
            double middle = whole * (i + 0.5) / BAR_LETTERS;
            long end = 0;
            char letter = ' ';
            for (Map.Entry<String, Long> phase : phases.entrySet()) {
                end += phase.getValue();
                if (middle < end) {
                    letter = LETTERS.getOrDefault(phase.getKey(), '?');
                    break;
                }
            }
            bar.append(letter);
        }
        return bar.toString();
    }

    private static long sum(Collection<Long> values) {
        return values.stream().mapToLong(Long::longValue).sum();
    }
}
