package dev.freezeframe.ui.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.profile.MediaFile;
import dev.freezeframe.restore.OutsideWishes;
import dev.freezeframe.restore.RecordedOutside;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.StoreState;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.compare.ComparisonModel;
import dev.freezeframe.ui.compare.ComparisonState;
import dev.freezeframe.ui.lineage.FamilyLayout;
import dev.freezeframe.ui.lineage.FamilyRow;
import dev.freezeframe.ui.lineage.FamilyTreeModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the view models of going back promise, over a real store and without a scene.
class CheckpointModelsTest {
    private static final long RAM_BYTES = 8 << 20;

    @TempDir
    static Path written;

    @TempDir
    Path directory;

    private static long parentId;
    private static long childId;

    private BackgroundTasks tasks;
    private WorkbenchModel workbench;
    private FilmStripModel strip;
    private CheckpointDetailsModel details;
    private CheckpointActions actions;

    @BeforeAll
    static void writeAStoreWithAFamily() throws Exception {
        try (Store store = Store.open(written)) {
            SyntheticExperiments parent = SyntheticExperiments.begin(store, "parent", RAM_BYTES, Duration.ofSeconds(1),
                    Instant.parse("2026-11-22T10:15:00Z"), 1, Optional.empty());
            parent.add(20);
            parent.end("done");
            parentId = parent.id();
            SyntheticExperiments child = SyntheticExperiments.begin(store, "child", RAM_BYTES, Duration.ofSeconds(1),
                    Instant.parse("2026-11-22T11:15:00Z"), 2, Optional.of(store.checkpoints(parentId).get(11)));
            child.add(3);
            child.end("done");
            childId = child.id();
        }
    }

    @BeforeEach
    void openACopy() throws Exception {
        try (Stream<Path> files = Files.list(written)) {
            for (Path file : files.toList()) {
                Files.copy(file, directory.resolve(file.getFileName()));
            }
        }
        open();
    }

    private void open() {
        FxToolkit.run(() -> {
            tasks = new BackgroundTasks();
            workbench = new WorkbenchModel(tasks, directory);
            workbench.stores().open(directory);
            strip = new FilmStripModel(workbench);
            details = new CheckpointDetailsModel(workbench);
            actions = new CheckpointActions(workbench);
        });
        FxToolkit.await("the library is read", () -> workbench.library().loadedProperty().get());
        show(parentId);
    }

    private void show(long experimentId) {
        FxToolkit.run(() -> workbench.show(workbench.library().find(experimentId).orElseThrow()));
        FxToolkit.await("its checkpoints are read", () -> !workbench.experiment().loadingProperty().get());
    }

    private void close() throws Exception {
        StoreState state = FxToolkit.call(() -> workbench.stores().stateProperty().get());
        WorkbenchModel.shutDown(tasks, List.of(), state);
    }

    @AfterEach
    void closeAll() throws Exception {
        FxToolkit.await("all is quiet", () -> tasks.runningProperty().get() == 0);
        close();
    }

    private int selected() {
        return FxToolkit.call(() -> workbench.experiment().selection().checkpoint().number());
    }

    private CheckpointRecord checkpoint(int number) {
        return FxToolkit.call(() -> workbench.experiment().checkpoints().get(number - 1));
    }

    @Test
    void theSelectionMovesAmongWhatTheFilterShows() {
        FxToolkit.run(() -> strip.filterTextProperty().set("5-8"));
        FxToolkit.run(() -> workbench.experiment().selection().select(checkpointHere(2)));
        assertEquals(-1, FxToolkit.<Integer>call(strip::selectedIndex), "the filter hides it");
        FxToolkit.run(() -> strip.move(1));
        assertEquals(5, selected());
        FxToolkit.run(() -> strip.move(2));
        assertEquals(7, selected());
        FxToolkit.run(() -> strip.move(10));
        assertEquals(8, selected());
        FxToolkit.run(strip::first);
        assertEquals(5, selected());
        FxToolkit.run(strip::last);
        assertEquals(8, selected());
        FxToolkit.run(() -> workbench.experiment().selection().select(checkpointHere(20)));
        FxToolkit.run(() -> strip.move(-1));
        assertEquals(8, selected());
    }

    private CheckpointRecord checkpointHere(int number) {
        return workbench.experiment().checkpoints().get(number - 1);
    }

    @Test
    void aBadFilterIsSaidAndTheLastGoodOneStays() {
        FxToolkit.run(() -> strip.filterTextProperty().set("5-8"));
        FxToolkit.run(() -> strip.filterTextProperty().set("5-8 pause>"));
        assertFalse(FxToolkit.call(() -> strip.problemProperty().get()).isEmpty());
        assertEquals("4 of 20 checkpoints", FxToolkit.call(() -> strip.countProperty().get()));
        FxToolkit.run(() -> strip.filterTextProperty().set(""));
        assertEquals("", FxToolkit.call(() -> strip.problemProperty().get()));
        assertEquals("20 checkpoints", FxToolkit.call(() -> strip.countProperty().get()));
    }

