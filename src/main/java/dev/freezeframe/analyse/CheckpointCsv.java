package dev.freezeframe.analyse;

import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Checkpoints as a table of comma-separated values: one header, one line for each, all figures, with the units in the names.
/// Written as RFC 4180 says, line ends CR LF included, so every spreadsheet and `read_csv` takes it; columns may be added at
/// the end in later versions, none is renamed or moved. Behind the figures that every checkpoint has come those of each disk,
/// such as `disk0_dirty_blocks`; they are empty for a checkpoint that does not have that disk.
///
/// A note or tag that begins like a formula gets an apostrophe in front, so that a spreadsheet does not compute what came
/// with somebody else's store.
public final class CheckpointCsv {
    private static final String LINE_END = "\r\n";
    private static final Map<String, BiFunction<CheckpointRecord, Annotation, Object>> COLUMNS = columns();

    private static final Map<String, Function<DiskMetrics, Long>> DISK_COLUMNS = diskColumns();

    private final Appendable out;
    private final List<String> disks;

    /// Writes the header of a table without columns for disks.
    public CheckpointCsv(Appendable out) throws IOException {
        this(out, List.of());
    }

    /// Writes the header.
    ///
    /// @param disks ids of the disks that get columns; see [#disksOf]
    public CheckpointCsv(Appendable out, Collection<String> disks) throws IOException {
        this.out = out;
        this.disks = List.copyOf(disks);
        out.append(Stream.concat(COLUMNS.keySet().stream(), this.disks.stream().flatMap(disk -> DISK_COLUMNS.keySet()
                .stream().map(column -> disk + "_" + column))).collect(Collectors.joining(","))).append(LINE_END);
    }

    /// The ids of all disks that any of the checkpoints has, in their order.
    public static Collection<String> disksOf(Collection<CheckpointRecord> checkpoints) {
        Set<String> disks = new LinkedHashSet<>();
        checkpoints.forEach(each -> each.metrics().disks().forEach(disk -> disks.add(disk.disk())));
        return disks;
    }

    private static Map<String, Function<DiskMetrics, Long>> diskColumns() {
        Map<String, Function<DiskMetrics, Long>> columns = new LinkedHashMap<>();
        columns.put("size_bytes", DiskMetrics::sizeBytes);
        columns.put("dirty_blocks", DiskMetrics::dirtyBlocks);
        columns.put("unchanged_blocks", DiskMetrics::unchangedBlocks);
        columns.put("zero_blocks", DiskMetrics::zeroBlocks);
        columns.put("duplicate_disk_blocks", DiskMetrics::duplicateDiskBlocks);
        columns.put("duplicate_ram_blocks", DiskMetrics::duplicateRamBlocks);
        columns.put("new_blocks", DiskMetrics::newBlocks);
        columns.put("read_bytes", DiskMetrics::readBytes);
        columns.put("read_micros", DiskMetrics::readMicros);
        columns.put("stored_bytes", DiskMetrics::storedBytes);
        return columns;
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
        columns.put("duplicate_disk_pages", metric(CheckpointMetrics::duplicateDiskPages));
        return columns;
    }

    private static BiFunction<CheckpointRecord, Annotation, Object> metric(
            Function<CheckpointMetrics, Object> value) {
        return (checkpoint, _) -> value.apply(checkpoint.metrics());
    }

    /// Appends a line.
    public void add(CheckpointRecord checkpoint, Annotation annotation) throws IOException {
        out.append(Stream.concat(COLUMNS.values().stream().map(column -> escaped(column.apply(checkpoint, annotation)
                .toString())), disks.stream().flatMap(disk -> figures(checkpoint.metrics().disk(disk)))).collect(
                        Collectors.joining(",")))
                .append(LINE_END);
    }

    private static Stream<String> figures(Optional<DiskMetrics> disk) {
        return DISK_COLUMNS.values().stream().map(column -> disk.map(column).map(Object::toString).orElse(""));
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
