package dev.freezeframe.store;

import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.lock.WriteLease;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.NewCheckpoint.NewImage;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkHash;
import dev.freezeframe.store.pack.PackDraft;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;

/// Experiments of any length without a guest, for tests and screenshots: every checkpoint goes into a real store through its
/// real commit, with figures that walk about as a guest's do. The same seed gives the same experiment.
///
/// The pages come from a pool of stored chunks, an eighth of the guest's pages and at most 4,096, so a store of 10,000 checkpoints
/// stays small and one of a tiny guest is written in a moment; what `storedBytes` says is what a guest's new pages would have
/// taken. Checkpoints can be read, compared, exported and deleted; they cannot be
/// started, because the device state is no QEMU's.
public final class SyntheticExperiments {
    private static final int MOST_POOL_PACKS = 64;
    private static final int NEW_PAGE_BYTES = 3500;
    private static final int CONSOLE_LINES = 12;
    /// Of those that can be executed again: without a log there is nothing that a QEMU could do.
    public static final String NO_QEMU = "/nonexistent/qemu";

    private final Store store;
    private final Random random;
    private final long experimentId;
    private final String name;
    private final int pages;
    private final Duration interval;
    private final long[] pool;

    private int number;
    private int nextChunk;
    private Instant captured;
    private PageMap ram;
    private final List<Long> diskBytes = new ArrayList<>();
    private final List<PageMap> disks = new ArrayList<>();
    private double dirtyLevel = 2600;
    private double pauseLevel = 1;
    private double newShare = 0.6;
    private int workingSet;
    private final List<String> console = new ArrayList<>();
    private long instructions;
    private final boolean replay;

    private SyntheticExperiments(Store store, String name, long ramBytes, Duration interval, Instant start, long seed,
            Optional<CheckpointRecord> parent, boolean replay) throws StoreException {
        this.replay = replay;
        this.store = store;
        this.name = name;
        this.random = new Random(seed);
        this.pages = (int) (ramBytes / ChunkId.CHUNK_BYTES);
        this.interval = interval;
        captured = start;
        ram = PageMap.allZero(pages);
        experimentId = store.createExperiment(ExperimentRecord.starting(name, replay
                ? "replay-linux"
                : "tiny-linux", machine(ramBytes, replay),
                ramBytes,
                parent.map(CheckpointRecord::id), start));
        pool = pool();
    }

    /// A machine without anything to boot.
    private static String machine(long ramBytes, boolean replay) {
        return """
                {"format":1,"profileName":"tiny-linux","profile":{"description":"","memory":"%d KiB","cpus":1,\
                "machine":"pc","accelerator":"tcg","display":"none","replay":%s,"arguments":[]},"memoryBytes":%d,"accelerator":"tcg",\
                "machineType":"pc-i440fx-7.2","qemuVersion":"7.2.0","qemuBinary":"%s",\
                "kernelArguments":[],"bootFiles":[]}"""
                .formatted(ramBytes >> 10, replay, ramBytes, replay
                        ? NO_QEMU
                        : "qemu-system-x86_64");
    }

    /// Writes an experiment of a guest with 256 MiB and an interval of a second, and ends it.
    ///
    /// @return its id
    public static long write(Store store, String name, int checkpoints, long seed) throws StoreException {
        SyntheticExperiments experiment = begin(store, name, 256L << 20, Duration.ofSeconds(1),
                Instant.parse("2026-11-22T10:15:00Z"), seed, Optional.empty());
        experiment.add(checkpoints);
        experiment.end("all " + checkpoints + " checkpoints taken");
        return experiment.id();
    }

    /// Begins an experiment of any kind. It counts as being recorded until [#end].
    ///
    /// @param parent the checkpoint that its machine was restored from
    public static SyntheticExperiments begin(Store store, String name, long ramBytes, Duration interval, Instant start,
            long seed, Optional<CheckpointRecord> parent) throws StoreException {
        return new SyntheticExperiments(store, name, ramBytes, interval, start, seed, parent, false);
    }

    /// Begins one whose profile says that its run can be executed again; instructions are counted, but there is neither a log nor
    /// its QEMU.
    public static SyntheticExperiments replayable(Store store, String name, long ramBytes, Duration interval,
            Instant start, long seed) throws StoreException {
        return new SyntheticExperiments(store, name, ramBytes, interval, start, seed, Optional.empty(), true);
    }

