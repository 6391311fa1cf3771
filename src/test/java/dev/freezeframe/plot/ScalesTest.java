package dev.freezeframe.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Axes stay readable whatever comes.
class ScalesTest {

    @Test
    void oneHugeFirstCheckpointDoesNotFlattenTheOthers() {
        for (int others : new int[]{1, 5, 50, 300}) {
            double[] values = new double[others + 1];
            Arrays.fill(values, 2600);
            values[0] = 65_536;
            ValueScale scale = ValueScale.of(values, values.length, 0, 4);
            assertTrue(scale.cut(), others + " others");
            assertTrue(scale.share(2600) > 0.4, others + " others");
            assertEquals(1, scale.share(65_536));
        }
    }

    @Test
    void whatIsNoOutlierIsShownWhole() {
        double[] values = {2, 2.2, 2.1, 6};
        ValueScale scale = ValueScale.of(values, values.length, 0, 4);
        assertFalse(scale.cut());
        assertTrue(scale.top() >= 6);
        assertFalse(ValueScale.of(new double[]{65_536}, 1, 0, 4).cut(), "a single value");
        assertTrue(ValueScale.of(new double[0], 0, 0, 4).top() > 0);
        assertTrue(ValueScale.of(new double[]{0, 0}, 2, 0, 4).top() > 0);
    }

    @Test
    void stepsOfTheAxesAreRound() {
        assertEquals(1, ValueScale.roundStep(0.7));
        assertEquals(2.5, ValueScale.roundStep(2.1));
        assertEquals(5000, ValueScale.roundStep(2600));
        assertEquals(60, TimeTicks.of(0, 600, 10).step());
        assertEquals("0:42", new TimeTicks(1).label(42));
        assertEquals("1:02:03", new TimeTicks(1).label(3723));
        assertEquals("0:01.5", new TimeTicks(0.5).label(1.5));
        assertEquals("1:00", TimeTicks.clock(59.96, 0));
        assertEquals("1:00.0", TimeTicks.clock(59.96, 1));
    }

    @Test
    void zoomingKeepsTheMomentUnderTheMouse() {
        TimeWindow window = new TimeWindow();
        window.begin(false);
        window.reach(1000, 1);
        double around = 300;
        double share = (around - window.from()) / window.length();
        window.zoom(0.25, around);
        assertEquals(share, (around - window.from()) / window.length(), 1e-9);
        assertTrue(window.length() < 300);
        window.zoom(100, around);
        assertEquals(TimeWindow.Mode.ALL, window.mode());
    }

    @Test
    void aRecordingIsFollowedUntilTheUserLooksBack() {
        TimeWindow window = new TimeWindow();
        window.begin(true);
        window.reach(1000, 1);
        assertEquals(TimeWindow.Mode.FOLLOW, window.mode());
        assertTrue(window.from() > 800 && window.to() > 1000);
        window.pan(-100);
        assertEquals(TimeWindow.Mode.FIXED, window.mode());
        double from = window.from();
        window.reach(1001, 1);
        assertEquals(from, window.from(), "what the user looks at stays");
        window.pan(1000);
        assertEquals(TimeWindow.Mode.FOLLOW, window.mode());
        window.reach(2000, 1);
        assertTrue(window.to() > 2000);
        window.setLive(false);
        assertTrue(window.to() > 2000, "the picture stands still when the recording ends");
    }

    @Test
    void aSelectionOutsideComesIntoView() {
        TimeWindow window = new TimeWindow();
        window.begin(false);
        window.reach(1000, 1);
        window.zoom(0.1, 500);
        window.reveal(900);
        assertTrue(window.from() <= 900 && window.to() >= 900);
        window.reveal(0);
        assertTrue(window.from() <= 0);
    }
}
