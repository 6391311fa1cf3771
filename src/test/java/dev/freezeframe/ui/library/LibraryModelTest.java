package dev.freezeframe.ui.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.host.Doctor;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.suite.Damaged;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenedStore;
import dev.freezeframe.ui.StoreState;
import dev.freezeframe.ui.host.DoctorModel;
import dev.freezeframe.ui.lineage.FamilyTreeModel;
import dev.freezeframe.ui.task.BackgroundTask;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the library does, without a window, on a real store with three experiments: `old` and `young`, which was restored
/// from `old/2`, and `broken`, whose recorder was killed.
class LibraryModelTest {
    private static final Instant START = Instant.parse("2026-11-20T10:15:00Z");

    @TempDir
    private Path directory;

    private Path storeDirectory;
    private OpenedStore opened;

    @BeforeEach
    void openAStoreWithThreeExperiments() throws Exception {
        storeDirectory = directory.resolve("store");
        try (Store store = Store.open(storeDirectory)) {
            write(store, "old", 3, START, Optional.empty()).end("stopped");
            CheckpointRecord parent = store.find(CheckpointName.of("old", 2)).orElseThrow();
            write(store, "young", 2, START.plus(Duration.ofHours(1)), Optional.of(parent)).end("QEMU was killed");
            write(store, "broken", 1, START.plus(Duration.ofHours(2)), Optional.empty());
        }
        opened = new OpenedStore(storeDirectory);
    }

    @AfterEach
    void close() throws Exception {
        opened.close();
    }

    private static SyntheticExperiments write(Store store, String name, int checkpoints, Instant start,
            Optional<CheckpointRecord> parent) throws Exception {
        SyntheticExperiments experiment = SyntheticExperiments.begin(store, name, 4L << 20, Duration.ofMillis(500),
                start,
                name.hashCode(), parent);
        experiment.add(checkpoints);
        return experiment;
    }

    private List<String> names() {
        return FxToolkit
                .call(() -> opened.workbench().library().rows().stream().map(row -> row.entry().name()).toList());
    }

    private void reloadAndWait() {
        FxToolkit.run(() -> opened.workbench().library().reload());
        opened.awaitIdle();
    }

    @Test
    void theListTellsWhatTheStoreHasNewestFirst() {
        assertEquals(List.of("broken", "young", "old"), names());
        LibraryEntry young = opened.row("young").entry();
        assertEquals("old/2", young.parentName());
        assertEquals(2, young.totals().checkpoints());
        assertEquals(500, young.totals().shortestIntervalMillis());
        assertEquals(500, young.totals().longestIntervalMillis());
        assertEquals(LibraryEntry.Ending.PROBLEM, young.ending());
        assertEquals(LibraryEntry.Ending.ORDINARY, opened.row("old").entry().ending());
        assertEquals(LibraryEntry.Ending.CUT_OFF, opened.row("broken").entry().ending());
        assertEquals(1 - young.totals().storedBytes() / (2.0 * (4 << 20)), young.savedShare(), 1e-9);
    }

    @Test
    void rowsStayTheSameWhenTheListIsReadAgain() throws Exception {
        LibraryRow old = opened.row("old");
        SyntheticExperiments more = write(opened.store(), "new", 1, START.plus(Duration.ofHours(3)), Optional.empty());
        reloadAndWait();
        assertEquals(List.of("new", "broken", "young", "old"), names());
        assertSame(old, opened.row("old"));
        LibraryRow growing = opened.row("new");
        more.add(2);
        reloadAndWait();
        assertSame(growing, opened.row("new"));
        assertEquals(3, growing.entry().totals().checkpoints());
        more.end("stopped");
    }

    /// How often the database executes which statements while the list is read again.
    private Map<String, Long> statementsOfAReading() throws Exception {
        // the database that the store has open, not a second opening of its file
        try (Connection connection = DriverManager.getConnection(
                "jdbc:h2:freezeframe:retry:" + storeDirectory.resolve("store"),
                "sa", ""); Statement sql = connection.createStatement()) {
            reloadAndWait(); // whatever was under way has come to its end
            sql.execute("SET QUERY_STATISTICS FALSE");
            sql.execute("SET QUERY_STATISTICS TRUE");
            reloadAndWait();
            try (ResultSet counted = sql
                    .executeQuery("SELECT sql_statement, execution_count FROM information_schema.query_statistics"
                            + " WHERE sql_statement LIKE '%FROM checkpoint%' OR sql_statement LIKE '%FROM experiment%'")) {
                Map<String, Long> statements = new TreeMap<>();
                while (counted.next()) {
                    statements.put(counted.getString(1), counted.getLong(2));
                }
                return statements;
            }
        }
    }