    /// Gives the machine disks of these sizes; to be called before the first checkpoint.
    public SyntheticExperiments withDisks(long... sizeBytes) {
        for (long bytes : sizeBytes) {
            diskBytes.add(bytes);
            disks.add(PageMap.allZero((int) ((bytes + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES)));
        }
        return this;
    }

    /// Its id in the catalog.
    public long id() {
        return experimentId;
    }

    /// Takes so many more checkpoints.
    public void add(int checkpoints) throws StoreException {
        for (int i = 0; i < checkpoints; i++) {
            next();
        }
    }

    /// Notes that the experiment has ended.
    public void end(String reason) throws StoreException {
        store.finishExperiment(experimentId, reason);
    }

    /// Takes one more checkpoint, as a recorder would: commits it, then adds a picture; now and then a person adds a tag.
    public CheckpointRecord next() throws StoreException {
        number++;
        CheckpointRecord record;
        PageMap.Editor changed = ram.edit();
        PageClassMap classes = change(changed);
        CaptureMetrics capture = capture(classes.dirtyPages());
        List<DiskMetrics> written = new ArrayList<>();
        List<PageMap> blocks = new ArrayList<>();
        List<NewImage> images = new ArrayList<>();
        for (int i = 0; i < disks.size(); i++) {
            PageMap.Editor editor = disks.get(i).edit();
            written.add(writeDisk(i, editor));
            blocks.add(editor.map());
            images.add(new NewImage(NewCheckpoint.disk("disk" + i), diskBytes.get(i), blocks.get(i), number == 1
                    ? Optional.empty()
                    : Optional.of(disks.get(i))));
        }
        long packBytes = classes.count(PageClass.NEW) * NEW_PAGE_BYTES;
        long pipelineNanos = (long) (2_000_000 + 9_000.0 * classes.dirtyPages() * (0.9 + 0.2 * random.nextDouble()));
        try (WriteLease lease = store.beginWriting()) {
            PageMap map = changed.map();
            images.add(new NewImage(NewCheckpoint.RAM, (long) pages * ChunkId.CHUNK_BYTES, map, number == 1
                    ? Optional.empty()
                    : Optional.of(ram)));
            images.add(deviceState());
            record = store.commit(lease, new NewCheckpoint(experimentId, number, capture, classes, written, packBytes,
                    System.nanoTime() - pipelineNanos,
                    images));
            ram = map.storedAs(record.id());
            for (int i = 0; i < blocks.size(); i++) {
                disks.set(i, blocks.get(i).storedAs(record.id()));
            }
        }
        store.putPicture(record.id(), Picture.ofConsole(console()));
        if (number % 250 == 100) {
            store.annotate(record.id(), Annotation.of(number % 500 == 100 ? "" : "dirty rate " + (long) dirtyLevel,
                    number % 1000 == 100 ? List.of("boot") : List.of("steady", "keep")));
        }
        return record;
    }

    /// What the guest wrote to a disk: a run of blocks, of all kinds.
    private DiskMetrics writeDisk(int disk, PageMap.Editor map) {
        int blocks = disks.get(disk).pages();
        int dirty = number == 1 ? blocks : 1 + random.nextInt(Math.max(1, blocks / 8));
        int from = number == 1 ? 0 : random.nextInt(blocks - dirty + 1);
        long fresh = 0;
        long ofDisk = 0;
        long ofRam = 0;
        long zero = 0;
        for (int block = from; block < from + dirty; block++) {
            switch (number == 1 ? random.nextInt(8) : random.nextInt(4)) {
                case 0 -> {
                    map.set(block, pool[nextChunk++ % pool.length]);
                    fresh++;
                }
                case 1 -> {
                    map.set(block, pool[random.nextInt(pool.length)]);
                    ofDisk++;
                }
                case 2 -> {
                    map.set(block, pool[random.nextInt(pool.length)]);
                    ofRam++;
                }
                default -> {
                    map.set(block, ChunkId.ZERO);
                    zero++;
                }
            }
        }
        return GivenFigures.disk("disk" + disk, diskBytes.get(disk), dirty, 0, zero, ofDisk, ofRam, fresh,
                (dirty - zero)
                        * ChunkId.CHUNK_BYTES,
                40L * dirty, fresh * NEW_PAGE_BYTES);
    }

    /// Writes a pool of chunks, half of them compressible.
    private long[] pool() throws StoreException {
        int packs = Math.clamp(pages / 8 / PackDraft.CHUNKS, 1, MOST_POOL_PACKS);
        long[] chunks = new long[packs * PackDraft.CHUNKS];
        ByteBuffer page = ByteBuffer.allocateDirect(ChunkId.CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ChunkHash hash = ChunkHash.xxh128();
        long[] hashed = new long[2];
        byte[] bytes = new byte[ChunkId.CHUNK_BYTES];
        try (WriteLease lease = store.beginWriting()) {
            for (int i = 0; i < packs; i++) {
                try (PackDraft draft = store.newPack(ChunkOrigin.RAM)) {
                    for (int j = 0; j < PackDraft.CHUNKS; j++) {
                        random.nextBytes(bytes);
                        page.clear().put(bytes, 0, j % 2 == 0 ? 400 : bytes.length);
                        hash.hash(page, 0, hashed);
                        chunks[i * PackDraft.CHUNKS + j] = draft.add(page, 0, hashed[0], hashed[1]);
                    }
                    store.write(lease, draft, 3);
                }
            }
        }
        return chunks;
    }

    /// What the guest wrote: some long runs where its programs work, and single pages all over.
    private PageClassMap change(PageMap.Editor map) {
        BitSet dirty = new BitSet(pages);
        boolean first = number == 1;
        if (first) {
            dirty.set(0, pages * 35 / 100);
        } else {
            walk();
            int count = (int) Math.min(pages * 0.9, dirtyLevel);
            if (random.nextInt(40) == 0) {
                workingSet = random.nextInt(pages);
            }
            dirty.set(workingSet, Math.min(pages, workingSet + count * 3 / 4));
            for (int i = 0; i < count / 4; i++) {
                int page = (int) Math.abs(random.nextGaussian() * pages / 5) % pages;
                dirty.set(page, Math.min(pages, page + 1 + random.nextInt(4)));
            }
        }
        PageClassMap.Builder classes = PageClassMap.builder(pages);
        PageClass current = PageClass.NEW;
        for (int page = dirty.nextSetBit(0); page >= 0; page = dirty.nextSetBit(page + 1)) {
            if (random.nextInt(8) == 0) {
                current = someClass(first);
            }
            PageClass pageClass = current;
            if (pageClass == PageClass.UNCHANGED && map.chunkId(page) == ChunkId.ZERO) {
                pageClass = PageClass.ZERO;
            }
            switch (pageClass) {
                case UNCHANGED -> {
                }
                case ZERO -> map.set(page, ChunkId.ZERO);
                case DUPLICATE_WITHIN -> map.set(page, pool[nextChunk % pool.length]);
                case DUPLICATE_STORED, DUPLICATE_DISK -> map.set(page, pool[random.nextInt(pool.length)]);
                case NEW -> map.set(page, pool[nextChunk++ % pool.length]);
            }
            classes.add(page, pageClass);
        }
        return classes.map();
    }

    private PageClass someClass(boolean first) {
        double at = random.nextDouble();
        if (at < newShare) {
            return PageClass.NEW;
        }
        double rest = (at - newShare) / (1 - newShare);
        if (!disks.isEmpty() && rest < 0.2) {
            return PageClass.DUPLICATE_DISK;
        }
        return rest < 0.35
                ? PageClass.DUPLICATE_STORED
                : rest < 0.6 ? PageClass.DUPLICATE_WITHIN : rest < 0.85 || first ? PageClass.ZERO : PageClass.UNCHANGED;
    }

    private void walk() {
        dirtyLevel = Math.clamp(dirtyLevel * (1 + 0.12 * random.nextGaussian()), 40, pages * 0.4);
        dirtyLevel += (2600 - dirtyLevel) * 0.05;
        newShare = Math.clamp(newShare + 0.02 * random.nextGaussian(), 0.15, 0.9);
        pauseLevel = Math.clamp(pauseLevel * (1 + 0.08 * random.nextGaussian()), 0.6, 3);
        pauseLevel += (1 - pauseLevel) * 0.1;
    }

    private CaptureMetrics capture(long dirty) {
        int late = random.nextInt(400) == 0 ? 1 + random.nextInt(3) : 0;
        captured = captured.plus(interval.multipliedBy(1L + late)).plusNanos(1000L * random.nextInt(800));
        double spike = random.nextInt(60) == 0 ? 2 + 3 * random.nextDouble() : 1;
        long[] phases = {micros(220), micros(520), micros(190), micros(8 + dirty / 200.0), 0,
                micros(90 * spike * spike)};
        CaptureMetrics metrics = GivenFigures.capture(captured, List.of(), interval.toMillis(), late,
                LongStream.of(phases).sum(),
                phases[0], phases[1], phases[2], phases[3], phases[4], phases[5], 2 + random.nextInt(2), micros(2500
                        + dirty / 2.0),
                dirty + random.nextInt(60), 20 + random.nextInt(60));
        if (!replay) {
            return metrics;
        }
        instructions += interval.toMillis() * (200_000 + random.nextInt(100_000));
        return metrics.with(CheckpointFigure.INSTRUCTIONS, instructions);
    }

    private long micros(double usual) {
        return Math.round(usual * pauseLevel * Math.exp(0.15 * random.nextGaussian()));
    }

    private NewImage deviceState() {
        PageMap.Editor map = PageMap.allZero(4).edit();
        for (int page = 0; page < 3; page++) {
            map.set(page, pool[page]);
        }
        map.set(3, pool[number % pool.length]);
        return new NewImage(NewCheckpoint.DEVICE_STATE, 13_312, map.map(), Optional.empty());
    }

    private String console() {
        console.add("tick " + number + " sum " + Long.toHexString(random.nextLong()) + " " + name);
        if (console.size() > CONSOLE_LINES) {
            console.removeFirst();
        }
        return String.join("\n", console) + "\n";
    }

    /// Writes an experiment into a store, for looking at: `DIRECTORY NAME CHECKPOINTS`.
    public static void main(String[] arguments) throws StoreException {
        long started = System.nanoTime();
        int checkpoints = Integer.parseInt(arguments[2]);
        try (Store store = Store.open(Path.of(arguments[0]))) {
            write(store, arguments[1], checkpoints, 1);
            System.out.printf("%d checkpoints in %d ms, %.1f MB%n", checkpoints,
                    (System.nanoTime() - started) / 1_000_000, store.sizeBytes() / 1e6);
        }
    }
}
