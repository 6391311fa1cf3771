package dev.freezeframe.store;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.catalog.AnnotationTable;
import dev.freezeframe.store.catalog.Catalog;
import dev.freezeframe.store.catalog.ClassMapTable;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.ImageTable.Image;
import dev.freezeframe.store.catalog.ImageTable;
import dev.freezeframe.store.catalog.StoreFaults;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.catalog.StoreVersion;
import dev.freezeframe.store.lock.CommitGate;
import dev.freezeframe.store.lock.WriteLease;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkWatcher;
import dev.freezeframe.store.pack.ImageReader;
import dev.freezeframe.store.pack.PackDraft;
import dev.freezeframe.store.pack.PageSink;
import dev.freezeframe.store.upkeep.GcReport;
import dev.freezeframe.store.upkeep.Upkeep;
import dev.freezeframe.store.upkeep.Verification;
import dev.freezeframe.store.upkeep.VerifyReport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
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
    private static final Logger LOG = LoggerFactory.getLogger(Store.class);
    private final Path directory;
    private final StoreFile file;
    private final Upkeep upkeep;
    private final StoredChunks chunks;
    private final CheckpointImages images;
    private final CheckpointWriting writing;
    private final RunningRecordings recordings;
    private final CheckpointDeletions deletions;
    private final SpaceRecovery space;
    private final ExperimentImports imports;
    private final ReplayLogs replayLogs;

    private Store(Path directory, StoreFile file) {
        CommitGate gate = new CommitGate();
        List<IncomingExperiment> incoming = new CopyOnWriteArrayList<>();
        this.directory = directory;
        this.file = file;
        upkeep = new Upkeep(file);
        chunks = new StoredChunks(file);
        images = new CheckpointImages(file, chunks);
        writing = new CheckpointWriting(file, chunks, gate);
        recordings = new RunningRecordings(directory);
        deletions = new CheckpointDeletions(file, gate, recordings, images);
        space = new SpaceRecovery(file, chunks, gate, recordings, images, writing, inUse -> incoming.forEach(
                each -> each.addTo(inUse)));
        imports = new ExperimentImports(directory, file, writing, deletions, space, incoming);
        replayLogs = new ReplayLogs(file);
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

    public static Store open(Path directory, String fileSystem) throws StoreException {
        Path absolute = directory.toAbsolutePath().normalize();
        StoreFaults.requireNoSemicolon(absolute);
        StoreFile file = null;
        boolean done = false;
        try {
            Files.createDirectories(absolute,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            StoreFaults.requireNoSemicolon(absolute.toRealPath()); // which is what H2 is given
            file = StoreFile.open(absolute, fileSystem);
            Store store = new Store(absolute, file);
            store.writing.begin();
            done = true;
            return store;
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
        return recordings.begin(() -> {
            file.keepReserve();
            long id = file.write("create an experiment", session -> Catalog.insert(session, experiment));
            // or a write that fails later could take the experiment along, and with it all checkpoints to come
            file.sync();
            return id;
        });
    }

    /// Notes that an experiment has ended now, and why.
    public void finishExperiment(long experimentId, String endReason) throws StoreException {
        finishExperiment(experimentId, endReason, Instant.now());
    }

    /// Notes that an experiment has ended, why, and when by the clock that its recording went by.
    public void finishExperiment(long experimentId, String endReason, Instant endedAt) throws StoreException {
        recordings.end(experimentId);
        if (!file.write("finish an experiment",
                session -> Catalog.finish(session, experimentId, endedAt, endReason))) {
            throw new StoreException(Reason.NOT_FOUND, "there is no experiment with id " + experimentId);
        }
        file.sync();
    }

    /// All experiments, oldest first.
    public List<ExperimentRecord> experiments() throws StoreException {
        return file.read("list experiments", Catalog::experiments);
    }

    /// The experiment with an id, if there is one.
    public Optional<ExperimentRecord> experiment(long id) throws StoreException {
        return file.read("look an experiment up", session -> Catalog.experiment(session, id));
    }

    /// The experiment with a name, if there is one.
    public Optional<ExperimentRecord> experiment(String name) throws StoreException {
        return file.read("look an experiment up", session -> Catalog.experiment(session, name));
    }

    /// The checkpoints of an experiment by number.
    public List<CheckpointRecord> checkpoints(long experimentId) throws StoreException {
        return file.read("list checkpoints", session -> Catalog.checkpoints(session, experimentId));
    }

    /// The checkpoint with an id, if there is one.
    public Optional<CheckpointRecord> checkpoint(long id) throws StoreException {
        return file.read("look a checkpoint up", session -> Catalog.checkpoint(session, id));
    }

    /// The numbers of the checkpoints of some experiments, in order, by experiment id, in one look.
    public Map<Long, int[]> checkpointNumbers(Collection<Long> experimentIds) throws StoreException {
        return file.read("list the numbers of checkpoints",
                session -> Catalog.checkpointNumbers(session, experimentIds));
    }

    /// The checkpoints that the machines of all experiments were restored from, by checkpoint id, in one look.
    public Map<Long, CheckpointRecord> parents() throws StoreException {
        return file.read("look up where experiments began", Catalog::parents);
    }

    /// The checkpoint that a person means, if there is one.
    public Optional<CheckpointRecord> find(CheckpointName name) throws StoreException {
        return file.read("look a checkpoint up", session -> Catalog.find(session, name));
    }

    /// All experiments with what their checkpoints and logs come to, oldest first; one pass over the catalog.
    public List<ExperimentTotals> totals() throws StoreException {
        return file.read("add the experiments up", Catalog::totals);
    }

    // --- what people and the recorder say about checkpoints

    /// The notes and tags of an experiment's checkpoints, by checkpoint id; those without any are not in it.
    public Map<Long, Annotation> annotations(long experimentId) throws StoreException {
        return file.read("read the notes", session -> AnnotationTable.ofExperiment(session, experimentId));
    }

    /// The note and the tags of a checkpoint, [Annotation#NONE] if it has none.
    public Annotation annotation(long checkpointId) throws StoreException {
        return file.read("read a note", session -> AnnotationTable.ofCheckpoint(session, checkpointId));
    }

    /// Puts a note and tags in the place of those that a checkpoint has; [Annotation#NONE] takes them away.
    ///
    /// @throws StoreException if there is no such checkpoint
    public void annotate(long checkpointId, Annotation annotation) throws StoreException {
        file.requireSpace();
        if (!file.write("annotate a checkpoint", session -> AnnotationTable.put(session, checkpointId, annotation))) {
            throw new StoreException(Reason.NOT_FOUND, "there is no checkpoint with id " + checkpointId
                    + " any more; freezeframe list shows those that there are");
        }
        file.sync();
    }

    /// Keeps a picture of the guest with a checkpoint, in the place of one that it has. Meant to be called after the commit;
    /// if the checkpoint has been deleted meanwhile, nothing is kept. Survives a power failure with the next commit, or ten
    /// seconds later.
    ///
    /// @return whether it was kept
    public boolean putPicture(long checkpointId, Picture picture) throws StoreException {
        file.requireSpace();
        return file.write("keep a picture", session -> AnnotationTable.put(session, checkpointId, picture));
    }

    /// The picture of the guest that is kept with a checkpoint.
    public Optional<Picture> picture(long checkpointId) throws StoreException {
        return file.read("read a picture", session -> AnnotationTable.picture(session, checkpointId));
    }

    // --- content of checkpoints

    /// The class of every page that was dirty at a checkpoint; its counts are those of the metrics. Empty if there is no such
    /// checkpoint, or if an older Freezeframe stored it, which did not keep the classes.
    public Optional<PageClassMap> pageClasses(long checkpointId) throws StoreException {
        return file.read("read page classes", session -> {
            Optional<CheckpointRecord> checkpoint = Catalog.checkpoint(session, checkpointId);
            return checkpoint.isPresent() ? ClassMapTable.read(session, checkpoint.get()) : Optional.empty();
        });
    }

    /// The names of the images of a checkpoint.
    public List<String> imageNames(long checkpointId) throws StoreException {
        return file.read("list images", session -> ImageTable.images(session, checkpointId)).stream().map(Image::name)
                .toList();
    }

    /// Which chunk each page of an image holds.
    public PageMap pageMap(long checkpointId, String imageName) throws StoreException {
        return file.read("read a page map",
                session -> ImageTable.pageMap(session,
                        CheckpointImages.imageOrThrow(session, checkpointId, imageName)));
    }

    /// A whole image that fits into an array, such as the device state. A deletion waits for it.
    public byte[] readImageBytes(long checkpointId, String imageName) throws StoreException {
        CheckpointRecord checkpoint = checkpoint(checkpointId).orElseThrow(() -> new StoreException(Reason.NOT_FOUND,
                "there is no checkpoint with id " + checkpointId));
        return images.bytes(checkpoint, imageName);
    }

    /// Puts the 4096 bytes of a chunk into `target` at its position.
    public void readChunk(long chunkId, ByteBuffer target) throws StoreException {
        chunks.read(chunkId, target);
    }

    /// Whether a chunk holds just the 4096 bytes of `page` from `position` on.
    public boolean chunkEquals(long chunkId, ByteBuffer page, int position) throws StoreException {
        return chunks.equals(chunkId, page, position);
    }

    /// Where a stored chunk first came from; as quick as a look-up in memory. A chunk that is not stored has none, and is said to
    /// be from RAM.
    public ChunkOrigin origin(long chunkId) {
        return chunks.origin(chunkId);
    }

    /// Opens an image of a checkpoint for reading anywhere in it. Until the reader is closed, the checkpoint is in use: neither
    /// it nor its experiment can be deleted. Waits for a deletion that is under way, for nothing else.
    ///
    /// @throws StoreException if there is no such checkpoint or image, or its page map is damaged
    public ImageReader openImage(CheckpointRecord checkpoint, String imageName) throws StoreException {
        return images.open(checkpoint, imageName, false);
    }

    /// The ids of the checkpoints that have an image open, and so cannot be deleted now.
    public Set<Long> checkpointsInUse() {
        return images.checkpointsInUse();
    }

    /// Reads every page of a map that is not zero, each once, pack by pack in no particular order.
    ///
    /// @param threads how many work at it; the sink is called from each of them
    /// @throws IOException what the sink threw, or a [StoreException]
    public void readPages(PageMap map, int threads, PageSink sink) throws IOException {
        chunks.readPages(map, threads, sink);
    }

    // --- writing, for dedup

    /// Waits for a running deletion, and holds the next one off until the lease is closed.
    public WriteLease beginWriting() throws StoreException {
        return writing.lease();
    }

    /// Starts a pack of [PackDraft#CHUNKS] chunks under an id of its own.
    ///
    /// @param origin where all its chunks come from
    public PackDraft newPack(ChunkOrigin origin) throws StoreException {
        return writing.newPack(origin);
    }

    /// Compresses and stores the live chunks of a draft, and tells the watchers. The pack outlives a checkpoint that is
    /// not committed; [#gc] takes it then.
    ///
    /// @param zstdLevel how hard to try; [Integer#MIN_VALUE] not at all
    /// @return bytes added to the store
    public long write(WriteLease lease, PackDraft draft, int zstdLevel) throws StoreException {
        return writing.write(lease, draft, zstdLevel);
    }

    /// Makes a checkpoint visible in one transaction, and survive a power failure.
    ///
    /// @throws StoreException if it is not stored; then it cannot be seen. One exception: if forcing it to disk fails and so
    ///                        does taking it back, it may be there, whole, when the store is next opened. That harms no
    ///                        other checkpoint: none builds on it, and the caller gives its pages to the next one
    public CheckpointRecord commit(WriteLease lease, NewCheckpoint checkpoint) throws StoreException {
        CheckpointRecord record = writing.commit(lease, checkpoint);
        upkeep.committed();
        return record;
    }

    /// Adds a watcher, after telling it about every stored chunk that it wants, the newest packs first.
    public void watch(ChunkWatcher watcher) throws StoreException {
        writing.watch(watcher);
    }

    /// Tells a watcher nothing more.
    public void unwatch(ChunkWatcher watcher) {
        writing.unwatch(watcher);
    }

    // --- coming and going

    /// Opens an experiment for taking it elsewhere, with the checkpoints that it has now.
    ///
    /// @throws StoreException if what its checkpoints use cannot be told
    public ExperimentReader readExperiment(ExperimentRecord experiment, Progress progress) throws StoreException {
        return ExperimentReader.open(file, chunks, images.pin(() -> checkpoints(experiment.id())), experiment,
                replayLogs,
                progress);
    }

    /// Begins to take an experiment in that was recorded elsewhere.
    public IncomingExperiment beginImport() throws StoreException {
        return imports.begin();
    }

    /// The logs of runs that can be replayed. They wait for nobody and hold nobody up, and go with their experiments.
    public ReplayLogs replayLogs() {
        return replayLogs;
    }

    /// What came of runs that were executed again.
    public Simulations simulations() {
        return new Simulations(file);
    }

    /// The boot files that came with imported experiments.
    public BootFiles bootFiles() {
        return imports.bootFiles();
    }

    /// Where those experiments came from that were not recorded into this store, by experiment id.
    public Map<Long, ImportOrigin> imported() throws StoreException {
        return file.read("list imported experiments", Catalog::imported);
    }

    // --- upkeep

    /// Deletes a checkpoint. All others stay whole; space comes back with [#gc].
    ///
    /// @throws StoreException if there is none, a running recording builds on it, or a machine reads it
    public void delete(CheckpointName name) throws StoreException {
        deletions.delete(name);
        file.sync();
    }

    /// Deletes several checkpoints, which are on disk together at the end. Recordings go on in between.
    ///
    /// @return those that are gone, by this or by somebody else before; the others may not be deleted now
    public List<CheckpointName> delete(List<CheckpointName> names) throws StoreException {
        List<CheckpointName> gone = deletions.delete(names);
        file.sync();
        return gone;
    }

    /// Deletes an experiment with all its checkpoints; experiments that began at one of them stay whole.
    ///
    /// @throws StoreException if there is none, it or one that builds on it is being recorded, or a machine reads one of its
    ///                        checkpoints
    public void deleteExperiment(String name) throws StoreException {
        deletions.deleteExperiment(name);
        file.sync();
        imports.retainBootFiles();
    }

    /// Drops the chunks that no checkpoint uses and gives their space back to the file system. Holds recordings up while
    /// it reads the page maps; while anything is being recorded, the space is only freed inside the file. Two calls at once
    /// work one after the other.
    public GcReport gc(Progress progress) throws StoreException {
        GcReport report = space.collect(progress);
        imports.retainBootFiles(); // whose experiment is gone, and that on disk by now
        return report;
    }

    /// Reads everything back and compares it with its hashes.
    ///
    /// @throws StoreException if it cannot be done at all; what is damaged is in the report
    public VerifyReport verify(Progress progress) throws StoreException {
        return file.access("verify", now -> new Verification(chunks.packs(), now, progress, file.rolledBack(),
                checkpoint -> images.bytes(checkpoint, NewCheckpoint.DEVICE_STATE)).run());
    }

    /// Bytes inside the store's file that are free for what is stored next, about; they count beside what its disk has left.
    public long roomInsideBytes() throws StoreException {
        return file.roomInside();
    }

    /// Bytes of the files in the store directory.
    public long sizeBytes() throws StoreException {
        return file.sizeBytes();
    }

    /// Closes the file. Checkpoints that are being written are lost.
    @Override
    public void close() throws StoreException {
        if (file.isClosed()) {
            return;
        }
        upkeep.close();
        chunks.endReading();
        try (chunks) {
            file.close();
        }
    }
}
