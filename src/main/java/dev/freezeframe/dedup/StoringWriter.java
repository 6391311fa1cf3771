package dev.freezeframe.dedup;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.DiskFigure;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.figure.DiskRead;
import dev.freezeframe.store.figure.FigureValues;
import dev.freezeframe.store.lock.WriteLease;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.NewCheckpoint.NewImage;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkHash;
import dev.freezeframe.store.pack.PackDraft;
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

/// The one kind of [CheckpointWriter]. Chunks of RAM and of each disk go to packs of their own, and of these to one of two in
/// the making, by whether they look compressible; full packs are held back for a while, so that a page that capture replaces
/// a moment later was never stored.
final class StoringWriter implements CheckpointWriter {
    /// Full packs in memory before the oldest is written: 16 MiB.
    private static final int HELD_BACK_PACKS = 64;

    private final Store store;
    private final DedupOptions options;
    private final ChunkHash hash;
    private final StoreIndex stored;
    private final long experimentId;
    private final int number;
    private final WriteLease lease;
    private final long startNanos = System.nanoTime();

    /// Chunks of this checkpoint whose packs are not written yet, seen by this writer only: if it aborts, nobody else may
    /// have referred to them.
    private final ChunkIndex mine = new ChunkIndex(Long.MAX_VALUE);
    private final Map<Long, Draft> drafts = new HashMap<>();
    private final Deque<Draft> heldBack = new ArrayDeque<>();
    private final BitSet packsOfMine = new BitSet();
    private final PageImage ram;
    private final List<PageImage> disks = new ArrayList<>();
    private final List<String> diskIds = new ArrayList<>();
    private final List<NewImage> images = new ArrayList<>();
    private final PageProbe probe = new PageProbe();
    private final long[] hashed = new long[2];
    private final long[] candidates = new long[ChunkIndex.MAX_SAME_HASH];
    private long firstPackId;
    private boolean done;

    /// RAM or a disk in the making, with the packs that are being filled from it.
    private static final class PageImage {
        final String name;
        final long lengthBytes;
        final ChunkOrigin origin;
        /// As it was stored, for keeping the difference to it.
        final Optional<PageMap> base;
        /// The base cut or extended to this length; empty if there is none.
        final Optional<PageMap> previous;
        final PageMap.Editor map;
        final PageSet added;
        Draft compressible;
        Draft incompressible;
        long packBytes;

        PageImage(String name, long lengthBytes, ChunkOrigin origin, Optional<PageMap> base) {
            this.name = name;
            this.lengthBytes = lengthBytes;
            this.origin = origin;
            this.base = base;
            int pages = (int) ((lengthBytes + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES);
            added = new PageSet(pages);
            previous = base.map(map -> map.resized(pages));
            map = previous.orElseGet(() -> PageMap.allZero(pages)).edit();
        }

        long previousChunk(int page) {
            return previous.isPresent() ? previous.get().chunkId(page) : ChunkId.ZERO;
        }

        boolean isAsBefore(int page, long chunk) {
            return previous.isPresent() && previous.get().chunkId(page) == chunk;
        }
    }

    /// A pack in the making, and how many pages use each of its chunks.
    private static final class Draft {
        final PageImage image;
        final PackDraft pack;
        final int[] uses = new int[PackDraft.CHUNKS];
        final int zstdLevel;

        Draft(PageImage image, PackDraft pack, int zstdLevel) {
            this.image = image;
            this.pack = pack;
            this.zstdLevel = zstdLevel;
        }
    }

    StoringWriter(Store store, DedupOptions options, ChunkHash hash, StoreIndex stored, long experimentId, int number,
            Optional<PageMap> previous, long ramBytes, List<DiskToStore> diskImages) throws StoreException {
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
        int pages = (int) (ramBytes / ChunkId.CHUNK_BYTES);
        if (previous.isPresent() && previous.get().pages() != pages) {
            throw new IllegalArgumentException(
                    "the map before has " + previous.get().pages() + " pages, RAM has " + pages);
        }
        this.ram = new PageImage(NewCheckpoint.RAM, ramBytes, ChunkOrigin.RAM, previous);
        for (DiskToStore disk : diskImages) {
            String name = NewCheckpoint.disk(disk.id());
            if (disks.stream().anyMatch(each -> each.name.equals(name))) {
                throw new IllegalArgumentException("disk " + disk.id() + " is there twice");
            }
            disks.add(new PageImage(name, disk.sizeBytes(), ChunkOrigin.DISK, disk.previous()));
            diskIds.add(disk.id());
        }
        this.lease = store.beginWriting();
    }

    private static final int PAGE_SLACK = 1 << 16;

    @Override
    public void addRam(int[] pages, int count, ByteBuffer contents) throws StoreException {
        ByteBuffer readable = contents.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            add(ram, pages[i], readable, i * ChunkId.CHUNK_BYTES);
        }
    }

