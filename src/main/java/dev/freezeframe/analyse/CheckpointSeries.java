package dev.freezeframe.analyse;

import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.HdrHistogram.Histogram;

/// The checkpoints of one experiment as columns of numbers, in order, with what is added up over them. It grows at its end
/// only, so a [#snapshot] costs nothing and stays as it is.
///
/// A checkpoint's dirty rate is its dirty pages by the time since the checkpoint before it. Where that one is not there any
/// more it is by the interval that was asked for; the first checkpoint holds all of RAM and has no rate.
public final class CheckpointSeries {
    /// Of the pause, in their order and as people read them.
    public static final List<String> PHASES = List.of("stop", "device state", "harvest", "copy", "disks", "resume");
    /// The same for where there is less room.
    public static final List<String> SHORT_PHASES = List.of("stop", "device", "harvest", "copy", "disks", "resume");
    private static final int DIGITS = 3;

    private final Instant start;
    private int size;
    private double[] seconds = new double[64];
    /// Where the time begins that the dirty set of the checkpoint is from.
    private double[] since = new double[64];
    private int[] numbers = new int[64];
    private int[] late = new int[64];
    private final long[][] phases = new long[PHASES.size()][64];
    private long[] pause = new long[64];
    private long[] dirty = new long[64];
    private double[] rate = new double[64];
    private final long[][] fates = new long[PageFate.DIRTY_FATES][64];
    private long[] stored = new long[64];
    private long[] raw = new long[64];
    private long[] kept = new long[64];
    private final long[][] blocks = new long[BlockFate.ALL.size()][64];
    private long[] dirtyBlocks = new long[64];
    private long[] allDirtyBlocks = new long[64];
    private long[] allNewBlocks = new long[64];
    private boolean hasDisks;
    private CheckpointRecord[] records = new CheckpointRecord[64];
    private final Histogram rates;
    private long medianRate;

    /// @param start when the experiment began: second 0
    public CheckpointSeries(Instant start) {
        this.start = start;
        rates = new Histogram(DIGITS);
        rates.setAutoResize(true);
    }

    private CheckpointSeries(CheckpointSeries from) {
        start = from.start;
        size = from.size;
        seconds = from.seconds;
        since = from.since;
        numbers = from.numbers;
        late = from.late;
        System.arraycopy(from.phases, 0, phases, 0, phases.length);
        pause = from.pause;
        dirty = from.dirty;
        rate = from.rate;
        System.arraycopy(from.fates, 0, fates, 0, fates.length);
        System.arraycopy(from.blocks, 0, blocks, 0, blocks.length);
        dirtyBlocks = from.dirtyBlocks;
        allDirtyBlocks = from.allDirtyBlocks;
        allNewBlocks = from.allNewBlocks;
        hasDisks = from.hasDisks;
        stored = from.stored;
        raw = from.raw;
        kept = from.kept;
        records = from.records;
        rates = null;
        medianRate = from.medianRate;
    }

    /// The checkpoints there are now; what is added later is not in it. For any thread.
    public CheckpointSeries snapshot() {
        medianRate = rates.getTotalCount() == 0 ? 0 : rates.getValueAtPercentile(50);
        return new CheckpointSeries(this);
    }

    /// Adds the next checkpoint.
    public void add(CheckpointRecord checkpoint) {
        if (rates == null) {
            throw new IllegalStateException("a snapshot does not grow");
        }
        if (size == seconds.length) {
            grow();
        }
        CheckpointMetrics metrics = checkpoint.metrics();
        int i = size;
        // a wall clock that was set back must not bring the order into disorder
        seconds[i] = Math.max(i == 0 ? 0 : seconds[i - 1],
                Duration.between(start, metrics.capturedAt()).toNanos() / 1e9);
        numbers[i] = checkpoint.number();
        late[i] = Math.toIntExact(metrics.late());
        for (int phase = 0; phase < phases.length; phase++) {
            phases[phase][i] = Math.max(0, metrics.of(CheckpointFigure.PHASES.get(phase)));
        }
        pause[i] = Math.max(0, metrics.pauseMicros());
        dirty[i] = metrics.dirtyPages();
        fates[PageFate.NEW.code()][i] = metrics.newPages();
        fates[PageFate.DUPLICATE_WITHIN.code()][i] = metrics.duplicateWithinPages();
        fates[PageFate.DUPLICATE_STORED.code()][i] = metrics.duplicateStoredPages();
        fates[PageFate.DUPLICATE_DISK.code()][i] = metrics.duplicateDiskPages();
        fates[PageFate.ZERO.code()][i] = metrics.zeroPages();
        fates[PageFate.UNCHANGED.code()][i] = metrics.unchangedPages();
        addBlocks(i, metrics);
        stored[i] = metrics.storedBytes();
        raw[i] = metrics.imageBytes() + (i == 0 ? 0 : raw[i - 1]);
        kept[i] = metrics.storedBytes() + (i == 0 ? 0 : kept[i - 1]);
        records[i] = checkpoint;
        addRate(i, metrics);
        size++;
    }

