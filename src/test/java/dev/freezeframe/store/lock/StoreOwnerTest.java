package dev.freezeframe.store.lock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.StepFiles;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.lock.StoreOwner.Owner;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Needs;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two programs never write to one store, though the kernel's locks do not keep them apart: the second is refused, or the
/// first stops with one line and nothing that it reported as stored is lost.
class StoreOwnerTest {
    private static final Duration FOR_EVER = Duration.ofHours(1);
    private static final Duration NOT_LONG = Duration.ofMillis(120);
    private static final Owner.Holder ELSEWHERE = new Owner.Holder("another-boot", "pid:[1]", 1, 1, "0",
            "otherhost");

    @TempDir
    private Path directory;

    @Test
    void anotherMountOfTheFolderIsRefusedAndNamesTheHolder() throws Exception {
        Path real = Files.createDirectory(directory.resolve("real"));
        Path other = Files.createDirectory(directory.resolve("other"));
        Needs.BINDFS.orSkip(run("bindfs", real.toString(), other.toString()), "no bindfs, or it may not mount");
        try {
            for (Path[] way : new Path[][]{{real, other}, {other, real}}) {
                try (Store store = Store.open(way[0])) {
                    SyntheticExperiments first = begin(store, "by-" + way[0].getFileName());
                    first.add(2);
                    StoreException refused = assertThrows(StoreException.class, () -> Store.open(way[1]));
                    assertEquals(Reason.IN_USE, refused.reason());
                    assertTrue(refused.getMessage().contains("pid " + ProcessHandle.current().pid()),
                            refused.getMessage());
                    assertFalse(refused.getMessage().contains("\n"));
                    first.add(2);
                    first.end("done");
                    assertTrue(store.verify(Progress.NONE).isSound());
                }
            }
            try (Store store = Store.open(other)) {
                assertEquals(2, store.totals().size(), "free again, by either path");
            }
        } finally {
            run("fusermount3", "-u", other.toString());
            run("umount", other.toString());
        }
    }

    @Test
    void aLockFileThatIsReplacedLetsNobodyIn() throws Exception {
        try (StoreLock _ = StoreLock.acquire(directory)) {
            Files.delete(directory.resolve("store.lock"));
            Files.createFile(directory.resolve("store.lock"));
            StoreException refused = assertThrows(StoreException.class, () -> StoreOwner.claim(directory, FOR_EVER));
            assertEquals(Reason.IN_USE, refused.reason());
        }
        StoreOwner.claim(directory, FOR_EVER).close();
    }

    @Test
    void anOwnerOnThisBootThatIsDeadIsSucceededAtOnce() throws Exception {
        Owner.Holder here = StoreOwner.Here.PROCESS;
        write(new Owner("dead", 7, new Owner.Holder(here.boot(), here.namespace(), here.pid(),
                here.startTicks() + 1, here.user(), here.host())));
        StoreOwner.claim(directory, FOR_EVER).close();
    }

    @Test
    void anOwnerElsewhereIsLeftAloneAsLongAsItCounts() throws Exception {
        write(new Owner("elsewhere", 1, ELSEWHERE));
        // it sleeps between two looks, so it sees neither count half written
        Underway<StoreException> claiming = Underway.start(() -> assertThrows(StoreException.class,
                () -> StoreOwner.claim(directory, FOR_EVER))).awaitInside(Thread.class, "sleep");
        write(new Owner("elsewhere", 2, ELSEWHERE));
        StoreException refused = claiming.result();
        assertEquals(Reason.IN_USE, refused.reason());
        assertTrue(refused.getMessage().contains("pid 1 on host otherhost"), refused.getMessage());
        assertFalse(refused.getMessage().contains("under another path"), refused.getMessage());
    }

    @Test
    void anOwnerElsewhereThatDoesNotCountAnyMoreIsSucceeded() throws Exception {
        write(new Owner("elsewhere", 1, ELSEWHERE));
        StoreOwner.claim(directory, NOT_LONG).close();
        Files.write(directory.resolve(StoreOwner.FILE_NAME), "no record".getBytes(StandardCharsets.UTF_8));
        StoreOwner.claim(directory, NOT_LONG).close();
    }