    @Test
    void theStoreIsAskedAsOftenForManyExperimentsAsForFew() throws Exception {
        FamilyTreeModel tree = FxToolkit.call(() -> new FamilyTreeModel(opened.workbench()));
        FxToolkit.run(() -> tree.activeProperty().set(true));
        opened.awaitIdle(); // or its first reading is given up by the next, and goes on for a statement
        Map<String, Long> ofFew = statementsOfAReading();
        CheckpointRecord parent = opened.store().find(CheckpointName.of("old", 1)).orElseThrow();
        for (int i = 0; i < 6; i++) {
            long id = opened.store().createExperiment(ExperimentRecord.starting("restored-" + i, "tiny-linux", "{}",
                    4L << 20, Optional.of(parent.id()), START.plus(Duration.ofHours(3 + i))));
            opened.store().finishExperiment(id, "stopped");
        }
        assertEquals(ofFew, statementsOfAReading());
        assertEquals(9, names().size());
        assertEquals("old/1", opened.row("restored-5").entry().parentName());
        assertEquals(9, FxToolkit.call(() -> tree.layoutProperty().get().rows().size()));
        assertFalse(ofFew.isEmpty(), "nothing was counted");
    }

    @Test
    void aSearchFindsWordsOfNameTimeOriginAndEnd() {
        LibrarySearch search = FxToolkit.call(() -> new LibrarySearch(opened.workbench().library()));
        assertEquals(List.of("old"), found(search, "OLD stopped"));
        assertEquals(List.of("young"), found(search, "old/2"));
        assertEquals(List.of("young"), found(search, "killed young"));
        assertEquals(List.of("broken", "young", "old"), found(search, "tiny-linux 2026-11-20"));
        assertEquals(List.of(), found(search, "nothing"));
        assertTrue(FxToolkit.call(() -> search.emptyTextProperty().getValue()).contains("nothing"));
        assertEquals(List.of("broken", "young", "old"), found(search, "  "));
    }

    private static List<String> found(LibrarySearch search, String text) {
        return FxToolkit.call(() -> {
            search.searchProperty().set(text);
            return search.rows().stream().map(row -> row.entry().name()).toList();
        });
    }

    @Test
    void whatCannotBeReadIsNotSaidToBeBeingRead() throws Exception {
        LibrarySearch search = FxToolkit.call(() -> new LibrarySearch(opened.workbench().library()));
        opened.store().close();
        reloadAndWait();
        String problem = FxToolkit.call(() -> opened.workbench().library().problemProperty().get());
        assertFalse(problem.isEmpty());
        assertEquals(problem, FxToolkit.call(() -> opened.workbench().library().unreadTextProperty().get()));

        Path noStore = Files.createFile(directory.resolve("no-store"));
        FxToolkit.run(() -> opened.workbench().stores().open(noStore));
        FxToolkit.await("it failed", () -> opened.workbench().stores().stateProperty()
                .get() instanceof StoreState.Failed);
        assertEquals("No store is open.", FxToolkit.call(() -> search.emptyTextProperty().getValue()),
                "why is what the page says");

        FxToolkit.run(() -> opened.workbench().stores().open(storeDirectory));
        opened.awaitIdle();
        assertEquals(3, names().size());
        assertEquals("", FxToolkit.call(() -> opened.workbench().library().unreadTextProperty().get()));
    }

    @Test
    void aDeletionTellsWhatGoesAndWhatWasRestoredFromIt() {
        LibraryDeletion deletion = deletion("old");
        assertTrue(deletion.possible());
        assertEquals(3, deletion.checkpoints());
        assertEquals(opened.row("old").entry().totals().storedBytes(), deletion.storedBytes());
        assertEquals(List.of("young"), deletion.dependents().stream().map(LibraryEntry::name).toList());
        assertEquals(List.of(), deletion("old", "young").dependents());
    }

    private LibraryDeletion deletion(String... names) {
        return FxToolkit.call(() -> opened.workbench().libraryWork().deletion(List.of(names).stream().map(
                name -> opened.row(name).entry()).toList()));
    }

    @Test
    void whatIsBeingRecordedOrBuiltOnCannotBeDeleted() {
        FxToolkit.run(() -> opened.workbench().library().recordingStarted(opened.row("young").entry().experiment()));
        opened.awaitIdle();
        assertEquals(LibraryEntry.Ending.RECORDING, opened.row("young").entry().ending());
        assertEquals(List.of("young is being recorded; stop the recording first"), deletion("young").refusals());
        assertEquals(List.of("old is what the running recording young builds on; stop that first"), deletion("old")
                .refusals());
        assertTrue(deletion("broken").possible());
        FxToolkit.run(() -> opened.workbench().libraryWork().delete(deletion("young")));
        opened.awaitIdle();
        assertEquals(List.of("broken", "young", "old"), names());
        assertEquals(1, opened.problems().size());
    }

