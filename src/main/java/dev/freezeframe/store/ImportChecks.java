package dev.freezeframe.store;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.catalog.ClassMapTable;
import dev.freezeframe.store.catalog.DiskTable;
import dev.freezeframe.store.catalog.ImageTable;
import dev.freezeframe.store.catalog.SimulationTable;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskFigure;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ImportedCheckpoint.ClassPart;
import dev.freezeframe.store.model.ImportedCheckpoint.ImageParts;
import dev.freezeframe.store.model.ImportedCheckpoint.MapPart;
import dev.freezeframe.store.model.ImportedCheckpoint;
import dev.freezeframe.store.model.ImportedIntervals;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageClassCodec;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.PageMapCodec;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.PackCodec;
import java.util.BitSet;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What the parts of an experiment must be like to be taken into a store. What passes is as good as what this program
/// stored itself: it can be read, verified and restored without asking for more memory than it is worth.
///
/// Takes the checkpoints of one experiment in the order of their numbers; for one thread.
public final class ImportChecks {
    /// Of the experiments and checkpoints that travel together.
    public static final int MAX_CHECKPOINTS = 100_000;
    /// Of a checkpoint.
    public static final int MAX_DISKS = 64;
    /// As much as capture takes of QEMU: the memory of the graphics card is in it.
    public static final long MAX_DEVICE_STATE_BYTES = 256 << 20;
    /// Four times what the largest screens have; a short file may unfold to any size.
    public static final long MAX_PIXELS = 1 << 25;
    /// Of a log with what is left out before it, 64 GiB: some days of an idle guest, months of a busy one.
    public static final long MAX_LOG_BYTES = 1L << 36;
    /// Of the simulations that travel together.
    public static final int MAX_SIMULATIONS = 1_000;
    /// Of a simulation's intervals that come at once.
    public static final int MAX_PART_INTERVALS = 1_000;
    /// What plugins said of those, but for the last of them.
    public static final int MAX_PART_CHARACTERS = 4 << 20;
    /// Of the intervals of one simulation, and what plugins said of all of them: as much as is read at once.
    public static final int MAX_INTERVALS = MAX_CHECKPOINTS;
    public static final long MAX_CHARACTERS = 32 << 20;
    /// No checkpoint has it.
    private static final int MAX_NUMBER = 1_000_000_000;
    /// The beginning of the year 10000.
    private static final long END_OF_DATES = 253_402_300_800L;
    private static final String DISK_ID = "[A-Za-z0-9_.-]{1,100}";

    private final long ramBytes;
    private final long chunkEnd;
    private final long maxMapBytes;
    private final Map<String, Map<Integer, Link>> links = new HashMap<>();
    /// Blocks of each image that any map of it names: an upper bound of what one map takes in memory.
    private final Map<String, BitSet> blocks = new HashMap<>();
    private int last;
    private Optional<SimulationRecord> simulation = Optional.empty();
    private int simulations;
    private int lastFrom;
    private int lastTo;
    private long intervals;
    private long characters;
    private long lastInstructions;

    /// What later differences may build on.
    private record Link(long lengthBytes, int chainLength) {}

    /// @param ramBytes guest RAM of the experiment
    /// @param chunks   how many chunks it has
    public ImportChecks(long ramBytes, long chunks) {
        this(ramBytes, chunks, Runtime.getRuntime().maxMemory() / 4);
    }

    ImportChecks(long ramBytes, long chunks, long maxMapBytes) {
        this.ramBytes = ramBytes;
        this.chunkEnd = ImportedCheckpoint.FIRST_CHUNK + chunks;
        this.maxMapBytes = maxMapBytes;
    }

    /// Checks the next checkpoint.
    ///
    /// @throws StoreException with what is wrong with it
    public void check(ImportedCheckpoint parts) throws StoreException {
        require(parts.number() > last && parts.number() < MAX_NUMBER, parts,
                "its number does not follow " + last);
        last = parts.number();
        checkFigures(parts);
        require(parts.picture().isEmpty() || parts.picture().get().pixels() <= MAX_PIXELS, parts,
                "its picture is too large");
        Set<String> names = new HashSet<>();
        for (ImageParts image : parts.images()) {
            require(names.add(image.name()), parts, "it has two images of one name");
            check(parts, image);
        }
        require(names.contains(NewCheckpoint.RAM), parts, "it has no RAM");
        for (DiskMetrics disk : parts.metrics().disks()) {
            require(names.contains(NewCheckpoint.disk(disk.disk())), parts, "a disk of it is missing");
        }
        require(parts.images().size() <= parts.metrics().disks().size() + 2, parts, "it has more images than disks");
        if (parts.pageClasses().isPresent()) {
            check(parts, parts.pageClasses().get());
        }
    }

