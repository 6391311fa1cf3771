package dev.freezeframe.ui.library;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// The columns of the table of experiments and of the table of checkpoints, in their order. Times are those of this
/// computer's zone.
public final class LibraryColumns {
    private static final DateTimeFormatter THIS_YEAR = DateTimeFormatter.ofPattern("MM-dd HH:mm");
    private static final DateTimeFormatter TO_THE_MINUTE = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm");
    private static final DateTimeFormatter TO_THE_SECOND = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
    private static final DateTimeFormatter TO_THE_MILLISECOND = DateTimeFormatter.ofPattern("MM-dd HH:mm:ss.SSS");

    private static final String DIRTY_BLOCKS = CheckpointFigure.DIRTY_BLOCKS.csv();
    private static final String NEW_BLOCKS = CheckpointFigure.NEW_BLOCKS.csv();

    /// The columns that are hidden at first and are worth their room where there are disks.
    public static final Set<String> OF_DISKS = Set.of(DIRTY_BLOCKS, NEW_BLOCKS, CheckpointFigure.DISKS.csv(),
            CheckpointFigure.DUPLICATE_DISK_PAGES.csv());

    /// The order in which people read the figures of a checkpoint; those that are not here come behind these, hidden.
    private static final List<CheckpointFigure> ORDER = List.of(CheckpointFigure.INTERVAL, CheckpointFigure.LATE,
            CheckpointFigure.PAUSE, CheckpointFigure.STOP, CheckpointFigure.DEVICE_STATE, CheckpointFigure.HARVEST,
            CheckpointFigure.COPY, CheckpointFigure.DISKS, CheckpointFigure.RESUME, CheckpointFigure.PRE_COPY_ROUNDS,
            CheckpointFigure.PRE_COPY_TIME, CheckpointFigure.PRE_COPIED_PAGES, CheckpointFigure.PAUSE_PAGES,
            CheckpointFigure.RAM_PAGES, CheckpointFigure.DIRTY_PAGES, CheckpointFigure.NEW_PAGES,
            CheckpointFigure.DUPLICATE_PAGES, CheckpointFigure.DUPLICATE_WITHIN_PAGES,
            CheckpointFigure.DUPLICATE_STORED_PAGES, CheckpointFigure.DUPLICATE_DISK_PAGES,
            CheckpointFigure.ZERO_PAGES, CheckpointFigure.UNCHANGED_PAGES, CheckpointFigure.DIRTY_BLOCKS,
            CheckpointFigure.NEW_BLOCKS, CheckpointFigure.DEVICE_STATE_SIZE, CheckpointFigure.STORED,
            CheckpointFigure.PIPELINE);
    private static final Set<CheckpointFigure> HIDDEN = Set.of(CheckpointFigure.DISKS,
            CheckpointFigure.PRE_COPY_ROUNDS, CheckpointFigure.PRE_COPY_TIME, CheckpointFigure.PRE_COPIED_PAGES,
            CheckpointFigure.PAUSE_PAGES, CheckpointFigure.RAM_PAGES, CheckpointFigure.DUPLICATE_WITHIN_PAGES,
            CheckpointFigure.DUPLICATE_STORED_PAGES, CheckpointFigure.DUPLICATE_DISK_PAGES,
            CheckpointFigure.DIRTY_BLOCKS, CheckpointFigure.NEW_BLOCKS);
    private static final double NUMBER_WIDTH = 80;
    /// Where the heading or the figures need more or less room than most.
    private static final Map<CheckpointFigure, Double> WIDTHS = Map.ofEntries(
            Map.entry(CheckpointFigure.LATE, 56.0), Map.entry(CheckpointFigure.PRE_COPY_ROUNDS, 72.0),
            Map.entry(CheckpointFigure.PRE_COPIED_PAGES, 96.0), Map.entry(CheckpointFigure.RAM_PAGES, 96.0),
            Map.entry(CheckpointFigure.DUPLICATE_PAGES, 88.0), Map.entry(CheckpointFigure.UNCHANGED_PAGES, 88.0),
            Map.entry(CheckpointFigure.DIRTY_BLOCKS, 96.0), Map.entry(CheckpointFigure.NEW_BLOCKS, 96.0),
            Map.entry(CheckpointFigure.DEVICE_STATE_SIZE, 96.0), Map.entry(CheckpointFigure.STORED, 88.0),
            Map.entry(CheckpointFigure.PIPELINE, 88.0));

