package dev.freezeframe.store;

import dev.freezeframe.store.Catalog.Image;
import dev.freezeframe.store.Database.Work;
import dev.freezeframe.store.StoreException.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A directory that keeps checkpoints: packs of unique chunks, page maps and the catalog, in one H2 file. A checkpoint is
/// either wholly there or not at all, whatever happens to the process, and no bytes come out that are not the bytes that
/// went in.
///
/// **Threads.** Every method may be called from any thread, also while recordings write. Any number of recordings write at once, one pipeline thread each, beside any number of readers. What waits for what:
///
/// - Reading (lists, totals, notes, pictures, page maps, contents) waits for nobody and holds nobody up, except that it waits
///   while [#gc] makes the file shorter, which happens only when nothing is recorded and no image is open. What a list shows may have been deleted
///   a moment later; reading it then says so.
/// - [#annotate] and [#putPicture] lock one checkpoint's row for a moment. They do not wait for a checkpoint that is being
///   written.
/// - [#delete] and [#deleteExperiment] wait for the checkpoints that are being written to be committed and hold the next ones
///   up until they are done. A recording becomes late by that at most; it fails no checkpoint. The newest checkpoint of a
///   running recording, and what a running recording began with, cannot be deleted.
/// - [#gc] does the same while it reads page maps, which is some tenths of a second for a thousand checkpoints, and takes
///   memory for what it finds: about a hundred bytes for each pack. Then it goes on beside the recordings, in steps that hold
///   commits up for a fraction of a second. To keep a recording within a budget, delete its oldest checkpoints and collect now
///   and then; space comes back inside the file and is used by what comes. Without deletions the file stays near its content by
///   itself.
/// - [#beginImport] and what comes of it writes beside recordings as another recording does: each batch of chunks holds deletions
///   up, and what it has found or written so far is safe from [#gc]. [#readExperiment] waits for nobody; what it reads cannot
///   be deleted meanwhile.
/// - [#verify] waits for nobody and holds nobody up.
/// - [#openImage] waits for a deletion that is under way; reading from what it opened waits for nobody: while anything is
///   open, [#gc] does not make the file shorter.
///
/// One process at a time has a store open, whatever path or host it comes from. One that loses it to another, because it
/// slept too long to be taken for alive, can do nothing with it any more.
///
/// **Trust.** What is in the file is checked as if a stranger had written it: lengths, ids and checksums.
public final class Store implements AutoCloseable {
    /// Chunks in a pack that [#newPack] starts.
    public static final int PACK_CHUNKS = 64;

    private static final Logger LOG = LoggerFactory.getLogger(Store.class);
    /// What a collection on a full disk moves at most, of a small file.
    private static final long GATHER_BYTES = 64 << 20;
    /// A file with less waste than this is left alone.
    private static final double WORTH_SHRINKING = 0.95;
    /// Bound of the packs that image readers have in memory, where the heap is large.
    private static final long MOST_READ_BYTES = 128 << 20;

    private final Path directory;
    private final StoreFile file;
    private final Upkeep upkeep;
    private final Packs packs;
    private final PackCache readPacks;
    /// Also the lock that keeps deletions off what is being opened.
    private final Pins pins = new Pins();
    private final Gate gate = new Gate();
    private final AtomicLong lastPackId = new AtomicLong();
    private final Deque<ByteBuffer> draftBuffers = new ConcurrentLinkedDeque<>();
    private final List<ChunkWatcher> watchers = new CopyOnWriteArrayList<>();
    /// Experiments that this object records; also the lock that keeps deletions off what they build on.
    private final Set<Long> recording = new HashSet<>();
    /// Whether [#gc] makes the file shorter; guarded by `recording`.
    private boolean shrinking;
    /// Experiments that are being imported.
    private final List<IncomingExperiment> incoming = new CopyOnWriteArrayList<>();
    private final BootFiles bootFiles;
    /// Held by the one garbage collection that there may be.
    private final Object collecting = new Object();

    private Store(Path directory, StoreFile file, Packs packs) throws IOException {
        this.directory = directory;
        this.bootFiles = new BootFiles(directory);
        this.file = file;
        this.upkeep = new Upkeep(file);
        this.packs = packs;
        this.readPacks = new PackCache(Math.min(MOST_READ_BYTES, Runtime.getRuntime().maxMemory() / 8),
                packId -> pack(packId, false));
    }

    /// Whether there is a store in this folder, sound or not; a folder with other things in it is none.
    public static boolean isIn(Path directory) {
        return Files.exists(directory.resolve(Database.FILE_NAME)) || Files.exists(directory.resolve(
                StoreVersion.FILE_NAME));
    }

    /// Opens the store in a directory, or makes one there. Directory and files are the owner's only.
    ///
    /// @throws StoreException if another process has it open, a newer program wrote it, it is damaged, or the file system
    ///                        fails
    public static Store open(Path directory) throws StoreException {
        return open(directory, StoreFile.FILE_SYSTEM);
    }