    @Test
    void aTagMakesACheckpointPassTheFilterAtOnce() {
        FxToolkit.run(() -> strip.filterTextProperty().set("#fresh"));
        assertEquals(0, FxToolkit.<Integer>call(() -> strip.shown().size()));
        FxToolkit.run(() -> workbench.experiment().selection().select(checkpointHere(4)));
        FxToolkit.run(() -> details.addTag("#fresh"));
        assertEquals(List.of(4), FxToolkit.call(() -> strip.shown().stream().map(CheckpointRecord::number).toList()));
    }

    @Test
    void notesAndTagsSurviveReopeningInTheOrderTheyWereMade() throws Exception {
        FxToolkit.run(() -> workbench.experiment().selection().select(checkpointHere(6)));
        FxToolkit.run(() -> {
            assertEquals(Optional.empty(), details.saveNote(checkpointHere(6), "  first words "));
            assertEquals(Optional.empty(), details.addTag("one"));
            assertEquals(Optional.empty(), details.addTag("two"));
            details.removeTag("one");
        });
        FxToolkit.await("they are stored", () -> tasks.runningProperty().get() == 0);
        close();
        open();
        assertEquals(Annotation.of("first words", List.of("two")), FxToolkit.call(() -> workbench.experiment()
                .annotations().get(checkpointHere(6).id())));
    }

    @Test
    void undoTakesTheLastChangesBackOneByOne() throws Exception {
        FxToolkit.run(() -> {
            workbench.experiment().selection().select(checkpointHere(6));
            details.saveNote(checkpointHere(6), "kept");
            details.addTag("gone");
            workbench.experiment().selection().select(checkpointHere(9));
            details.undo();
        });
        assertEquals(6, selected(), "the undone change is shown");
        assertEquals(Annotation.of("kept", List.of()), FxToolkit.call(() -> details.annotationProperty().get()));
        FxToolkit.run(details::undo);
        assertEquals("", FxToolkit.call(() -> details.undoTextProperty().get()));
        FxToolkit.await("it is stored", () -> tasks.runningProperty().get() == 0);
        Store store = FxToolkit.call(() -> workbench.stores().store().orElseThrow());
        assertEquals(Annotation.NONE, store.annotation(checkpoint(6).id()));
    }

    @Test
    void whatIsNoTagIsRefusedWithALine() {
        FxToolkit.run(() -> workbench.experiment().selection().select(checkpointHere(6)));
        assertTrue(FxToolkit.call(() -> details.addTag("two words")).orElseThrow().contains("is no tag"));
        assertTrue(FxToolkit.call(() -> details.saveNote(checkpointHere(6), "x".repeat(5000))).orElseThrow().contains(
                "too long"));
        assertEquals(Annotation.NONE, FxToolkit.call(() -> details.annotationProperty().get()));
    }

    @Test
    void parentAndChildrenAreLinkedBothWays() {
        FxToolkit.run(() -> workbench.experiment().selection().select(checkpointHere(12)));
        assertEquals(List.of("child"), FxToolkit.call(() -> details.children().stream().map(ExperimentRecord::name)
                .toList()));
        FxToolkit.run(() -> details.showChild(details.children().getFirst()));
        FxToolkit.await("the parent is known", () -> details.parentProperty().get().isPresent());
        assertEquals("parent/12", FxToolkit.call(() -> details.parentProperty().get().orElseThrow().name()
                .toString()));
        FxToolkit.run(details::showParent);
        FxToolkit.await("it is shown", () -> !workbench.experiment().loadingProperty().get() && workbench.experiment()
                .selection().checkpoint().number() == 12);
    }

    @Test
    void aDeletionSaysWhatGoesWhatDependsOnItAndHowMuchComesBack() {
        CheckpointDeletion deletion = FxToolkit.call(() -> actions.deletionOf(List.of(checkpointHere(3),
                checkpointHere(11), checkpointHere(12), checkpointHere(13))));
        assertEquals("Delete 4 checkpoints of parent?", deletion.question());
        String text = String.join(" ", deletion.sentences());
        assertTrue(text.contains("3, 11–13"), text);
        assertTrue(text.contains("child"), text);
        assertEquals(deletion.going().stream().mapToLong(each -> each.metrics().storedBytes()).sum(), deletion
                .storedBytes());
        assertTrue(text.contains(dev.freezeframe.base.Units.bytes(deletion.storedBytes())), text);
    }

    @Test
    void theNewestOfARunningRecordingAndWhatItBuildsOnStay() {
        ExperimentRecord running = FxToolkit.call(() -> workbench.library().find(childId).orElseThrow());
        ExperimentRecord shown = FxToolkit.call(() -> workbench.library().find(parentId).orElseThrow());
        CheckpointDeletion deletion = CheckpointDeletion.of(List.of(checkpoint(12), checkpoint(13), checkpoint(20)),
                List.of(running, shown), List.of(running, shown), Optional.of(checkpoint(20)));
        assertEquals(List.of(13), deletion.going().stream().map(CheckpointRecord::number).toList());
        assertEquals(List.of(12, 20), deletion.staying().stream().map(CheckpointRecord::number).toList());
    }