    @Test
    @SuppressWarnings("try") // closing it is what is tested
    void whoLosesTheStoreWritesNothingMoreAndSaysSoInOneLine() throws Exception {
        Path file = directory.resolve(Database.FILE_NAME);
        CheckpointRecord last;
        try (Store store = Store.open(directory)) {
            SyntheticExperiments experiment = begin(store, "run");
            experiment.add(3);
            last = experiment.next();
            experiment.end("so far");
            byte[] before = Files.readAllBytes(file);
            takeOver();
            for (int i = 0; i < 2; i++) {
                StoreException lost = assertThrows(StoreException.class, () -> begin(store, "later"));
                assertEquals(Reason.IN_USE, lost.reason(), lost.getMessage());
                assertTrue(lost.getMessage().contains("taken over by pid 1 on host otherhost"), lost.getMessage());
                assertFalse(lost.getMessage().contains("\n"));
            }
            assertArrayEquals(before, Files.readAllBytes(file));
            store.close();
            assertArrayEquals(before, Files.readAllBytes(file), "nor when it is closed");
        }
        assertEquals("second", read().token(), "the file stays the second one's");
        write(new Owner("", 1, ELSEWHERE));
        try (Store store = Store.open(directory)) {
            assertEquals(last, store.checkpoint(last.id()).orElseThrow());
            assertTrue(store.verify(Progress.NONE).isSound());
            assertEquals(Optional.empty(), store.rolledBack());
        }
    }

    @Test
    @Tag("slow")
    void aCheckpointIsReportedAsStoredOnlyIfTheStoreIsStillOurs() throws Exception {
        AtomicBoolean opened = new AtomicBoolean();
        try (Store store = Store.open(directory, StepFiles.register(directory, step -> {
            if (step.equals("force") && opened.get()) {
                write(new Owner("second", 1, ELSEWHERE));
            }
        }))) {
            opened.set(true);
            StoreException lost = assertThrows(StoreException.class, () -> begin(store, "run"));
            assertEquals(Reason.IN_USE, lost.reason(), lost.getMessage());
        }
    }

    @Test
    void anOwnerWhoseRecordIsDeletedPutsItBack() throws Exception {
        try (Store store = Store.open(directory)) {
            String token = read().token();
            Files.delete(directory.resolve(StoreOwner.FILE_NAME));
            SyntheticExperiments experiment = begin(store, "run");
            experiment.add(1);
            experiment.end("done");
            assertEquals(token, read().token());
        }
        assertTrue(read().isNobody());
    }

    private static SyntheticExperiments begin(Store store, String name) throws StoreException {
        return SyntheticExperiments.begin(store, name, 4L << 20, Duration.ofSeconds(1), Instant.EPOCH, 1,
                Optional.empty());
    }

    /// What a second program does that took the first one for dead. The first may just be at counting, with its look at the
    /// file behind it, and write over that once more.
    private void takeOver() throws IOException {
        do {
            write(new Owner("second", 1, ELSEWHERE));
            Await.until("the first one sleeps until its next count, or has noticed", () -> Thread.getAllStackTraces()
                    .keySet().stream().filter(each -> each.getName().equals("store-owner"))
                    .allMatch(each -> each.getState() == Thread.State.TIMED_WAITING));
        } while (!read().token().equals("second"));
    }

