package dev.freezeframe.ui.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.IntervalSpan;
import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.plot.SimulationCourse;
import dev.freezeframe.simulate.Interval;
import dev.freezeframe.simulate.Simulation;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.SyntheticSimulations;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenedStore;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The simulations of a run of nine intervals: one that is kept whole, and a newer one with a plugin whose last three intervals
/// are missing.
class SimulationModelTest {
    private static final int CHECKPOINTS = 10;

    @TempDir
    private Path directory;
    private OpenedStore opened;
    private SimulationModel model;
    private ExperimentRecord experiment;
    private SimulationRecord whole;
    private SimulationRecord part;

    @BeforeEach
    void open() throws Exception {
        try (Store store = Store.open(directory)) {
            SyntheticExperiments made = SyntheticExperiments.replayable(store, "run", 4L << 20, Duration.ofSeconds(1),
                    Instant
                            .parse("2026-11-22T10:15:00Z"),
                    1);
            made.add(CHECKPOINTS);
            made.end("stopped");
            whole = SyntheticSimulations.write(store, made.id(), "", List.of(), true);
            part = SyntheticSimulations.write(store, made.id(), "cache", SyntheticSimulations.STATES, false);
            experiment = store.experiment("run").orElseThrow();
        }
        opened = new OpenedStore(directory);
        model = opened.workbench().simulation();
        FxToolkit.run(() -> {
            opened.workbench().show(experiment);
            model.look(true);
        });
        opened.awaitIdle();
    }

    @AfterEach
    void close() throws Exception {
        opened.close();
    }

    private <T> T on(java.util.concurrent.Callable<T> work) {
        return FxToolkit.call(work);
    }

    private List<IntervalState> states() {
        return on(() -> model.rows().stream().map(IntervalRow::state).toList());
    }

    @Test
    void theNewestIsShownWithWhatIsMissing() {
        assertInstanceOf(SimulationState.Ready.class, on(() -> model.stateProperty().get()));
        assertEquals(part, on(() -> model.chosenProperty().get()));
        assertEquals(List.of(IntervalState.PROVEN, IntervalState.PROVEN_ACROSS_INTERRUPT, IntervalState.DIVERGED,
                IntervalState.FAILED, IntervalState.ENDED, IntervalState.PROVEN, IntervalState.WAITING,
                IntervalState.WAITING,
                IntervalState.WAITING), states());
        SimulationPlan plan = on(() -> model.planProperty().get());
        assertEquals("cache", plan.plugin());
        assertEquals(List.of(1, CHECKPOINTS), List.of(plan.first(), plan.last()));
        SimulationCourse course = on(model::course);
        assertEquals("6 of 9", course.done().number());
        assertEquals(9, course.pieces().size());
        assertEquals(2, course.workers());
    }

    @Test
    void figuresOfThePluginAreAddedUpButForWhatIsNotAsRecorded() {
        ShownFigure misses = new ShownFigure(ShownFigure.Kind.SAID, "l2.misses");
        assertTrue(on(() -> model.figures().contains(misses)));
        List<IntervalRow> rows = on(() -> List.copyOf(model.rows()));
        double all = rows.stream().filter(row -> row.state().isOver() && !row.state().isProblem()).mapToDouble(
                row -> row.figures().get("l2.misses")).sum();
        assertEquals(all, misses.total(rows), 1e-6);
        assertTrue(Double.isNaN(misses.of(rows.get(2))), "it diverged");
        double instructions = rows.stream().filter(row -> row.state().isOver() && !row.state().isProblem()).mapToDouble(
                IntervalRow::instructions).sum();
        assertEquals(1000 * all / instructions,
                new ShownFigure(ShownFigure.Kind.SAID_PER_THOUSAND, "l2.misses").total(rows),
                1e-9);
    }

    @Test
    void anotherPlanIsAnotherSimulationAndTheSamePlanAgainIsGoneOnWith() {
        SimulationPlan before = on(() -> model.planProperty().get());
        FxToolkit.run(() -> model.setPlan(before.withEvery(4)));
        opened.awaitIdle();
        assertNull(on(() -> model.chosenProperty().get()));
        assertEquals(List.of(IntervalState.WAITING, IntervalState.WAITING, IntervalState.WAITING), states());
        FxToolkit.run(() -> model.setPlan(before.withWorkers(7)));
        opened.awaitIdle();
        assertEquals(part, on(() -> model.chosenProperty().get()));
        assertEquals(7, on(() -> model.planProperty().get().workers()));
        FxToolkit.run(() -> model.setPlan(before.withRange(3, 6)));
        opened.awaitIdle();
        assertEquals(List.of(3, 4, 5), on(() -> model.rows().stream().map(IntervalRow::from).toList()));
    }