    private LibraryColumns() {}

    /// Such as `11-22 10:15`, with the year only where it is not the one of `now`.
    public static String shortTime(Instant time, Instant now) {
        ZonedDateTime here = time.atZone(ZoneId.systemDefault());
        return here.format(here.getYear() == now.atZone(ZoneId.systemDefault()).getYear() ? THIS_YEAR : TO_THE_MINUTE);
    }

    /// Such as `2026-11-22 10:15:00`.
    public static String time(Instant time) {
        return time.atZone(ZoneId.systemDefault()).format(TO_THE_SECOND);
    }

    /// The intervals that were asked for; sorted by the shortest.
    record Intervals(long shortestMillis, long longestMillis) implements Comparable<Intervals> {
        private static final Comparator<Intervals> ORDER = Comparator.comparingLong(Intervals::shortestMillis)
                .thenComparingLong(Intervals::longestMillis);

        @Override
        public int compareTo(Intervals other) {
            return ORDER.compare(this, other);
        }

        String text() {
            if (longestMillis == 0) {
                return "–";
            }
            return shortestMillis == longestMillis
                    ? interval(shortestMillis)
                    : interval(shortestMillis) + " – " + interval(longestMillis);
        }
    }

    private static String interval(long millis) {
        return millis < 1000 ? millis + " ms" : Units.duration(Duration.ofMillis(millis));
    }

    /// The columns of the table of experiments; the first is the name.
    public static List<LibraryColumn<LibraryEntry, ?>> experiments() {
        return List.of(
                LibraryColumn.ofText("experiment", "Experiment", "Its name", LibraryEntry::name, 248),
                LibraryColumn.ofText("profile", "Profile", "The profile that its machine was started from",
                        entry -> entry.experiment().profileName(), 112),
                figure("started_at", "Started", "When recording began", entry -> entry.experiment().startedAt(),
                        LibraryColumns::time, 160),
                figure("duration_seconds", "Duration", "From its start to its last checkpoint",
                        entry -> entry.duration()
                                .toMillis() / 1e3,
                        seconds -> Units.duration(Duration.ofMillis(Math.round(1e3 * seconds))),
                        112),
                figure("checkpoints", "Checkpoints", "How many there are now", entry -> entry.totals().checkpoints(),
                        Units::count, 112),
                figure("interval_millis", "Interval",
                        "The interval that was asked for; shortest and longest where it was"
                                + " changed",
                        entry -> new Intervals(entry.totals().shortestIntervalMillis(),
                                entry
                                        .totals().longestIntervalMillis()),
                        Intervals::text, 112),
                LibraryColumns.<LibraryEntry, Long>figure("ram_bytes", "Memory", "The guest's RAM",
                        entry -> entry.experiment().ramBytes(), Units::bytes,
                        88).hidden(),
                figure("stored_bytes", "Stored", "What its checkpoints and its log added to the store",
                        entry -> entry.totals()
                                .addedBytes(),
                        Units::bytes, 88),
                figure("saved_percent", "Saved",
                        "What the store does without, compared with plain images of RAM and disks",
                        entry -> 100 * entry.savedShare(), LibraryColumns::percent, 80),
                figure("dirty_pages", "Dirty pages", "Pages that were captured, added up", entry -> entry.totals()
                        .dirtyPages(), Units::count, 104),
                LibraryColumns.<LibraryEntry, Long>figure("new_pages", "New pages",
                        "Pages whose content the store did not have", entry -> entry.totals()
                                .newPages(),
                        Units::count, 104).hidden(),
                LibraryColumns.<LibraryEntry, Long>figure(DIRTY_BLOCKS, "Dirty blocks",
                        "Blocks of disks that were captured, added up", entry -> entry.totals().dirtyBlocks(),
                        Units::count, 104).hidden(),
                LibraryColumns.<LibraryEntry, Long>figure(NEW_BLOCKS, "New blocks",
                        "Blocks of disks whose content the store did not have", entry -> entry.totals().newBlocks(),
                        Units::count, 104).hidden(),
                figure("median_pause_micros", "Median pause", "Half of the pauses were shorter", entry -> entry.totals()
                        .medianPauseMicros(), LibraryColumns::pause, 104),
                figure("max_pause_micros", "Max pause", "The longest pause", entry -> entry.totals().maxPauseMicros(),
                        LibraryColumns::pause, 96),
                figure("late", "Late", "Checkpoints that were left out or taken late", entry -> entry.totals().late(),
                        LibraryColumns::orDash, 64),
                LibraryColumn.ofText("parent", "Restored from", "The checkpoint that its machine was restored from",
                        LibraryEntry::parentName, 168),
                LibraryColumn.ofText("end_reason", "Ended", "Why recording ended", LibraryEntry::endReason, 200));
    }

