package dev.freezeframe.ui.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.SleepingGuest;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the window does with a guest that sleeps, and tells of what a machine has outside its guest.
@Tag("qemu")
class GuestsInTheWindowTest {
    @TempDir
    private Path folder;
    private OpenWorkbench workbench;
    private Stage stage;
    private MachineToolbar toolbar;
    private MachineDrawer drawer;

    @BeforeEach
    void open() {
        workbench = new OpenWorkbench(folder.resolve("store"));
        FxToolkit.run(() -> {
            toolbar = new MachineToolbar(workbench.model());
            drawer = new MachineDrawer(workbench.model());
            stage = new Stage();
            stage.setScene(new Scene(new VBox(toolbar, drawer), 900, 500));
            Theme.LIGHT.apply(stage.getScene());
            stage.show();
        });
    }

    @AfterEach
    void close() {
        FxToolkit.run(stage::hide);
        workbench.close();
    }

    private Button button(String id) {
        return (Button) FxToolkit.lookup(toolbar, "#" + id);
    }

    private void select(MachineModel machine) {
        FxToolkit.run(() -> workbench.model().machines().selectedProperty().set(machine));
    }

    @Test
    void wakeWakesAGuestThatSleepsAndIsNotOfferedBefore() throws Exception {
        MachineSpec sleeper = OpenWorkbench.spec(SleepingGuest.write(folder).toString());
        MachineModel machine = FxToolkit.call(() -> {
            MachineModel starting = workbench.model().machines().start(sleeper);
            workbench.model().machines().selectedProperty().set(starting);
            assertTrue(button("machine-wake").isDisabled(), "it is being started");
            return starting;
        });
        FxToolkit.await("the guest sleeps", () -> machine.stateProperty().get() == MachineState.SUSPENDED);
        assertFalse(FxToolkit.call(() -> button("machine-wake").isDisabled()));
        FxToolkit.run(() -> button("machine-wake").fire());
        FxToolkit.await("it has printed again what it prints before it sleeps", () -> machine.machineProperty().get()
                .console().text().split(SleepingGuest.MARK, -1).length > 2);
        assertEquals(List.of(), workbench.problems());
    }

    @Test
    void aMachineThatHasAFileUnderAnotherNameSaysSoBelowItsConsole() throws Exception {
        Path log = folder.resolve("bios, \"ü\".log");
        Path profile = Files.writeString(folder.resolve("logged.json"), "{\"memory\": \"16 MiB\", \"bootSector\":"
                + " \"rounds\", \"arguments\": [\"-debugcon\", \"file:" + log.toString().replace("\"", "\\\"")
                + "\"]}");
        MachineModel first = workbench.start(profile.toString());
        MachineModel second = workbench.start(profile.toString());
        select(first);
        Label note = FxToolkit.call(() -> (Label) FxToolkit.lookup(drawer, ".drawer-note"));
        assertFalse(FxToolkit.call(note::isVisible), "it has what its profile says");
        select(second);
        assertEquals("debugcon is at " + log + ".2, since " + log + " is not this machine's", FxToolkit.call(
                note::getText));
        assertTrue(FxToolkit.call(note::isVisible));
    }
}
