package dev.freezeframe.analyse;

import dev.freezeframe.base.CsvLine;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.DiskFigure;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Checkpoints as a table of comma-separated values: one header, one line for each, all figures, with the units in the names.
/// Columns may be added at the end in later versions, none is renamed or moved. Behind the figures that every checkpoint has
/// come those of each disk, such as `disk0_dirty_blocks`; they are empty for a checkpoint that does not have that disk.
public final class CheckpointCsv {
    private static final Map<String, BiFunction<CheckpointRecord, Annotation, Object>> COLUMNS = columns();
    private static final List<DiskFigure> DISK_COLUMNS = List.of(DiskFigure.values());

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
        out.append(CsvLine.of(Stream.concat(COLUMNS.keySet().stream(), this.disks.stream().flatMap(
                disk -> DISK_COLUMNS.stream().map(figure -> disk + "_" + figure.csv())))));
    }

    /// The ids of all disks that any of the checkpoints has, in their order.
    public static Collection<String> disksOf(Collection<CheckpointRecord> checkpoints) {
        Set<String> disks = new LinkedHashSet<>();
        checkpoints.forEach(each -> each.metrics().disks().forEach(disk -> disks.add(disk.disk())));
        return disks;
    }

    private static Map<String, BiFunction<CheckpointRecord, Annotation, Object>> columns() {
        Map<String, BiFunction<CheckpointRecord, Annotation, Object>> columns = new LinkedHashMap<>();
        columns.put("experiment", (checkpoint, _) -> CsvLine.typed(checkpoint.experimentName()));
        columns.put("number", (checkpoint, _) -> checkpoint.number());
        columns.put("captured_at", (checkpoint, _) -> checkpoint.metrics().capturedAt());
        putFigures(columns, figure -> figure.sinceFormat() == 1);
        columns.put("tags", (_, annotation) -> CsvLine.typed(String.join(" ", annotation.tags())));
        columns.put("note", (_, annotation) -> CsvLine.typed(annotation.note()));
        // what came later stands at the end
        putFigures(columns, figure -> figure.sinceFormat() > 1);
        return columns;
    }

    private static void putFigures(Map<String, BiFunction<CheckpointRecord, Annotation, Object>> columns,
            Predicate<CheckpointFigure> wanted) {
        Stream.of(CheckpointFigure.values()).filter(wanted).sorted(Comparator.comparingInt(
                CheckpointFigure::sinceFormat)).forEach(
                        figure -> columns.put(figure.csv(), (checkpoint,
                                _) -> checkpoint.metrics().of(figure)));
    }

    /// Appends a line.
    public void add(CheckpointRecord checkpoint, Annotation annotation) throws IOException {
        out.append(
                CsvLine.of(Stream.concat(COLUMNS.values().stream().map(column -> column.apply(checkpoint, annotation)),
                        disks.stream().flatMap(disk -> figures(checkpoint.metrics().disk(disk))))));
    }

    private static Stream<String> figures(Optional<DiskMetrics> disk) {
        return DISK_COLUMNS.stream().map(figure -> disk.map(each -> Long.toString(each.of(figure))).orElse(""));
    }
}
