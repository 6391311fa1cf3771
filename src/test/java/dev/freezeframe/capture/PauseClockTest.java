package dev.freezeframe.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A pause is as long as it was, whatever becomes of the computer's clock.
class PauseClockTest {
    private static final long WALL = 1_700_000_000_000_000L;
    private static final long NANOS = -5_000_000_000L;
    private static final PauseClock CLOCK = new PauseClock(WALL, NANOS);

    @Test
    void aStampThatCanBeTrueIsBelieved() {
        assertEquals(NANOS + 300_000, CLOCK.nanosOf(WALL + 300, NANOS + 100_000, NANOS + 350_000));
    }

    @ParameterizedTest
    @ValueSource(longs = {100, 350})
    void aStampAtTheEdgeOfWhatCanBeTrueIsBelieved(long stepMicros) {
        assertEquals(NANOS + stepMicros * 1000, CLOCK.nanosOf(WALL + stepMicros, NANOS + 100_000, NANOS + 350_000));
    }

    @Test
    void bothClocksAreReadAtOnce() {
        long earliest = System.nanoTime();
        long before = TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis());
        PauseClock now = PauseClock.now();
        assertTrue(now.nanos() >= earliest && now.nanos() <= System.nanoTime(), now::toString);
        // a wall clock may be set meanwhile, but hardly by a day
        assertTrue(Math.abs(now.wallMicros() - before) < TimeUnit.DAYS.toMicros(1), now::toString);
    }

    @ParameterizedTest
    @ValueSource(longs = {-3_600_000_000L, -1_000_000, -1, 99, 351, 1_000_000, 7_200_000_000L, Long.MAX_VALUE - WALL,
            Long.MIN_VALUE + WALL})
    void aStampThatCannotBeTrueCountsAsHeard(long stepMicros) {
        assertEquals(NANOS + 350_000, CLOCK.nanosOf(WALL + stepMicros, NANOS + 100_000, NANOS + 350_000));
    }

    @Test
    void phasesAddUpToThePauseAndNoneIsNegative() {
        PausePhases phases = PausePhases.between(1_999, 400_001, 900_777, 900_999, 1_234_567, 1_234_568, 1_500_001);
        assertEquals((1_500_001 - 1_999) / 1000, phases.totalMicros());
        for (long each : new long[]{phases.stop(), phases.deviceState(), phases.disks(), phases.harvest(), phases
                .copy(), phases.resume()}) {
            assertTrue(each >= 0, phases::toString);
        }
    }
}
