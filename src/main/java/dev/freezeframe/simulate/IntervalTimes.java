package dev.freezeframe.simulate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.store.model.SimulatedInterval;

/// When what was done with an interval, told to whoever listens, and what came of it.
final class IntervalTimes {
    private final Interval interval;
    private final int worker;
    private final Simulation.Listener listener;
    private final long start = System.nanoTime();
    private long restored = start;
    private long ran = start;

    /// Begins with it.
    ///
    /// @param worker from 1
    IntervalTimes(Interval interval, int worker, Simulation.Listener listener) {
        this.interval = interval;
        this.worker = worker;
        this.listener = listener;
        listener.begun(interval, worker);
        listener.phase(interval, Simulation.Phase.RESTORE, worker, start);
    }

    void restored() {
        restored = System.nanoTime();
        ran = restored;
        listener.phase(interval, Simulation.Phase.RUN, worker, restored);
    }

    void ran() {
        ran = System.nanoTime();
        listener.phase(interval, Simulation.Phase.PROOF, worker, ran);
    }

    SimulatedInterval failed(Exception cause) {
        return failed(cause.getMessage() == null ? cause.toString() : cause.getMessage());
    }

    SimulatedInterval failed(String reason) {
        return result(Proof.Verdict.failed(reason), JsonNodeFactory.instance.objectNode());
    }

    /// @param said by who looked on, or by who simulated it
    SimulatedInterval result(Proof.Verdict verdict, ObjectNode said) {
        return new SimulatedInterval(interval.from().number(), interval.to().number(), interval.instructions(),
                verdict.state(), verdict.reason(), verdict.pages(), verdict.devices(), millis(restored - start),
                millis(ran - restored), millis(System.nanoTime() - ran), worker, said.toString());
    }

    private static long millis(long nanos) {
        return nanos / 1_000_000;
    }
}
