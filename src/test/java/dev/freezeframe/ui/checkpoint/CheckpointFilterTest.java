package dev.freezeframe.ui.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.FigureValues;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What the filter of the film strip promises: just what was asked for, or a line that says what is wrong.
class CheckpointFilterTest {
    /// Twenty checkpoints: number n has a pause of n ms, 100 n dirty pages of which half are new; every fifth is late.
    private static final List<CheckpointRecord> ALL = IntStream.rangeClosed(1, 20).mapToObj(
            CheckpointFilterTest::checkpoint).toList();
    private static final Map<Integer, Annotation> ANNOTATIONS = Map.of(3, Annotation.of("The compiler starts here",
            List.of("boot", "keep")), 7, Annotation.of("", List.of("bootloader")), 9,
            Annotation.of("late at night",
                    List.of()));

    static CheckpointRecord checkpoint(int number) {
        return new CheckpointRecord(1000 + number, 1, "test", number, new CheckpointMetrics(Instant.EPOCH.plusSeconds(
                number),
                FigureValues.none(CheckpointFigure.class)
                        .with(CheckpointFigure.INTERVAL, 1000)
                        .with(CheckpointFigure.LATE, number % 5 == 0 ? 1 : 0)
                        .with(CheckpointFigure.PAUSE, number * 1000L)
                        .with(CheckpointFigure.RAM_PAGES, 4096)
                        .with(CheckpointFigure.DIRTY_PAGES, 100L * number)
                        .with(CheckpointFigure.ZERO_PAGES, 50L * number)
                        .with(CheckpointFigure.NEW_PAGES, 50L * number)
                        .with(CheckpointFigure.STORED, 1024L * 1024 * number)
                        .with(CheckpointFigure.PIPELINE, 30),
                List.of()));
    }

    private static List<Integer> matching(String text) {
        CheckpointFilter filter = CheckpointFilter.parse(text);
        return ALL.stream().filter(each -> filter.matches(each, ANNOTATIONS.getOrDefault(each.number(),
                Annotation.NONE))).map(CheckpointRecord::number).toList();
    }

    private static String problem(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> CheckpointFilter.parse(text)).getMessage();
        assertEquals(1, message.lines().count());
        return message;
    }

    @Test
    void nothingTypedShowsEverything() {
        assertEquals(20, matching("").size());
        assertEquals(20, matching("   ").size());
        assertTrue(CheckpointFilter.parse(" ").isEmpty());
    }

    @Test
    void numbersAndRangesChooseJustThose() {
        assertEquals(List.of(12), matching("12"));
        assertEquals(List.of(4, 5, 6), matching("4-6"));
        assertEquals(List.of(19, 20), matching("19-"));
        assertEquals(List.of(), matching("21-40"));
    }

    @Test
    void figuresAreComparedInTheUnitsThatWereTyped() {
        assertEquals(List.of(18, 19, 20), matching("pause>17ms"));
        assertEquals(List.of(18, 19, 20), matching("pause>17"));
        assertEquals(List.of(1, 2), matching("pause<=2000us"));
        assertEquals(List.of(20), matching("pause>=0.02s"));
        assertEquals(List.of(20), matching("dirty>1,999"));
        assertEquals(List.of(2), matching("new=100"));
        assertEquals(List.of(1, 2), matching("stored<3MiB"));
        assertEquals(20, matching("saved=50%").size());
        assertEquals(List.of(), matching("saved>50%"));
    }

    @Test
    void wordsAskForLateNotedAndTagged() {
        assertEquals(List.of(5, 10, 15, 20), matching("late"));
        assertEquals(List.of(3, 9), matching("noted"));
        assertEquals(List.of(3, 7), matching("tagged"));
        assertEquals(List.of(3, 7), matching("#boot"));
        assertEquals(List.of(7), matching("#BootL"));
    }

    @Test
    void otherTextIsLookedForInNotes() {
        assertEquals(List.of(3), matching("compiler"));
        assertEquals(List.of(3), matching("\"STARTS here\""));
        assertEquals(List.of(9), matching("\"late\""));
        assertEquals(List.of(), matching("nowhere"));
    }

    @Test
    void allWordsMustHold() {
        assertEquals(List.of(10), matching("6-14 late"));
        assertEquals(List.of(3), matching("#boot noted pause<5ms"));
    }

    @Test
    void whatIsNotUnderstoodIsNamedWithTheRemedy() {
        assertTrue(problem("pause>fast").contains("such as pause>5ms"));
        assertTrue(problem("speed>3").contains("pause"));
        assertTrue(problem("pause>3MiB").contains("ms"));
        assertTrue(problem("9-4").contains("lower number first"));
        assertTrue(problem("pause>").contains("needs a number"));
    }
}
