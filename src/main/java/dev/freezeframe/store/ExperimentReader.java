package dev.freezeframe.store;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.base.Progress;
import dev.freezeframe.store.catalog.AnnotationTable;
import dev.freezeframe.store.catalog.ClassMapTable;
import dev.freezeframe.store.catalog.ImageTable.Image;
import dev.freezeframe.store.catalog.ImageTable;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ImportedCheckpoint.ClassPart;
import dev.freezeframe.store.model.ImportedCheckpoint.ImageParts;
import dev.freezeframe.store.model.ImportedCheckpoint.MapPart;
import dev.freezeframe.store.model.ImportedCheckpoint;
import dev.freezeframe.store.model.PageMapCodec;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.Pack;
import dev.freezeframe.store.pack.PackDraft;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// An experiment on its way out of the store: its checkpoints and its log as they were when it was opened, and each chunk that
/// one of them uses, once. Until it is closed, none of these checkpoints can be deleted; a recording of the experiment may go on.
///
/// For one thread at a time. It takes some hundred bytes of memory for each pack.
public final class ExperimentReader implements AutoCloseable {
    private final StoreFile file;
    private final StoredChunks stored;
    private final List<CheckpointRecord> checkpoints;
    private final Map<Long, Integer> numbers = new HashMap<>();
    /// The packs of the experiment and what it uses of each, in the order of their chunks' numbers.
    private final Map<ChunkOrigin, TreeMap<Long, Used>> packs = new HashMap<>();
    private final Map<ChunkOrigin, Long> chunks = new HashMap<>();
    private final Runnable unpin;
    private final long experimentId;
    private final ReplayLogs logs;
    private Optional<ReplayLogs.Extent> log = Optional.empty();
    private Optional<String> logProblem = Optional.empty();

    /// What is used of a pack.
    private static final class Used {
        final BitSet slots = new BitSet(PackDraft.CHUNKS);
        /// Of the chunk in its first used slot.
        long firstNumber;
    }

    /// Receives chunks.
    @FunctionalInterface
    public interface ChunkSink {
        /// Takes the next chunks.
        ///
        /// @param content 4096 bytes of each, from its position to its limit; good during the call only
        void chunks(ByteBuffer content) throws IOException;
    }

    private ExperimentReader(StoreFile file, StoredChunks stored, CheckpointImages.Pinned pinned, long experimentId,
            ReplayLogs logs) {
        this.file = file;
        this.stored = stored;
        this.checkpoints = List.copyOf(pinned.checkpoints());
        this.unpin = pinned.free();
        this.experimentId = experimentId;
        this.logs = logs;
    }

    /// @param pinned given free when it is closed, or here if it cannot be opened
    static ExperimentReader open(StoreFile file, StoredChunks stored, CheckpointImages.Pinned pinned,
            ExperimentRecord experiment, ReplayLogs logs, Progress progress) throws StoreException {
        ExperimentReader reader = new ExperimentReader(file, stored, pinned, experiment.id(), logs);
        boolean opened = false;
        try {
            reader.look(progress);
            opened = true;
            return reader;
        } finally {
            if (!opened) {
                reader.close();
            }
        }
    }

    private void look(Progress progress) throws StoreException {
        for (ChunkOrigin origin : ChunkOrigin.values()) {
            packs.put(origin, new TreeMap<>());
        }
        for (int i = 0; i < checkpoints.size(); i++) {
            progress.at("look", i, checkpoints.size());
            numbers.put(checkpoints.get(i).id(), checkpoints.get(i).number());
            forEachOwnChunk(checkpoints.get(i));
        }
        number();
        lookAtLog(progress);
    }

    /// Reads all of it, because one that is damaged is better not begun with.
    private void lookAtLog(Progress progress) throws StoreException {
        log = logs.extent(experimentId);
        if (log.isPresent() && log.get().end() > ImportChecks.MAX_LOG_BYTES) {
            logProblem = Optional.of("it is longer than the " + (ImportChecks.MAX_LOG_BYTES >> 30)
                    + " GiB that a bundle takes");
            log = Optional.empty();
        }
        try {
            readLog((offset, _) -> progress.at("look at the log", offset, log.map(ReplayLogs.Extent::end).orElse(0L)));
        } catch (StoreException e) {
            if (e.reason() != Reason.DAMAGED) {
                throw e;
            }
            log = Optional.empty();
            logProblem = Optional.of(e.getMessage());
        } catch (IOException e) {
            throw new StoreException(Reason.FAILED, e.getMessage(), e);
        }
    }

    private void forEachOwnChunk(CheckpointRecord checkpoint) throws StoreException {
        file.read("read page maps", session -> {
            for (Image image : ImageTable.images(session, checkpoint.id())) {
                ImageTable.forEachOwnChunk(session, image, this::use);
            }
            return null;
        });
    }