    private void addBlocks(int i, CheckpointMetrics metrics) {
        hasDisks |= !metrics.disks().isEmpty();
        dirtyBlocks[i] = metrics.dirtyBlocks();
        allDirtyBlocks[i] = metrics.dirtyBlocks() + (i == 0 ? 0 : allDirtyBlocks[i - 1]);
        allNewBlocks[i] = metrics.newBlocks() + (i == 0 ? 0 : allNewBlocks[i - 1]);
        for (BlockFate fate : BlockFate.ALL) {
            blocks[fate.code()][i] = metrics.disks().stream().mapToLong(fate::of).sum();
        }
    }

    private void addRate(int i, CheckpointMetrics metrics) {
        boolean hasBefore = i > 0 && numbers[i - 1] == numbers[i] - 1;
        double asked = metrics.intervalMillis() / 1e3 * (1 + Math.max(0, metrics.late()));
        double span = hasBefore ? seconds[i] - seconds[i - 1] : asked;
        since[i] = numbers[i] == 1 ? seconds[i] : seconds[i] - span;
        if (numbers[i] == 1 || span <= 0) {
            rate[i] = Double.NaN;
        } else {
            rate[i] = metrics.dirtyPages() / span;
            rates.recordValue(Math.round(Math.max(0, rate[i])));
        }
    }

    private void grow() {
        int room = 2 * size;
        seconds = Arrays.copyOf(seconds, room);
        since = Arrays.copyOf(since, room);
        numbers = Arrays.copyOf(numbers, room);
        late = Arrays.copyOf(late, room);
        for (int phase = 0; phase < phases.length; phase++) {
            phases[phase] = Arrays.copyOf(phases[phase], room);
        }
        pause = Arrays.copyOf(pause, room);
        dirty = Arrays.copyOf(dirty, room);
        rate = Arrays.copyOf(rate, room);
        for (int fate = 0; fate < fates.length; fate++) {
            fates[fate] = Arrays.copyOf(fates[fate], room);
        }
        for (int fate = 0; fate < blocks.length; fate++) {
            blocks[fate] = Arrays.copyOf(blocks[fate], room);
        }
        dirtyBlocks = Arrays.copyOf(dirtyBlocks, room);
        allDirtyBlocks = Arrays.copyOf(allDirtyBlocks, room);
        allNewBlocks = Arrays.copyOf(allNewBlocks, room);
        stored = Arrays.copyOf(stored, room);
        raw = Arrays.copyOf(raw, room);
        kept = Arrays.copyOf(kept, room);
        records = Arrays.copyOf(records, room);
    }

    public int size() {
        return size;
    }

    public Instant start() {
        return start;
    }

    /// Since the experiment's start.
    public double seconds(int i) {
        return seconds[i];
    }

    /// Where the time begins that the dirty set of a checkpoint is from.
    public double since(int i) {
        return since[i];
    }

    public int number(int i) {
        return numbers[i];
    }

    public int late(int i) {
        return late[i];
    }

    public long phaseMicros(int phase, int i) {
        return phases[phase][i];
    }

    public long pauseMicros(int i) {
        return pause[i];
    }

    public long dirtyPages(int i) {
        return dirty[i];
    }

    /// Dirty pages a second; not a number where that cannot be said.
    public double pagesPerSecond(int i) {
        return rate[i];
    }

    public long pages(PageFate fate, int i) {
        return fates[fate.code()][i];
    }

    /// Whether any checkpoint has a disk.
    public boolean hasDisks() {
        return hasDisks;
    }

    /// Dirty blocks of all disks.
    public long dirtyBlocks(int i) {
        return dirtyBlocks[i];
    }

    /// Of all disks.
    public long blocks(BlockFate fate, int i) {
        return blocks[fate.code()][i];
    }

    /// Of all checkpoints until this one.
    public long allDirtyBlocks(int i) {
        return allDirtyBlocks[i];
    }

    /// Of all checkpoints until this one.
    public long allNewBlocks(int i) {
        return allNewBlocks[i];
    }

    public long storedBytes(int i) {
        return stored[i];
    }

    /// All checkpoints until this one as plain images of RAM and disks.
    public long rawBytes(int i) {
        return raw[i];
    }

    /// What all checkpoints until this one added to the store.
    public long keptBytes(int i) {
        return kept[i];
    }

    public CheckpointRecord record(int i) {
        return records[i];
    }

    /// Of all checkpoints at the time of the snapshot, to three digits.
    public long medianPagesPerSecond() {
        return medianRate;
    }

    /// Of the newest checkpoint, 0 where there is none.
    public double lastSeconds() {
        return size == 0 ? 0 : seconds[size - 1];
    }

    /// The first checkpoint at or after this moment; [#size] where there is none.
    public int firstFrom(double second) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (seconds[middle] < second) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// The checkpoint nearest to this moment, -1 where there is none.
    public int nearest(double second) {
        int after = firstFrom(second);
        if (size == 0) {
            return -1;
        }
        if (after == size) {
            return size - 1;
        }
        return after > 0 && second - seconds[after - 1] < seconds[after] - second ? after - 1 : after;
    }

    /// The place of the checkpoint with this number, -1 where it is not here.
    public int indexOf(int number) {
        int found = Arrays.binarySearch(numbers, 0, size, number);
        return found < 0 ? -1 : found;
    }
}