    @Test
    void deletedCheckpointsAreGoneFromTheStoreAndTheOthersStayWhole() throws Exception {
        FxToolkit.run(() -> actions.delete(actions.deletionOf(workbench.experiment().checkpoints().subList(4, 9))));
        FxToolkit.await("they are gone", () -> workbench.experiment().checkpoints().size() == 15);
        FxToolkit.await("all is quiet", () -> tasks.runningProperty().get() == 0);
        Store store = FxToolkit.call(() -> workbench.stores().store().orElseThrow());
        assertEquals(15, store.checkpoints(parentId).size());
        assertTrue(store.verify((_, _, _) -> {}).isSound());
    }

    @Test
    void theFamilyIsReadOnlyWhileItIsLookedAt() {
        FamilyTreeModel family = FxToolkit.call(() -> new FamilyTreeModel(workbench));
        assertEquals(FamilyLayout.EMPTY, FxToolkit.call(() -> family.layoutProperty().get()));
        FxToolkit.run(() -> family.activeProperty().set(true));
        FxToolkit.await("it is read", () -> family.layoutProperty().get().rows().size() == 2);
        FamilyRow child = FxToolkit.call(() -> family.layoutProperty().get().rows().get(1));
        assertEquals(childId, child.node().experiment().id());
        assertEquals(12, child.start());
        assertEquals(3, child.node().checkpoints());
    }

    @Test
    void theFamilyLosesALinkWhoseCheckpointWasDeleted() {
        FamilyTreeModel family = FxToolkit.call(() -> new FamilyTreeModel(workbench));
        FxToolkit.run(() -> family.activeProperty().set(true));
        FxToolkit.await("it is read", () -> family.layoutProperty().get().rows().size() == 2);
        FxToolkit.run(() -> actions.delete(actions.deletionOf(List.of(checkpointHere(12)))));
        FxToolkit.await("both are roots", () -> family.layoutProperty().get().rows().stream().allMatch(
                row -> row.depth() == 0));
    }

    @Test
    void aRestoreBeginsWithTheUsualEveryTimeAndIsCheckedInPlace() {
        CheckpointRestoreModel restore = FxToolkit.call(() -> new CheckpointRestoreModel(tasks, checkpointHere(1)));
        assertEquals(CheckpointActions.usualRestore(), FxToolkit.call(restore::options));
        FxToolkit.run(() -> restore.countProperty().set(3));
        assertFalse(FxToolkit.call(restore::options).recordable(), "several machines share one image");
        FxToolkit.run(() -> restore.countProperty().set(0));
        assertTrue(FxToolkit.call(() -> restore.problemProperty().get()).contains("from 1 to"));
        FxToolkit.run(() -> {
            restore.countProperty().set(1);
            restore.qemuBinaryProperty().set(directory.resolve("no-such-qemu").toString());
        });
        FxToolkit.await("the path was looked at", () -> restore.problemProperty().get().contains("no program"));
        FxToolkit.run(() -> restore.qemuBinaryProperty().set(""));
        assertEquals("", FxToolkit.call(() -> restore.problemProperty().get()));
    }

    @Test
    void aRestoreAsksForTheFilesAndArgumentsThatTheMachineHasOutside() {
        RecordedOutside outside = new RecordedOutside(List.of(new MediaFile("cdrom", Path.of("/gone/cd.iso"), Optional
                .empty())), List.of("hostfwd", "serial"));
        CheckpointRestoreModel restore = FxToolkit.call(() -> new CheckpointRestoreModel(tasks, checkpointHere(1),
                outside));
        assertEquals(OutsideWishes.NONE, FxToolkit.call(restore::options).outside());
        FxToolkit.run(() -> {
            restore.files().getFirst().chosen().set(" /here/cd.iso ");
            restore.leftOut().get("hostfwd").set(true);
        });
        assertEquals(new OutsideWishes(Map.of("cdrom", Path.of("/here/cd.iso")), Set.of("hostfwd"), Set.of(), false),
                FxToolkit.call(restore::options).outside());
        FxToolkit.run(() -> restore.acceptChangedMediaProperty().set(true));
        assertTrue(FxToolkit.call(restore::options).outside().acceptChangedMedia());
    }

    @Test
    void aComparisonOfMissingCheckpointsFailsWithALineAndCanBeTriedAgain() throws Exception {
        ComparisonModel comparison = FxToolkit.call(() -> new ComparisonModel(workbench));
        CheckpointRecord first = checkpoint(1);
        CheckpointRecord second = checkpoint(2);
        Store store = FxToolkit.call(() -> workbench.stores().store().orElseThrow());
        store.delete(second.name());
        FxToolkit.run(() -> comparison.compare(first, second));
        FxToolkit.await("it failed", () -> comparison.stateProperty().get() instanceof ComparisonState.Failed failed
                && failed.message().contains("Choose another"));
        FxToolkit.run(() -> comparison.compare(first, checkpointHere(3)));
        FxToolkit.await("it is done", () -> comparison.stateProperty().get() instanceof ComparisonState.Done);
    }
}
