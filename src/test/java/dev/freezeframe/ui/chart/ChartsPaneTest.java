package dev.freezeframe.ui.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.SyntheticCheckpoints;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.ChartKind;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.ArrivingCheckpoints;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.Selection;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javafx.event.Event;
import javafx.event.EventType;
import javafx.scene.Node;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.Labeled;
import javafx.scene.image.PixelReader;
import javafx.scene.image.WritableImage;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.input.ScrollEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The charts in a real scene: pointing, selecting, zooming, in both themes.
@Tag("slow")
class ChartsPaneTest {
    private static final double WIDTH = 560;
    private static final double HEIGHT = 420;

    @TempDir
    private Path folder;
    private LiveCharts<ChartsPane> live;

    @BeforeEach
    void open() throws Exception {
        live = LiveCharts.open(folder.resolve("store"), Theme.LIGHT, WIDTH, HEIGHT, ChartsPane::new);
    }

    @AfterEach
    void close() {
        live.close();
    }

    private Selection selection() {
        return live.workbench().experiment().selection();
    }

    private Node surface() {
        return FxToolkit.lookup(live.view(), "#charts");
    }

    private String readout() {
        return ((Labeled) FxToolkit.lookup(live.view(), "#charts-readout")).getText();
    }

    private void arrive(int count) {
        FxToolkit.run(() -> live.arrive(new SyntheticCheckpoints(live.experimentId(), 42), count));
        frame();
    }

    /// Waits until what was changed is on the screen.
    private void frame() {
        FxToolkit.await("the charts are painted", () -> !live.view().isStale());
    }

    private void fire(Event event) {
        FxToolkit.run(() -> surface().fireEvent(event));
        frame();
    }

    private static MouseEvent mouse(EventType<MouseEvent> type, double x, double y, int clicks) {
        return new MouseEvent(type, x, y, x, y, MouseButton.PRIMARY, clicks, false, false, false, false, true, false,
                false, false, false, true, null);
    }

    private static KeyEvent key(KeyCode code) {
        return new KeyEvent(KeyEvent.KEY_PRESSED, "", "", code, false, false, false, false);
    }

    private void click(double x, double y, int clicks) {
        fire(mouse(MouseEvent.MOUSE_PRESSED, x, y, clicks));
        fire(mouse(MouseEvent.MOUSE_RELEASED, x, y, clicks));
    }

    private void wheel(double x, double y, double delta) {
        fire(new ScrollEvent(ScrollEvent.SCROLL, x, y, x, y, false, false, false, false, true, false, 0, delta, 0,
                delta,
                ScrollEvent.HorizontalTextScrollUnits.NONE, 0, ScrollEvent.VerticalTextScrollUnits.NONE, 0, 0, null));
    }

    private double x(int number) {
        return FxToolkit.call(() -> live.view().xOf(number));
    }

    @Test
    void pointingTellsTheExactValuesAndSharesTheCheckpoint() {
        arrive(40);
        fire(mouse(MouseEvent.MOUSE_MOVED, x(17), 60, 0));
        assertEquals(17, FxToolkit.call(() -> selection().hoveredProperty().get().number()));
        assertTrue(readout().startsWith("#17 at 0:17.0"), readout());
        String words = FxToolkit.call(surface()::getAccessibleText);
        CheckpointRecord seventeenth = SyntheticCheckpoints.list(17).getLast();
        assertTrue(words.contains(Units.millis(seventeenth.metrics().pauseMicros())), words);
        assertTrue(words.contains(Units.count(seventeenth.metrics().newPages())), words);
        fire(mouse(MouseEvent.MOUSE_EXITED, -1, -1, 0));
        assertNull(FxToolkit.call(() -> selection().hoveredProperty().get()));
    }

    @Test
    void aClickInAnyChartSelectsEverywhere() {
        arrive(40);
        for (int chart = 0; chart < 4; chart++) {
            int number = 10 + chart;
            click(x(number), 40 + chart * 88.0, 1);
            assertEquals(number, FxToolkit.call(() -> selection().checkpoint().number()), "chart " + chart);
        }
        assertFalse(FxToolkit.call(() -> selection().followNewestProperty().get()));
        fire(key(KeyCode.LEFT));
        assertEquals(12, FxToolkit.call(() -> selection().checkpoint().number()));
        fire(key(KeyCode.END));
        assertEquals(40, FxToolkit.call(() -> selection().checkpoint().number()));
    }

    @Test
    void aClickFindsTheSpikeAmongThousands() {
        arrive(5000);
        CheckpointRecord longest = SyntheticCheckpoints.list(5000).stream().max(java.util.Comparator.comparingLong(
                each -> each.metrics().pauseMicros())).orElseThrow();
        click(x(longest.number()), 60, 1);
        assertEquals(longest.number(), FxToolkit.call(() -> selection().checkpoint().number()));
    }

    @Test
    void theWheelZoomsAllChartsAroundTheMouseAndADoubleClickShowsEverything() {
        arrive(400);
        double before = x(200);
        double step = x(201) - before;
        wheel(before, 300, 400);
        assertEquals(before, x(200), 0.01, "what is under the mouse stays");
        assertTrue(x(201) - x(200) > 2 * step);
        fire(mouse(MouseEvent.MOUSE_PRESSED, before, 60, 1));
        fire(mouse(MouseEvent.MOUSE_DRAGGED, before - 50, 60, 1));
        fire(mouse(MouseEvent.MOUSE_RELEASED, before - 50, 60, 1));
        assertEquals(before - 50, x(200), 0.01, "dragging moves along");
        assertEquals(400, FxToolkit.call(() -> selection().checkpoint().number()), "dragging selects nothing");
        click(300, 60, 2);
        assertEquals(step, x(201) - x(200), 0.01);
    }

