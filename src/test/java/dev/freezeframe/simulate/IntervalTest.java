package dev.freezeframe.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.FigureValues;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// How a recording is divided.
class IntervalTest {
    private static final List<CheckpointRecord> SIX = IntStream.rangeClosed(1,
            6).mapToObj(
                    number -> new CheckpointRecord(
                            number, 1, "run", number, new CheckpointMetrics(Instant.EPOCH,
                                    FigureValues.none(CheckpointFigure.class).with(
                                            CheckpointFigure.INSTRUCTIONS, 100L * number * number),
                                    List.of())))
            .toList();

    private static List<String> of(List<CheckpointRecord> checkpoints, int every) {
        return Interval.between(checkpoints, every).stream()
                .map(each -> each.number() + ": " + each.from().number() + "-" + each
                        .to().number() + " " + each.instructions())
                .toList();
    }

    @Test
    void eachBeginsWhereTheOneBeforeEnds() {
        assertEquals(List.of("1: 1-2 300", "2: 2-3 500", "3: 3-4 700", "4: 4-5 900", "5: 5-6 1100"), of(SIX, 1));
    }

    @Test
    void severalBecomeOneAndTheLastHasWhatIsLeft() {
        assertEquals(List.of("1: 1-3 800", "2: 3-5 1600", "3: 5-6 1100"), of(SIX, 2));
        assertEquals(List.of("1: 1-6 3500"), of(SIX, 9));
    }

    @Test
    void oneThatIsWarmedUpStartsEarlierAndCountsTheSame() {
        List<Interval> warm = Interval.between(SIX, 1).stream().map(each -> each.warmedUp(SIX, 2)).toList();
        assertEquals(List.of(1, 1, 1, 2, 3), warm.stream().map(each -> each.start().number()).toList());
        assertEquals(List.of(0L, 300L, 800L, 1200L, 1600L), warm.stream().map(Interval::warmUpInstructions).toList());
        assertEquals(Interval.between(SIX, 1).stream().map(Interval::instructions).toList(), warm.stream().map(
                Interval::instructions).toList());
        Interval part = Interval.between(SIX.subList(3, 6), 1).getFirst();
        assertEquals(2, part.warmedUp(SIX, 2).start().number(), "also where only a part is simulated");
        assertEquals(part, part.warmedUp(SIX, 0));
    }

    @Test
    void oneCheckpointHasNone() {
        assertEquals(List.of(), of(SIX.subList(0, 1), 1));
        assertEquals(List.of(), of(List.of(), 1));
        assertThrows(IllegalArgumentException.class, () -> Interval.between(SIX, 0));
    }
}
