package dev.freezeframe.ui.simulate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.analyse.IntervalSpan;
import dev.freezeframe.analyse.SimulationForecast;
import dev.freezeframe.simulate.Interval;
import dev.freezeframe.simulate.Simulation;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import javafx.application.Platform;

/// What is heard of a simulation while it runs: who is at which interval since when, and what came of it. It hears in the
/// threads of the workers and tells on JavaFX's, once a frame however much was heard; all else is for that thread.
final class RunningSimulation implements Simulation.Listener {
    private final ExperimentRecord experiment;
    private final SimulationPlan plan;
    private final List<Interval> intervals;
    private final Runnable heard;
    private final ConcurrentLinkedQueue<Runnable> arrived = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean delivering = new AtomicBoolean();
    private final Map<Integer, Track> tracks = new HashMap<>();
    private final long start = System.nanoTime();
    private final Object turns = new Object();
    @GuardedBy("turns")
    private boolean held;
    /// Not a number while it runs.
    private double ended = Double.NaN;

    /// What is known of an interval.
    private static final class Track {
        private int worker;
        private double restore = Double.NaN;
        private double run = Double.NaN;
        private double proof = Double.NaN;
        private double end = Double.NaN;
        private Optional<IntervalRow.Ended> result = Optional.empty();

        boolean isUnderway() {
            return worker > 0 && result.isEmpty();
        }
    }

    /// @param intervals all of them
    /// @param heard     called on the JavaFX thread when there is something new
    RunningSimulation(ExperimentRecord experiment, SimulationPlan plan, List<Interval> intervals, Runnable heard) {
        this.experiment = experiment;
        this.plan = plan;
        this.intervals = List.copyOf(intervals);
        this.heard = heard;
    }

    // In other threads.

    @Override
    public void awaitTurn() throws InterruptedException {
        synchronized (turns) {
            while (held) {
                turns.wait();
            }
        }
    }

    @Override
    public void begun(Interval interval, int worker) {
        tell(() -> {
            Track again = new Track();
            again.worker = worker;
            tracks.put(interval.from().number(), again);
        });
    }

    @Override
    public void phase(Interval interval, Simulation.Phase phase, int worker, long nanoTime) {
        tell(() -> {
            Track track = track(interval);
            switch (phase) {
                case RESTORE -> track.restore = second(nanoTime);
                case RUN -> track.run = second(nanoTime);
                case PROOF -> track.proof = second(nanoTime);
            }
        });
    }

    @Override
    public void ended(Interval interval, SimulatedInterval result) {
        long now = System.nanoTime();
        IntervalRow.Ended read = IntervalRow.Ended.of(result);
        tell(() -> {
            Track track = track(interval);
            track.end = second(now);
            track.result = Optional.of(read);
        });
    }

    private void tell(Runnable what) {
        arrived.add(what);
        if (delivering.compareAndSet(false, true)) {
            Platform.runLater(this::deliver);
        }
    }

    // On the JavaFX thread.

    private void deliver() {
        delivering.set(false);
        takeIn();
        heard.run();
    }

    private void takeIn() {
        for (Runnable next = arrived.poll(); next != null; next = arrived.poll()) {
            next.run();
        }
    }

    private Track track(Interval interval) {
        return tracks.computeIfAbsent(interval.from().number(), _ -> new Track());
    }

    private double second(long nanoTime) {
        return (nanoTime - start) / 1e9;
    }

    /// Holds back the intervals that have not begun, or lets them begin. Those that are under way go to their ends.
    void hold(boolean wanted) {
        synchronized (turns) {
            held = wanted;
            turns.notifyAll();
        }
    }

    /// Whether intervals are held back.
    boolean isHeld() {
        synchronized (turns) {
            return held;
        }
    }

    /// Takes note that it has ended.
    void end() {
        takeIn();
        ended = second(System.nanoTime());
        tracks.values().removeIf(Track::isUnderway);
    }

    boolean isOver() {
        return !Double.isNaN(ended);
    }

    ExperimentRecord experiment() {
        return experiment;
    }

    SimulationPlan plan() {
        return plan;
    }

    List<Interval> intervals() {
        return intervals;
    }

    /// Seconds since it began, until it ended.
    double elapsed() {
        return isOver() ? ended : second(System.nanoTime());
    }

    /// An interval as it is now.
    IntervalRow now(IntervalRow waiting) {
        Track track = tracks.get(waiting.from());
        if (track == null) {
            return waiting;
        }
        return track.result.map(waiting::with).orElseGet(() -> waiting.runningAt(track.worker));
    }

    /// When workers were at intervals; without those that were executed before.
    List<IntervalSpan> spans() {
        List<IntervalSpan> spans = new ArrayList<>();
        tracks.forEach((from, track) -> {
            if (track.worker > 0 && !Double.isNaN(track.restore)) {
                // one that failed on its way has not come to all phases
                double run = track.result.isPresent() && Double.isNaN(track.run) ? track.end : track.run;
                double proof = track.result.isPresent() && Double.isNaN(track.proof) ? track.end : track.proof;
                spans.add(new IntervalSpan(track.worker, from, track.restore, run, proof, track.end));
            }
        });
        return spans;
    }

    /// How it will go on.
    SimulationForecast forecast() {
        double now = elapsed();
        List<SimulatedInterval> done = new ArrayList<>();
        List<SimulationForecast.Underway> underway = new ArrayList<>();
        List<Long> waiting = new ArrayList<>();
        for (Interval interval : intervals) {
            Track track = tracks.get(interval.from().number());
            if (track == null) {
                waiting.add(interval.instructions());
            } else if (track.isUnderway()) {
                underway.add(new SimulationForecast.Underway(interval.instructions(), Double.isNaN(track.restore)
                        ? 0
                        : now - track.restore));
            } else if (track.worker > 0) {
                track.result.ifPresent(each -> done.add(each.result()));
            }
        }
        return SimulationForecast.of(done, underway, waiting, plan.workers(), now);
    }
}
