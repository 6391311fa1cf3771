package dev.freezeframe.store.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Packs in memory are bounded, loaded once for all who want them, and a failure is not kept.
class PackCacheTest {
    private static final int PACK_BYTES = pack(1).sizeBytes();

    private static Pack pack(long id) {
        BitSet live = new BitSet();
        live.set(0, 16);
        return Pack.of(id, 16, live, new byte[16 * ChunkId.CHUNK_BYTES]);
    }

    @Test
    void itNeverHoldsMoreThanItsBoundAndKeepsWhatWasUsedLast() throws Exception {
        try (PackCache cache = new PackCache(10L * PACK_BYTES, PackCacheTest::pack)) {
            for (int id = 1; id <= 100; id++) {
                cache.get(id);
                cache.get(1);
                assertTrue(cache.sizeBytes() <= 10L * PACK_BYTES);
            }
            assertEquals(100, cache.loads());
            for (int id : new int[]{1, 92, 93, 94, 95, 96, 97, 98, 99, 100}) {
                cache.get(id);
            }
            assertEquals(100, cache.loads());
            cache.get(91);
            assertEquals(101, cache.loads());
            cache.forget(91);
            cache.forget(91);
            assertEquals(9L * PACK_BYTES, cache.sizeBytes());
            cache.forgetAll();
            assertEquals(0, cache.sizeBytes());
        }
    }

    @Test
    void aPackThatManyWantAtOnceIsLoadedOnce() throws Exception {
        AtomicInteger loads = new AtomicInteger();
        CountDownLatch go = new CountDownLatch(1);
        try (PackCache cache = new PackCache(1 << 20, id -> {
            loads.incrementAndGet();
            await(go);
            return pack(id);
        }); ExecutorService threads = Executors.newFixedThreadPool(8)) {
            cache.prefetch(7);
            List<Future<Pack>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(threads.submit(() -> cache.get(7)));
            }
            go.countDown();
            for (Future<Pack> each : all) {
                assertSame(all.getFirst().get(), each.get());
            }
            assertEquals(1, loads.get());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(60, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatFailedIsTriedAgain() throws Exception {
        AtomicBoolean fails = new AtomicBoolean(true);
        try (PackCache cache = new PackCache(1 << 20, id -> {
            if (fails.get()) {
                throw new StoreException(Reason.DAMAGED, "made to fail");
            }
            return pack(id);
        })) {
            for (int i = 0; i < 2; i++) {
                assertEquals(Reason.DAMAGED, assertThrows(StoreException.class, () -> cache.get(3)).reason());
            }
            fails.set(false);
            cache.get(3);
            assertEquals(PACK_BYTES, cache.sizeBytes());
        }
    }

    @Test
    void loadingAheadIsBoundedAndReadersDoNotWaitForWhatWaits() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger loads = new AtomicInteger();
        try (PackCache cache = new PackCache(1L << 30, id -> {
            loads.incrementAndGet();
            if (id <= 2) {
                await(go);
            }
            return pack(id);
        })) {
            for (int id = 1; id <= 1000; id++) {
                cache.prefetch(id);
            }
            // both threads stand; what waits behind them is loaded by whoever wants it
            assertSame(cache.get(5), cache.get(5));
            cache.get(999);
            go.countDown();
            cache.get(1);
            assertTrue(loads.get() < 100, loads + " loads");
        }
    }
}
