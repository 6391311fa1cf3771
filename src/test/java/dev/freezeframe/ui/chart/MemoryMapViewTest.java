package dev.freezeframe.ui.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.PageFate;
import dev.freezeframe.plot.map.PageStates;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Files;
import java.nio.file.Path;
import javafx.event.Event;
import javafx.scene.Node;
import javafx.scene.control.ChoiceBox;
import javafx.scene.control.Labeled;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The memory map in a real scene, on checkpoints in a real store.
class MemoryMapViewTest {
    @TempDir
    private Path folder;

    private static boolean shows(LiveCharts<MemoryMapView> live, CheckpointRecord checkpoint) {
        return live.view().shownStates().filter(PageStates.Fates.class::isInstance).map(PageStates.Fates.class::cast)
                .filter(fates -> {
                    int[] counts = fates.counts(0, fates.pages());
                    return counts[PageFate.NEW.code()] == checkpoint.metrics().newPages() && counts[PageFate.ZERO
                            .code()] == checkpoint.metrics().zeroPages();
                }).isPresent();
    }

    private static String readout(LiveCharts<MemoryMapView> live) {
        return ((Labeled) FxToolkit.lookup(live.view(), "#memory-map-readout")).getText();
    }

    @Test
    void theMapFollowsTheSelectionTheKeysAndTheSubject() throws Exception {
        Path directory = folder.resolve("store");
        try (Store store = Store.open(directory)) {
            SyntheticExperiments.write(store, "run", 30, 5);
        }
        try (LiveCharts<MemoryMapView> live = LiveCharts.open(directory, Theme.DARK, 560, 420, MemoryMapView::new)) {
            var experiment = live.workbench().experiment();
            FxToolkit.await("the newest is shown", () -> shows(live, experiment.checkpoints().getLast()));
            for (int i = 0; i < 25; i++) {
                FxToolkit.run(() -> experiment.selection().move(-1));
            }
            FxToolkit.await("the last of many steps is shown", () -> shows(live, experiment.checkpoints().get(4)));

            Node surface = FxToolkit.lookup(live.view(), "#memory-map");
            FxToolkit.run(() -> surface.fireEvent(key(KeyCode.RIGHT)));
            FxToolkit.run(() -> surface.fireEvent(key(KeyCode.RIGHT)));
            FxToolkit.await("the cursor is told", () -> readout(live).contains("pages 2–3"));
            FxToolkit.run(() -> surface.fireEvent(key(KeyCode.PLUS)));
            FxToolkit.await("a cell is a page when zoomed in", () -> readout(live).contains("page 2 "));
            assertTrue(readout(live).startsWith("0x00002000"), readout(live));
            assertTrue(FxToolkit.<String>call(surface::getAccessibleText).contains(readout(live)));

            FxToolkit.run(() -> {
                ChoiceBox<?> subject = (ChoiceBox<?>) FxToolkit.lookup(live.view(), "#memory-map-subject");
                subject.getSelectionModel().selectLast();
            });
            FxToolkit.await("how often pages were dirty is shown",
                    () -> live.view().shownStates().orElseThrow() instanceof PageStates.Frequency);
            PageStates.Frequency often = assertInstanceOf(PageStates.Frequency.class, live.view().shownStates()
                    .orElseThrow());
            assertEquals(29, often.checkpoints(), "all but the first, which holds all of RAM");
            long sum = 0;
            for (char count : often.counts()) {
                sum += count;
            }
            long expected = FxToolkit.call(() -> experiment.checkpoints().stream().filter(each -> each.number() > 1)
                    .mapToLong(each -> each.metrics().dirtyPages()).sum());
            assertEquals(expected, sum);

            Path file = folder.resolve("map.svg");
            FxToolkit.run(() -> {
                var _ = live.view().exportTo(file);
            });
            FxToolkit.await("the map is saved", () -> Files.exists(file));
            assertTrue(Files.readString(file).contains("data:image/png;base64,"));
        }
    }

    private static Event key(KeyCode code) {
        return new KeyEvent(KeyEvent.KEY_PRESSED, "", "", code, false, false, false, false);
    }

    @Test
    void everyClassOfPagesHasItsWordsOnce() {
        for (PageClass pageClass : PageClass.values()) {
            assertEquals(pageClass.name(), PageFate.of(pageClass).name());
        }
        for (int code = 0; code < PageFate.ALL.size(); code++) {
            assertEquals(code, PageFate.ALL.get(code).code());
        }
    }
}
