package dev.freezeframe.ui.library;

import dev.freezeframe.base.CsvLine;
import dev.freezeframe.store.model.ExperimentTotals;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// Experiments as a table of comma-separated values as RFC 4180 has them: one header, one line for each, units in the names
/// of the columns. Text that begins like a formula gets an apostrophe in front, as in the table of checkpoints.
final class LibraryCsv {
    private static final Map<String, Function<LibraryEntry, Object>> COLUMNS = columns();

    private LibraryCsv() {}

    private static Map<String, Function<LibraryEntry, Object>> columns() {
        Map<String, Function<LibraryEntry, Object>> columns = new LinkedHashMap<>();
        columns.put("experiment", entry -> CsvLine.typed(entry.name()));
        columns.put("profile", entry -> CsvLine.typed(entry.experiment().profileName()));
        columns.put("started_at", entry -> entry.experiment().startedAt());
        columns.put("ended_at", entry -> time(entry.experiment().endedAt()));
        columns.put("checkpoints", total(ExperimentTotals::checkpoints));
        columns.put("shortest_interval_millis", total(ExperimentTotals::shortestIntervalMillis));
        columns.put("longest_interval_millis", total(ExperimentTotals::longestIntervalMillis));
        columns.put("ram_bytes", entry -> entry.experiment().ramBytes());
        columns.put("stored_bytes", total(ExperimentTotals::storedBytes));
        columns.put("dirty_pages", total(ExperimentTotals::dirtyPages));
        columns.put("unchanged_pages", total(ExperimentTotals::unchangedPages));
        columns.put("zero_pages", total(ExperimentTotals::zeroPages));
        columns.put("duplicate_pages", total(ExperimentTotals::duplicatePages));
        columns.put("new_pages", total(ExperimentTotals::newPages));
        columns.put("median_pause_micros", total(ExperimentTotals::medianPauseMicros));
        columns.put("max_pause_micros", total(ExperimentTotals::maxPauseMicros));
        columns.put("late", total(ExperimentTotals::late));
        columns.put("parent", entry -> CsvLine.typed(entry.parentName()));
        columns.put("end_reason", entry -> CsvLine.typed(entry.endReason()));
        columns.put("dirty_blocks", total(ExperimentTotals::dirtyBlocks));
        columns.put("new_blocks", total(ExperimentTotals::newBlocks));
        columns.put("image_bytes", total(ExperimentTotals::imageBytes));
        columns.put("log_bytes", total(ExperimentTotals::logBytes));
        return columns;
    }

    private static Function<LibraryEntry, Object> total(Function<ExperimentTotals, Long> value) {
        return entry -> value.apply(entry.totals());
    }

    private static String time(Optional<Instant> time) {
        return time.map(Instant::toString).orElse("");
    }

    /// Writes header and lines.
    static void write(Appendable out, Iterable<LibraryEntry> entries) throws IOException {
        out.append(CsvLine.of(COLUMNS.keySet().stream()));
        for (LibraryEntry entry : entries) {
            out.append(CsvLine.of(COLUMNS.values().stream().map(column -> column.apply(entry))));
        }
    }
}
