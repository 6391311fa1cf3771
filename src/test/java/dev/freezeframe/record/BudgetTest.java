package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.suite.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A recording with a limit, and what it tells while it goes on.
@Tag("qemu")
class BudgetTest {
    private static final Duration PATIENCE = Await.PATIENCE;

    private static Machine machine;

    @TempDir
    Path folder;

    private Store store;
    private final Heard heard = new Heard();

    @BeforeAll
    static void boot() throws Exception {
        machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")));
        machine.console().awaitLine(line -> BootSector.round(line).isPresent(), PATIENCE);
    }

    @AfterAll
    static void end() {
        machine.close();
    }

    @BeforeEach
    void open() throws Exception {
        store = Store.open(folder.resolve("store"));
    }

    @AfterEach
    void close() throws Exception {
        store.close();
    }

    private static final class Heard implements RecordingListener {
        private final List<CheckpointRecord> stored = new CopyOnWriteArrayList<>();
        private final List<CheckpointRecord> thinned = new CopyOnWriteArrayList<>();
        private final List<CheckpointRecord> pictured = new CopyOnWriteArrayList<>();
        private final List<Picture> pictures = new CopyOnWriteArrayList<>();

        @Override
        public void checkpointStored(CheckpointRecord checkpoint) {
            stored.add(checkpoint);
        }

        @Override
        public void checkpointsThinned(List<CheckpointRecord> deleted) {
            thinned.addAll(deleted);
        }

        @Override
        public void pictureStored(CheckpointRecord checkpoint, Picture picture) {
            pictured.add(checkpoint);
            pictures.add(picture);
        }

        @Override
        public void checkpointFailed(int number, Exception cause) {
            throw new AssertionError("checkpoint " + number, cause);
        }

        @Override
        public void captureEnded(String reason) {
            // Asked of the recording.
        }
    }

    private static Budget checkpoints(long most, Budget.Rule rule) {
        return new Budget(OptionalLong.empty(), OptionalLong.of(most), rule);
    }