    private void use(long chunkId) {
        packs.get(stored.origin(chunkId)).computeIfAbsent(ChunkId.packId(chunkId), _ -> new Used()).slots
                .set(ChunkId.slot(chunkId));
    }

    private void number() {
        long next = ImportedCheckpoint.FIRST_CHUNK;
        for (ChunkOrigin origin : ChunkOrigin.values()) {
            long first = next;
            for (Used used : packs.get(origin).values()) {
                used.firstNumber = next;
                next += used.slots.cardinality();
            }
            chunks.put(origin, next - first);
        }
    }

    private long numberOf(long chunkId) {
        if (chunkId == ChunkId.ZERO) {
            return ChunkId.ZERO;
        }
        Used used = packs.get(stored.origin(chunkId)).get(ChunkId.packId(chunkId));
        return used.firstNumber + used.slots.get(0, ChunkId.slot(chunkId)).cardinality();
    }

    /// Its checkpoints by number.
    public List<CheckpointRecord> checkpoints() {
        return checkpoints;
    }

    /// How many different chunks they use that first came from there. Those of RAM are numbered first.
    public long chunks(ChunkOrigin origin) {
        return chunks.get(origin);
    }

    /// Reads the chunks of one origin in the order of their numbers.
    ///
    /// @throws IOException what the sink threw, or a [StoreException] if one cannot be read
    public void readChunks(ChunkOrigin origin, ChunkSink sink) throws IOException {
        for (Map.Entry<Long, Used> entry : packs.get(origin).entrySet()) {
            Pack pack = stored.pack(entry.getKey(), false);
            BitSet slots = entry.getValue().slots;
            ByteBuffer raw = ByteBuffer.wrap(pack.raw()).asReadOnlyBuffer();
            try {
                for (int slot = slots.nextSetBit(0); slot >= 0;) {
                    int end = slots.nextClearBit(slot);
                    int from = pack.offset(slot);
                    for (int each = slot; each < end; each++) {
                        pack.offset(each);
                    }
                    // slots that are all there lie one behind the other
                    sink.chunks(raw.slice(from, (end - slot) * ChunkId.CHUNK_BYTES));
                    slot = slots.nextSetBit(end);
                }
            } catch (CorruptionException e) {
                throw new StoreException(Reason.DAMAGED, "chunks of the experiment cannot be read: " + e.getMessage()
                        + "; verify lists every checkpoint that is affected", e);
            }
        }
    }

    /// Where its log is, if it has one that can be read.
    public Optional<ReplayLogs.Extent> log() {
        return log;
    }

    /// Why it has a log that cannot be read; one line.
    public Optional<String> logProblem() {
        return logProblem;
    }

    /// Reads the log in its order.
    ///
    /// @throws IOException what the sink threw, or a [StoreException] if it cannot be read
    public void readLog(ReplayLogs.Sink sink) throws IOException {
        if (log.isPresent()) {
            logs.read(experimentId, log.get(), sink);
        }
    }

    /// Everything of one of the checkpoints, its chunks numbered for the way.
    public ImportedCheckpoint parts(CheckpointRecord checkpoint) throws StoreException {
        List<ImageParts> images = new ArrayList<>();
        for (Image image : file.read("list images", session -> ImageTable.images(session, checkpoint.id()))) {
            List<MapPart> map = new ArrayList<>();
            for (PageMapCodec.Piece piece : file.read("read a page map",
                    session -> ImageTable.pieces(session, image))) {
                try {
                    PageMapCodec.Piece numbered = PageMapCodec.renumber(piece, image.checkedPages(), this::numberOf);
                    map.add(new MapPart(numbered.entries(), numbered.encodedBytes(), numbered.content()));
                } catch (CorruptionException e) {
                    throw new StoreException(Reason.DAMAGED, "the page map \"" + image.name() + "\" of "
                            + checkpoint.name() + " is damaged (" + e.getMessage()
                            + "); verify lists every checkpoint that is affected", e);
                }
            }
            images.add(new ImageParts(image.name(), image.lengthBytes(), image.baseCheckpointId().map(numbers::get),
                    map));
        }
        Optional<List<ClassPart>> classes = file
                .read("read page classes", session -> ClassMapTable.read(session, checkpoint))
                .map(map -> map.pieces().stream().map(
                        piece -> new ClassPart(piece.runs(), piece.pages(), piece.encodedBytes(), piece.content()))
                        .toList());
        return new ImportedCheckpoint(checkpoint.number(), checkpoint.metrics(),
                file.read("read a note", session -> AnnotationTable.ofCheckpoint(session, checkpoint.id())),
                file.read("read a picture", session -> AnnotationTable.picture(session, checkpoint.id())), classes,
                images);
    }

    /// Lets the checkpoints be deleted again.
    @Override
    public void close() {
        unpin.run();
    }
}
