package dev.freezeframe.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TickScheduleTest {

    private static final long SECOND = 1_000_000_000;
    private static final long START = 5 * SECOND;

    private final TickSchedule schedule = new TickSchedule(Duration.ofSeconds(1), START);

    @Test
    void firstTickIsDueAtOnce() {
        assertEquals(START, schedule.nextTickNanos());
        assertEquals(0, schedule.take(START));
        assertEquals(START + SECOND, schedule.nextTickNanos());
    }

    @Test
    void aLittleDelayNeitherCountsNorMovesTheGrid() {
        schedule.take(START + SECOND / 20);
        assertEquals(START + SECOND, schedule.nextTickNanos());
        assertEquals(0, schedule.take(START + SECOND + SECOND / 20));
        assertEquals(START + 2 * SECOND, schedule.nextTickNanos());
    }

    @Test
    void aTickTakenLateCountsOnce() {
        assertEquals(1, schedule.take(START + SECOND / 2));
        assertEquals(START + SECOND, schedule.nextTickNanos());
    }

    @Test
    void ticksThatPassedAreCountedAndNotMadeUpFor() {
        assertEquals(3, schedule.take(START + 3 * SECOND));
        assertEquals(START + 4 * SECOND, schedule.nextTickNanos());
    }

    @Test
    void aTickTakenEarlyIsTheTick() {
        schedule.take(START);
        assertEquals(0, schedule.take(START + SECOND - 1000));
        assertEquals(START + 2 * SECOND, schedule.nextTickNanos());
    }

    @Test
    void aShorterIntervalCountsFromTheLastTick() {
        schedule.take(START);
        schedule.changeInterval(Duration.ofMillis(100), START + SECOND / 20);
        assertEquals(START + SECOND / 10, schedule.nextTickNanos());
        schedule.take(START + SECOND / 10);
        assertEquals(START + SECOND / 5, schedule.nextTickNanos());
    }

    @Test
    void anotherIntervalCountsFromTheLastOfManyTicks() {
        for (int tick = 0; tick < 4; tick++) {
            schedule.take(START + tick * SECOND);
        }
        schedule.changeInterval(Duration.ofSeconds(2), START + 3 * SECOND + SECOND / 20);
        assertEquals(START + 5 * SECOND, schedule.nextTickNanos());
    }

    @Test
    void aTenthOfTheIntervalIsNotLateYet() {
        schedule.take(START);
        assertEquals(0, schedule.take(START + SECOND + SECOND / 10));
        assertEquals(1, schedule.take(START + 2 * SECOND + SECOND / 10 + 1));
    }

    @Test
    void aShorterIntervalWhoseTickHasPassedIsDueNowAndNotLate() {
        schedule.take(START);
        schedule.changeInterval(Duration.ofMillis(100), START + SECOND / 2);
        assertEquals(START + SECOND / 2, schedule.nextTickNanos());
        assertEquals(0, schedule.take(START + SECOND / 2));
    }

    @Test
    void aRestartForgetsWhatWasMissed() {
        schedule.restart(START + 7 * SECOND / 2);
        assertEquals(0, schedule.take(START + 7 * SECOND / 2));
        assertEquals(START + 9 * SECOND / 2, schedule.nextTickNanos());
    }

    @Test
    void anIntervalOfNothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> schedule.changeInterval(Duration.ZERO, START));
    }

    @Test
    void ofSeveralChangesBeforeATickTheLastOneHolds() {
        schedule.take(START);
        schedule.changeInterval(Duration.ofSeconds(60), START + SECOND / 20);
        schedule.changeInterval(Duration.ofSeconds(50), START + SECOND / 10);
        schedule.changeInterval(Duration.ofMillis(500), START + SECOND / 5);
        assertEquals(START + SECOND / 2, schedule.nextTickNanos());
        schedule.changeInterval(Duration.ofMillis(100), START + SECOND / 4);
        assertEquals(START + SECOND / 4, schedule.nextTickNanos(), "due now, since it has passed");
        schedule.changeInterval(Duration.ofSeconds(1), START + SECOND / 4);
        assertEquals(START + SECOND, schedule.nextTickNanos(), "after the last one taken, as before");
    }
}
