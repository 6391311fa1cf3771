package dev.freezeframe.dedup;

import dev.freezeframe.store.CaptureMetrics;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.ChunkHash;
import dev.freezeframe.store.ChunkId;
import dev.freezeframe.store.NewCheckpoint;
import dev.freezeframe.store.NewCheckpoint.NewImage;
import dev.freezeframe.store.PackDraft;
import dev.freezeframe.store.PageClass;
import dev.freezeframe.store.PageClassMap;
import dev.freezeframe.store.PageMap;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreException;
import dev.freezeframe.store.StoreException.Reason;
import dev.freezeframe.store.WriteLease;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The one kind of [CheckpointWriter]. Chunks go to one of two packs in the making, by whether they look compressible; full
/// packs are held back for a while, so that a page that capture replaces a moment later was never stored.
final class StoringWriter implements CheckpointWriter {
    /// Full packs in memory before the oldest is written: 16 MiB.
    private static final int HELD_BACK_PACKS = 64;

    private final Store store;
    private final DedupOptions options;
    private final ChunkHash hash;
    private final StoreIndex stored;
    private final long experimentId;
    private final int number;
    private final Optional<PageMap> previous;
    private final long ramBytes;
    private final WriteLease lease;
    private final long startNanos = System.nanoTime();

    /// Chunks of this checkpoint whose packs are not written yet, seen by this writer only: if it aborts, nobody else may
    /// have referred to them.
    private final ChunkIndex mine = new ChunkIndex(Long.MAX_VALUE);
    private final Map<Long, Draft> drafts = new HashMap<>();
    private final Deque<Draft> heldBack = new ArrayDeque<>();
    private final BitSet packsOfMine = new BitSet();
    private final PageMap.Editor ram;
    private final BitSet added = new BitSet();
    private final List<NewImage> images = new ArrayList<>();
    private final PageProbe probe = new PageProbe();
    private final long[] hashed = new long[2];
    private final long[] candidates = new long[ChunkIndex.MAX_SAME_HASH];
    private Draft compressible;
    private Draft incompressible;
    private long firstPackId;
    private long packBytes;
    private boolean done;

    /// A pack in the making, and how many pages use each of its chunks.
    private static final class Draft {
        final PackDraft pack;
        final int[] uses = new int[Store.PACK_CHUNKS];
        final int zstdLevel;

        Draft(PackDraft pack, int zstdLevel) {
            this.pack = pack;
            this.zstdLevel = zstdLevel;
        }
    }

    StoringWriter(Store store, DedupOptions options, ChunkHash hash, StoreIndex stored, long experimentId, int number,
            Optional<PageMap> previous, long ramBytes) throws StoreException {
        if (ramBytes <= 0 || ramBytes % ChunkId.CHUNK_BYTES != 0
                || ramBytes / ChunkId.CHUNK_BYTES > Integer.MAX_VALUE - PAGE_SLACK) {
            throw new IllegalArgumentException("RAM of " + ramBytes + " bytes");
        }
        this.store = store;
        this.options = options;
        this.hash = hash;
        this.stored = stored;
        this.experimentId = experimentId;
        this.number = number;
        this.previous = previous;
        this.ramBytes = ramBytes;
        int pages = (int) (ramBytes / ChunkId.CHUNK_BYTES);
        if (previous.isPresent() && previous.get().pages() != pages) {
            throw new IllegalArgumentException(
                    "the map before has " + previous.get().pages() + " pages, RAM has " + pages);
        }
        this.ram = previous.orElseGet(() -> PageMap.allZero(pages)).edit();
        this.lease = store.beginWriting();
    }

    private static final int PAGE_SLACK = 1 << 16;

