package dev.freezeframe.ui.library;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
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

    private static final String DIRTY_BLOCKS = "dirty_blocks";
    private static final String NEW_BLOCKS = "new_blocks";
    private static final String DISKS_MICROS = "disks_micros";
    private static final String DUPLICATE_DISK_PAGES = "duplicate_disk_pages";

    /// The columns that are hidden at first and are worth their room where there are disks.
    public static final Set<String> OF_DISKS = Set.of(DIRTY_BLOCKS, NEW_BLOCKS, DISKS_MICROS,
            DUPLICATE_DISK_PAGES);

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
                figure("stored_bytes", "Stored", "What its checkpoints added to the store", entry -> entry.totals()
                        .storedBytes(), Units::bytes, 88),
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
        return List.of(
                figure("number", "#", "Counts from 1 within the experiment", CheckpointRecord::number,
                        number -> Units.count(number), 64),
                figure("captured_at", "Captured", "The moment of the pause", metric(CheckpointMetrics::capturedAt),
                        time -> time.atZone(ZoneId.systemDefault()).format(TO_THE_MILLISECOND), 176),
                figure("interval_millis", "Interval", "The interval that was asked for",
                        metric(CheckpointMetrics::intervalMillis), LibraryColumns::interval, 80),
                figure("late", "Late", "Ticks that were missed before it, or its own",
                        metric(metrics -> (long) metrics.late()), LibraryColumns::orDash, 56),
                micros("pause_micros", "Pause", "How long the guest stood still", CheckpointMetrics::pauseMicros, 80),
                micros("stop_micros", "Stop", "Phase of the pause: stopping the guest's processors",
                        metrics -> metrics.phaseMicros().stop(), 80),
                micros("device_state_micros", "Devices", "Phase of the pause: the state of the devices",
                        metrics -> metrics.phaseMicros().deviceState(), 80),
                micros("harvest_micros", "Harvest", "Phase of the pause: finding the dirty pages",
                        metrics -> metrics.phaseMicros().harvest(), 80),
                micros("copy_micros", "Copy", "Phase of the pause: copying the dirty pages",
                        metrics -> metrics.phaseMicros().copy(), 80),
                micros(DISKS_MICROS, "Disks", "Phase of the pause: the disks",
                        metrics -> metrics.phaseMicros().disks(), 80).hidden(),
                micros("resume_micros", "Resume", "Phase of the pause: letting the guest go on",
                        metrics -> metrics.phaseMicros().resume(), 80),
                pages("pre_copy_rounds", "Rounds", "Rounds of copying before the pause",
                        metrics -> (long) metrics.preCopy().rounds(), 72).hidden(),
                micros("pre_copy_micros", "Pre-copy", "Time of copying before the pause, while the guest runs",
                        metrics -> metrics.preCopy().micros(), 80).hidden(),
                pages("pre_copied_pages", "Pre-copied",
                        "Pages copied before the pause, again and again where they" + " changed",
                        metrics -> metrics.preCopy().pages(), 96).hidden(),
                pages("pause_pages", "In pause", "Pages copied in the pause", metrics -> metrics.preCopy().pausePages(),
                        80).hidden(),
                pages("ram_pages", "RAM pages", "Pages of guest RAM", CheckpointMetrics::ramPages, 96).hidden(),
                pages("dirty_pages", "Dirty", "Distinct pages that were captured", CheckpointMetrics::dirtyPages, 80),
                pages("new_pages", "New", "Pages whose content the store did not have", CheckpointMetrics::newPages,
                        80),
                pages("duplicate_pages", "Duplicate", "Pages whose content another page has, or had in any checkpoint",
                        CheckpointMetrics::duplicatePages, 88),
                pages("duplicate_within_pages", "…within", "Duplicates of another page of the same checkpoint",
                        CheckpointMetrics::duplicateWithinPages, 80).hidden(),
                pages("duplicate_stored_pages", "…earlier", "Duplicates of what was stored before",
                        CheckpointMetrics::duplicateStoredPages, 80).hidden(),
                pages(DUPLICATE_DISK_PAGES, "…on disk", "Duplicates of what a disk brought in",
                        CheckpointMetrics::duplicateDiskPages, 80).hidden(),
                pages("zero_pages", "Zero", "Pages that are zero now", CheckpointMetrics::zeroPages, 80),
                pages("unchanged_pages", "Unchanged", "Pages with the content that they had before",
                        CheckpointMetrics::unchangedPages, 88),
                pages(DIRTY_BLOCKS, "Dirty blocks", "Disk blocks written in the interval",
                        CheckpointMetrics::dirtyBlocks, 96).hidden(),
                pages(NEW_BLOCKS, "New blocks", "Disk blocks whose content the store did not have",
                        CheckpointMetrics::newBlocks, 96).hidden(),
                figure("device_state_bytes", "Device state", "Length of the device state",
                        metric(CheckpointMetrics::deviceStateBytes), Units::bytes, 96),
                figure("stored_bytes", "Stored", "What it added to the store", metric(CheckpointMetrics::storedBytes),
                        Units::bytes, 88),
                figure("pipeline_millis", "Pipeline", "Background work until it was stored",
                        metric(CheckpointMetrics::pipelineMillis), millis -> Units.count(millis) + " ms", 88),
                LibraryColumn.ofText("tags", "Tags", "What you tagged it with",
                        checkpoint -> String.join(" ",
                                annotations.getOrDefault(checkpoint.id(), Annotation.NONE).tags()),
                        120),
                LibraryColumn.ofText("note", "Note", "What you wrote about it",
                        checkpoint -> annotations.getOrDefault(checkpoint.id(), Annotation.NONE).note(), 200));
    }

    private static LibraryColumn<CheckpointRecord, Long> micros(String id, String title, String explanation,
            Function<CheckpointMetrics, Long> value, double width) {
        return figure(id, title, explanation, metric(value), Units::millis, width);
    }

    private static LibraryColumn<CheckpointRecord, Long> pages(String id, String title, String explanation,
            Function<CheckpointMetrics, Long> value, double width) {
        return figure(id, title, explanation, metric(value), count -> Units.count(count), width);
    }

    private static <S, V extends Comparable<? super V>> LibraryColumn<S, V> figure(String id, String title,
            String explanation, Function<S, V> value, Function<V, String> text, double width) {
        return LibraryColumn.ofFigure(id, title, explanation, value, text, width);
    }

    private static <V> Function<CheckpointRecord, V> metric(Function<CheckpointMetrics, V> value) {
        return checkpoint -> value.apply(checkpoint.metrics());
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