    @Test
    void aDeletedExperimentIsGoneAndItsSpaceComesBack() throws Exception {
        FxToolkit.run(() -> opened.workbench().experiment().show(opened.row("old").entry().experiment()));
        opened.awaitIdle();
        long before = opened.store().sizeBytes();
        LibraryWork work = opened.workbench().libraryWork();
        long expected = deletion("old", "broken").storedBytes();
        FxToolkit.run(() -> work.delete(deletion("old", "broken")));
        opened.awaitIdle();
        assertEquals(List.of("young"), names());
        assertEquals(List.of("young"), opened.store().experiments().stream().map(each -> each.name()).toList());
        assertEquals("", opened.row("young").entry().parentName(), "only the link to its origin is gone");
        assertEquals(expected, FxToolkit.call(() -> work.deletedBytesProperty().get()));
        assertNull(FxToolkit.call(() -> opened.workbench().experiment().experimentProperty().get()));

        FxToolkit.run(work::reclaim);
        FxToolkit.await("space is reclaimed", () -> !work.reclaiming().runningProperty().get());
        opened.awaitIdle();
        assertTrue(opened.store().sizeBytes() < before, "the file is shorter");
        assertTrue(FxToolkit.call(() -> work.lastDoneProperty().get()).startsWith("Reclaimed "));
        assertEquals(0, FxToolkit.call(() -> work.deletedBytesProperty().get()));
        assertTrue(opened.store().verify(Progress.NONE).isSound(), "what stays is whole");
        assertEquals(List.of(), opened.problems());
    }

    @Test
    void aNewFileIsItsOwnersOnlyAndAnOldOneIsNotReplacedUnasked() throws Exception {
        LibraryWork work = opened.workbench().libraryWork();
        Path file = directory.resolve("old.csv");
        FxToolkit.run(() -> work.exportCheckpoints(opened.row("old").entry(), file, false));
        opened.awaitIdle();
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(4, Files.readAllLines(file).size());

        Files.writeString(file, "mine");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        FxToolkit.run(() -> work.exportCheckpoints(opened.row("old").entry(), file, false));
        opened.awaitIdle();
        assertEquals("mine", Files.readString(file));
        assertTrue(opened.problems().getFirst().message().contains("exists and was not replaced"));

        FxToolkit.run(() -> work.exportCheckpoints(opened.row("old").entry(), file, true));
        opened.awaitIdle();
        assertEquals(4, Files.readAllLines(file).size());
        assertEquals("rw-r--r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        try (var left = Files.list(directory)) {
            assertEquals(2, left.count(), "the store and the file, nothing half written");
        }
    }

    @Test
    void whereNothingCanBeWrittenOneLineSaysSo() {
        FxToolkit.run(() -> opened.workbench().libraryWork().exportTable(List.of(opened.row("old").entry()), directory
                .resolve("no/such/folder.csv"), false));
        opened.awaitIdle();
        assertEquals(1, opened.problems().size());
        assertFalse(opened.problems().getFirst().message().contains("\n"));
        assertTrue(opened.problems().getFirst().message().contains("could not be written"));
    }

    @Test
    void severalExperimentsBecomeAFileEachOrOneTable() throws Exception {
        LibraryWork work = opened.workbench().libraryWork();
        List<LibraryEntry> both = List.of(opened.row("old").entry(), opened.row("young").entry());
        Path folder = Files.createDirectory(directory.resolve("csv"));
        FxToolkit.run(() -> work.exportCheckpoints(both, folder, false));
        opened.awaitIdle();
        assertEquals(4, Files.readAllLines(folder.resolve("old.csv")).size());
        assertEquals(3, Files.readAllLines(folder.resolve("young.csv")).size());
        List<String> existing = new CopyOnWriteArrayList<>();
        FxToolkit.run(() -> work.existing(both, folder, existing::addAll));
        opened.awaitIdle();
        assertEquals(List.of("old.csv", "young.csv"), existing);

        Path table = directory.resolve("table.csv");
        FxToolkit.run(() -> work.exportTable(both, table, false));
        opened.awaitIdle();
        List<String> lines = Files.readAllLines(table);
        assertEquals(3, lines.size());
        assertTrue(lines.get(0).startsWith("experiment,profile,started_at,"));
        assertTrue(lines.get(2).startsWith("young,tiny-linux,2026-11-20T11:15:00Z,"));
        assertTrue(lines.get(2).contains(",old/2,QEMU was killed,0,0,"));
    }

