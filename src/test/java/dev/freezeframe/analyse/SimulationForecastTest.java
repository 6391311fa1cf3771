package dev.freezeframe.analyse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.SimulatedInterval;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What is foretold of a simulation is what its intervals so far say.
class SimulationForecastTest {
    /// A tenth of a second to restore and to prove each, a second for a million instructions.
    private static SimulatedInterval interval(int from, long millions, int worker) {
        return new SimulatedInterval(from, from + 1, millions * 1_000_000, EndState.PROVEN, "", 0, List.of(), 100,
                millions * 1000, 100, worker, "{}");
    }

    @Test
    void nothingIsForetoldBeforeOneHasEnded() {
        SimulationForecast forecast = SimulationForecast.of(List.of(),
                List.of(new SimulationForecast.Underway(5_000_000, 3),
                        new SimulationForecast.Underway(5_000_000, 3)),
                List.of(1_000_000L), 2, 3);
        assertEquals(2, forecast.speedUp(), 1e-9);
        assertTrue(Double.isNaN(forecast.secondsLeft()) && Double.isNaN(forecast.expectedSpeedUp()));
    }

    @Test
    void theRestTakesWhatItsInstructionsTook() {
        List<SimulatedInterval> ended = List.of(interval(1, 4, 1), interval(2, 4, 2));
        SimulationForecast forecast = SimulationForecast.of(ended, List.of(), List.of(2_000_000L, 2_000_000L), 2, 4.2);
        assertEquals(2, forecast.speedUp(), 1e-9);
        assertEquals(2.2, forecast.secondsLeft(), 1e-9);
        assertEquals(2, forecast.expectedSpeedUp(), 1e-9);
    }

    @Test
    void theLongestBeginsFirstAndTheOthersFillTheOtherWorker() {
        List<SimulatedInterval> ended = List.of(interval(1, 1, 1));
        // one after the other as they are named they would take 4.2 behind the two short ones
        SimulationForecast forecast = SimulationForecast.of(ended, List.of(),
                List.of(1_000_000L, 1_000_000L, 4_000_000L), 2,
                1.2);
        assertEquals(4.2, forecast.secondsLeft(), 1e-9);
    }

    @Test
    void whatIsUnderwayCountsOnlyWithItsRest() {
        List<SimulatedInterval> ended = List.of(interval(1, 1, 1));
        SimulationForecast forecast = SimulationForecast.of(ended,
                List.of(new SimulationForecast.Underway(2_000_000, 0.7)),
                List.of(), 2, 1.2);
        assertEquals(1.5, forecast.secondsLeft(), 1e-9);
    }

    @Test
    void keptDurationsAreLaidOutWorkerByWorkerTheLongestFirst() {
        List<IntervalSpan> spans = IntervalSpan
                .withoutGaps(List.of(interval(1, 1, 1), interval(2, 3, 2), interval(3, 2, 1)));
        assertEquals(List.of(2, 3, 1), spans.stream().map(IntervalSpan::from).toList());
        assertEquals(0, spans.get(0).restore(), 1e-9);
        assertEquals(0, spans.get(1).restore(), 1e-9);
        assertEquals(2.2, spans.get(2).restore(), 1e-9);
        assertEquals(3.4, spans.get(2).end(), 1e-9);
    }
}