    @Test
    void anotherWarmUpIsAnotherSimulationAndOneThatIsKeptIsShownWithIts() throws Exception {
        SimulationPlan before = on(() -> model.planProperty().get());
        FxToolkit.run(() -> model.setPlan(before.withWarmUp(2)));
        opened.awaitIdle();
        assertNull(on(() -> model.chosenProperty().get()));
        assertEquals("cache,warm-up=2", on(() -> model.planProperty().get()).pluginText().orElseThrow());
        SimulationRecord warm = SyntheticSimulations.write(opened.workbench().stores().store().orElseThrow(),
                experiment.id(),
                "cache,warm-up=2", List.of(), false);
        FxToolkit.run(() -> model.choose(warm));
        opened.awaitIdle();
        assertEquals(before.withWarmUp(2), on(() -> model.planProperty().get()));
        assertEquals("cache", before.withWarmUp(2).plugin());
        assertEquals(0, before.withWarmUp(2).withPlugin("").warmUp(), "nobody is not warmed up");
    }

    @Test
    void anIntervalIsTheCheckpointThatItStartsFrom() {
        FxToolkit.run(() -> model.selection().select(4));
        assertEquals(4, on(() -> opened.workbench().experiment().selection().checkpoint().number()));
        assertEquals(4, on(() -> model.selection().intervalProperty().get().number()));
        FxToolkit.run(() -> model.selection().move(-2));
        assertEquals(2, on(() -> opened.workbench().experiment().selection().checkpoint().number()));
        FxToolkit.run(() -> model.selection().move(100));
        assertEquals(CHECKPOINTS - 1, on(() -> model.selection().intervalProperty().get().from()));
        FxToolkit.run(
                () -> opened.workbench().experiment().selection().select(opened.workbench().experiment().checkpoints()
                        .getLast()));
        assertNull(on(() -> model.selection().intervalProperty().get()), "none starts at the last");
    }

    @Test
    void whatCameOfAnIntervalWhoseCheckpointIsGoneStaysBehindTheOthersWithoutANumber() throws Exception {
        opened.store().delete(CheckpointName.of("run", 3));
        FxToolkit.run(() -> {
            opened.workbench().experiment().deleted(List.of(opened.workbench().experiment().checkpoints().get(2)));
            model.choose(whole);
        });
        opened.awaitIdle();
        List<IntervalRow> rows = on(() -> List.copyOf(model.rows()));
        assertEquals(List.of("1 1-2", "2 2-4", "3 4-5"),
                rows.stream().limit(3).map(row -> row.number() + " " + row.from()
                        + "-" + row.to()).toList());
        assertEquals(List.of("0 2-3", "0 3-4"), rows.stream().skip(8).map(row -> row.number() + " " + row.from()
                + "-" + row.to()).toList());
        assertEquals(IntervalState.WAITING, rows.get(1).state(), "nobody has executed it");
        assertEquals(9, on(() -> model.ended().size()), "nothing that was found is lost");
    }

    @Test
    void aKeptOneIsChosenAndDeleted() {
        FxToolkit.run(() -> model.choose(whole));
        opened.awaitIdle();
        assertEquals(List.of(IntervalState.PROVEN), states().stream().distinct().toList());
        FxToolkit.run(model::delete);
        opened.awaitIdle();
        assertEquals(List.of(part), on(() -> List.copyOf(model.records())));
        assertEquals(part, on(() -> model.chosenProperty().get()));
    }

    @Test
    void whatCannotBeginSaysWhyAndCanBeTriedAgain() {
        FxToolkit.run(model::run);
        opened.awaitIdle();
        FxToolkit.await("it has ended", () -> !model.job().runningProperty().get());
        opened.awaitIdle();
        assertTrue(on(model::remark).contains(SyntheticExperiments.NO_QEMU), () -> on(model::remark));
        assertEquals(6, on(() -> model.ended().size()), "what was kept still is");
        assertEquals(List.of(), opened.problems());
    }