    @Test
    void copiedLinesAreTabSeparatedFiguresWithoutUnits() throws Exception {
        List<CheckpointRecord> checkpoints = opened.store().checkpoints(opened.row("old").id());
        List<String> lines = LibraryColumn.tabSeparated(LibraryColumns.checkpoints(Map.of()), checkpoints).lines()
                .toList();
        assertEquals(4, lines.size());
        List<String> header = List.of(lines.get(0).split("\t", -1));
        List<String> second = List.of(lines.get(2).split("\t", -1));
        assertEquals("2", second.get(header.indexOf("number")));
        assertEquals(Long.toString(checkpoints.get(1).metrics().pauseMicros()), second.get(header.indexOf(
                "pause_micros")));
    }

    @Test
    void verificationFindsWhatIsDamagedAndDeletingThatHealsTheStore() throws Exception {
        opened.close();
        OpenedStore.damagePacks(storeDirectory);
        opened = new OpenedStore(storeDirectory);
        VerificationModel verification = FxToolkit.call(() -> new VerificationModel(opened.workbench()));
        FxToolkit.run(verification::verify);
        FxToolkit.await("the store is verified", () -> verification.resultProperty().get() != null);
        VerificationModel.Result result = FxToolkit.call(() -> verification.resultProperty().get());
        assertFalse(result.report().isSound());
        assertEquals(opened.store().verify(Progress.NONE).damages(), result.report().damages());
        assertTrue(result.headline().contains(result.damagedCheckpoints().size() + " checkpoints"));

        opened.awaitIdle();
        FxToolkit.run(() -> verification.deleteDamaged(opened.workbench().libraryWork()));
        opened.awaitIdle();
        assertTrue(FxToolkit.call(() -> verification.resultProperty().get().outdated()));
        assertTrue(opened.store().verify(Progress.NONE).isSound());
        assertEquals(List.of(), opened.problems());
    }

    @Test
    @Damaged("a log has a gap")
    void aDamagedLogIsNamedAndCostsNoCheckpoint() throws Exception {
        long id = opened.row("old").entry().id();
        opened.store().replayLogs().add(id, 12, new byte[2]);
        opened.store().replayLogs().add(id, 100, new byte[2]);
        reloadAndWait();
        assertEquals(opened.row("old").entry().totals().storedBytes() + opened.store().replayLogs().storedBytes(id),
                deletion("old").storedBytes());
        VerificationModel verification = FxToolkit.call(() -> new VerificationModel(opened.workbench()));
        FxToolkit.run(verification::verify);
        FxToolkit.await("the store is verified", () -> verification.resultProperty().get() != null);
        VerificationModel.Result result = FxToolkit.call(() -> verification.resultProperty().get());
        assertEquals("The store is damaged: 1 log cannot be read back whole", result.headline());
        assertTrue(result.remedy().startsWith("All checkpoints are whole"), result.remedy());
        assertEquals(List.of("The log of old: 1 piece lost, its bytes from 14 to 100 are missing"), result
                .damagedLogs());
        opened.awaitIdle();
        FxToolkit.run(() -> verification.deleteDamaged(opened.workbench().libraryWork()));
        opened.awaitIdle();
        assertFalse(FxToolkit.call(() -> verification.resultProperty().get().outdated()),
                "there was nothing to delete");
        assertEquals(3, opened.store().checkpoints(id).size());
    }

    @Test
    void aCancelledVerificationEndsWithoutAResult() {
        VerificationModel verification = FxToolkit.call(() -> new VerificationModel(opened.workbench()));
        BackgroundTask<?> task = FxToolkit.<BackgroundTask<?>>call(() -> {
            verification.verify();
            BackgroundTask<?> begun = opened.workbench().tasks().listed().getLast();
            verification.job().cancel();
            return begun;
        });
        FxToolkit.await("it has ended", () -> !verification.job().runningProperty().get());
        opened.awaitIdle();
        // one that was done before it could be cancelled has its result
        assertEquals(FxToolkit.call(task::isCancelled), FxToolkit.call(() -> verification.resultProperty()
                .get() == null));
        FxToolkit.run(verification::verify);
        FxToolkit.await("the store is verified", () -> verification.resultProperty().get() != null);
        assertNotNull(FxToolkit.call(() -> verification.resultProperty().get()));
        opened.awaitIdle();
    }

    @Test
    @Tag("qemu")
    void theDoctorsWorstFindingsComeFirst() {
        DoctorModel doctor = FxToolkit.call(() -> new DoctorModel(opened.workbench()));
        FxToolkit.run(doctor::examine);
        FxToolkit.await("this computer is examined", () -> !doctor.examiningProperty().get());
        var findings = FxToolkit.call(() -> doctor.findingsProperty().get());
        assertFalse(findings.isEmpty());
        for (int i = 1; i < findings.size(); i++) {
            assertTrue(findings.get(i - 1).severity().compareTo(findings.get(i).severity()) >= 0);
        }
        assertFalse(Doctor.summary(findings).isEmpty());
    }
}