    static Store open(Path directory, String fileSystem) throws StoreException {
        if (directory.toString().indexOf(';') >= 0) {
            throw new StoreException(Reason.REFUSED,
                    "store path " + directory + " contains a semicolon, which H2 cannot take; choose another --store");
        }
        Path absolute = directory.toAbsolutePath().normalize();
        StoreFile file = null;
        boolean done = false;
        try {
            Files.createDirectories(absolute,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            file = StoreFile.open(absolute, fileSystem);
            Packs packs = new Packs(Math.min(96L << 20, Runtime.getRuntime().maxMemory() / 8));
            Store store = new Store(absolute, file, packs);
            store.begin();
            done = true;
            return store;
        } catch (StoreException e) {
            throw e.getMessage().startsWith("store ")
                    ? e
                    : new StoreException(e.reason(), "store " + directory + " cannot be opened: " + e.getMessage()
                            .replaceFirst("^cannot open: ", ""), e);
        } catch (IOException e) {
            throw StoreFaults.cannotOpen(directory, e);
        } finally {
            if (!done && file != null) {
                try {
                    file.close();
                } catch (StoreException e) {
                    LOG.debug("closed after a failure, which is reported instead", e);
                }
            }
        }
    }

    private void begin() throws StoreException {
        lastPackId.set(read("open", Packs::lastPackId));
        read("open", this::readOrigins);
        file.whenReopened(() -> {
            packs.forgetAll();
            readPacks.forgetAll();
        }, session -> {
            readOrigins(session);
            for (ChunkWatcher watcher : watchers) {
                watcher.reset();
                Packs.forEachChunk(session, watcher);
            }
            return null;
        });
    }

    private Void readOrigins(Database.Session session) throws SQLException {
        packs.diskPacks().load(session);
        return null;
    }

    /// Set if, when it was opened, the store was found in an older state than it had been left in; one line.
    public Optional<String> rolledBack() {
        return file.rolledBack();
    }

    /// Where it is, as an absolute path.
    public Path directory() {
        return directory;
    }

    // --- experiments and checkpoints

    /// Starts an experiment. Until [#finishExperiment] or the store is closed, what it builds on cannot be deleted.
    ///
    /// @return its id
    /// @throws StoreException if the name is taken, or [#gc] is making the file shorter
    public long createExperiment(ExperimentRecord experiment) throws StoreException {
        synchronized (recording) {
            if (shrinking) {
                throw new StoreException(Reason.REFUSED, "nothing can be recorded while the file of store " + directory
                        + " is made shorter; record again in a moment");
            }
            file.keepReserve();
            long id = write(null, "create an experiment", session -> Catalog.insert(session, experiment));
            // or a write that fails later could take the experiment along, and with it all checkpoints to come
            sync();
            recording.add(id);
            return id;
        }
    }

    /// Notes that an experiment has ended now, and why.
    public void finishExperiment(long experimentId, String endReason) throws StoreException {
        finishExperiment(experimentId, endReason, Instant.now());
    }

    /// Notes that an experiment has ended, why, and when by the clock that its recording went by.
    public void finishExperiment(long experimentId, String endReason, Instant endedAt) throws StoreException {
        synchronized (recording) {
            recording.remove(experimentId);
        }
        if (!write(null, "finish an experiment",
                session -> Catalog.finish(session, experimentId, endedAt, endReason))) {
            throw new StoreException(Reason.NOT_FOUND, "there is no experiment with id " + experimentId);
        }
        sync();
    }

    /// All experiments, oldest first.
    public List<ExperimentRecord> experiments() throws StoreException {
        return read("list experiments", Catalog::experiments);
    }

    /// The experiment with an id, if there is one.
    public Optional<ExperimentRecord> experiment(long id) throws StoreException {
        return read("look an experiment up", session -> Catalog.experiment(session, id));
    }

    /// The experiment with a name, if there is one.
    public Optional<ExperimentRecord> experiment(String name) throws StoreException {
        return read("look an experiment up", session -> Catalog.experiment(session, name));
    }

    /// The checkpoints of an experiment by number.
    public List<CheckpointRecord> checkpoints(long experimentId) throws StoreException {
        return read("list checkpoints", session -> Catalog.checkpoints(session, experimentId));
    }

    /// The checkpoint with an id, if there is one.
    public Optional<CheckpointRecord> checkpoint(long id) throws StoreException {
        return read("look a checkpoint up", session -> Catalog.checkpoint(session, id));
    }

    /// The numbers of the checkpoints of some experiments, in order, by experiment id, in one look.
    public Map<Long, int[]> checkpointNumbers(Collection<Long> experimentIds) throws StoreException {
        return read("list the numbers of checkpoints", session -> Catalog.checkpointNumbers(session, experimentIds));
    }

    /// The checkpoints that the machines of all experiments were restored from, by checkpoint id, in one look.
    public Map<Long, CheckpointRecord> parents() throws StoreException {
        return read("look up where experiments began", Catalog::parents);
    }

    /// The checkpoint that a person means, if there is one.
    public Optional<CheckpointRecord> find(CheckpointName name) throws StoreException {
        return read("look a checkpoint up", session -> Catalog.find(session, name));
    }

    /// All experiments with what their checkpoints come to, oldest first; one pass over the catalog.
    public List<ExperimentTotals> totals() throws StoreException {
        return read("add the experiments up", Catalog::totals);
    }

    // --- what people and the recorder say about checkpoints

    /// The notes and tags of an experiment's checkpoints, by checkpoint id; those without any are not in it.
    public Map<Long, Annotation> annotations(long experimentId) throws StoreException {
        return read("read the notes", session -> Annotations.ofExperiment(session, experimentId));
    }

    /// The note and the tags of a checkpoint, [Annotation#NONE] if it has none.
    public Annotation annotation(long checkpointId) throws StoreException {
        return read("read a note", session -> Annotations.ofCheckpoint(session, checkpointId));
    }

    /// Puts a note and tags in the place of those that a checkpoint has; [Annotation#NONE] takes them away.
    ///
    /// @throws StoreException if there is no such checkpoint
    public void annotate(long checkpointId, Annotation annotation) throws StoreException {
        file.requireSpace();
        if (!write(null, "annotate a checkpoint", session -> Annotations.put(session, checkpointId, annotation))) {
            throw new StoreException(Reason.NOT_FOUND, "there is no checkpoint with id " + checkpointId
                    + " any more; freezeframe list shows those that there are");
        }
        sync();
    }

    /// Keeps a picture of the guest with a checkpoint, in the place of one that it has. Meant to be called after the commit;
    /// if the checkpoint has been deleted meanwhile, nothing is kept. Survives a power failure with the next commit, or ten
    /// seconds later.
    ///
    /// @return whether it was kept
    public boolean putPicture(long checkpointId, Picture picture) throws StoreException {
        file.requireSpace();
        return write(null, "keep a picture", session -> Annotations.put(session, checkpointId, picture));
    }

    /// The picture of the guest that is kept with a checkpoint.
    public Optional<Picture> picture(long checkpointId) throws StoreException {
        return read("read a picture", session -> Annotations.picture(session, checkpointId));
    }

    // --- content of checkpoints

    /// The class of every page that was dirty at a checkpoint; its counts are those of the metrics. Empty if there is no such
    /// checkpoint, or if an older Freezeframe stored it, which did not keep the classes.
    public Optional<PageClassMap> pageClasses(long checkpointId) throws StoreException {
        return read("read page classes", session -> {
            Optional<CheckpointRecord> checkpoint = Catalog.checkpoint(session, checkpointId);
            return checkpoint.isPresent() ? ClassMaps.read(session, checkpoint.get()) : Optional.empty();
        });
    }

    /// The names of the images of a checkpoint.
    public List<String> imageNames(long checkpointId) throws StoreException {
        return read("list images", session -> Catalog.images(session, checkpointId)).stream().map(Image::name).toList();
    }

    /// Which chunk each page of an image holds.
    public PageMap pageMap(long checkpointId, String imageName) throws StoreException {
        return read("read a page map",
                session -> Catalog.pageMap(session, imageOrThrow(session, checkpointId, imageName)));
    }

    /// A whole image that fits into an array, such as the device state. A deletion waits for it.
    public byte[] readImageBytes(long checkpointId, String imageName) throws StoreException {
        CheckpointRecord checkpoint = checkpoint(checkpointId).orElseThrow(() -> new StoreException(Reason.NOT_FOUND,
                "there is no checkpoint with id " + checkpointId));
        try (ImageReader image = openImage(checkpoint, imageName, true)) {
            if (image.sizeBytes() < 0 || image.sizeBytes() > 1 << 30) {
                throw new StoreException(Reason.REFUSED,
                        "image \"" + imageName + "\" of " + image.sizeBytes()
                                + " bytes is too large to read at once; read it page by page");
            }
            PageMap map = image.map();
            byte[] content = new byte[(int) image.sizeBytes()];
            ByteBuffer chunk = ByteBuffer.allocate(ChunkId.CHUNK_BYTES);
            for (int page = 0; page < map.pages(); page++) {
                if (map.chunkId(page) != ChunkId.ZERO) {
                    readChunk(map.chunkId(page), chunk.clear());
                    int at = page * ChunkId.CHUNK_BYTES;
                    chunk.get(0, content, at, Math.min(ChunkId.CHUNK_BYTES, content.length - at));
                }
            }
            return content;
        }
    }

    private static Image imageOrThrow(Database.Session session, long checkpointId, String name)
            throws SQLException, StoreException {
        Optional<Image> image = Catalog.image(session, checkpointId, name);
        if (image.isPresent()) {
            return image.get();
        }
        Optional<String> disk = NewCheckpoint.diskOf(name);
        if (disk.isPresent() && Disks.ofCheckpoint(session, checkpointId).stream()
                .anyMatch(each -> each.disk().equals(disk.get()))) {
            throw new StoreException(Reason.DAMAGED, "the image \"" + name + "\" of checkpoint id " + checkpointId
                    + " is lost: the catalog has the disk's figures, but not its image; verify lists every checkpoint that is affected");
        }
        throw new StoreException(Reason.NOT_FOUND,
                "checkpoint id " + checkpointId + " has no image \"" + name + "\"");
    }

    /// Puts the 4096 bytes of a chunk into `target` at its position.
    public void readChunk(long chunkId, ByteBuffer target) throws StoreException {
        if (chunkId == ChunkId.ZERO) {
            target.put(new byte[ChunkId.CHUNK_BYTES]);
            return;
        }
        try {
            Pack pack = pack(ChunkId.packId(chunkId), true);
            target.put(pack.raw(), pack.offset(ChunkId.slot(chunkId)), ChunkId.CHUNK_BYTES);
        } catch (Corruption e) {
            throw new StoreException(Reason.DAMAGED, "chunk " + chunkId + " cannot be read: " + e.getMessage()
                    + "; verify lists every checkpoint that is affected", e);
        }
    }

    /// Whether a chunk holds just the 4096 bytes of `page` from `position` on.
    public boolean chunkEquals(long chunkId, ByteBuffer page, int position) throws StoreException {
        try {
            return pack(ChunkId.packId(chunkId), true).equalsAt(ChunkId.slot(chunkId), page, position);
        } catch (Corruption e) {
            throw new StoreException(Reason.DAMAGED, "chunk " + chunkId + " cannot be read: " + e.getMessage()
                    + "; verify lists every checkpoint that is affected", e);
        }
    }

    /// Where a stored chunk first came from; as quick as a look-up in memory. A chunk that is not stored has none, and is said to
    /// be from RAM.
    public ChunkOrigin origin(long chunkId) {
        return packs.diskPacks().contains(ChunkId.packId(chunkId)) ? ChunkOrigin.DISK : ChunkOrigin.RAM;
    }

    Pack pack(long packId, boolean keep) throws StoreException {
        return access("read pack " + packId, now -> packs.load(now, packId, keep));
    }

    /// Opens an image of a checkpoint for reading anywhere in it. Until the reader is closed, the checkpoint is in use: neither
    /// it nor its experiment can be deleted. Waits for a deletion that is under way, for nothing else.
    ///
    /// @throws StoreException if there is no such checkpoint or image, or its page map is damaged
    public ImageReader openImage(CheckpointRecord checkpoint, String imageName) throws StoreException {
        return openImage(checkpoint, imageName, false);
    }

    private ImageReader openImage(CheckpointRecord checkpoint, String imageName, boolean briefly)
            throws StoreException {
        Optional<PageMap> known;
        synchronized (pins) {
            pins.pin(checkpoint, briefly);
            known = pins.map(checkpoint, imageName);
        }
        boolean opened = false;
        try {
            OpenedImage image = read("open an image", session -> {
                Image found = imageOrThrow(session, checkpoint.id(), imageName);
                requireLength(session, found);
                return new OpenedImage(found.lengthBytes(),
                        known.isPresent() ? known.get() : Catalog.pageMap(session, found));
            });
            PageMap map;
            synchronized (pins) {
                map = pins.share(checkpoint, imageName, image.map);
            }
            opened = true;
            return new ImageReader(checkpoint, imageName, image.lengthBytes, map, readPacks, () -> unpin(checkpoint,
                    briefly));
        } finally {
            if (!opened) {
                unpin(checkpoint, briefly);
            }
        }
    }

    private record OpenedImage(long lengthBytes, PageMap map) {}

    /// Compares an image of a disk with what was measured when it was stored.
    private static void requireLength(Database.Session session, Image image) throws SQLException, StoreException {
        Optional<String> disk = NewCheckpoint.diskOf(image.name());
        for (DiskMetrics each : Disks.ofCheckpoint(session, image.checkpointId())) {
            if (disk.isPresent() && each.disk().equals(disk.get()) && each.sizeBytes() != image.lengthBytes()) {
                throw new StoreException(Reason.DAMAGED, "the image \"" + image.name() + "\" of checkpoint id "
                        + image.checkpointId() + " is damaged (the catalog says " + image.lengthBytes()
                        + " bytes of a disk of " + each.sizeBytes()
                        + "); verify lists every checkpoint that is affected");
            }
        }
    }

    private void unpin(CheckpointRecord checkpoint, boolean briefly) {
        synchronized (pins) {
            pins.unpin(checkpoint, briefly);
        }
    }

    /// The ids of the checkpoints that have an image open, and so cannot be deleted now.
    public Set<Long> checkpointsInUse() {
        synchronized (pins) {
            return pins.ids();
        }
    }

    /// Receives the pages of an image, several at a time, from several threads.
    @FunctionalInterface
    public interface PageSink {
        /// Takes some pages.
        ///
        /// @param content the bytes of `count` pages from `firstPage` on; good during the call only
        void pages(int firstPage, int count, ByteBuffer content) throws IOException;
    }

    /// Reads every page of a map that is not zero, each once, pack by pack in no particular order.
    ///
    /// @param threads how many work at it; the sink is called from each of them
    /// @throws IOException what the sink threw, or a [StoreException]
    public void readPages(PageMap map, int threads, PageSink sink) throws IOException {
        new PageReader(map, packId -> pack(packId, false), sink).run(threads);
    }

    // --- writing, for dedup

    /// Waits for a running deletion, and holds the next one off until the lease is closed.
    public WriteLease beginWriting() throws StoreException {
        gate.enter();
        boolean done = false;
        try {
            WriteLease lease = new WriteLease(gate, file.generation());
            done = true;
            return lease;
        } finally {
            if (!done) {
                gate.leave();
            }
        }
    }

    /// Starts a pack of [#PACK_CHUNKS] chunks under an id of its own.
    ///
    /// @param origin where all its chunks come from
    public PackDraft newPack(ChunkOrigin origin) throws StoreException {
        long id = lastPackId.incrementAndGet();
        if (id > ChunkId.MAX_PACK_ID) {
            throw new StoreException(Reason.REFUSED, "the store has given out all its pack ids; use a new store");
        }
        ByteBuffer raw = draftBuffers.poll();
        return new PackDraft(id, origin,
                raw == null ? ByteBuffer.allocateDirect(PACK_CHUNKS * ChunkId.CHUNK_BYTES) : raw,
                draftBuffers);
    }

    /// Compresses and stores the live chunks of a draft, and tells the watchers. The pack outlives a checkpoint that is
    /// not committed; [#gc] takes it then.
    ///
    /// @param zstdLevel how hard to try; [Integer#MIN_VALUE] not at all
    /// @return bytes added to the store
    public long write(WriteLease lease, PackDraft draft, int zstdLevel) throws StoreException {
        BitSet live = draft.live();
        if (live.isEmpty()) {
            return 0;
        }
        file.requireSpace();
        PackCodec.Row row = packs.encode(draft, zstdLevel);
        long bytes = write(lease, "store a pack",
                session -> Packs.insert(session, row, draft.origin(), live, draft.hashes()));
        file.ifStill(lease.generation(), () -> {
            packs.diskPacks().set(draft.packId(), draft.origin() == ChunkOrigin.DISK);
            tell(draft);
        });
        return bytes;
    }

    private void tell(PackDraft draft) {
        BitSet live = draft.live();
        for (int slot = live.nextSetBit(0); slot >= 0; slot = live.nextSetBit(slot + 1)) {
            for (ChunkWatcher watcher : watchers) {
                watcher.stored(ChunkId.of(draft.packId(), slot), draft.hashLow(slot), draft.hashHigh(slot));
            }
        }
    }

    /// Makes a checkpoint visible in one transaction, and survive a power failure.
    ///
    /// @throws StoreException if it is not stored; then it cannot be seen. One exception: if forcing it to disk fails and so
    ///                        does taking it back, it may be there, whole, when the store is next opened. That harms no
    ///                        other checkpoint: none builds on it, and the caller gives its pages to the next one
    public CheckpointRecord commit(WriteLease lease, NewCheckpoint checkpoint) throws StoreException {
        file.requireSpace();
        CheckpointRecord record = write(lease, "commit checkpoint " + checkpoint.number(), session -> {
            ExperimentRecord experiment = Catalog.experiment(session, checkpoint.experimentId())
                    .orElseThrow(() -> new StoreException(Reason.NOT_FOUND,
                            "experiment id " + checkpoint.experimentId()
                                    + " is not in the store any more; start a new recording"));
            return Catalog.insert(session, checkpoint, experiment.name());
        });
        try {
            sync();
        } catch (StoreException e) {
            settle(record, e);
        }
        upkeep.committed();
        return record;
    }

    /// Decides about a checkpoint whose transaction is done but that could not be forced to disk: returns if it is on disk
    /// nevertheless, else takes it back and throws. H2 mostly gives its file up in such a case; what is on disk then shows
    /// when it has been opened anew, and it is whole, because H2 writes its states one after another.
    private void settle(CheckpointRecord record, StoreException failure) throws StoreException {
        try {
            if (isVisible(record)) {
                sync();
                LOG.warn("{}, but the second attempt did it: checkpoint {} is stored", failure.getMessage(),
                        record.name());
                return;
            }
        } catch (StoreException again) {
            failure.addSuppressed(again);
            takeBack(record, failure);
        }
        throw failure;
    }

    private void takeBack(CheckpointRecord record, StoreException failure) {
        try {
            if (isVisible(record)) {
                write(null, "take checkpoint " + record.name() + " back", session -> {
                    Catalog.deleteCheckpoint(session, record.id());
                    return null;
                });
            }
        } catch (StoreException e) {
            failure.addSuppressed(e);
        }
    }

    /// By its number too: after H2 went back to an older state, another one may have its id.
    private boolean isVisible(CheckpointRecord record) throws StoreException {
        return checkpoint(record.id())
                .filter(found -> found.experimentId() == record.experimentId() && found.number() == record.number())
                .isPresent();
    }

    /// Adds a watcher, after telling it about every stored chunk that it wants, the newest packs first.
    public void watch(ChunkWatcher watcher) throws StoreException {
        gate.enterAlone();
        try {
            tell(watcher);
            watchers.add(watcher);
        } finally {
            gate.leaveAlone();
        }
    }

    /// Tells a watcher nothing more.
    public void unwatch(ChunkWatcher watcher) {
        watchers.remove(watcher);
    }

    private void tell(ChunkWatcher watcher) throws StoreException {
        read("read the chunk index", session -> {
            Packs.forEachChunk(session, watcher);
            return null;
        });
    }

    // --- coming and going

    /// Opens an experiment for taking it elsewhere, with the checkpoints that it has now.
    ///
    /// @throws StoreException if what its checkpoints use cannot be told
    public ExperimentReader readExperiment(ExperimentRecord experiment, Progress progress) throws StoreException {
        List<CheckpointRecord> checkpoints;
        synchronized (pins) {
            checkpoints = checkpoints(experiment.id());
            checkpoints.forEach(each -> pins.pin(each, false));
        }
        boolean opened = false;
        try {
            AtomicBoolean pinned = new AtomicBoolean(true);
            ExperimentReader reader = new ExperimentReader(this, checkpoints, progress, () -> {
                if (pinned.getAndSet(false)) {
                    checkpoints.forEach(each -> unpin(each, false));
                }
            });
            opened = true;
            return reader;
        } finally {
            if (!opened) {
                checkpoints.forEach(each -> unpin(each, false));
            }
        }
    }

    void forEachOwnChunk(CheckpointRecord checkpoint, LongConsumer visitor) throws StoreException {
        read("read page maps", session -> {
            for (Image image : Catalog.images(session, checkpoint.id())) {
                Catalog.forEachOwnChunk(session, image, visitor);
            }
            return null;
        });
    }

    List<Image> images(CheckpointRecord checkpoint) throws StoreException {
        return read("list images", session -> Catalog.images(session, checkpoint.id()));
    }

    List<PageMapCodec.Piece> pieces(Image image) throws StoreException {
        return read("read a page map", session -> Catalog.pieces(session, image));
    }

    /// Begins to take an experiment in that was recorded elsewhere.
    public IncomingExperiment beginImport() throws StoreException {
        file.requireSpace();
        IncomingExperiment begun = new IncomingExperiment(this, file.generation());
        incoming.add(begun);
        return begun;
    }

    ExperimentRecord commit(long generation, ExperimentRecord experiment, Imported imported,
            IncomingExperiment.Source source) throws IOException {
        file.requireSpace();
        ExperimentRecord record;
        try {
            record = access("import experiment " + experiment.name(), now -> {
                if (now.generation() != generation) {
                    throw new StoreException(Reason.FAILED,
                            "the store had to be opened anew since the import was begun; import again");
                }
                return now.transact(session -> insert(session, experiment, imported, source));
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        try {
            sync();
        } catch (StoreException e) {
            try {
                deleteExperiment(record.name());
            } catch (StoreException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
        return record;
    }

    private static ExperimentRecord insert(Database.Session session, ExperimentRecord experiment, Imported imported,
            IncomingExperiment.Source source) throws SQLException, StoreException {
        if (Catalog.experiment(session, experiment.name()).isPresent()) {
            throw new StoreException(Reason.REFUSED, "the store has an experiment " + experiment.name()
                    + " by now; import under another name with --name");
        }
        long id = Catalog.insert(session, experiment);
        if (experiment.endedAt().isPresent()) {
            Catalog.finish(session, id, experiment.endedAt().get(), experiment.endReason().orElse(""));
        }
        Catalog.insert(session, id, imported);
        Map<Integer, Long> ids = new HashMap<>();
        try {
            for (Optional<CheckpointParts> next = source.next(); next.isPresent(); next = source.next()) {
                Catalog.insert(session, id, next.get(), ids);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Catalog.experiment(session, id).orElseThrow();
    }

    /// @param written packs that are to go again, unless somebody else has come to use them
    void endImport(IncomingExperiment ended, List<Long> written) {
        if (!incoming.remove(ended)) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            if (!written.isEmpty()) {
                Set<Long> its = new HashSet<>(written);
                synchronized (collecting) {
                    drop(Progress.NONE, its::contains, true);
                }
            }
            retainBootFiles();
        } catch (StoreException | SQLException e) {
            LOG.warn("what an import left in store {} will go with the next collection", directory, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// The boot files that came with imported experiments.
    public BootFiles bootFiles() {
        return bootFiles;
    }

    private void retainBootFiles() throws StoreException {
        List<ExperimentRecord> experiments = experiments();
        try {
            // a hash of 256 bits stands in a record for nothing else
            bootFiles.retain(hash -> incoming.stream().anyMatch(each -> each.names(hash))
                    || experiments.stream().anyMatch(each -> each.machineJson().contains(hash)));
        } catch (IOException e) {
            LOG.warn("boot files that nobody needs stay in store {}", directory, e);
        }
    }

    /// Where those experiments came from that were not recorded into this store, by experiment id.
    public Map<Long, Imported> imported() throws StoreException {
        return read("list imported experiments", Catalog::imported);
    }

    // --- upkeep

    /// Deletes a checkpoint. All others stay whole; space comes back with [#gc].
    ///
    /// @throws StoreException if there is none, a running recording builds on it, or a machine reads it
    public void delete(CheckpointName name) throws StoreException {
        deleteUnforced(name);
        sync();
    }

    /// Deletes several checkpoints, which are on disk together at the end. Recordings go on in between.
    ///
    /// @return those that are gone, by this or by somebody else before; the others may not be deleted now
    public List<CheckpointName> delete(List<CheckpointName> names) throws StoreException {
        List<CheckpointName> gone = new ArrayList<>();
        for (CheckpointName name : names) {
            try {
                deleteUnforced(name);
                gone.add(name);
            } catch (StoreException e) {
                switch (e.reason()) {
                    case NOT_FOUND -> gone.add(name);
                    case REFUSED -> LOG.debug("{}", e.getMessage());
                    default -> throw e;
                }
            }
        }
        sync();
        return gone;
    }

    private void deleteUnforced(CheckpointName name) throws StoreException {
        file.spendReserve();
        alone(() -> {
            CheckpointRecord checkpoint = find(name)
                    .orElseThrow(() -> new StoreException(Reason.NOT_FOUND,
                            "there is no checkpoint " + name + "; freezeframe list shows those that there are"));
            synchronized (recording) {
                if (recording.contains(checkpoint.experimentId()) && isNewest(checkpoint)) {
                    throw new StoreException(Reason.REFUSED, "checkpoint " + checkpoint.name()
                            + " is the newest of a running recording; stop it, or wait for the next one");
                }
                refuseIfParent(parent -> parent.id() == checkpoint.id());
                synchronized (pins) {
                    pins.refuse("checkpoint " + checkpoint.name(), pinned -> pinned.id() == checkpoint.id());
                    write(null, "delete checkpoint " + checkpoint.name(), session -> {
                        Catalog.deleteCheckpoint(session, checkpoint.id());
                        return null;
                    });
                }
            }
            return null;
        });
    }

    /// Deletes an experiment with all its checkpoints; experiments that began at one of them stay whole.
    ///
    /// @throws StoreException if there is none, it or one that builds on it is being recorded, or a machine reads one of its
    ///                        checkpoints
    public void deleteExperiment(String name) throws StoreException {
        file.spendReserve();
        alone(() -> {
            ExperimentRecord experiment = experiment(name)
                    .orElseThrow(() -> new StoreException(Reason.NOT_FOUND,
                            "there is no experiment " + name + "; freezeframe list shows those that there are"));
            synchronized (recording) {
                if (recording.contains(experiment.id())) {
                    throw new StoreException(Reason.REFUSED,
                            "experiment " + name + " is being recorded; stop it first");
                }
                refuseIfParent(parent -> parent.experimentId() == experiment.id());
                synchronized (pins) {
                    pins.refuse("experiment " + name, pinned -> pinned.experimentId() == experiment.id());
                    write(null, "delete experiment " + name, session -> {
                        Catalog.deleteExperiment(session, experiment.id());
                        return null;
                    });
                }
            }
            return null;
        });
        sync();
        retainBootFiles();
    }

    private boolean isNewest(CheckpointRecord checkpoint) throws StoreException {
        return find(new CheckpointName(Optional.of(checkpoint.experimentName()), Optional.empty()))
                .filter(newest -> newest.id() == checkpoint.id()).isPresent();
    }

    /// Refuses to delete what the first checkpoint of a running recording may be a difference to.
    private void refuseIfParent(Predicate<CheckpointRecord> deleted) throws StoreException {
        for (long id : recording) {
            ExperimentRecord running = experiment(id).orElse(null);
            Optional<CheckpointRecord> parent = running == null || running.parentCheckpointId().isEmpty()
                    ? Optional.empty()
                    : checkpoint(running.parentCheckpointId().get());
            if (parent.filter(deleted).isPresent()) {
                throw new StoreException(Reason.REFUSED, "the running recording " + running.name()
                        + " builds on checkpoint " + parent.get().name() + "; stop it first");
            }
        }
    }

    /// Drops the chunks that no checkpoint uses and gives their space back to the file system. Holds recordings up while
    /// it reads the page maps; while anything is being recorded, the space is only freed inside the file. Two calls at once
    /// work one after the other.
    public GcReport gc(Progress progress) throws StoreException {
        synchronized (collecting) {
            return collect(progress);
        }
    }

    private GcReport collect(Progress progress) throws StoreException {
        try {
            // what is given up is the store's, too
            long before = file.spendReserve() + sizeBytes();
            boolean full = file.isFull();
            // Packs are written anew only where there is room for them and for the shorter file; else that makes it longer.
            boolean tight = !isRecording() && file.freeBytes() < 2 * file.neededToShrink();
            GarbageCollection collection = drop(progress, _ -> true, !tight && !full);
            retainBootFiles();
            // A recording that is refused for lack of room would wait for room that only its commits make free.
            boolean gathered = full || (tight && file.freeBytes() < file.neededToShrink());
            if (gathered) {
                file.gather(Math.max(GATHER_BYTES, before / 8), progress);
            }
            Optional<String> notShrunk = alone(() -> shrink(collection.foundNothing(), progress));
            if (isRecording() && !gathered) {
                // what it leaves behind is free when the recording has gone on for a while
                access("gather what is in use", now -> now.gather(StoreFile.GATHER_STEP_BYTES));
            } else if (tight && !gathered) {
                file.gather(Math.max(GATHER_BYTES, before / 8), progress);
            }
            // to free room in a file without any takes some more first
            long after = sizeBytes();
            return collection.report(before + file.cutReserve(after - before), after, notShrunk);
        } catch (SQLException e) {
            throw file.failure("collect garbage", e);
        }
    }

    /// Deletes chunks that nobody uses.
    ///
    /// @param considered packs that it is about
    /// @param rewriting  whether packs that are partly in use are written anew
    private GarbageCollection drop(Progress progress, LongPredicate considered, boolean rewriting)
            throws StoreException, SQLException {
        GarbageCollection collection = new GarbageCollection(packs, readPacks, file.usable(), progress, considered,
                inUse -> incoming.forEach(each -> each.addTo(inUse)));
        alone(() -> {
            collection.mark((id, low, high) -> watchers.forEach(watcher -> watcher.dropped(id, low, high)));
            return null;
        });
        collection.sweep(rewriting);
        sync();
        return collection;
    }

    private boolean isRecording() {
        synchronized (recording) {
            return !recording.isEmpty();
        }
    }

    /// Copies what is in use to a new file, and puts that in the place of the old one.
    private Optional<String> shrink(boolean foundNothing, Progress progress) throws StoreException {
        double used = file.access("measure", Database::usedShare);
        if (foundNothing && used > WORTH_SHRINKING) {
            return Optional.of("nothing is to be gained");
        }
        synchronized (recording) {
            if (!recording.isEmpty()) {
                return Optional.of("a recording is running; collect again when none is");
            }
            Optional<CheckpointRecord> read = anyInUse();
            if (read.isPresent()) {
                return Optional.of("checkpoint " + read.get().name()
                        + " is being read, by a machine or an export; collect again when that has ended");
            }
            shrinking = true;
        }
        try {
            long needed = file.neededToShrink();
            long free = file.freeBytes();
            if (free < needed) {
                return Optional.of("to make the file shorter " + (needed >> 20)
                        + " MiB have to be free on the file system, to copy what is in use, and there are "
                        + (free >> 20) + "; what is recorded next uses the room inside the file, "
                        + (file.roomInside() >> 20) + " MiB");
            }
            progress.at("shrink", 0, 1);
            return file.shrink();
        } finally {
            synchronized (recording) {
                shrinking = false;
            }
        }
    }

    private Optional<CheckpointRecord> anyInUse() {
        synchronized (pins) {
            return pins.any();
        }
    }

    /// Reads everything back and compares it with its hashes.
    ///
    /// @throws StoreException if it cannot be done at all; what is damaged is in the report
    public VerifyReport verify(Progress progress) throws StoreException {
        return access("verify", now -> {
            List<CheckpointRecord> checkpoints = new ArrayList<>();
            for (ExperimentRecord experiment : experiments()) {
                checkpoints.addAll(checkpoints(experiment.id()));
            }
            return new Verification(packs, now, progress, file.rolledBack()).run(checkpoints);
        });
    }

    /// Work that needs the store without writers.
    @FunctionalInterface
    private interface Alone<T> {
        T run() throws StoreException, SQLException;
    }

    private <T> T alone(Alone<T> work) throws StoreException {
        gate.enterAlone();
        try {
            return work.run();
        } catch (SQLException e) {
            throw file.failure("change the store", e);
        } finally {
            gate.leaveAlone();
        }
    }

    /// Bytes inside the store's file that are free for what is stored next, about; they count beside what its disk has left.
    public long roomInsideBytes() throws StoreException {
        return file.roomInside();
    }

    /// Bytes of the files in the store directory.
    public long sizeBytes() throws StoreException {
        return file.sizeBytes();
    }

    // --- database

    private <T> T access(String what, StoreFile.Access<T> access) throws StoreException {
        return file.access(what, access);
    }

    private <T> T read(String what, Work<T> work) throws StoreException {
        return file.read(what, work);
    }

    private <T> T write(WriteLease lease, String what, Work<T> work) throws StoreException {
        return access(what, now -> {
            if (lease != null && lease.generation() != now.generation()) {
                throw new StoreException(Reason.FAILED,
                        "cannot " + what + ": the store had to be opened anew since it was begun; take it again");
            }
            return now.transact(work);
        });
    }

    private void sync() throws StoreException {
        file.sync();
    }

    /// Closes the file. Checkpoints that are being written are lost.
    @Override
    public void close() throws StoreException {
        if (file.isClosed()) {
            return;
        }
        upkeep.close();
        readPacks.close();
        try {
            file.close();
        } finally {
            packs.close();
        }
    }
}
