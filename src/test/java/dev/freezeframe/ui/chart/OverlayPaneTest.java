package dev.freezeframe.ui.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.analyse.OverlayRun;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Experiments with different intervals over each other, in a real scene.
class OverlayPaneTest {
    @TempDir
    private Path folder;

    @Test
    void chosenExperimentsAreComparedInTheTableAndInThePicture() throws Exception {
        Path directory = folder.resolve("store");
        try (Store store = Store.open(directory)) {
            for (long millis : new long[]{100, 1000, 5000}) {
                SyntheticExperiments experiment = SyntheticExperiments.begin(store, "every-" + millis, 16L << 20,
                        Duration
                                .ofMillis(millis),
                        Instant.parse("2026-11-22T10:15:00Z"), millis, Optional.empty());
                experiment.add(20);
                experiment.end("taken");
            }
        }
        try (LiveCharts<OverlayPane> live = LiveCharts.open(directory, Theme.LIGHT, 980, 600, OverlayPane::new)) {
            TableView<?> table = (TableView<?>) FxToolkit.lookup(live.view(), "#overlay-table");
            FxToolkit.await("the two newest are compared at first", () -> table.getItems().size() == 2);
            List<Long> all = FxToolkit.call(() -> live.workbench().library().experiments().reversed().stream().map(
                    each -> each.experiment().id()).toList());
            FxToolkit.run(() -> live.view().show(all));
            FxToolkit.await("all three are compared", () -> table.getItems().size() == 3);
            assertEquals(List.of("every-100", "every-1000", "every-5000"), column(table, 0));
            assertEquals(List.of("100 ms", "1.0 s", "5.0 s"), column(table, 1));
            assertEquals(List.of("20", "20", "20"), column(table, 2));
            OverlayRun second = (OverlayRun) table.getItems().get(1);
            assertEquals(Units.millis(second.summary().pauseMicros().p99()), column(table, 4).get(1));

            Path file = folder.resolve("comparison.svg");
            FxToolkit.run(() -> {
                var _ = live.view().exportTo(file);
            });
            FxToolkit.await("the picture is saved", () -> Files.exists(file));
            String svg = Files.readString(file);
            assertTrue(svg.contains("every-5000") && svg.contains("stroke-dasharray"));
        }
    }

    private static List<String> column(TableView<?> table, int place) {
        return FxToolkit.call(() -> {
            TableColumn<?, ?> column = table.getColumns().get(place);
            return java.util.stream.IntStream.range(0, table.getItems().size())
                    .mapToObj(row -> (String) column.getCellData(
                            row))
                    .toList();
        });
    }
}