    private void add(PageImage image, int page, ByteBuffer contents, int position) throws StoreException {
        long before = image.added.get(page) ? image.map.chunkId(page) : ChunkId.ZERO;
        long chunk = chunkOf(image, contents, position, image.previousChunk(page));
        image.map.set(page, chunk);
        image.added.set(page);
        use(chunk, 1);
        use(before, -1);
    }

    @Override
    public void addBlocks(int disk, int[] blocks, int count, ByteBuffer contents) throws StoreException {
        PageImage image = disks.get(disk);
        ByteBuffer readable = contents.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        int tail = (int) (image.lengthBytes % ChunkId.CHUNK_BYTES);
        int lastBlock = (int) (image.lengthBytes / ChunkId.CHUNK_BYTES);
        for (int i = 0; i < count; i++) {
            if (tail != 0 && blocks[i] == lastBlock) {
                ByteBuffer padded = ByteBuffer.allocateDirect(ChunkId.CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
                padded.put(0, readable, i * ChunkId.CHUNK_BYTES, tail);
                add(image, lastBlock, padded, 0);
            } else {
                add(image, blocks[i], readable, i * ChunkId.CHUNK_BYTES);
            }
        }
    }

    @Override
    public void addZeroBlocks(int disk, int firstBlock, int count) {
        PageImage image = disks.get(disk);
        int end = Math.addExact(firstBlock, count);
        // those of this checkpoint that the zeros replace
        for (int block = image.added.next(firstBlock); block >= 0 && block < end; block = image.added
                .next(block + 1)) {
            use(image.map.chunkId(block), -1);
        }
        image.map.setZero(firstBlock, count);
        image.added.set(firstBlock, end);
    }

    @Override
    public void addImage(String name, byte[] content) throws StoreException {
        if (images.stream().anyMatch(image -> image.name().equals(name)) || name.equals(NewCheckpoint.RAM)
                || disks.stream().anyMatch(disk -> disk.name.equals(name))) {
            throw new IllegalArgumentException("image " + name + " is there already");
        }
        int pages = (content.length + ChunkId.CHUNK_BYTES - 1) / ChunkId.CHUNK_BYTES;
        PageMap.Editor map = PageMap.allZero(pages).edit();
        ByteBuffer padded = ByteBuffer.allocateDirect(pages * ChunkId.CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN).put(0,
                content);
        for (int page = 0; page < pages; page++) {
            long chunk = chunkOf(ram, padded, page * ChunkId.CHUNK_BYTES, ChunkId.ZERO);
            use(chunk, 1);
            map.set(page, chunk);
        }
        images.add(new NewImage(name, content.length, map.map(), Optional.empty()));
    }

    /// The chunk with this content, made if there is none.
    ///
    /// @param image whose packs a new one goes to
    private long chunkOf(PageImage image, ByteBuffer contents, int position, long likely) throws StoreException {
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
        return newChunk(image, contents, position);
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

    private long newChunk(PageImage image, ByteBuffer contents, int position) throws StoreException {
        Draft draft;
        if (probe.looksCompressible(contents, position)) {
            draft = image.compressible = withRoom(image, image.compressible, options.zstdLevel());
        } else {
            draft = image.incompressible = withRoom(image, image.incompressible, Integer.MIN_VALUE);
        }
        long chunk = draft.pack.add(contents, position, hashed[0], hashed[1]);
        mine.add(hashed[0], hashed[1], chunk);
        return chunk;
    }

    private Draft withRoom(PageImage image, Draft draft, int zstdLevel) throws StoreException {
        if (draft != null && !draft.pack.isFull()) {
            return draft;
        }
        if (draft != null) {
            heldBack.add(draft);
            if (heldBack.size() > HELD_BACK_PACKS) {
                write(heldBack.remove());
            }
        }
        Draft fresh = new Draft(image, store.newPack(image.origin), zstdLevel);
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
        draft.image.packBytes += store.write(lease, pack, draft.zstdLevel);
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
        for (PageImage disk : disks) {
            cutTail(disk);
        }
        while (!heldBack.isEmpty()) {
            write(heldBack.remove());
        }
        for (PageImage image : pageImages()) {
            if (image.compressible != null) {
                write(image.compressible);
            }
            if (image.incompressible != null) {
                write(image.incompressible);
            }
        }
        List<PageMap> maps = new ArrayList<>();
        List<NewImage> all = new ArrayList<>();
        long packBytes = 0;
        for (PageImage image : pageImages()) {
            PageMap map = image.map.map();
            maps.add(map);
            all.add(new NewImage(image.name, image.lengthBytes, map, image.base));
            packBytes += image.packBytes;
        }
        all.addAll(images);
        BitSet seen = new BitSet();
        PageClassMap classes = classes(maps.getFirst(), seen);
        List<DiskMetrics> counted = new ArrayList<>();
        for (int i = 0; i < disks.size(); i++) {
            counted.add(count(i, maps.get(i + 1), seen, metrics));
        }
        CheckpointRecord record = store.commit(lease, new NewCheckpoint(experimentId, number, metrics, classes, counted,
                packBytes, startNanos, all));
        finish();
        List<PageMap> stored = maps.stream().map(map -> map.storedAs(record.id())).toList();
        return new Committed(record, stored.getFirst(), stored.subList(1, stored.size()));
    }

    /// Makes what is beyond the end of a disk in its last block zero, also where the disk was made shorter and nobody wrote that
    /// block since: or it would come back when the disk is made longer.
    private void cutTail(PageImage disk) throws StoreException {
        int tail = (int) (disk.lengthBytes % ChunkId.CHUNK_BYTES);
        int last = (int) (disk.lengthBytes / ChunkId.CHUNK_BYTES);
        if (tail == 0 || disk.added.get(last) || disk.map.chunkId(last) == ChunkId.ZERO) {
            return;
        }
        ByteBuffer block = ByteBuffer.allocateDirect(ChunkId.CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try {
            store.readChunk(disk.map.chunkId(last), block);
        } catch (StoreException e) {
            if (e.reason() != Reason.DAMAGED) {
                throw e;
            }
            // it cannot be read back either
            return;
        }
        byte[] beyond = new byte[ChunkId.CHUNK_BYTES - tail];
        if (!block.slice(tail, beyond.length).equals(ByteBuffer.wrap(beyond))) {
            add(disk, last, block.put(tail, beyond), 0);
        }
    }

    /// RAM first.
    private List<PageImage> pageImages() {
        List<PageImage> all = new ArrayList<>();
        all.add(ram);
        all.addAll(disks);
        return all;
    }

    /// @param seen receives the new chunks of this checkpoint that are counted
    private PageClassMap classes(PageMap map, BitSet seen) {
        PageClassMap.Builder classes = PageClassMap.builder(map.pages());
        for (int page = ram.added.next(0); page >= 0; page = ram.added.next(page + 1)) {
            classes.add(page, classOf(page, map.chunkId(page), seen));
        }
        return classes.map();
    }

    private PageClass classOf(int page, long chunk, BitSet seen) {
        if (ram.isAsBefore(page, chunk)) {
            return PageClass.UNCHANGED;
        }
        if (chunk == ChunkId.ZERO) {
            return PageClass.ZERO;
        }
        if (store.origin(chunk) == ChunkOrigin.DISK) {
            return PageClass.DUPLICATE_DISK;
        }
        if (!isMine(chunk)) {
            return PageClass.DUPLICATE_STORED;
        }
        return firstSeen(chunk, seen) ? PageClass.NEW : PageClass.DUPLICATE_WITHIN;
    }

    /// @param seen the new chunks of this checkpoint that RAM or a disk before has been counted for
    private DiskMetrics count(int disk, PageMap map, BitSet seen, CaptureMetrics metrics) {
        PageImage image = disks.get(disk);
        long unchanged = 0;
        long zero = 0;
        long ofDisk = 0;
        long ofRam = 0;
        long fresh = 0;
        int last;
        for (int block = image.added.next(0); block >= 0; block = image.added.next(last + 1)) {
            long chunk = map.chunkId(block);
            last = block;
            if (chunk == ChunkId.ZERO && image.previous.isEmpty()) {
                // of a large disk that begins, most
                last = map.endOfRun(block, image.added.nextAbsent(block)) - 1;
                zero += last - block + 1;
            } else if (image.isAsBefore(block, chunk)) {
                unchanged++;
            } else if (chunk == ChunkId.ZERO) {
                zero++;
            } else if (isMine(chunk) && firstSeen(chunk, seen)) {
                fresh++;
            } else if (store.origin(chunk) == ChunkOrigin.DISK) {
                ofDisk++;
            } else {
                ofRam++;
            }
        }
        String id = diskIds.get(disk);
        Optional<DiskRead> read = metrics.disks().stream().filter(each -> each.disk().equals(id)).findFirst();
        return new DiskMetrics(id, FigureValues.none(DiskFigure.class)
                .with(DiskFigure.SIZE, image.lengthBytes)
                .with(DiskFigure.DIRTY_BLOCKS, image.added.count())
                .with(DiskFigure.UNCHANGED_BLOCKS, unchanged)
                .with(DiskFigure.ZERO_BLOCKS, zero)
                .with(DiskFigure.DUPLICATE_DISK_BLOCKS, ofDisk)
                .with(DiskFigure.DUPLICATE_RAM_BLOCKS, ofRam)
                .with(DiskFigure.NEW_BLOCKS, fresh)
                .with(DiskFigure.READ, read.map(DiskRead::readBytes).orElse(0L))
                .with(DiskFigure.READ_TIME, read.map(DiskRead::readMicros).orElse(0L))
                .with(DiskFigure.STORED, image.packBytes));
    }

    /// Whether a chunk of this checkpoint is counted for the first time.
    private boolean firstSeen(long chunk, BitSet seen) {
        int ordinal = (int) (ChunkId.packId(chunk) - firstPackId) * PackDraft.CHUNKS + ChunkId.slot(chunk);
        boolean first = !seen.get(ordinal);
        seen.set(ordinal);
        return first;
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
        lease.close();
    }
}
