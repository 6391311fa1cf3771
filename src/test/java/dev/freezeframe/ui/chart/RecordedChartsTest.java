package dev.freezeframe.ui.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.plot.ChartFrame;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.theme.Palette;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javafx.scene.Scene;
import javafx.scene.control.ToggleButton;
import javafx.scene.layout.StackPane;
import javafx.stage.Stage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The charts of a real recording of a real QEMU, while it is being made.
@Tag("qemu")
class RecordedChartsTest {

    @Test
    void aRecordingIsFollowedAndDirtyPagesAreCountedBetweenItsCheckpoints(@TempDir Path folder) {
        try (OpenWorkbench workbench = new OpenWorkbench(folder)) {
            ChartsPane charts = FxToolkit.call(() -> {
                Palette palette = new Palette();
                ChartsPane made = new ChartsPane(workbench.model(), palette);
                Scene scene = new Scene(new StackPane(made, palette), 560, 420);
                Theme.DARK.apply(scene);
                Stage stage = new Stage();
                stage.setScene(scene);
                stage.show();
                return made;
            });
            MachineModel machine = workbench.start("boot-sector");
            FxToolkit.run(() -> workbench.model().machines().record(machine, RecordingOptions.DEFAULT.with(
                    CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(900))), Optional.empty()));
            FxToolkit.await("checkpoints and counts are in the charts", () -> charts.shownFrame().checkpoints()
                    .size() >= 4 && charts.shownFrame().counts().size() >= 4);
            ChartFrame frame = FxToolkit.call(charts::shownFrame);
            ToggleButton follow = (ToggleButton) FxToolkit.lookup(charts, "#charts-follow");
            assertTrue(frame.live());
            assertTrue(FxToolkit.call(follow::isSelected));
            assertTrue(frame.to() >= frame.checkpoints().lastSeconds(), "the newest is in view");
            double first = frame.counts().seconds(0);
            double last = frame.counts().seconds(frame.counts().size() - 1);
            assertTrue(last > first && frame.counts().pagesPerSecond(frame.counts().size() - 1) >= 0);
            assertTrue(first > 0 && last < 3600, () -> "counts are in the experiment's time: " + first + " to " + last);

            FxToolkit.run(() -> machine.recordingProperty().get().stop());
            FxToolkit.await("the recording has ended", () -> machine.recordingProperty().get() == null && !charts
                    .isStale());
            assertFalse(FxToolkit.call(() -> charts.shownFrame().live()));
            assertTrue(FxToolkit.call(follow::isDisabled));
            assertEquals(List.of(), workbench.problems());
        }
    }
}
