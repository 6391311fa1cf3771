package dev.freezeframe.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.IntervalSpan;
import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.plot.ink.ChartFile;
import dev.freezeframe.plot.ink.InkColor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The picture of a simulation: what it says in words, and which interval is where.
class SimulationSheetTest {
    private static final List<IntervalState> STATES = List.of(IntervalState.values());
    private static final InkColor BLACK = new InkColor(0, 0, 0, 1);
    private static final InkColor WHITE = new InkColor(1, 1, 1, 1);
    private static final ChartColors COLORS = new ChartColors(Map.of(), List.of(), List.of(), List.of(), BLACK, BLACK,
            BLACK,
            BLACK, BLACK, BLACK, new SimulationColors(BLACK, BLACK, BLACK, BLACK, WHITE, WHITE, BLACK), BLACK, BLACK,
            BLACK,
            WHITE, WHITE);

    @TempDir
    private Path folder;

    private static SimulationSheet sheet(int intervals, double now) {
        List<SimulationCourse.Piece> pieces = new ArrayList<>();
        List<IntervalSpan> spans = new ArrayList<>();
        for (int i = 0; i < intervals; i++) {
            IntervalState state = STATES.get(i % STATES.size());
            pieces.add(new SimulationCourse.Piece(i + 1, i, i + 1, state, i % 3 == 0 ? Double.NaN : i));
            if (state != IntervalState.WAITING) {
                double end = state == IntervalState.RUNNING ? Double.NaN : i + 1;
                spans.add(new IntervalSpan(1 + i % 2, i + 1, i, i + 0.2, Double.isNaN(end) ? end : i + 0.8, end));
            }
        }
        Chart.Figure none = new Chart.Figure("1.90×", "so far", "");
        return new SimulationSheet(
                new SimulationCourse(pieces, spans, 2, Math.max(1, intervals), now, 0, Math.max(1, intervals),
                        none, none, "Misses", none),
                COLORS, 900, SimulationSheet.leastHeight(2) + 60);
    }

    @Test
    void everyStateIsNamedInTheLegend() throws Exception {
        SimulationSheet sheet = sheet(2 * STATES.size(), 12);
        Path file = folder.resolve("simulation.svg");
        ChartFile.write(file, sheet.width() * 2, sheet.height(), WHITE,
                ink -> new SimulationSheet(sheet.course(), COLORS, sheet
                        .width() * 2, sheet.height()).paint(ink, 3, 4));
        String svg = Files.readString(file);
        for (IntervalState state : IntervalState.values()) {
            assertTrue(svg.contains("2 " + state.words()), state.words());
        }
        assertTrue(svg.contains("1.90×") && svg.contains("Misses") && svg.contains("wall time"), svg);
    }

    @Test
    void anIntervalIsFoundInEachOfTheThree() {
        SimulationSheet sheet = sheet(10, Double.NaN);
        PlotArea area = ChartSheet.area(900, 0, 1);
        double middle = area.x() + area.width() * 0.35;
        assertEquals(4, sheet.intervalAt(middle, 20 + 40), "the second worker's at that time");
        assertEquals(-1, sheet.intervalAt(middle, 20 + 10), "the first worker had none");
        assertEquals(4, sheet.intervalAt(middle, sheet.height() - 40));
        assertEquals(-1, sheet.intervalAt(2, sheet.height() - 40));
    }

    @Test
    void noneAndVeryManyArePaintedToo() throws Exception {
        for (int intervals : new int[]{0, 1, 5000}) {
            SimulationSheet sheet = sheet(intervals, 0);
            Path file = folder.resolve(intervals + ".png");
            ChartFile.write(file, sheet.width(), sheet.height(), WHITE, ink -> sheet.paint(ink, -1, -1));
            assertTrue(Files.size(file) > 1000);
        }
    }
}