    private Recording record(int millis, Budget budget) throws Exception {
        return Recording.start(store, machine, Optional.empty(), false, RecordingOptions.DEFAULT.with(
                CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(millis))).with(budget), heard);
    }

    @Test
    void stoppingKeepsJustAsManyCheckpointsAsTheBudgetAndSaysWhy() throws Exception {
        try (Recording recording = record(20, checkpoints(5, Budget.Rule.STOP))) {
            assertTrue(recording.awaitCaptureEnd(PATIENCE));
            assertTrue(recording.endReason().contains("budget is used up: at 5 checkpoints"), recording.endReason());
            assertFalse(recording.failed());
        }
        assertEquals(5, heard.stored.size());
    }

    @Test
    void theLogOfARunThatCanBeReplayedCounts() throws Exception {
        List<String> ends = new CopyOnWriteArrayList<>();
        SyntheticExperiments.write(store, "run", 1, 1);
        CheckpointRecord checkpoint = store.checkpoints(store.experiment("run").orElseThrow().id()).getFirst();
        long added = checkpoint.metrics().storedBytes();
        try (BudgetKeeper keeper = new BudgetKeeper(store, checkpoint.experimentId(), new Budget(OptionalLong.of(added
                + Budget.FEWEST_BYTES), OptionalLong.empty(), Budget.Rule.STOP), _ -> {},
                (reason, _) -> ends.add(reason),
                Instant::now)) {
            keeper.start();
            keeper.logTakes(Budget.FEWEST_BYTES - 1);
            keeper.stored(checkpoint);
            assertEquals(added + Budget.FEWEST_BYTES - 1, keeper.use().bytes());
            assertEquals(List.of(), ends);
            keeper.logTakes(Budget.FEWEST_BYTES);
            keeper.changeBudget(keeper.use().budget());
            assertEquals(1, ends.size(), "it is used up now");
        }
    }

    @Test
    void noCheckpointIsDeletedForALogThatCannotBeShortened() throws Exception {
        List<CheckpointRecord> checkpoints = synthetic();
        long all = checkpoints.stream().mapToLong(each -> each.metrics().storedBytes()).sum();
        assertEndsWithAll(checkpoints, 2 * all, all + 1, "the log of the run takes ");
    }

    @Test
    void noCheckpointIsDeletedWhereWhatHasToStayIsMoreThanTheBudget() throws Exception {
        List<CheckpointRecord> checkpoints = synthetic();
        long kept = checkpoints.getFirst().metrics().storedBytes() + checkpoints.getLast().metrics().storedBytes();
        assertEndsWithAll(checkpoints, kept + 1, 1, "what cannot be thinned out takes ");
    }

    private List<CheckpointRecord> synthetic() throws Exception {
        SyntheticExperiments.write(store, "run", 12, 1);
        return store.checkpoints(store.experiment("run").orElseThrow().id());
    }

    private void assertEndsWithAll(List<CheckpointRecord> checkpoints, long bytes, long logBytes, String reason)
            throws Exception {
        List<String> ends = new CopyOnWriteArrayList<>();
        try (BudgetKeeper keeper = new BudgetKeeper(store, checkpoints.getFirst().experimentId(), new Budget(
                OptionalLong.of(bytes), OptionalLong.empty(), Budget.Rule.THIN), heard.thinned::addAll,
                (why, _) -> ends
                        .add(why),
                Instant::now)) {
            keeper.logTakes(logBytes);
            checkpoints.forEach(keeper::stored);
            keeper.start();
            Await.until("its end", () -> !ends.isEmpty());
            assertEquals(Optional.of("nothing more is thinned out"), keeper.use().remark());
        }
        assertTrue(ends.getFirst().contains(reason), ends.toString());
        assertEquals(1, ends.size(), "it is said once");
        assertEquals(List.of(), heard.thinned);
        assertEquals(checkpoints.size(), store.checkpoints(checkpoints.getFirst().experimentId()).size());
    }

    @Test
    void aBudgetThatIsMadeSmallerWhileRecordingStopsAtOnce() throws Exception {
        try (Recording recording = record(50, Budget.UNLIMITED)) {
            Await.until("four checkpoints", () -> heard.stored.size() >= 4);
            recording.changeBudget(checkpoints(2, Budget.Rule.STOP));
            assertTrue(recording.awaitCaptureEnd(PATIENCE));
            assertEquals(2, recording.budgetUse().budget().checkpoints().orElseThrow());
        }
    }

    @Test
    void thinningKeepsTheFirstTheNewestAndThoseThatMatterToSomebody() throws Exception {
        long tagged;
        long parent;
        long experiment;
        try (Recording recording = record(30, checkpoints(200, Budget.Rule.THIN))) {
            experiment = recording.experiment().id();
            Await.until("twelve checkpoints", () -> heard.stored.size() >= 12);
            tagged = heard.stored.get(3).id();
            parent = heard.stored.get(5).id();
            store.annotate(tagged, Annotation.of("", List.of("keep")));
            ExperimentRecord begun = recording.experiment();
            store.finishExperiment(store.createExperiment(ExperimentRecord.starting("child", begun.profileName(), begun
                    .machineJson(), begun.ramBytes(), Optional.of(parent), Instant.now())), "a test");
            recording.changeBudget(checkpoints(6, Budget.Rule.THIN));
            Await.until("thinning", () -> heard.thinned.size() >= 12);
            Await.until("within the budget", () -> recording.budgetUse().checkpoints() <= 7);
            Await.untilAsserted(() -> assertEquals(heard.thinned.size(), recording.budgetUse().thinned()));
            assertFalse(recording.live().ended(), "a recording that is thinned goes on");
        }
        List<CheckpointRecord> left = store.checkpoints(experiment);
        Set<Long> ids = Set.copyOf(left.stream().map(CheckpointRecord::id).toList());
        assertTrue(ids.contains(tagged), "the tagged one");
        assertTrue(ids.contains(parent), "the parent of another experiment");
        assertEquals(1, left.getFirst().number());
        assertEquals(heard.stored.getLast().id(), left.getLast().id());
        assertEquals(heard.stored.size() - heard.thinned.size(), left.size());
        assertTrue(store.verify(Progress.NONE).isSound());
    }

    @Test
    void thinningToABudgetOfBytesReclaimsThem() throws Exception {
        long added;
        try (Recording recording = record(20, Budget.UNLIMITED)) {
            Await.until("enough to thin", () -> recording.budgetUse().bytes() > Budget.FEWEST_BYTES + (256 << 10)
                    || heard.stored.size() >= 600);
            // so that a busy machine reclaims faster than the guest writes
            recording.changeInterval(Duration.ofSeconds(1));
            recording.changeBudget(new Budget(OptionalLong.of(Budget.FEWEST_BYTES), OptionalLong.empty(),
                    Budget.Rule.THIN));
            Await.until("reclaimed", () -> recording.budgetUse().reclaimedBytes() > 0);
            Await.until("within the budget", () -> recording.budgetUse().bytes() < Budget.FEWEST_BYTES);
            added = heard.stored.stream().mapToLong(each -> each.metrics().storedBytes()).sum();
            BudgetUse use = recording.budgetUse();
            assertTrue(
                    use.reclaimedBytes() <= heard.thinned.stream().mapToLong(each -> each.metrics().storedBytes())
                            .sum(),
                    "no more is reclaimed than was added");
            assertTrue(added - use.bytes() > 0);
        }
        assertTrue(store.verify(Progress.NONE).isSound());
    }

    @Test
    void densityFallsWithAge() {
        Instant start = Instant.EPOCH;
        List<Thinning.Candidate> all = IntStream.range(0, 1000)
                .mapToObj(i -> new Thinning.Candidate(i, start.plusSeconds(
                        i)))
                .toList();
        Set<Long> gone = Set.copyOf(Thinning.victims(all, Set.of(500L), 950, start.plusSeconds(1000)).stream().map(
                Thinning.Candidate::id).toList());
        List<Long> left = all.stream().map(Thinning.Candidate::id).filter(id -> !gone.contains(id)).toList();
        assertEquals(50, left.size());
        assertTrue(left.containsAll(List.of(0L, 500L, 999L)));
        long older = left.stream().filter(id -> id < 500).count();
        long newest = left.stream().filter(id -> id >= 900).count();
        assertTrue(newest > 2 * older, older + " in the older half, " + newest + " in the newest tenth");
    }

    @Test
    void nothingIsThinnedThatMustStay() {
        List<Thinning.Candidate> three = IntStream.range(0, 3).mapToObj(i -> new Thinning.Candidate(i, Instant.EPOCH
                .plusSeconds(i))).toList();
        assertEquals(List.of(), Thinning.victims(three, Set.of(1L), 3, Instant.EPOCH.plusSeconds(9)));
    }

    @Test
    void aBudgetThatIsTooSmallIsRefusedWithWhatToWrite() {
        assertThrows(IllegalArgumentException.class, () -> checkpoints(2, Budget.Rule.THIN));
        assertThrows(IllegalArgumentException.class, () -> checkpoints(0, Budget.Rule.STOP));
        assertThrows(IllegalArgumentException.class, () -> new Budget(OptionalLong.of(5), OptionalLong.empty(),
                Budget.Rule.STOP));
    }

    @Test
    void liveFiguresShowTheDirtySetGrowBetweenCheckpoints() throws Exception {
        List<DirtySample> samples = new CopyOnWriteArrayList<>();
        try (Recording recording = record(60_000, Budget.UNLIMITED)) {
            try (var _ = recording.onDirtySample(samples::add)) {
                Await.until("three samples, and a round of the guest", () -> samples.size() >= 3
                        && samples.getLast().pagesSinceCheckpoint() >= BootSector.PAGES_PER_ROUND);
            }
            LiveFigures live = recording.live();
            assertEquals(1, live.taken());
            assertEquals(0, live.failed());
            assertTrue(live.timeToNextTick().compareTo(Duration.ofMinutes(1)) <= 0);
            assertTrue(live.elapsed().isPositive());
            assertFalse(live.ended());
            // The guest writes the same pages every round; they are all dirty soon, and no others but its housekeeping.
            long most = samples.stream().mapToLong(DirtySample::pagesSinceCheckpoint).max().orElseThrow();
            assertTrue(most >= BootSector.PAGES_PER_ROUND && most <= BootSector.PAGES_PER_ROUND + 8, most + " pages");
            // One that was under way may still be told.
            List<DirtySample> told = List.copyOf(samples);
            assertEquals(told, recording.dirtySamples().subList(0, told.size()));
        }
        long captured = heard.stored.getFirst().metrics().dirtyPages();
        assertTrue(captured > 0, "counting takes nothing away from a checkpoint");
    }

    @Test
    void countingBetweenCheckpointsTakesNoPageAway() throws Exception {
        AtomicInteger samples = new AtomicInteger();
        // so seldom that none comes but those that are asked for
        try (Recording recording = record(3_600_000, Budget.UNLIMITED);
                var _ = recording.onDirtySample(_ -> samples
                        .incrementAndGet())) {
            for (int i = 1; i < 6; i++) {
                int stored = i;
                Await.until("the last one is stored", () -> heard.stored.size() == stored);
                Set<String> before = Set.copyOf(machine.console().text().lines().toList());
                long last = before.stream().mapToLong(line -> BootSector.round(line).orElse(-1)).max().orElseThrow();
                // all of a round lies between the two lines around it
                machine.console().awaitLine(line -> BootSector.round(line).orElse(-1) >= last + 2, PATIENCE);
                int counted = samples.get();
                Await.until("its pages are counted", () -> samples.get() >= counted + 2);
                recording.checkpointNow();
            }
            Await.until("some checkpoints", () -> heard.stored.size() == 6);
        }
        for (CheckpointRecord checkpoint : heard.stored.subList(1, heard.stored.size())) {
            assertTrue(checkpoint.metrics().dirtyPages() >= BootSector.PAGES_PER_ROUND, checkpoint.toString());
        }
    }

    @Test
    void aMachineWithoutAScreenGetsTheEndOfItsConsoleAsAPicture() throws Exception {
        try (Recording _ = record(300, Budget.UNLIMITED)) {
            Await.until("two pictures", () -> heard.pictures.size() >= 2);
        }
        Picture picture = store.picture(heard.pictured.getFirst().id()).orElseThrow();
        assertEquals(Picture.Kind.CONSOLE, picture.kind());
        assertTrue(picture.text().lines().anyMatch(line -> BootSector.round(line).isPresent()), picture.text());
        assertTrue(picture.text().lines().count() <= 24);
    }
}
