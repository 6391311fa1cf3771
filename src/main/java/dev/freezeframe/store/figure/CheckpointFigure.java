package dev.freezeframe.store.figure;

import java.util.Arrays;
import java.util.List;

/// What is measured of every checkpoint, each figure once. The column of the catalog, the names in JSON lines, CSV files and
/// bundles, the range that is taken from elsewhere, and what people read all come from here: a new figure is one line, and the
/// place that measures it.
///
/// Names in files never change. Figures that were named before they were in one table have other names in some files, which
/// are given here as they are.
public enum CheckpointFigure implements Figure {
    /// The interval that was asked for when it was taken.
    INTERVAL("interval_millis", Unit.MILLIS, "Interval", "The interval that was asked for"),
    /// Ticks missed before it, and its own if it was taken late; 0 when on time.
    LATE("late", Unit.TICKS, "Late", "Ticks that were missed before it, or its own"),
    /// Guest standstill, from QEMU's STOP to its RESUME.
    PAUSE("pause_micros", Unit.PHASE_MICROS, "Pause", "How long the guest stood still"),
    /// First phase of the pause.
    STOP(Names.ofPhase("stop_micros", "stop"), Unit.PHASE_MICROS, "Stop",
            "Phase of the pause: stopping the guest's processors"),
    /// Second phase of the pause.
    DEVICE_STATE(Names.ofPhase("device_state_micros", "deviceState"), Unit.PHASE_MICROS, "Devices",
            "Phase of the pause: the state of the devices"),
    /// Third phase of the pause.
    HARVEST(Names.ofPhase("harvest_micros", "harvest"), Unit.PHASE_MICROS, "Harvest",
            "Phase of the pause: finding the dirty pages"),
    /// Fourth phase of the pause.
    COPY(Names.ofPhase("copy_micros", "copy"), Unit.PHASE_MICROS, "Copy", "Phase of the pause: copying the dirty pages"),
    /// Fifth phase of the pause.
    DISKS(Names.ofPhase("disks_micros", "disks"), Unit.PHASE_MICROS, "Disks", "Phase of the pause: the disks"),
    /// Sixth phase of the pause.
    RESUME(Names.ofPhase("resume_micros", "resume"), Unit.PHASE_MICROS, "Resume",
            "Phase of the pause: letting the guest go on"),
    /// How often the dirty set was copied while the guest ran.
    PRE_COPY_ROUNDS(Names.ofPreCopy("pre_copy_rounds", "pre_copy_rounds", "rounds"), Unit.ROUNDS, "Rounds",
            "Rounds of copying before the pause"),
    /// How long that took.
    PRE_COPY_TIME(Names.ofPreCopy("pre_copy_micros", "pre_copy_micros", "micros"), Unit.MICROS, "Pre-copy",
            "Time of copying before the pause, while the guest runs"),
    /// One that was copied twice counts twice.
    PRE_COPIED_PAGES(Names.ofPreCopy("pre_copy_pages", "pre_copied_pages", "pages"), Unit.PAGES, "Pre-copied",
            "Pages copied before the pause, again and again where they changed"),
    /// Copied while the guest stood still.
    PAUSE_PAGES(Names.ofPreCopy("pause_pages", "pause_pages", "pausePages"), Unit.PAGES, "In pause",
            "Pages copied in the pause"),
    /// Of the guest, dirty or not.
    RAM_PAGES("ram_pages", Unit.PAGES, "RAM pages", "Pages of guest RAM"),
    /// Distinct pages that capture handed over: the sum of the unchanged, the zero, the duplicate and the new ones.
    DIRTY_PAGES("dirty_pages", Unit.PAGES, "Dirty", "Distinct pages that were captured"),
    /// Same content as in the checkpoint before.
    UNCHANGED_PAGES("unchanged_pages", Unit.PAGES, "Unchanged", "Pages with the content that they had before"),
    /// Zero now.
    ZERO_PAGES("zero_pages", Unit.PAGES, "Zero", "Pages that are zero now"),
    /// Content that another page or a disk has, or had in any checkpoint of the store.
    DUPLICATE_PAGES("duplicate_pages", Unit.PAGES, "Duplicate",
            "Pages whose content another page has, or had in any checkpoint"),
    /// Of these duplicates: new with this checkpoint, on another of its pages.
    DUPLICATE_WITHIN_PAGES("duplicate_within_pages", Unit.PAGES, "…within",
            "Duplicates of another page of the same checkpoint"),
    /// Of these duplicates: stored before this checkpoint, and not brought in by a disk.
    DUPLICATE_STORED_PAGES("duplicate_stored_pages", Unit.PAGES, "…earlier", "Duplicates of what was stored before"),
    /// Of these duplicates, the rest: pages of the guest's page cache, mostly.
    DUPLICATE_DISK_PAGES(Names.of("duplicate_disk_pages"), Unit.PAGES, "…on disk",
            "Duplicates of what a disk brought in", 3, true),
    /// Chunks that this checkpoint added for RAM.
    NEW_PAGES("new_pages", Unit.PAGES, "New", "Pages whose content the store did not have"),
    /// Distinct blocks that capture handed over, of all disks.
    DIRTY_BLOCKS("dirty_blocks", Unit.BLOCKS, "Dirty blocks", "Disk blocks written in the interval"),
    /// Chunks that it added for disks.
    NEW_BLOCKS("new_blocks", Unit.BLOCKS, "New blocks", "Disk blocks whose content the store did not have"),
    /// Without what a disk or RAM is.
    DEVICE_STATE_SIZE("device_state_bytes", Unit.BYTES, "Device state", "Length of the device state"),
    /// Packs, hashes and page maps.
    STORED("stored_bytes", Unit.BYTES, "Stored", "What it added to the store"),
    /// From the first page until its transaction.
    PIPELINE("pipeline_millis", Unit.MILLIS, "Pipeline", "Background work until it was stored"),
    /// Only of a run that can be replayed; otherwise 0.
    INSTRUCTIONS(Names.of("instructions"), Unit.INSTRUCTIONS, "Instructions",
            "Instructions that the guest had executed, where its run can be replayed", 5, false);

    /// The phases of a pause, in their order.
    public static final List<CheckpointFigure> PHASES = List.of(STOP, DEVICE_STATE, HARVEST, COPY, DISKS, RESUME);

    /// Those that are kept, in the order of their columns.
    public static final List<CheckpointFigure> KEPT = Arrays.stream(values()).filter(each -> !each.derived).toList();

    @SuppressWarnings("ImmutableEnumChecker") // a record of texts
    private final Names names;
    private final Unit unit;
    private final String title;
    private final String explanation;
    private final int sinceFormat;
    private final boolean derived;

    CheckpointFigure(String column, Unit unit, String title, String explanation) {
        this(Names.of(column), unit, title, explanation);
    }

    CheckpointFigure(Names names, Unit unit, String title, String explanation) {
        this(names, unit, title, explanation, 1, false);
    }

    CheckpointFigure(Names names, Unit unit, String title, String explanation, int sinceFormat, boolean derived) {
        this.names = names;
        this.unit = unit;
        this.title = title;
        this.explanation = explanation;
        this.sinceFormat = sinceFormat;
        this.derived = derived;
    }

    @Override
    public Names names() {
        return names;
    }

    @Override
    public Unit unit() {
        return unit;
    }

    @Override
    public String title() {
        return title;
    }

    @Override
    public String explanation() {
        return explanation;
    }

    @Override
    public int sinceFormat() {
        return sinceFormat;
    }

    @Override
    public boolean derived() {
        return derived;
    }
}