    @Test
    void aSelectionMadeElsewhereComesIntoView() {
        arrive(400);
        wheel(x(50), 60, 1200);
        assertTrue(x(300) > WIDTH);
        FxToolkit.run(() -> selection().select(live.workbench().experiment().checkpoints().get(299)));
        frame();
        assertTrue(x(300) > 0 && x(300) < WIDTH);
    }

    @Test
    void noCheckpointOneAndTwoArePainted() {
        frame();
        assertEquals("no checkpoint yet", readout());
        FxToolkit.run(() -> {
            SyntheticCheckpoints source = new SyntheticCheckpoints(live.experimentId(), 1);
            live.arrive(source, 1);
            live.view().requestLayout();
            live.arrive(source, 1);
        });
        frame();
        assertTrue(readout().startsWith("#2"), readout());
    }

    @Test
    void checkpointsThatWereThinnedOutAreGone() {
        arrive(30);
        FxToolkit.run(
                () -> ArrivingCheckpoints.thin(live.workbench(), live.workbench().experiment().checkpoints().subList(
                        5, 25).stream().toList()));
        frame();
        assertTrue(Double.isNaN(x(10)));
        assertFalse(Double.isNaN(x(28)));
    }

    @Test
    void bothThemesPaintWithTheirOwnColours() {
        arrive(40);
        WritableImage light = FxToolkit.call(() -> live.view().snapshot(null, null));
        FxToolkit.run(() -> Theme.DARK.apply(live.stage().getScene()));
        FxToolkit.await("the dark theme is painted", () -> live.view().snapshot(null, null).getPixelReader().getColor(
                300, 400).getBrightness() < 0.3);
        frame();
        WritableImage dark = FxToolkit.call(() -> live.view().snapshot(null, null));
        assertTrue(colours(light) > 20 && colours(dark) > 20, "something is painted");
        assertNotEquals(light.getPixelReader().getColor(300, 400), dark.getPixelReader().getColor(300, 400));
    }

    private static long colours(WritableImage image) {
        PixelReader pixels = image.getPixelReader();
        return java.util.stream.IntStream.range(0, (int) (image.getWidth() * image.getHeight()))
                .map(i -> pixels.getArgb(
                        i % (int) image.getWidth(), i / (int) image.getWidth()))
                .distinct().count();
    }

    @Test
    void aHiddenPaneIsNotPaintedUntilItIsShown() {
        arrive(10);
        FxToolkit.run(() -> live.view().setVisible(false));
        SyntheticCheckpoints further = new SyntheticCheckpoints(live.experimentId(), 42);
        FxToolkit.run(() -> live.arrive(further, 15));
        FxToolkit.run(() -> {});
        assertTrue(FxToolkit.call(live.view()::isStale));
        FxToolkit.run(() -> live.view().setVisible(true));
        frame();
        assertFalse(Double.isNaN(x(15)));
    }

    @Test
    void chartsAreSavedInTheBackground() throws Exception {
        arrive(200);
        List<Path> files = List.of(folder.resolve("all.png"), folder.resolve("all.svg"), folder.resolve("pause.svg"));
        FxToolkit.run(() -> {
            var _ = live.view().exportTo(files.get(0));
            var _ = live.view().exportTo(files.get(1));
            var _ = live.view().exportTo(ChartKind.PAUSE, files.get(2));
        });
        FxToolkit.await("the files are there", () -> files.stream().allMatch(Files::exists));
        String all = Files.readString(files.get(1));
        String pause = Files.readString(files.get(2));
        for (ChartKind kind : ChartKind.ALL) {
            assertEquals(kind != ChartKind.DISK_BLOCKS, all.contains(kind.title()), kind.title());
        }
        assertTrue(pause.contains("Pause") && !pause.contains("Composition"));
    }

    @Test
    void anExperimentWithDisksHasAChartOfTheirBlocksAlsoInFiles() throws Exception {
        SyntheticCheckpoints source = new SyntheticCheckpoints(live.experimentId(), 42).withDisks(2);
        FxToolkit.run(() -> live.arrive(source, 40));
        frame();
        fire(mouse(MouseEvent.MOUSE_MOVED, x(17), 60, 0));
        CheckpointRecord pointed = FxToolkit.call(() -> selection().hoveredProperty().get());
        String words = FxToolkit.call(() -> surface().getAccessibleText());
        assertTrue(words.contains("Disk blocks: "), words);
        for (DiskMetrics disk : pointed.metrics().disks()) {
            assertTrue(words
                    .contains(disk.disk() + " " + Units.count(disk.dirtyBlocks(), "block") + " in " + Units.millis(disk
                            .readMicros())),
                    words);
        }
        assertTrue(words.contains("on disk " + Units.count(pointed.metrics().duplicateDiskPages())), words);
        assertTrue(words.contains(Units.bytes(GuestPage.BYTES * pointed.metrics().dirtyBlocks())), words);
        Path file = folder.resolve("disks.svg");
        FxToolkit.run(() -> {
            var _ = live.view().exportTo(file);
        });
        FxToolkit.await("the file is there", () -> Files.exists(file));
        assertTrue(Files.readString(file).contains("Disk blocks"));
    }

    @Test
    void theButtonsAreReachableAndNamed() {
        for (String id : List.of("#charts-follow", "#charts-all")) {
            ButtonBase button = (ButtonBase) FxToolkit.lookup(live.view(), id);
            assertFalse(button.getAccessibleText().isBlank());
            assertTrue(button.isFocusTraversable());
        }
    }
}
