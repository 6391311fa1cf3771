package dev.freezeframe.dedup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.upkeep.GcReport;
import dev.freezeframe.store.upkeep.VerifyReport;
import dev.freezeframe.suite.ChildJvm;
import dev.freezeframe.suite.Damaged;
import dev.freezeframe.suite.ExpectWarnings;
import dev.freezeframe.suite.Needs;
import dev.freezeframe.suite.TestLog;
import dev.freezeframe.suite.TestOutput;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A store that is opened twice, killed, cut short, damaged, full or written by a newer program opens, or says exactly what
/// is wrong, and keeps the rest; deleting gives space back and harms no other checkpoint.
class StoreFaultsTest {
    private static final int PAGES = 1024;

    @TempDir
    private Path directory;

    @Test
    void filesAreTheOwnersOnly() throws Exception {
        Path path = directory.resolve("new").resolve("store");
        try (Store store = Store.open(path)) {
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(store.directory())));
            try (var files = Files.list(path)) {
                for (Path file : files.toList()) {
                    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)),
                            file.toString());
                }
            }
        }
    }

    @Test
    @Tag("slow")
    void aStoreThatIsOpenSaysWhoHasIt() throws Exception {
        try (Store store = Store.open(directory)) {
            StoreException here = assertThrows(StoreException.class, () -> Store.open(store.directory()));
            assertEquals(Reason.IN_USE, here.reason());
        }
        Process child = child("hold", directory);
        try (BufferedReader out = child.inputReader()) {
            assertEquals("open", out.readLine());
            StoreException elsewhere = assertThrows(StoreException.class, () -> Store.open(directory));
            assertEquals(Reason.IN_USE, elsewhere.reason());
            assertTrue(elsewhere.getMessage().contains("pid " + child.pid()), elsewhere.getMessage());
        } finally {
            child.destroyForcibly().waitFor();
        }
        Store.open(directory).close();
    }

    @Test
    @Tag("slow")
    void everyCommittedCheckpointOutlivesSigkillAndNoneIsHalfThere() throws Exception {
        Process child = child("record", directory);
        int committed = 0;
        try (BufferedReader out = child.inputReader()) {
            while (committed < 6) {
                committed = Integer.parseInt(out.readLine());
            }
            // in the middle of the next ones; by its handle, because the process object would close the stream
            child.toHandle().destroyForcibly();
            child.waitFor();
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                committed = Integer.parseInt(line);
            }
        }
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording expected = new Recording(store, dedup, "expected", PAGES, 77);
            List<CheckpointRecord> found = store.checkpoints(store.experiment("killed").orElseThrow().id());
            assertTrue(found.size() >= committed, found.size() + " of " + committed);
            for (CheckpointRecord checkpoint : found) {
                expected.step(STEP);
                assertArrayEquals(expected.ram, Recording.read(store, checkpoint), checkpoint.name().toString());
            }
            assertTrue(store.verify(Progress.NONE).isSound());
            store.finishExperiment(expected.experimentId, "done");
            long before = store.sizeBytes();
            GcReport report = store.gc(Progress.NONE);
            assertTrue(report.bytesAfter() <= before);
            assertTrue(store.verify(Progress.NONE).isSound());
        }
    }

    private static final int STEP = 300;

    /// What the child JVMs of these tests do.
    public static void main(String[] arguments) throws Exception {
        Path path = Path.of(arguments[1]);
        try (Store store = Store.open(path); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            if (arguments[0].equals("hold")) {
                System.out.println("open");
                System.in.read(); // until it is killed, or whoever started it is gone
                return;
            }
            if (arguments[0].equals("limited")) {
                failAndGoOn(store, new Recording(store, dedup, "limited", PAGES, 78));
                return;
            }
            Recording recording = new Recording(store, dedup, "killed", PAGES, 77);
            for (int i = 1; i < 10_000; i++) {
                recording.step(STEP);
                System.out.println(i);
            }
        }
    }

    private static void failAndGoOn(Store store, Recording recording) throws IOException {
        try {
            for (int i = 1; i < 100; i++) {
                recording.step(STEP);
            }
        } catch (StoreException e) {
            System.out.println("failed " + e.reason() + " " + e.getMessage());
        }
        System.in.read();
        recording.assertIntact(store);
        for (int i = 1; i < 5; i++) {
            recording.step(STEP);
        }
        recording.assertIntact(store);
        System.out.println("intact " + store.verify(Progress.NONE).isSound());
    }

    private static Process child(String what, Path store) throws IOException {
        return new ProcessBuilder(childCommand("exec \"$@\"", what, store))
                .redirectError(TestOutput.ofChildren()).start();
    }

    private static List<String> childCommand(String script, String what, Path store) {
        List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh"));
        command.addAll(ChildJvm.command("-Xmx256m", "-ea"));
        command.addAll(List.of(StoreFaultsTest.class.getName(), what, store.toString()));
        return command;
    }

    @Test
    @Damaged("a newer Freezeframe may open it")
    void aNewerFormatIsRefused() throws Exception {
        Store.open(directory).close();
        sql("UPDATE store_format SET version = 99");
        StoreException refused = assertThrows(StoreException.class, () -> Store.open(directory));
        assertEquals(Reason.NEWER_FORMAT, refused.reason());
        assertFalse(refused.getMessage().contains("\n"));
    }

    @Test
    @Damaged("a pack is damaged")
    void verifyNamesThePagesThatACorruptPackCosts() throws Exception {
        Recording recording = recorded(3, 200);
        sql("UPDATE pack SET content = SUBSTRING(content FROM 1 FOR 5000) || X'00112233' || SUBSTRING(content FROM 5005)"
                + " WHERE id = 1");
        try (Store store = Store.open(directory)) {
            VerifyReport report = store.verify(Progress.NONE);
            assertFalse(report.isSound());
            for (VerifyReport.Damage damage : report.damages()) {
                assertTrue(damage.cause().startsWith("pack 1: "), damage.toString());
            }
            // whatever is not named reads back
            for (CheckpointRecord checkpoint : store.checkpoints(recording.experimentId)) {
                boolean named = report.damages().stream()
                        .anyMatch(d -> d.checkpoint().equals(checkpoint.name().toString()) && d.image().equals("ram"));
                if (named) {
                    assertThrows(IOException.class, () -> Recording.read(store, checkpoint));
                } else {
                    assertArrayEquals(recording.remembered.get(checkpoint.number()), Recording.read(store, checkpoint));
                }
            }
        }
    }

    @Test
    @ExpectWarnings("pack [0-9]+ is damaged \\(its checksum does not match\\)")
    void aDamagedPackCostsTheCheckpointsThatHaveItAndNoLaterOne() throws Exception {
        Recording before = recorded(1, 300);
        sql("UPDATE pack SET content = SUBSTRING(content FROM 1 FOR 5000) || X'00112233' || SUBSTRING(content FROM 5005)");
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            // the same contents in another experiment
            Recording same = new Recording(store, dedup, "same", PAGES, 21);
            assertTrue(same.step(300).metrics().newPages() > 100, "they are stored again");
            same.assertIntact(store);
            Recording later = new Recording(store, dedup, "later", PAGES, 21);
            assertEquals(0, later.step(300).metrics().newPages(), "and found from then on");
            later.assertIntact(store);
            assertEquals(List.of(before.name + "/1"), damagedCheckpoints(store));
        }
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording reopened = new Recording(store, dedup, "reopened", PAGES, 21);
            reopened.step(300);
            reopened.assertIntact(store);
            assertEquals(List.of(before.name + "/1"), damagedCheckpoints(store));
            store.finishExperiment(reopened.experimentId, "done");
            store.deleteExperiment(before.name);
            store.gc(Progress.NONE);
            assertTrue(store.verify(Progress.NONE).isSound(), "with the checkpoint, the damage is gone");
        }
    }

    @Test
    @ExpectWarnings("pack [0-9]+ is damaged \\(its checksum does not match\\)")
    @Damaged("the checkpoint before stays damaged")
    void pagesThatDidNotChangeHealWhenTheyAreCapturedAgain() throws Exception {
        Recording before = recorded(1, 300);
        sql("UPDATE pack SET content = SUBSTRING(content FROM 1 FOR 5000) || X'00112233' || SUBSTRING(content FROM 5005)");
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            CheckpointRecord damaged = store.checkpoints(before.experimentId).getFirst();
            long id = store.createExperiment(ExperimentRecord.starting("healed", "array", "{}", before.ram.length,
                    Optional.of(damaged.id()), Instant.now()));
            int[] pages = IntStream.range(0, PAGES).toArray();
            ByteBuffer contents = ByteBuffer.allocateDirect(before.ram.length).put(0, before.ram);
            try (CheckpointWriter writer = dedup.begin(id, 1, Optional.of(store.pageMap(damaged.id(), "ram")),
                    before.ram.length, List.of())) {
                writer.addRam(pages, PAGES, contents);
                writer.commit(Recording.capture());
            }
            assertArrayEquals(before.ram, Recording.read(store, store.checkpoints(id).getFirst()));
            assertEquals(List.of(before.name + "/1"), damagedCheckpoints(store));
        }
    }

    @Test
    @ExpectWarnings("pack 1 is damaged .* and stays as it is")
    @Damaged("a pack is damaged")
    void garbageIsCollectedAroundAPackThatIsDamaged() throws Exception {
        Recording recording = recorded(6, 300);
        sql("UPDATE pack SET content = SUBSTRING(content FROM 1 FOR 5000) || X'00112233' || SUBSTRING(content FROM 5005)"
                + " WHERE id = 1");
        try (Store store = Store.open(directory)) {
            for (int number = 1; number <= 5; number++) {
                store.delete(CheckpointName.of(recording.name, number));
            }
            List<String> damaged = damagedCheckpoints(store);
            GcReport report = store.gc(Progress.NONE);
            assertTrue(report.packsRewritten() > 0, report.toString());
            assertEquals(damaged, damagedCheckpoints(store));
        }
    }

    private static List<String> damagedCheckpoints(Store store) throws IOException {
        return store.verify(Progress.NONE).damages().stream().map(VerifyReport.Damage::checkpoint).distinct().toList();
    }

    @Test
    void aCorruptPageMapCostsOnlyTheCheckpointsThatBuildOnIt() throws Exception {
        Recording recording = recorded(4, 100);
        sql("UPDATE page_map SET content = SUBSTRING(content FROM 1 FOR 20) || X'FFFF' || SUBSTRING(content FROM 23) WHERE image_id ="
                + " (SELECT i.id FROM image i JOIN checkpoint c ON c.id = i.checkpoint_id"
                + " WHERE c.number = 3 AND i.name = 'ram')");
        try (Store store = Store.open(directory)) {
            VerifyReport report = store.verify(Progress.NONE);
            assertEquals(List.of("run/3", "run/4"), report.damages().stream().map(d -> d.checkpoint()).toList());
            assertThrows(StoreException.class, () -> store.gc(Progress.NONE), "what is in use cannot be told");
            store.delete(CheckpointName.of("run", 4));
            store.delete(CheckpointName.of("run", 3));
            store.gc(Progress.NONE);
            recording.assertIntact(store);
            assertTrue(store.verify(Progress.NONE).isSound());
        }
    }

    @Test
    @ExpectWarnings("the hashes of pack [0-9]+ cannot be read")
    void aForgedRowCannotMakeTheReaderAllocateOrCrash() throws Exception {
        TestLog.allow("it opened in an older state");
        recorded(1, 100);
        for (String forged : List.of("UPDATE page_map SET entries = 2000000000, encoded_bytes = 2000000000",
                "UPDATE page_map SET encoded_bytes = -1", "UPDATE image SET length_bytes = 9000000000000000000",
                "UPDATE image SET map_pieces = 2000000000", "UPDATE pack SET raw_bytes = 2000000000, slots = 65535",
                "UPDATE image SET base_checkpoint_id = checkpoint_id",
                "UPDATE pack_chunks SET slots = 2000000000, hashes = X''")) {
            byte[] before = Files.readAllBytes(directory.resolve("store.mv.db"));
            sql(forged);
            try (Store store = Store.open(directory)) {
                new Deduplicator(store, DedupOptions.DEFAULT).close();
                VerifyReport report = store.verify(Progress.NONE);
                assertTrue(!report.isSound() || !report.remarks().isEmpty(), forged);
            }
            Files.write(directory.resolve("store.mv.db"), before);
        }
    }

    @Test
    void aFlippedByteAnywhereIsFoundOrHarmless() throws Exception {
        TestLog.allow("it opened in an older state|is damaged|cannot be read"); // it depends on the byte
        Recording recording = recorded(4, 120);
        Path file = directory.resolve("store.mv.db");
        byte[] whole = Files.readAllBytes(file);
        String version = Files.readString(directory.resolve("store.version"));
        Random random = new Random(4);
        int opened = 0;
        for (int i = 0; i < 25; i++) {
            byte[] flipped = whole.clone();
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, flipped);
            opened += opensWithEveryCheckpointRightOrNamed(recording) ? 1 : 0;
        }
        assertTrue(opened > 15, opened + " of 25 opened");
        Files.write(file, whole);
        Files.writeString(directory.resolve("store.version"), version);
    }

    @Test
    void aFileWhoseHeaderIsDestroyedIsDamagedInWordsThatTheUserKnows() throws Exception {
        TestLog.allow("cannot be read|is damaged");
        Recording recording = recorded(2, 20);
        Path file = directory.resolve("store.mv.db");
        byte[] whole = Files.readAllBytes(file);
        byte[] destroyed = whole.clone();
        Arrays.fill(destroyed, 0, 8192, (byte) 'x');
        Files.write(file, destroyed);
        assertFalse(opensWithEveryCheckpointRightOrNamed(recording));
        Files.write(file, whole);
    }

    @Test
    @ExpectWarnings("it opened in an older state")
    void aFileThatIsCutShortOpensWithWhatIsWholeOrSaysSo() throws Exception {
        Recording recording = recorded(6, 120);
        Path file = directory.resolve("store.mv.db");
        byte[] whole = Files.readAllBytes(file);
        String version = Files.readString(directory.resolve("store.version"));
        for (int percent : List.of(99, 80, 50, 5)) {
            Files.write(file, Arrays.copyOf(whole, (int) (whole.length * (long) percent / 100)));
            Files.writeString(directory.resolve("store.version"), version);
            boolean opened = opensWithEveryCheckpointRightOrNamed(recording);
            if (opened) {
                Files.writeString(directory.resolve("store.version"), version);
                try (Store store = Store.open(directory)) {
                    int left = store.checkpoints(recording.experimentId).size();
                    assertTrue(left == 6 || store.rolledBack().isPresent(), "lost " + (6 - left) + " without a word");
                }
            }
        }
    }

    /// Never wrong bytes, never a crash: each checkpoint is right, gone with a reason, or named by verify.
    private boolean opensWithEveryCheckpointRightOrNamed(Recording recording) throws IOException {
        try (Store store = Store.open(directory)) {
            VerifyReport report = store.verify(Progress.NONE);
            for (CheckpointRecord checkpoint : store.checkpoints(recording.experimentId)) {
                boolean named = report.damages().stream()
                        .anyMatch(d -> d.checkpoint().equals(checkpoint.name().toString()));
                if (!named) {
                    assertArrayEquals(recording.remembered.get(checkpoint.number()), Recording.read(store, checkpoint));
                }
            }
            return true;
        } catch (StoreException e) {
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
            assertFalse(e.getMessage().contains("freezeframe:retry"), e.getMessage());
            return false;
        }
    }

    @Test
    void deletingAMiddleCheckpointLeavesTheOthersAndGcShrinksTheFile() throws Exception {
        Recording recording;
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            recording = new Recording(store, dedup, "run", PAGES, 31);
            for (int i = 0; i < 8; i++) {
                recording.step(500);
            }
            store.finishExperiment(recording.experimentId, "done");
            long full = store.sizeBytes();
            for (int number : List.of(1, 4, 5, 6)) {
                store.delete(CheckpointName.of("run", number));
                recording.assertIntact(store);
            }
            GcReport report = store.gc(Progress.NONE);
            recording.assertIntact(store);
            assertTrue(report.chunksDropped() > 300, report.toString());
            assertTrue(store.sizeBytes() < full * 0.8, full + " " + report);
            // what was dropped is not taken for stored
            Recording again = new Recording(store, dedup, "again", PAGES, 31);
            again.step(500);
            again.assertIntact(store);
            store.finishExperiment(again.experimentId, "done");
            store.deleteExperiment("run");
            store.deleteExperiment("again");
            store.gc(Progress.NONE);
            assertTrue(store.sizeBytes() < 200_000, store.sizeBytes() + " bytes of an empty store");
            assertTrue(store.verify(Progress.NONE).isSound());
        }
        try (Store store = Store.open(directory)) {
            assertEquals(Optional.empty(), store.rolledBack());
        }
    }

    @Test
    void aFullDiskFailsTheCheckpointAndNothingElse() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("small"));
        Needs.MOUNTING.orSkip(run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", mount.toString()) == 0,
                "only root can mount a small file system");
        try {
            try (Store store = Store.open(mount.resolve("store"));
                    Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
                Recording recording = new Recording(store, dedup, "run", 4096, 50);
                recording.step(2000);
                Path ballast = mount.resolve("ballast");
                fill(ballast);
                StoreException full = assertThrows(StoreException.class, () -> recording.step(1000));
                assertEquals(Reason.DISK_FULL, full.reason(), full.getMessage());
                assertFalse(full.getMessage().contains("\n"));
                recording.assertIntact(store);
                long id = recording.checkpoints.getFirst().id();
                StoreException note = assertThrows(StoreException.class, () -> store.annotate(id, Annotation.of("note",
                        List.of())));
                assertEquals(Reason.DISK_FULL, note.reason(), note.getMessage());
                assertTrue(note.getMessage().contains(" has only "), note.getMessage());
                StoreException picture = assertThrows(StoreException.class,
                        () -> store.putPicture(id, Picture.ofConsole(
                                "login: ")));
                assertTrue(picture.getMessage().contains(" has only "), picture.getMessage());
                Files.delete(ballast);
                recording.step(200);
                recording.assertIntact(store);
            }
        } finally {
            run("umount", mount.toString());
        }
    }

    /// The store believes that there is room, but the kernel refuses the write, and H2 gives its file up.
    @Test
    @Tag("slow")
    void aWriteThatFailsUnforeseenFailsTheCheckpointAndNothingElse() throws Exception {
        Process child = new ProcessBuilder(childCommand("ulimit -S -f 20000; exec \"$@\"", "limited", directory))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader out = child.inputReader(); BufferedWriter in = child.outputWriter()) {
            String line = out.readLine();
            while (line != null && !line.startsWith("failed ")) {
                line = out.readLine();
            }
            assertTrue(line != null && line.startsWith("failed DISK_FULL"), line);
            Needs.PRLIMIT.orSkip(run("prlimit", "--pid", Long.toString(child.pid()), "--fsize=unlimited") == 0,
                    "the limit of a child cannot be changed");
            in.write("on\n");
            in.flush();
            line = out.readLine();
            while (line != null && !line.startsWith("intact ")) {
                line = out.readLine();
            }
            assertEquals("intact true", line);
        } finally {
            child.destroyForcibly().waitFor();
        }
    }

    private static void fill(Path ballast) throws IOException {
        long free = Files.getFileStore(ballast.getParent()).getUsableSpace();
        try (RandomAccessFile file = new RandomAccessFile(ballast.toFile(), "rw")) {
            byte[] block = new byte[1 << 16];
            for (long written = 0; written + block.length <= free; written += block.length) {
                file.write(block);
            }
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor(60, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    private Recording recorded(int checkpoints, int dirty) throws IOException {
        try (Store store = Store.open(directory); Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            Recording recording = new Recording(store, dedup, "run", PAGES, 21);
            for (int i = 0; i < checkpoints; i++) {
                recording.step(dirty);
            }
            store.finishExperiment(recording.experimentId, "done");
            return recording;
        }
    }

    private void sql(String statement) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:h2:" + directory.resolve("store"), "sa", "");
                Statement each = connection.createStatement()) {
            each.execute(statement);
        }
    }

    @Test
    void aStoreThatCannotBeOpenedIsNotHeldByTheAttempt() throws Exception {
        recorded(1, 20);
        sql("ALTER TABLE pack RENAME TO pack_elsewhere");
        for (int i = 0; i < 2; i++) {
            StoreException damaged = assertThrows(StoreException.class, () -> Store.open(directory));
            assertEquals(Reason.DAMAGED, damaged.reason(), damaged.getMessage());
            assertFalse(damaged.getMessage().contains("\n"), damaged.getMessage());
        }
        // H2 opens the file only if nobody has it
        sql("ALTER TABLE pack_elsewhere RENAME TO pack");
        Store.open(directory).close();
    }
}
