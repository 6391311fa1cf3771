package dev.freezeframe.experiment;

import dev.freezeframe.store.Annotation;
import dev.freezeframe.store.CheckpointMetrics;
import dev.freezeframe.store.CheckpointRecord;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Checkpoints as a table of comma-separated values: one header, one line for each, all figures, with the units in the names.
/// Written as RFC 4180 says, line ends CR LF included, so every spreadsheet and `read_csv` takes it; columns may be added at
/// the end in later versions, none is renamed or moved.
///
/// A note or tag that begins like a formula gets an apostrophe in front, so that a spreadsheet does not compute what came
/// with somebody else's store.
public final class CheckpointCsv {
    private static final String LINE_END = "\r\n";
    private static final Map<String, BiFunction<CheckpointRecord, Annotation, Object>> COLUMNS = columns();

    private final Appendable out;

    /// Writes the header.
    public CheckpointCsv(Appendable out) throws IOException {
        this.out = out;
        out.append(String.join(",", COLUMNS.keySet())).append(LINE_END);
    }

    private static Map<String, BiFunction<CheckpointRecord, Annotation, Object>> columns() {
        Map<String, BiFunction<CheckpointRecord, Annotation, Object>> columns = new LinkedHashMap<>();
        columns.put("experiment", (checkpoint, _) -> checkpoint.experimentName());
        columns.put("number", (checkpoint, _) -> checkpoint.number());
        columns.put("captured_at", metric(CheckpointMetrics::capturedAt));
        columns.put("interval_millis", metric(CheckpointMetrics::intervalMillis));
        columns.put("late", metric(CheckpointMetrics::late));
        columns.put("pause_micros", metric(CheckpointMetrics::pauseMicros));
        columns.put("stop_micros", metric(metrics -> metrics.phaseMicros().stop()));
        columns.put("device_state_micros", metric(metrics -> metrics.phaseMicros().deviceState()));
        columns.put("harvest_micros", metric(metrics -> metrics.phaseMicros().harvest()));
        columns.put("copy_micros", metric(metrics -> metrics.phaseMicros().copy()));
        columns.put("disks_micros", metric(metrics -> metrics.phaseMicros().disks()));
        columns.put("resume_micros", metric(metrics -> metrics.phaseMicros().resume()));
        columns.put("pre_copy_rounds", metric(metrics -> metrics.preCopy().rounds()));
        columns.put("pre_copy_micros", metric(metrics -> metrics.preCopy().micros()));
        columns.put("pre_copied_pages", metric(metrics -> metrics.preCopy().pages()));
        columns.put("pause_pages", metric(metrics -> metrics.preCopy().pausePages()));
        columns.put("ram_pages", metric(CheckpointMetrics::ramPages));
        columns.put("dirty_pages", metric(CheckpointMetrics::dirtyPages));
        columns.put("unchanged_pages", metric(CheckpointMetrics::unchangedPages));
        columns.put("zero_pages", metric(CheckpointMetrics::zeroPages));
        columns.put("duplicate_pages", metric(CheckpointMetrics::duplicatePages));
        columns.put("duplicate_within_pages", metric(CheckpointMetrics::duplicateWithinPages));
        columns.put("duplicate_stored_pages", metric(CheckpointMetrics::duplicateStoredPages));
        columns.put("new_pages", metric(CheckpointMetrics::newPages));
        columns.put("dirty_blocks", metric(CheckpointMetrics::dirtyBlocks));
        columns.put("new_blocks", metric(CheckpointMetrics::newBlocks));
        columns.put("device_state_bytes", metric(CheckpointMetrics::deviceStateBytes));
        columns.put("stored_bytes", metric(CheckpointMetrics::storedBytes));
        columns.put("pipeline_millis", metric(CheckpointMetrics::pipelineMillis));
        columns.put("tags", (_, annotation) -> typed(String.join(" ", annotation.tags())));
        columns.put("note", (_, annotation) -> typed(annotation.note()));
        return columns;
    }

    private static BiFunction<CheckpointRecord, Annotation, Object> metric(
            Function<CheckpointMetrics, Object> value) {
        return (checkpoint, _) -> value.apply(checkpoint.metrics());
    }

    /// Appends a line.
    public void add(CheckpointRecord checkpoint, Annotation annotation) throws IOException {
        out.append(COLUMNS.values().stream().map(column -> escaped(column.apply(checkpoint, annotation).toString()))
                .collect(Collectors.joining(","))).append(LINE_END);
    }

    private static String typed(String text) {
        return !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
    }

    private static String escaped(String text) {
        return text.chars().anyMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n')
                ? '"' + text.replace("\"", "\"\"") + '"'
                : text;
    }
}