    /// In place, as owners do.
    private void write(Owner record) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(directory.resolve(StoreOwner.FILE_NAME).toFile(), "rw")) {
            file.write(record.bytes());
        }
    }

    private Owner read() throws IOException {
        return Owner.of(Files.readAllBytes(directory.resolve(StoreOwner.FILE_NAME))).orElseThrow();
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void anOwnerSleepsBetweenTwoCountsAndCountsOn() throws Exception {
        try (StoreOwner owner = StoreOwner.claim(directory, FOR_EVER)) {
            Await.until("it sleeps until its next count", () -> heart().getState() == Thread.State.TIMED_WAITING);
            Await.until("it has counted twice", () -> {
                wake(owner);
                // a count that is just being written is no record
                return Owner.of(Files.readAllBytes(file())).map(Owner::beat).orElse(0L) >= 3;
            });
        }
        assertTrue(read().isNobody());
    }

    @Test
    void whoLosesTheStoreHearsOfItAtTheNextCountAndDoesNotCountOverTheOther() throws Exception {
        try (StoreOwner owner = StoreOwner.claim(directory, FOR_EVER)) {
            Thread counting = heart();
            takeOver();
            Await.until("it has noticed", () -> {
                wake(owner);
                return owner.isLost();
            });
            Await.until("it counts no more", () -> {
                wake(owner);
                return !counting.isAlive();
            });
            assertEquals(Reason.IN_USE, assertThrows(StoreException.class, owner::requireNotLost).reason());
            write(new Owner("", 9, ELSEWHERE));
            assertThrows(StoreException.class, owner::require, "from then on always");
        }
        assertEquals(9, read().beat());
    }

    @Test
    void anOwnerElsewhereThatGivesTheStoreFreeIsSucceededAtOnce() throws Exception {
        write(new Owner("elsewhere", 1, ELSEWHERE));
        Underway<Boolean> claiming = Underway.start(() -> {
            StoreOwner.claim(directory, FOR_EVER).close();
            return true;
        }).awaitInside(Thread.class, "sleep");
        write(new Owner("", 2, ELSEWHERE));
        assertTrue(claiming.result());
    }

    @Test
    void anOwnerOnThisBootWhoseProcessIsGoneIsSucceededAtOnceWhosesoeverItWas() throws Exception {
        Owner.Holder here = StoreOwner.Here.PROCESS;
        // /proc may hide the processes of others, and then their death cannot be known
        List<String> users = Files.exists(Path.of("/proc/1/stat"))
                ? List.of(here.user(), "another")
                : List.of(here
                        .user());
        for (String user : users) {
            // the kernel gives no such number
            write(new Owner("gone", 7, new Owner.Holder(here.boot(), here.namespace(), Integer.MAX_VALUE, 1, user,
                    here.host())));
            StoreOwner.claim(directory, FOR_EVER).close();
        }
    }

    @Test
    void aThreadThatIsInterruptedWhileItWaitsForAnOwnersDeathStaysInterrupted() throws Exception {
        write(new Owner("elsewhere", 1, ELSEWHERE));
        Thread.currentThread().interrupt();
        StoreException failed = assertThrows(StoreException.class, () -> StoreOwner.claim(directory, FOR_EVER));
        assertTrue(Thread.interrupted());
        assertEquals(Reason.FAILED, failed.reason(), failed.getMessage());
    }

    @Test
    void closingInAnInterruptedThreadFreesTheStoreAndLeavesTheThreadInterrupted() throws Exception {
        StoreOwner owner = StoreOwner.claim(directory, FOR_EVER);
        // so that the thread that counts cannot end before it is waited for
        synchronized (owner) {
            Thread.currentThread().interrupt();
            owner.close();
        }
        assertTrue(Thread.interrupted());
        assertTrue(read().isNobody());
    }

    @Test
    void whoIsRefusedHasNoFileOpenAndWhoOwnsHasOne() throws Exception {
        try (StoreOwner _ = StoreOwner.claim(directory, FOR_EVER)) {
            StoreException refused = assertThrows(StoreException.class, () -> StoreOwner.claim(directory, FOR_EVER));
            assertTrue(refused.getMessage().contains(", under another path; "), refused.getMessage());
            // it may just be counting, by another descriptor
            Await.until("only the owner has it open", () -> openRecords() == 1);
        }
        assertEquals(0, openRecords());
    }

    @Test
    void anOwnerThatCannotOpenItsRecordAnewLooksAtTheOneThatItHasOpen() throws Exception {
        Path aside = directory.resolve("aside");
        try (StoreOwner owner = StoreOwner.claim(directory, FOR_EVER)) {
            stopCounting();
            // a folder in its place is there, and nobody can read it as a file
            Files.move(file(), aside);
            Files.createDirectory(file());
            owner.require();
            owner.require();
            assertFalse(owner.isLost());
            Files.delete(file());
            Files.move(aside, file());
            write(new Owner("second", 1, ELSEWHERE));
            Files.move(file(), aside);
            Files.createDirectory(file());
            assertEquals(Reason.IN_USE, assertThrows(StoreException.class, owner::require).reason());
            assertTrue(owner.isLost());
        }
    }

    /// Each look at a pipe reads the next record in it.
    @Test
    void anotherOwnerIsFoundHoweverOftenItsRecordIsSeenHalf() throws Exception {
        byte[] second = new Owner("second", 1, ELSEWHERE).bytes();
        for (int half = 1; half <= 4; half++) {
            try (StoreOwner owner = StoreOwner.claim(directory, FOR_EVER)) {
                stopCounting();
                Files.delete(file());
                assertEquals(0, new ProcessBuilder("mkfifo", file().toString()).start().waitFor());
                try (RandomAccessFile looks = new RandomAccessFile(file().toFile(), "rw")) {
                    looks.write(new byte[half * second.length]);
                    looks.write(second);
                    StoreException lost = assertThrows(StoreException.class, owner::require, half + " looks");
                    assertEquals(Reason.IN_USE, lost.reason(), lost.getMessage());
                } finally {
                    Files.delete(file()); // or closing the owner would wait at it
                }
            }
        }
    }

    private Path file() {
        return directory.resolve(StoreOwner.FILE_NAME);
    }

    private static Thread heart() {
        return Thread.getAllStackTraces().keySet().stream().filter(each -> each.getName().equals("store-owner"))
                .findFirst().orElseThrow();
    }

    /// Has the next count come at once.
    @SuppressWarnings("NakedNotify") // nothing is to change but the time
    private static void wake(StoreOwner owner) {
        synchronized (owner) {
            owner.notifyAll();
        }
    }

    /// So that nobody but the test looks at the record.
    private static void stopCounting() throws InterruptedException {
        Thread counting = heart();
        counting.interrupt();
        counting.join();
    }

    /// Descriptors of this process that are of the record.
    private long openRecords() throws IOException {
        Path real = directory.toRealPath().resolve(StoreOwner.FILE_NAME);
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(each -> {
                try {
                    return Files.readSymbolicLink(each).equals(real);
                } catch (IOException e) {
                    return false; // closed meanwhile
                }
            }).count();
        }
    }
}