    @Override
    public void addRam(int[] pages, int count, ByteBuffer contents) throws StoreException {
        ByteBuffer readable = contents.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            int page = pages[i];
            long before = added.get(page) ? ram.chunkId(page) : ChunkId.ZERO;
            long chunk = chunkOf(readable, i * ChunkId.CHUNK_BYTES,
                    previous.isPresent() ? previous.get().chunkId(page) : 0);
            ram.set(page, chunk);
            added.set(page);
            use(chunk, 1);
            use(before, -1);
        }
    }

    @Override
    public void addImage(String name, byte[] content) throws StoreException {
        if (images.stream().anyMatch(image -> image.name().equals(name)) || name.equals(NewCheckpoint.RAM)) {
            throw new IllegalArgumentException("image " + name + " is there already");
        }
        int pages = (content.length + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES;
        PageMap.Editor map = PageMap.allZero(pages).edit();
        ByteBuffer padded = ByteBuffer.allocateDirect(pages * ChunkId.CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN).put(0,
                content);
        for (int page = 0; page < pages; page++) {
            long chunk = chunkOf(padded, page * ChunkId.CHUNK_BYTES, ChunkId.ZERO);
            use(chunk, 1);
            map.set(page, chunk);
        }
        images.add(new NewImage(name, content.length, map.map(), Optional.empty()));
    }

    /// The chunk with this content, made if there is none.
    private long chunkOf(ByteBuffer contents, int position, long likely) throws StoreException {
        if (PageProbe.isZero(contents, position)) {
            return ChunkId.ZERO;
        }
        hash.hash(contents, position, hashed);
        int found = stored.find(hashed[0], hashed[1], candidates);
        for (int i = 1; i < found; i++) {
            if (candidates[i] == likely) {
                candidates[i] = candidates[0];
                candidates[0] = likely;
            }
        }
        for (int i = 0; i < found; i++) {
            if (options.trustHash() || isStored(candidates[i], contents, position)) {
                return candidates[i];
            }
        }
        found = mine.find(hashed[0], hashed[1], candidates);
        for (int i = 0; i < found; i++) {
            Draft draft = drafts.get(ChunkId.packId(candidates[i]));
            if (options.trustHash() || draft.pack.equalsAt(ChunkId.slot(candidates[i]), contents, position)) {
                return candidates[i];
            }
        }
        return newChunk(contents, position);
    }

    /// Whether a candidate has this content. One that cannot be read has not: the page is stored anew, so that damage ends with
    /// the checkpoints that it hit.
    private boolean isStored(long candidate, ByteBuffer contents, int position) throws StoreException {
        try {
            return store.chunkEquals(candidate, contents, position);
        } catch (StoreException e) {
            if (e.reason() != Reason.DAMAGED) {
                throw e;
            }
            stored.damaged(hashed[0], hashed[1], candidate, e);
            return false;
        }
    }

    private long newChunk(ByteBuffer contents, int position) throws StoreException {
        Draft draft;
        if (probe.looksCompressible(contents, position)) {
            draft = compressible = withRoom(compressible, options.zstdLevel());
        } else {
            draft = incompressible = withRoom(incompressible, Integer.MIN_VALUE);
        }
        long chunk = draft.pack.add(contents, position, hashed[0], hashed[1]);
        mine.add(hashed[0], hashed[1], chunk);
        return chunk;
    }

    private Draft withRoom(Draft draft, int zstdLevel) throws StoreException {
        if (draft != null && !draft.pack.isFull()) {
            return draft;
        }
        if (draft != null) {
            heldBack.add(draft);
            if (heldBack.size() > HELD_BACK_PACKS) {
                write(heldBack.remove());
            }
        }
        Draft fresh = new Draft(store.newPack(), zstdLevel);
        long id = fresh.pack.packId();
        if (firstPackId == 0) {
            firstPackId = id;
        }
        packsOfMine.set((int) (id - firstPackId));
        drafts.put(id, fresh);
        return fresh;
    }

    /// Counts the users of a chunk that is not written yet, and drops it with its last one.
    private void use(long chunk, int change) {
        Draft draft = chunk == ChunkId.ZERO ? null : drafts.get(ChunkId.packId(chunk));
        if (draft == null) {
            return;
        }
        int slot = ChunkId.slot(chunk);
        draft.uses[slot] += change;
        if (draft.uses[slot] == 0) {
            mine.remove(draft.pack.hashLow(slot), draft.pack.hashHigh(slot), chunk);
            draft.pack.drop(slot);
        }
    }

    private void write(Draft draft) throws StoreException {
        PackDraft pack = draft.pack;
        packBytes += store.write(lease, pack, draft.zstdLevel);
        for (int slot = 0; slot < pack.slots(); slot++) {
            if (pack.isLive(slot)) {
                mine.remove(pack.hashLow(slot), pack.hashHigh(slot), ChunkId.of(pack.packId(), slot));
            }
        }
        drafts.remove(pack.packId());
        pack.close();
    }

    @Override
    public Committed commit(CaptureMetrics metrics) throws StoreException {
        if (done) {
            throw new IllegalStateException("checkpoint " + number + " is committed or aborted already");
        }
        while (!heldBack.isEmpty()) {
            write(heldBack.remove());
        }
        if (compressible != null) {
            write(compressible);
        }
        if (incompressible != null) {
            write(incompressible);
        }
        PageMap map = ram.map();
        images.addFirst(new NewImage(NewCheckpoint.RAM, ramBytes, map, previous));
        CheckpointRecord record = store.commit(lease, new NewCheckpoint(experimentId, number, metrics, classes(map), 0,
                packBytes, startNanos, images));
        finish();
        return new Committed(record, map.storedAs(record.id()));
    }

    private PageClassMap classes(PageMap map) {
        PageClassMap.Builder classes = PageClassMap.builder(map.pages());
        BitSet seen = new BitSet();
        for (int page = added.nextSetBit(0); page >= 0; page = added.nextSetBit(page + 1)) {
            classes.add(page, classOf(page, map.chunkId(page), seen));
        }
        return classes.map();
    }

    /// @param seen chunks of this checkpoint that a lower page has
    private PageClass classOf(int page, long chunk, BitSet seen) {
        if (previous.isPresent() && previous.get().chunkId(page) == chunk) {
            return PageClass.UNCHANGED;
        }
        if (chunk == ChunkId.ZERO) {
            return PageClass.ZERO;
        }
        if (!isMine(chunk)) {
            return PageClass.DUPLICATE_STORED;
        }
        int ordinal = (int) (chunk - ChunkId.of(firstPackId, 0));
        if (seen.get(ordinal)) {
            return PageClass.DUPLICATE_WITHIN;
        }
        seen.set(ordinal);
        return PageClass.NEW;
    }

    private boolean isMine(long chunk) {
        long pack = ChunkId.packId(chunk);
        return firstPackId != 0 && pack >= firstPackId && packsOfMine.get((int) (pack - firstPackId));
    }

    @Override
    public void abort() {
        if (!done) {
            finish();
        }
    }

    private void finish() {
        done = true;
        for (Draft draft : drafts.values()) {
            draft.pack.close();
        }
        drafts.clear();
        heldBack.clear();
        compressible = null;
        incompressible = null;
        lease.close();
    }
}
