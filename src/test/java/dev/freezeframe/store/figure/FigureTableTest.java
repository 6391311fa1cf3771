package dev.freezeframe.store.figure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.catalog.Schema;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each line of a table of figures can be told from all others wherever it is written, and says what it counts.
class FigureTableTest {
    /// Fields that stand beside the figures of a checkpoint, or of a disk, in one of the files.
    private static final Set<String> TAKEN = Set.of("id", "experiment_id", "experiment", "number", "captured_at",
            "checkpoint_id", "place", "disk", "disks", "type", "checkpoint", "capturedAt", "tags", "note");

    static List<List<? extends Figure>> tables() {
        return List.of(List.of(CheckpointFigure.values()), List.of(DiskFigure.values()));
    }

    @ParameterizedTest
    @MethodSource("tables")
    void noTwoFiguresHaveTheSameName(List<? extends Figure> table) {
        List<Function<Figure, String>> names = List.of(Figure::column, Figure::csv, Figure::json, Figure::bundle,
                Figure::title, Figure::explanation);
        for (Function<Figure, String> name : names) {
            Set<String> seen = new HashSet<>(TAKEN);
            for (Figure figure : table) {
                assertTrue(!name.apply(figure).isBlank() && seen.add(name.apply(figure)), figure + ": " + name.apply(
                        figure));
            }
        }
    }

    /// Else a value would stand where an object has to be, or the other way round.
    @ParameterizedTest
    @MethodSource("tables")
    void noFigureIsCalledLikeAnObjectThatHoldsOthers(List<? extends Figure> table) {
        for (Function<Figure, String> name : List.<Function<Figure, String>>of(Figure::json, Figure::bundle)) {
            Set<String> objects = new HashSet<>();
            table.stream().map(name).filter(each -> each.contains(".")).forEach(each -> {
                assertEquals(each.indexOf('.'), each.lastIndexOf('.'), each);
                objects.add(each.substring(0, each.indexOf('.')));
            });
            assertTrue(table.stream().map(name).noneMatch(objects::contains), objects.toString());
            assertTrue(objects.stream().noneMatch(TAKEN::contains), objects.toString());
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void aColumnSaysItsUnit(List<? extends Figure> table) {
        for (Figure figure : table) {
            String unit = switch (figure.unit()) {
                case MILLIS -> "_millis";
                case MICROS, PHASE_MICROS -> "_micros";
                case ROUNDS -> "_rounds";
                case PAGES -> "_pages";
                case BLOCKS -> "_blocks";
                case BYTES -> "_bytes";
                case TICKS -> "late";
                case INSTRUCTIONS -> "instructions";
            };
            assertTrue(figure.column().matches("[a-z]+(_[a-z]+)*") && figure.column().endsWith(unit), figure.column());
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void noFigureIsNewerThanTheFormat(List<? extends Figure> table) {
        for (Figure figure : table) {
            assertTrue(figure.sinceFormat() >= 1 && figure.sinceFormat() <= Schema.VERSION, figure + " says "
                    + figure.sinceFormat() + ", the newest format is " + Schema.VERSION);
        }
        assertEquals(List.of(CheckpointFigure.values()).stream().filter(figure -> !figure.derived()).toList(),
                CheckpointFigure.KEPT);
        assertTrue(List.of(DiskFigure.values()).stream().noneMatch(DiskFigure::derived),
                "all columns of disks are kept");
    }
}