    @Test
    void anExperimentWithoutALogSaysWhatItWants() throws Exception {
        long id = SyntheticExperiments.write(opened.store(), "plain", 3, 1);
        ExperimentRecord plain = opened.store().experiment("plain").orElseThrow();
        assertEquals(id, plain.id());
        FxToolkit.run(() -> opened.workbench().show(plain));
        opened.awaitIdle();
        SimulationState.NotLogged plainly = assertInstanceOf(SimulationState.NotLogged.class,
                on(() -> model.stateProperty().get()));
        assertTrue(plainly.why().contains("\"replay\": true"), plainly.why());
        assertFalse(on(() -> model.exactProperty().get()));
        FxToolkit.run(model::reexecute);
        opened.awaitIdle();
        assertInstanceOf(SimulationState.Ready.class, on(() -> model.stateProperty().get()));
        assertTrue(on(model::remark).contains("nothing is proven"));
    }

    @Test
    void oneCheckpointIsNoIntervalYet() throws Exception {
        SyntheticExperiments made = SyntheticExperiments.replayable(opened.store(), "short", 4L << 20,
                Duration.ofSeconds(1),
                Instant.parse("2026-11-22T10:15:00Z"), 1);
        made.add(1);
        made.end("stopped");
        ExperimentRecord shown = opened.store().experiment("short").orElseThrow();
        FxToolkit.run(() -> opened.workbench().show(shown));
        opened.awaitIdle();
        assertInstanceOf(SimulationState.TooShort.class, on(() -> model.stateProperty().get()));
    }

    @Test
    void exportsHaveALineForEachIntervalThatHasEnded() throws Exception {
        SimulationFiles files = on(() -> new SimulationFiles(opened.workbench()));
        File csv = directory.resolve("s.csv").toFile();
        File json = directory.resolve("s.json").toFile();
        FxToolkit.run(() -> {
            files.writeCsv(csv);
            files.writeJson(json);
        });
        opened.awaitIdle();
        List<String> lines = Files.readAllLines(csv.toPath());
        assertEquals(7, lines.size());
        assertTrue(lines.getFirst().startsWith("interval,from,to,"), lines.getFirst());
        assertEquals(6, Files.readAllLines(json.toPath()).stream().filter(line -> line.startsWith(
                "{\"type\":\"interval\"")).count());
    }

    @Test
    void whatWorkersSayIsHeardOnceAFrameHoweverMuchItIs() throws Exception {
        List<CheckpointRecord> checkpoints = opened.store().checkpoints(experiment.id());
        SimulationPlan plan = SimulationPlan.of(checkpoints).withWorkers(2);
        List<Interval> intervals = plan.intervals(checkpoints);
        AtomicInteger heard = new AtomicInteger();
        RunningSimulation run = on(() -> new RunningSimulation(experiment, plan, intervals, heard::incrementAndGet));
        FxToolkit.run(() -> {
            // the JavaFX thread is busy meanwhile
            IntStream.range(0, 2).mapToObj(worker -> Thread.ofPlatform().start(() -> work(run, intervals, worker)))
                    .toList()
                    .forEach(SimulationModelTest::join);
        });
        FxToolkit.await("all of it was heard", () -> run.spans().size() == intervals.size());
        assertTrue(heard.get() <= 2, "heard " + heard);
        List<IntervalSpan> spans = on(run::spans);
        for (IntervalSpan span : spans) {
            assertEquals((span.from() - 1) % 2 + 1, span.worker());
            assertTrue(span.restore() <= span.run() && span.run() <= span.proof(), span.toString());
        }
        List<IntervalRow> waiting = IntervalRow.of(intervals, experiment.startedAt(), Map.of());
        List<IntervalState> states = on(() -> waiting.stream().map(each -> run.now(each).state()).toList());
        assertEquals(IntervalState.RUNNING, states.getLast());
        assertEquals(8, states.stream().filter(each -> each == IntervalState.PROVEN).count());
        FxToolkit.run(run::end);
        assertEquals(IntervalState.WAITING, on(() -> run.now(waiting.getLast()).state()),
                "it was not done when all ended");
        assertFalse(Double.isNaN(on(run::elapsed)));
    }

    private static void work(RunningSimulation run, List<Interval> intervals, int worker) {
        for (int i = worker; i < intervals.size(); i += 2) {
            Interval interval = intervals.get(i);
            run.begun(interval, worker + 1);
            for (Simulation.Phase phase : Simulation.Phase.values()) {
                run.phase(interval, phase, worker + 1, System.nanoTime());
            }
            if (i < intervals.size() - 1) {
                run.ended(interval, new SimulatedInterval(interval.from().number(), interval.to().number(), interval
                        .instructions(), EndState.PROVEN, "", 0, List.of(), 1, 1, 1, worker + 1, "{}"));
            }
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