    /// Checks the next intervals of a simulation, behind all checkpoints.
    ///
    /// @throws StoreException with what is wrong with them
    public void check(ImportedIntervals part) throws StoreException {
        if (part.begun().isPresent()) {
            simulation = part.begun();
            simulations++;
            lastFrom = 0;
            lastTo = 0;
            intervals = 0;
            characters = 0;
        }
        SimulationRecord of = simulation.orElseThrow(() -> new StoreException(Reason.DAMAGED,
                "its simulations begin without saying of what they are"));
        requireSimulation(of.first() >= 1 && of.last() >= of.first() && of.last() < MAX_NUMBER && of.every() >= 1
                && isDate(of.startedAt()) && of.endedAt().isPresent() && isDate(of.endedAt().get()),
                "its figures are out of range");
        intervals += part.intervals().size();
        requireSimulation(simulations <= MAX_SIMULATIONS && part.intervals().size() <= MAX_PART_INTERVALS
                && intervals <= MAX_INTERVALS, "there are too many of them, or of its intervals");
        long said = 0;
        for (SimulatedInterval each : part.intervals()) {
            requireSimulation(said <= MAX_PART_CHARACTERS, "what is said of its intervals is too long");
            said += each.result().length();
            requireSimulation(each.from() >= of.first() && each.to() <= of.last(), "it has an interval of another one");
            requireSimulation(each.from() > lastFrom || (each.from() == lastFrom && each.to() > lastTo),
                    "its intervals do not follow each other");
            lastFrom = each.from();
            lastTo = each.to();
            try {
                SimulationTable.check(each);
            } catch (CorruptionException e) {
                throw new StoreException(Reason.DAMAGED, "a simulation of it: " + e.getMessage(), e);
            }
        }
        characters += said;
        requireSimulation(characters <= MAX_CHARACTERS, "what is said of its intervals is too long");
    }

    private static void requireSimulation(boolean holds, String otherwise) throws StoreException {
        if (!holds) {
            throw new StoreException(Reason.DAMAGED, "a simulation of it: " + otherwise);
        }
    }

    /// Whether it is between 1970 and the end of 9999: of years with more digits no other program can read the date.
    public static boolean isDate(Instant instant) {
        return instant.getEpochSecond() >= 0 && instant.getEpochSecond() < END_OF_DATES;
    }

    private void checkFigures(ImportedCheckpoint parts) throws StoreException {
        CheckpointMetrics m = parts.metrics();
        for (CheckpointFigure figure : CheckpointFigure.values()) {
            require(figure.unit().inRange(m.of(figure)), parts, "its figures are out of range");
        }
        require(isDate(m.capturedAt()), parts, "its date is out of range");
        require(m.of(CheckpointFigure.INSTRUCTIONS) >= lastInstructions, parts,
                "its instructions are less than those before it");
        lastInstructions = m.of(CheckpointFigure.INSTRUCTIONS);
        require(m.ramPages() == ramBytes / ChunkId.CHUNK_BYTES && m.dirtyPages() <= m.ramPages()
                && m.dirtyPages() == m.unchangedPages() + m.zeroPages() + m.duplicatePages() + m.newPages(), parts,
                "its figures do not add up");
        require(m.disks().size() <= MAX_DISKS, parts, "it has too many disks");
        Set<String> ids = new HashSet<>();
        for (DiskMetrics disk : m.disks()) {
            require(disk.disk().matches(DISK_ID) && ids.add(disk.disk()), parts, "its disks have no names of disks");
            require(disk.sizeBytes() > 0 && disk.sizeBytes() <= ImageTable.MAX_IMAGE_BYTES
                    && disk.dirtyBlocks() <= Math.ceilDiv(disk.sizeBytes(), ChunkId.CHUNK_BYTES)
                    && inRange(disk, DiskFigure.READ) && inRange(disk, DiskFigure.READ_TIME) && inRange(disk,
                            DiskFigure.STORED),
                    parts, "the figures of disk " + disk.disk() + " are out of range");
        }
        Optional<String> problem = DiskTable.problem(m);
        require(problem.isEmpty(), parts, problem.orElse(""));
    }

