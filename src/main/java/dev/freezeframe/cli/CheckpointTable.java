package dev.freezeframe.cli;

import dev.freezeframe.experiment.RunStatistics;
import dev.freezeframe.store.CheckpointMetrics;
import dev.freezeframe.store.CheckpointRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;

/// Checkpoints as a table, one aligned line each.
/// The phases of a pause are shown as ten letters, each a tenth of it: what stands out took the time.
final class CheckpointTable {
    static final String PHASE_KEY = "phases: s stop, d device state, h harvest, c copy, k disks, r resume; each letter is a tenth of the pause";

    private static final Map<String, Character> LETTERS = Map.of("stop", 's', "deviceState", 'd', "harvest", 'h',
            "copy",
            'c', "disks", 'k', "resume", 'r');
    private static final Map<Character, String> COLOURS = Map.of('s', "33", 'd', "36", 'h', "34", 'c', "35", 'k', "31",
            'r', "32");
    private static final int BAR_LETTERS = 10;
    private static final String FIGURES = "%7s %8s %7s %7s %7s %10s %4s";

    private final boolean coloured;
    private Instant start;

    CheckpointTable(boolean coloured) {
        this.coloured = coloured;
    }

    String header() {
        return Units.text("%5s %9s %8s  %-10s " + FIGURES, "#", "time", "pause", "phases", "dirty", "new", "dup",
                "zero",
                "same", "stored", "late");
    }

    /// The line of a checkpoint; the time is counted from the first one that was asked for.
    String row(CheckpointRecord checkpoint) {
        CheckpointMetrics metrics = checkpoint.metrics();
        if (start == null) {
            start = metrics.capturedAt();
        }
        return Units.text("%5d %9s %8s  %s " + FIGURES, checkpoint.number(), Units.duration(Duration.between(start,
                metrics.capturedAt())), Units.millis(metrics.pauseMicros()), bar(metrics), Units.count(
                        metrics
                                .dirtyPages()),
                Units.count(metrics.newPages()), Units.count(metrics.duplicatePages()), Units
                        .count(metrics.zeroPages()),
                Units.count(metrics.unchangedPages()), Units.bytes(metrics
                        .storedBytes()),
                metrics.late() == 0 ? "-" : Units.count(metrics.late()));
    }

    private String bar(CheckpointMetrics metrics) {
        Map<String, Long> phases = RunStatistics.phases(metrics.phaseMicros());
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
    static String letters(Map<String, Long> phases) {
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
