package dev.freezeframe.ui.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A restore that finds something outside its guest changed asks in the window how it is to go on.
@Tag("qemu")
class RefusedRestoreTest {
    @TempDir
    private Path folder;
    private OpenWorkbench workbench;
    private Stage stage;

    @BeforeEach
    void open() {
        workbench = new OpenWorkbench(folder.resolve("store"));
        FxToolkit.run(() -> {
            stage = new Stage();
            stage.setScene(new Scene(new CheckpointDetails(workbench.model()), 600, 800));
            Theme.LIGHT.apply(stage.getScene());
            stage.show();
        });
    }

    @AfterEach
    void close() {
        FxToolkit.run(stage::hide);
        workbench.close();
    }

    private Optional<Node> inDialog(String selector) {
        return FxToolkit.beside(stage, selector);
    }

    private List<MachineModel> machines() {
        return FxToolkit.call(() -> List.copyOf(workbench.model().machines().machines()));
    }

    @Test
    void aDiskThatWasMovedIsAskedForAndTheGuestGoesOnWithIt() throws Exception {
        Path disk = Files.write(folder.resolve("read-only.img"), new byte[1 << 20]);
        Path profile = Files.writeString(folder.resolve("reader.json"), "{\"memory\": \"16 MiB\", \"bootSector\":"
                + " \"rounds\", \"disks\": [{\"file\": \"" + disk + "\", \"readOnly\": true}]}");
        MachineModel recorded = workbench.start(profile.toString());
        RecordingOptions two = RecordingOptions.DEFAULT.with(RecordingOptions.DEFAULT.capture().withInterval(Duration
                .ofMillis(300))).stoppingAfter(2);
        FxToolkit.run(() -> workbench.model().machines().record(recorded, two, Optional.empty()));
        FxToolkit.await("both checkpoints are there", () -> workbench.model().experiment().checkpoints().size() == 2
                && !workbench.model().machines().anyRecording());
        FxToolkit.run(() -> workbench.model().machines().remove(recorded));
        FxToolkit.await("no machine is left", () -> workbench.model().machines().machines().isEmpty());
        // which knows the files to ask for
        FxToolkit.await("the library has it", () -> !workbench.model().library().experiments().isEmpty());
        Path moved = Files.move(disk, folder.resolve("elsewhere.img"));
        CheckpointRecord checkpoint = FxToolkit.call(() -> workbench.model().experiment().checkpoints().getLast());

        FxToolkit.run(() -> workbench.model().machines().restore(checkpoint, CheckpointActions.usualRestore()));
        FxToolkit.await("it is asked", () -> inDialog("#restore-refusal").isPresent());
        String why = FxToolkit.call(() -> ((Label) inDialog("#restore-refusal").orElseThrow()).getText());
        assertTrue(why.contains(disk.toString()) && !why.contains("--"), why);
        MachineModel failed = machines().getFirst();
        assertEquals(MachineState.ENDED, FxToolkit.call(() -> failed.stateProperty().get()));

        FxToolkit.run(() -> {
            ((TextField) inDialog("#restore-file-disk0").orElseThrow()).setText(moved.toString());
            ((Button) inDialog("#restore-confirm").orElseThrow()).fire();
        });
        FxToolkit.await("the guest goes on, and what failed is gone", () -> {
            List<MachineModel> now = workbench.model().machines().machines();
            return now.size() == 1 && now.getFirst() != failed
                    && now.getFirst().stateProperty().get() == MachineState.RUNNING;
        });
        assertEquals(List.of(), workbench.problems());
    }
}