    private static boolean inRange(DiskMetrics disk, DiskFigure figure) {
        return figure.unit().inRange(disk.of(figure));
    }

    private void check(ImportedCheckpoint parts, ImageParts image) throws StoreException {
        long length = expectedLength(parts, image);
        require(image.lengthBytes() == length && length >= 0 && length <= ImageTable.MAX_IMAGE_BYTES, parts,
                "the length of its " + image.name() + " is wrong");
        int chain = 0;
        if (image.base().isPresent()) {
            Link base = links.getOrDefault(image.name(), Map.of()).get(image.base().get());
            require(base != null && base.lengthBytes == length, parts,
                    "its " + image.name() + " builds on a checkpoint that is not there before it");
            chain = base.chainLength + 1;
            require(chain <= ImageTable.MAX_CHAIN, parts, "its " + image.name() + " builds on too many others");
        }
        int pages = (int) ((length + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES);
        require(image.map().size() <= pages / PageMapCodec.MAX_ENTRIES + 1, parts, "the map of its " + image.name()
                + " has too many parts");
        BitSet named = blocks.computeIfAbsent(image.name(), _ -> new BitSet());
        boolean[] inRange = {true};
        for (MapPart part : image.map()) {
            require(part.content().length <= PackCodec.MAX_ROW_BYTES, parts, "a part of a page map is too long");
            try {
                PageMapCodec.decode(new PageMapCodec.Piece(part.entries(), part.encodedBytes(), part.content()), pages,
                        (page, id) -> {
                            named.set(page / PageMap.BLOCK_PAGES);
                            inRange[0] &= id == ChunkId.ZERO || (id >= ImportedCheckpoint.FIRST_CHUNK && id < chunkEnd);
                        });
            } catch (CorruptionException e) {
                throw wrong(parts, e.getMessage());
            }
        }
        require(inRange[0], parts, "its " + image.name() + " names a chunk that is not there");
        long mapBytes = (long) named.cardinality() * PageMap.BLOCK_PAGES * Long.BYTES;
        if (mapBytes > maxMapBytes) {
            throw new StoreException(Reason.REFUSED, "the page map of its " + image.name() + " may take "
                    + (mapBytes >> 20) + " MB of memory, this program has " + (maxMapBytes >> 20)
                    + " MB for it; give it more with FREEZEFRAME_JAVA_OPTS=-Xmx" + Math.ceilDiv(5 * mapBytes, 1L << 30)
                    + "g");
        }
        links.computeIfAbsent(image.name(), _ -> new HashMap<>()).put(parts.number(), new Link(length, chain));
    }

    private long expectedLength(ImportedCheckpoint parts, ImageParts image) throws StoreException {
        Optional<String> disk = NewCheckpoint.diskOf(image.name());
        if (disk.isPresent()) {
            return parts.metrics().disk(disk.get()).orElseThrow(() -> wrong(parts, "it has no such disk")).sizeBytes();
        }
        return switch (image.name()) {
            case NewCheckpoint.RAM -> ramBytes;
            case NewCheckpoint.DEVICE_STATE -> {
                require(parts.metrics().deviceStateBytes() <= MAX_DEVICE_STATE_BYTES, parts,
                        "its device state is too long");
                yield parts.metrics().deviceStateBytes();
            }
            default -> throw wrong(parts, "it has an image that no checkpoint has");
        };
    }

    private void check(ImportedCheckpoint parts, List<ClassPart> classes) throws StoreException {
        int pages = (int) parts.metrics().ramPages();
        require(!classes.isEmpty() && classes.size() <= pages / PageClassCodec.MAX_RUNS + 1, parts,
                "its map of page classes has too many parts");
        for (ClassPart part : classes) {
            require(part.content().length <= PackCodec.MAX_ROW_BYTES, parts,
                    "a part of its map of page classes is too long");
        }
        try {
            PageClassMap map = PageClassMap.checked(pages, ImportedCheckpoint.pieces(classes));
            require(ClassMapTable.fits(map, parts.metrics()), parts, "its page classes are not those of its figures");
        } catch (CorruptionException e) {
            throw wrong(parts, e.getMessage());
        }
    }

    private static void require(boolean holds, ImportedCheckpoint parts, String otherwise) throws StoreException {
        if (!holds) {
            throw wrong(parts, otherwise);
        }
    }

    private static StoreException wrong(ImportedCheckpoint parts, String what) {
        return new StoreException(Reason.DAMAGED, "checkpoint " + parts.number() + ": " + what);
    }
}