    /// The columns of the table of checkpoints.
    ///
    /// @param annotations notes and tags by checkpoint id, as they are at any time
    public static List<LibraryColumn<CheckpointRecord, ?>> checkpoints(Map<Long, Annotation> annotations) {
        List<LibraryColumn<CheckpointRecord, ?>> columns = new ArrayList<>();
        columns.add(figure("number", "#", "Counts from 1 within the experiment", CheckpointRecord::number,
                number -> Units.count(number), 64));
        columns.add(figure("captured_at", "Captured", "The moment of the pause", checkpoint -> checkpoint.metrics()
                .capturedAt(), time -> time.atZone(ZoneId.systemDefault()).format(TO_THE_MILLISECOND), 176));
        Set<CheckpointFigure> figures = new LinkedHashSet<>(ORDER);
        figures.addAll(List.of(CheckpointFigure.values()));
        figures.forEach(figure -> columns.add(column(figure)));
        columns.add(LibraryColumn.ofText("tags", "Tags", "What you tagged it with", checkpoint -> String.join(" ",
                annotations.getOrDefault(checkpoint.id(), Annotation.NONE).tags()), 120));
        columns.add(LibraryColumn.ofText("note", "Note", "What you wrote about it", checkpoint -> annotations
                .getOrDefault(checkpoint.id(), Annotation.NONE).note(), 200));
        return List.copyOf(columns);
    }

    private static LibraryColumn<CheckpointRecord, Long> column(CheckpointFigure figure) {
        LibraryColumn<CheckpointRecord, Long> column = figure(figure.csv(), figure.title(), figure.explanation(),
                checkpoint -> checkpoint.metrics().of(figure), value -> text(figure, value), WIDTHS.getOrDefault(
                        figure, NUMBER_WIDTH));
        return HIDDEN.contains(figure) || !ORDER.contains(figure) ? column.hidden() : column;
    }

    private static String text(CheckpointFigure figure, long value) {
        return switch (figure.unit()) {
            case MICROS, PHASE_MICROS -> Units.millis(value);
            case MILLIS -> figure == CheckpointFigure.INTERVAL ? interval(value) : Units.count(value) + " ms";
            case BYTES -> Units.bytes(value);
            case TICKS -> orDash(value);
            case ROUNDS, PAGES, BLOCKS -> Units.count(value);
            case INSTRUCTIONS -> orDash(value);
        };
    }

    private static <S, V extends Comparable<? super V>> LibraryColumn<S, V> figure(String id, String title,
            String explanation, Function<S, V> value, Function<V, String> text, double width) {
        return LibraryColumn.ofFigure(id, title, explanation, value, text, width);
    }

    private static String percent(double percent) {
        return Units.percent(percent, 100);
    }

    /// A pause of nothing is that of an experiment without checkpoints.
    private static String pause(long micros) {
        return micros == 0 ? "–" : Units.millis(micros);
    }

    private static String orDash(long count) {
        return count == 0 ? "–" : Units.count(count);
    }
}
