package dev.freezeframe.ui.recording;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RecordSettingsTest {
    @Test
    void theScaleBeginsAndEndsAtTheLimits() {
        assertEquals(RecordSettings.SHORTEST, RecordSettings.fromScale(0));
        assertEquals(RecordSettings.LONGEST, RecordSettings.fromScale(1));
        assertEquals(0, RecordSettings.toScale(RecordSettings.SHORTEST), 1e-9);
        assertEquals(1, RecordSettings.toScale(RecordSettings.LONGEST), 1e-9);
    }

    @Test
    void equalStepsAreEqualRatios() {
        double third = RecordSettings.toScale(Duration.ofSeconds(1)) - RecordSettings.toScale(Duration.ofMillis(100));
        double next = RecordSettings.toScale(Duration.ofSeconds(10)) - RecordSettings.toScale(Duration.ofSeconds(1));
        assertEquals(third, next, 1e-9);
    }

    @Test
    void theSliderFindsWhatAPersonWouldType() {
        for (long millis : new long[]{100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000}) {
            Duration wanted = Duration.ofMillis(millis);
            assertEquals(wanted, RecordSettings.fromScale(RecordSettings.toScale(wanted)),
                    wanted + " is not on the slider");
        }
    }

    @Test
    void theSliderNeverGoesBackwards() {
        Duration last = Duration.ZERO;
        for (int step = 0; step <= 1000; step++) {
            Duration here = RecordSettings.fromScale(step / 1000.0);
            assertTrue(here.compareTo(last) >= 0, here + " after " + last);
            last = here;
        }
    }

    @Test
    void whatIsOutsideOfTheLimitsIsTakenToThem() {
        assertEquals(RecordSettings.SHORTEST, RecordSettings.limited(Duration.ofMillis(1)));
        assertEquals(RecordSettings.LONGEST, RecordSettings.limited(Duration.ofHours(1)));
        assertEquals(Duration.ofMillis(1500), RecordSettings.limited(Duration.ofMillis(1500)));
    }
}
