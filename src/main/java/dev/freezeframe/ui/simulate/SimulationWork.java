package dev.freezeframe.ui.simulate;

import dev.freezeframe.base.Units;
import dev.freezeframe.record.MemoryNeed;
import dev.freezeframe.simulate.Interval;
import dev.freezeframe.simulate.Simulation;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.ui.task.BackgroundTask;
import dev.freezeframe.ui.task.Steps;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Executes the intervals, and ends all their QEMUs soon after it is cancelled; what has ended until then stays in the store.
///
/// The engine is cancelled by an interrupt, which no thread of [dev.freezeframe.ui.task.BackgroundTasks] may get: the next work
/// there would find it. So the engine has a thread of its own.
final class SimulationWork implements BackgroundTask.Work<Simulation.Outcome> {
    private static final Duration LOOK = Duration.ofMillis(50);

    private final Store store;
    private final RunningSimulation run;

    SimulationWork(Store store, RunningSimulation run) {
        this.store = store;
        this.run = run;
    }

    @Override
    public Simulation.Outcome run(Steps steps) throws Exception {
        FutureTask<Simulation.Outcome> engine = new FutureTask<>(() -> execute(steps));
        Thread thread = Thread.ofPlatform().daemon().name("simulate").start(engine);
        boolean interrupted = false;
        while (!thread.join(LOOK)) {
            if (steps.cancelled() && !interrupted) {
                interrupted = true; // once: a second one would disturb what ends the QEMUs
                thread.interrupt();
            }
        }
        try {
            return engine.get();
        } catch (ExecutionException e) {
            steps.check();
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private Simulation.Outcome execute(Steps steps) throws Exception {
        List<Interval> intervals = run.intervals();
        SimulationPlan plan = run.plan();
        int workers = Math.min(plan.workers(), intervals.size());
        Optional<String> _ = MemoryNeed.ofSimulation(store, intervals.getLast().to(), workers).require();
        Simulation simulation = new Simulation(store, run.experiment(),
                new Simulation.Options(workers, plan.proof(), plan.pluginText(), Optional.empty(),
                        Optional.empty()));
        return simulation.run(intervals, plan.every(), new Simulation.Listener() {
            private int done;

            @Override
            public void awaitTurn() throws InterruptedException {
                run.awaitTurn();
            }

            @Override
            public void begun(Interval interval, int worker) {
                run.begun(interval, worker);
            }

            @Override
            public void phase(Interval interval, Simulation.Phase phase, int worker, long nanoTime) {
                run.phase(interval, phase, worker, nanoTime);
            }

            @Override
            public void ended(Interval interval, SimulatedInterval result) {
                run.ended(interval, result);
                try {
                    steps.at(++done + " of " + Units.count(intervals.size(), "interval"), done, intervals.size());
                } catch (CancellationException e) {
                    // the interrupt is on its way, and what has just ended is kept
                    Thread.currentThread().interrupt();
                }
            }
        });
    }
}
