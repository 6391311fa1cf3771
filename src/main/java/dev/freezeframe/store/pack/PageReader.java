package dev.freezeframe.store.pack;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/// Reads all pages of a map in parallel. Every pack is loaded and decompressed once, by the thread that hands out its
/// pages; neighbouring pages in neighbouring slots go out in one call.
public final class PageReader {
    @FunctionalInterface
    public interface PackLoader {
        Pack load(long packId) throws StoreException;
    }

    private final PackLoader loader;
    private final PageSink sink;
    /// The packs, ascending; pages of pack i are `pages[starts[i]]` to `pages[starts[i + 1]]`, ascending too.
    private final long[] packIds;
    private final int[] starts;
    private final int[] pages;
    private final long[] chunkIds;

    public PageReader(PageMap map, PackLoader loader, PageSink sink) {
        this.loader = loader;
        this.sink = sink;
        int[] count = {0};
        map.forEachNonZero((page, id) -> count[0]++);
        long[] packOf = new long[count[0]];
        count[0] = 0;
        map.forEachNonZero((page, id) -> packOf[count[0]++] = ChunkId.packId(id));
        packIds = Arrays.stream(packOf).sorted().distinct().toArray();
        starts = new int[packIds.length + 1];
        for (long pack : packOf) {
            starts[Arrays.binarySearch(packIds, pack) + 1]++;
        }
        Arrays.parallelPrefix(starts, Integer::sum);
        int[] next = starts.clone();
        pages = new int[packOf.length];
        chunkIds = new long[packOf.length];
        map.forEachNonZero((page, id) -> {
            int at = next[Arrays.binarySearch(packIds, ChunkId.packId(id))]++;
            pages[at] = page;
            chunkIds[at] = id;
        });
    }

    public void run(int threads) throws IOException {
        AtomicInteger next = new AtomicInteger();
        int workers = Math.min(threads, packIds.length);
        if (workers <= 1) {
            work(next);
            return;
        }
        try (ExecutorService executor = Executors.newFixedThreadPool(workers,
                Thread.ofPlatform().daemon().name("page-reader-", 0).factory())) {
            List<Future<Void>> running = new ArrayList<>();
            for (int i = 0; i < workers; i++) {
                running.add(executor.submit(() -> {
                    try {
                        work(next);
                    } catch (IOException | RuntimeException | Error e) {
                        next.set(packIds.length);
                        throw e;
                    }
                    return null;
                }));
            }
            for (Future<Void> each : running) {
                await(each, next);
            }
        }
    }

    private void await(Future<Void> worker, AtomicInteger next) throws IOException {
        try {
            if (Thread.interrupted()) {
                // get() would not say so for a worker that is done
                throw new InterruptedException();
            }
            worker.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case StoreException cause -> throw new StoreException(cause.reason(), cause.getMessage(), e);
                case IOException cause -> throw new IOException(cause.getMessage(), e);
                case null, default -> throw new IllegalStateException("reading pages failed", e);
            }
        } catch (InterruptedException e) {
            next.set(packIds.length);
            Thread.currentThread().interrupt();
            throw interrupted(e);
        }
    }

    private static StoreException interrupted(Throwable cause) {
        return new StoreException(Reason.FAILED, "interrupted while reading pages", cause);
    }

    private void work(AtomicInteger next) throws IOException {
        for (int i = next.getAndIncrement(); i < packIds.length; i = next.getAndIncrement()) {
            if (Thread.currentThread().isInterrupted()) {
                throw interrupted(null);
            }
            Pack pack = loader.load(packIds[i]);
            try {
                deliver(pack, starts[i], starts[i + 1]);
            } catch (CorruptionException e) {
                throw new StoreException(Reason.DAMAGED,
                        e.getMessage() + "; verify lists every checkpoint that is affected", e);
            }
        }
    }

    private void deliver(Pack pack, int from, int to) throws CorruptionException, IOException {
        ByteBuffer raw = ByteBuffer.wrap(pack.raw()).asReadOnlyBuffer();
        int first = from;
        while (first < to) {
            int offset = pack.offset(ChunkId.slot(chunkIds[first]));
            int count = 1;
            while (first + count < to && pages[first + count] == pages[first] + count
                    && pack.offset(ChunkId.slot(chunkIds[first + count])) == offset + count * ChunkId.CHUNK_BYTES) {
                count++;
            }
            sink.pages(pages[first], count, raw.slice(offset, count * ChunkId.CHUNK_BYTES));
            first += count;
        }
    }
}
