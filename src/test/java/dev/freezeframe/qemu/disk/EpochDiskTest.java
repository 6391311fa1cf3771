package dev.freezeframe.qemu.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Progress;
import dev.freezeframe.linux.ImageFile;
import dev.freezeframe.qemu.nbd.NbdExport;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A disk is what was written to it, and an epoch what it was when that began, whatever is written meanwhile.
class EpochDiskTest {
    private static final int BLOCK = GuestPage.BYTES;
    private static final long PLENTY = 64 << 20;

    @TempDir
    private Path folder;

    private Path image(Random random, int bytes) throws IOException {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        // holes and zeroes as well
        Arrays.fill(content, bytes / 3, bytes / 2, (byte) 0);
        return Files.write(Files.createTempFile(folder, "image", ""), content);
    }

    private static EpochDisk open(Path image, String writes, long copyBytes) throws IOException {
        return switch (writes) {
            case "keep" -> EpochDisk.keeping("disk0", image, copyBytes);
            case "discard" -> EpochDisk.discarding("disk0", image, copyBytes);
            default -> throw new IllegalArgumentException(writes);
        };
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    /// A disk beside what it has to hold.
    private static final class Modelled {
        private final EpochDisk disk;
        private final byte[] model;
        private BitSet dirty = new BitSet();
        private Epoch epoch;
        private byte[] moment;
        private BitSet expected;

        Modelled(EpochDisk disk, byte[] content) {
            this.disk = disk;
            model = Arrays.copyOf(content, (int) disk.sizeBytes());
        }

        void write(Random random) throws IOException {
            int offset = random.nextInt(model.length);
            int length = 1 + random.nextInt(Math.min(model.length - offset, random.nextBoolean() ? 700 : 5 * BLOCK));
            if (random.nextBoolean()) {
                // guests write blocks
                offset = offset / BLOCK * BLOCK;
                length = Math.min(model.length - offset, (length + BLOCK - 1) / BLOCK * BLOCK);
            }
            switch (random.nextInt(4)) {
                case 0 -> {
                    disk.writeZeroes(offset, length, random.nextBoolean());
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                case 1 -> {
                    disk.trim(offset, length);
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                default -> {
                    byte[] bytes = new byte[length];
                    random.nextBytes(bytes);
                    disk.write(offset, direct(bytes));
                    System.arraycopy(bytes, 0, model, offset, length);
                }
            }
            dirty.set(offset / BLOCK, (offset + length + BLOCK - 1) / BLOCK);
        }

        void begin(Random random) {
            BlockSet besides = new BlockSet(disk.blocks());
            BitSet all = new BitSet();
            if (random.nextInt(3) == 0) {
                int first = random.nextInt((int) disk.blocks());
                int end = first + random.nextInt((int) disk.blocks() - first + 1);
                besides.add(first, end);
                all.set(first, end);
            }
            epoch = disk.prepare(besides);
            epoch.begin();
            all.or(dirty);
            expected = all;
            dirty = new BitSet();
            moment = Arrays.copyOf(model, (int) disk.blocks() * BLOCK);
        }

        /// Reads on, and compares.
        ///
        /// @return whether all was read
        boolean read(int mostBlocks) throws IOException {
            int[] numbers = new int[mostBlocks];
            ByteBuffer target = ByteBuffer.allocateDirect(mostBlocks * BLOCK);
            int count = epoch.read(numbers, target, (first, end) -> {
                for (int block = (int) first; block < end; block++) {
                    takeOff(block);
                    for (int i = 0; i < BLOCK; i++) {
                        assertEquals(0, moment[block * BLOCK + i], "block " + block + " is not zero");
                    }
                }
            });
            for (int i = 0; i < count; i++) {
                takeOff(numbers[i]);
                byte[] read = new byte[BLOCK];
                target.get(i * BLOCK, read);
                assertArrayEquals(Arrays.copyOfRange(moment, numbers[i] * BLOCK, (numbers[i] + 1) * BLOCK), read,
                        "block " + numbers[i]);
            }
            return count < mostBlocks;
        }

        private void takeOff(int block) {
            assertTrue(expected.get(block), "block " + block + " once more, or without having been asked for");
            expected.clear(block);
        }

        void end() throws IOException {
            while (!read(16)) {
                // until all was read
            }
            assertEquals(new BitSet(), expected);
            epoch.close();
            epoch = null;
        }

        void giveUp() {
            epoch.giveUp();
            epoch = null;
        }

        void assertContent(Random random) throws IOException {
            int offset = random.nextInt(model.length);
            ByteBuffer target = ByteBuffer.allocateDirect(1 + random.nextInt(model.length - offset));
            disk.read(offset, target);
            byte[] read = new byte[target.flip().remaining()];
            target.get(read);
            assertArrayEquals(Arrays.copyOfRange(model, offset, offset + read.length), read);
            assertExtents(offset, read.length);
        }

        private void assertExtents(int offset, int length) throws IOException {
            long[] next = {offset};
            disk.extents(offset, length, (at, bytes, zero) -> {
                assertEquals(next[0], at);
                for (int i = 0; zero && i < bytes; i++) {
                    assertEquals(0, model[(int) at + i]);
                }
                next[0] += bytes;
            });
            assertEquals(offset + length, next[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"discard", "keep"})
    void holdsWhatWasWrittenAndEpochsWhatItHeld(String writes) {
        Seeds.check(40, random -> {
            // not always whole blocks, and whole sectors only where they must be
            int bytes = BLOCK * (1 + random.nextInt(90)) + 512 * random.nextInt(8) + (writes.equals("keep")
                    ? 0
                    : random.nextInt(512));
            Path image = image(random, bytes);
            byte[] before = Files.readAllBytes(image);
            byte[] expected;
            try (EpochDisk disk = open(image, writes, PLENTY)) {
                Modelled modelled = new Modelled(disk, before);
                for (int step = 0; step < 150; step++) {
                    switch (random.nextInt(10)) {
                        case 0, 1 -> {
                            if (modelled.epoch == null) {
                                modelled.begin(random);
                            } else if (random.nextInt(4) > 0) {
                                modelled.end();
                            } else {
                                BitSet again = (BitSet) modelled.dirty.clone();
                                modelled.read(1 + random.nextInt(5));
                                modelled.giveUp();
                                // what was written before belongs to the next one, read already or not
                                disk.written().forEachRun((first, end) -> again.set((int) first, (int) end));
                                modelled.dirty = again;
                            }
                        }
                        case 2, 3 -> {
                            if (modelled.epoch != null) {
                                modelled.read(1 + random.nextInt(5));
                            }
                        }
                        case 4 -> modelled.assertContent(random);
                        default -> modelled.write(random);
                    }
                }
                expected = modelled.model;
            }
            assertArrayEquals(writes.equals("keep") ? Arrays.copyOf(expected, bytes) : before,
                    Files.readAllBytes(image));
            Files.delete(image);
        });
    }

    @Test
    void whatWasGivenUpIsInTheNextOne() throws IOException {
        try (EpochDisk disk = EpochDisk.discarding("disk0", image(new Random(1), 40 * BLOCK), PLENTY)) {
            disk.write(3 * BLOCK, direct(new byte[]{1}));
            Epoch first = disk.prepare(new BlockSet(40));
            first.begin();
            disk.write(7 * BLOCK, direct(new byte[]{1}));
            assertEquals(1, first.read(new int[8], ByteBuffer.allocateDirect(8 * BLOCK), (_, _) -> {}));
            first.giveUp();
            Epoch second = disk.prepare(new BlockSet(40));
            second.begin();
            BitSet blocks = new BitSet();
            second.forEachRun((start, end) -> blocks.set((int) start, (int) end));
            assertEquals(BitSet.valueOf(new long[]{1 << 3 | 1 << 7}), blocks);
        }
    }

    /// There is memory for a few blocks only, so that writes wait most of the time.
    @ParameterizedTest
    @ValueSource(ints = {1, 5})
    void guestThatWritesFasterThanAnEpochIsReadWaitsAndNothingIsLost(int copies) throws Exception {
        Random random = new Random(copies);
        int bytes = 300 * BLOCK;
        Path image = image(random, bytes);
        ReentrantLock moment = new ReentrantLock();
        try (EpochDisk disk = EpochDisk.discarding("disk0", image, (long) copies * BLOCK)) {
            Modelled modelled = new Modelled(disk, Files.readAllBytes(image));
            AtomicBoolean enough = new AtomicBoolean();
            CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
                Random own = new Random(7);
                try {
                    while (!enough.get()) {
                        moment.lock();
                        try {
                            modelled.write(own);
                        } finally {
                            moment.unlock();
                        }
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            try {
                for (int i = 0; i < 60; i++) {
                    moment.lock();
                    try {
                        modelled.begin(random);
                    } finally {
                        moment.unlock();
                    }
                    modelled.end();
                }
            } finally {
                enough.set(true);
            }
            writer.get();
        }
    }

    @Test
    void writeThatWaitsForAnEpochGoesOnWhenThatIsGivenUpAndFailsWhenTheDiskIsClosed() throws Exception {
        Path image = image(new Random(1), 20 * BLOCK);
        EpochDisk disk = EpochDisk.discarding("disk0", image, BLOCK);
        BlockSet all = new BlockSet(20);
        all.add(0, 20);
        Epoch first = disk.prepare(all);
        first.begin();
        CompletableFuture<Throwable> write = writing(disk);
        awaitWaiting(write);
        first.giveUp();
        assertNull(write.get());

        all.add(0, 20);
        disk.prepare(all).begin();
        CompletableFuture<Throwable> late = writing(disk);
        awaitWaiting(late);
        disk.close();
        assertEquals("disk0 is closed", late.get().getMessage());
    }

    /// Two blocks, where there is memory for one.
    private static CompletableFuture<Throwable> writing(EpochDisk disk) {
        CompletableFuture<Throwable> result = new CompletableFuture<>();
        Thread.ofPlatform().name("guest").start(() -> {
            try {
                disk.write(4 * BLOCK, direct(new byte[2 * BLOCK]));
                result.complete(null);
            } catch (IOException | RuntimeException e) {
                result.complete(e);
            }
        });
        return result;
    }

    private static void awaitWaiting(CompletableFuture<Throwable> write) {
        Await.until("the write waits",
                () -> Thread.getAllStackTraces().keySet().stream().anyMatch(each -> each.getName()
                        .equals("guest") && each.getState() == Thread.State.WAITING));
        assertFalse(write.isDone());
    }

    @Test
    void independentDiskReadsNothingOfWhatItBeganWith() throws IOException {
        int bytes = 700 * BLOCK + 512;
        byte[] before = Files.readAllBytes(image(new Random(5), bytes));
        AtomicBoolean gone = new AtomicBoolean();
        NbdExport base = new NbdExport() {
            @Override
            public long sizeBytes() {
                return bytes;
            }

            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                if (gone.get()) {
                    throw new IOException("it is gone");
                }
                target.put(before, (int) offset, target.remaining());
            }

            @Override
            public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
                visitor.extent(offset, lengthBytes, false);
            }
        };
        try (EpochDisk disk = EpochDisk.discarding("disk0", base, PLENTY)) {
            Modelled modelled = new Modelled(disk, before);
            Random random = new Random(6);
            for (int i = 0; i < 50; i++) {
                modelled.write(random);
            }
            disk.makeIndependent(Progress.NONE);
            gone.set(true);
            for (int i = 0; i < 50; i++) {
                modelled.write(random);
                modelled.assertContent(random);
            }
        }
    }

    @Test
    void thereIsOneEpochAtATime() throws IOException {
        try (EpochDisk disk = EpochDisk.discarding("disk0", image(new Random(1), 8 * BLOCK), PLENTY)) {
            Epoch first = disk.prepare(new BlockSet(8));
            Epoch second = disk.prepare(new BlockSet(8));
            first.begin();
            assertThrows(IllegalStateException.class, second::begin);
            first.close();
            second.begin();
            first.close();
            assertThrows(IllegalStateException.class, () -> disk.prepare(new BlockSet(8)).begin());
        }
    }

    @Test
    void imageToWriteToThatEndsWithinASectorIsRefusedWithWhatHelps() throws Exception {
        Path image = image(new Random(1), 8 * BLOCK + 100);
        IOException e = assertThrows(IOException.class, () -> EpochDisk.keeping("disk0", image, PLENTY));
        String remedy = e.getMessage().replaceFirst(".*: ", "");
        assertEquals(0, new ProcessBuilder("sh", "-c", remedy).start().waitFor(), remedy);
        try (EpochDisk disk = EpochDisk.keeping("disk0", image, PLENTY)) {
            assertEquals(8 * BLOCK + 512, disk.sizeBytes());
        }
    }

    @Test
    void imageThatIsInUseIsRefusedAndOneThatIsOnlyReadMayBeSo() throws IOException {
        Path image = image(new Random(1), 8 * BLOCK);
        try (EpochDisk _ = EpochDisk.discarding("disk0", image, PLENTY)) {
            assertThrows(ImageFile.InUse.class, () -> EpochDisk.keeping("disk1", image, PLENTY));
            EpochDisk.discarding("disk1", image, PLENTY).close();
        }
        EpochDisk.keeping("disk1", image, PLENTY).close();
    }
}
