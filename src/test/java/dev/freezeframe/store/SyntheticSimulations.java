package dev.freezeframe.store;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// Simulations that nobody executed, in a real store, for tests and screenshots: of each interval of an experiment what two
/// workers would have come to with a cache simulator.
public final class SyntheticSimulations {
    /// What comes of the first intervals; all others are proven.
    public static final List<EndState> STATES = List.of(EndState.PROVEN, EndState.PROVEN_ACROSS_INTERRUPT,
            EndState.DIVERGED,
            EndState.FAILED, EndState.ENDED);
    private static final int WORKERS = 2;

    private SyntheticSimulations() {}

    /// Writes one.
    ///
    /// @param states of the first intervals
    /// @param whole  whether it has ended; otherwise its last three intervals are missing
    public static SimulationRecord write(Store store, long experimentId, String plugin, List<EndState> states,
            boolean whole)
            throws StoreException {
        List<CheckpointRecord> checkpoints = store.checkpoints(experimentId);
        Instant start = Instant.parse("2026-11-28T09:00:00Z");
        SimulationRecord record = store.simulations()
                .begin(new SimulationRecord(0, experimentId, plugin, true, checkpoints
                        .getFirst().number(), checkpoints.getLast().number(), 1, start, Optional.empty()));
        Random random = new Random(7);
        long millis = 0;
        int intervals = checkpoints.size() - 1 - (whole ? 0 : 3);
        for (int i = 0; i < intervals; i++) {
            EndState state = i < states.size() ? states.get(i) : EndState.PROVEN;
            long instructions = checkpoints.get(i + 1).metrics().of(CheckpointFigure.INSTRUCTIONS) - checkpoints.get(i)
                    .metrics().of(CheckpointFigure.INSTRUCTIONS);
            long run = instructions / 60_000 + random.nextInt(300);
            boolean said = state != EndState.FAILED && !plugin.isEmpty();
            SimulatedInterval interval = new SimulatedInterval(checkpoints.get(i).number(),
                    checkpoints.get(i + 1).number(),
                    instructions, state, reason(state), state == EndState.DIVERGED ? 3 : 0, state == EndState.DIVERGED
                            ? List.of("cpu", "apic")
                            : List.of(),
                    60 + random.nextInt(40), run, 90 + random.nextInt(50), 1 + i % WORKERS, said
                            ? Units.text(
                                    "{\"instructions\":%d,\"l2\":{\"accesses\":%d,\"misses\":%d},\"kind\":\"cache\"}",
                                    instructions, instructions / 40,
                                    instructions / 200 + random.nextInt((int) (instructions
                                            / 300 + 1)))
                            : "{}");
            store.simulations().add(record, interval);
            millis += interval.millis();
        }
        if (whole) {
            store.simulations().end(record, start.plus(Duration.ofMillis(Math.round(millis / 1.9))));
        }
        return store.simulations().of(experimentId).getLast();
    }

    private static String reason(EndState state) {
        return switch (state) {
            case DIVERGED -> "3 pages of RAM differ, the first is page 1207; devices in another state: cpu, apic";
            case FAILED -> "the replay stands still at instruction 812,334,102 since 30 s";
            case REEXECUTED ->
                "500.4 ms of guest time for 500.0 ms; 92 pages otherwise than recorded, which changed 90; 7"
                        + " devices in another state";
            case PROVEN, PROVEN_ACROSS_INTERRUPT, ENDED -> "";
        };
    }

    /// Writes an experiment with its simulations into a store, for looking at: `DIRECTORY CHECKPOINTS`.
    public static void main(String[] arguments) throws StoreException {
        try (Store store = Store.open(Path.of(arguments[0]))) {
            SyntheticExperiments plain = SyntheticExperiments.begin(store, "tiny-linux-20261128-085512", 64L << 20,
                    Duration
                            .ofSeconds(1),
                    Instant.parse("2026-11-28T08:55:12Z"), 3, Optional.empty());
            plain.add(8);
            plain.end("stopped");
            SyntheticExperiments experiment = SyntheticExperiments.replayable(store, "replay-linux-20261128-085840",
                    64L << 20,
                    Duration.ofSeconds(1), Instant.parse("2026-11-28T08:58:40Z"), 5);
            experiment.add(Integer.parseInt(arguments[1]));
            experiment.end("stopped");
            write(store, experiment.id(), "", List.of(), true);
            write(store, experiment.id(), "cache", STATES, false);
        }
    }
}
