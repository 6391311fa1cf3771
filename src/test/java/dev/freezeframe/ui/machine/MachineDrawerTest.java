package dev.freezeframe.ui.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.suite.Await;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.theme.Theme;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.TabPane;
import javafx.scene.control.TextArea;
import javafx.scene.image.WritableImage;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.StackPane;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The drawer in a real window, on real machines.
@Tag("qemu")
class MachineDrawerTest {
    @TempDir
    private static Path folder;
    private static OpenWorkbench workbench;
    private static MachineModel linux;
    private static MachineModel vga;
    private static Stage stage;
    private static MachineDrawer drawer;

    @BeforeAll
    static void open() {
        workbench = new OpenWorkbench(folder.resolve("store"));
        FxToolkit.run(() -> {
            drawer = new MachineDrawer(workbench.model());
            stage = new Stage();
            stage.setScene(new Scene(new StackPane(drawer), 900, 500));
            Theme.LIGHT.apply(stage.getScene());
            stage.show();
        });
        linux = workbench.start("tiny-linux");
        vga = workbench.start("boot-sector-vga");
    }

    @AfterAll
    static void close() {
        FxToolkit.run(stage::hide);
        workbench.close();
    }

    private static void select(MachineModel machine, String tabId) {
        FxToolkit.run(() -> {
            workbench.model().machines().selectedProperty().set(machine);
            TabPane tabs = (TabPane) FxToolkit.lookup(drawer, ".tab-pane");
            tabs.getSelectionModel().select(tabs.getTabs().stream().filter(tab -> tab.getId().equals(tabId))
                    .findFirst().orElseThrow());
        });
    }

    private static void type(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            FxToolkit.run(() -> {
                var target = stage.getScene().getFocusOwner();
                KeyCode code = c == '\r' ? KeyCode.ENTER : KeyCode.UNDEFINED;
                target.fireEvent(new KeyEvent(KeyEvent.KEY_PRESSED, "", String.valueOf(c), code, false, false, false,
                        false));
                target.fireEvent(new KeyEvent(KeyEvent.KEY_TYPED, String.valueOf(c), "", KeyCode.UNDEFINED, false,
                        false, false, false));
                target.fireEvent(new KeyEvent(KeyEvent.KEY_RELEASED, "", String.valueOf(c), code, false, false, false,
                        false));
            });
        }
    }

    /// Asks the console, which keeps all: the guest prints two lines a second, and the first have left the screen when
    /// other tests came before.
    private static void awaitGuest() {
        FxToolkit.await("the guest is up", () -> linux.machineProperty().get().console().text().contains("tick 3")
                && drawer.terminal() != null && drawer.terminal().screenText().contains("tick "));
    }

    @Test
    void theGuestsShellAnswersWhatIsTyped() {
        select(linux, "console-tab");
        awaitGuest();
        FxToolkit.run(drawer::showConsole);
        type("expr 6 '*' 7000001\r");
        FxToolkit.await("the guest answers", () -> drawer.terminal().screenText().contains("42000006"));
    }

    @Test
    void whatIsPastedIsTyped() {
        select(linux, "console-tab");
        awaitGuest();
        FxToolkit.run(() -> {
            ClipboardContent content = new ClipboardContent();
            content.putString("expr 5 '*' 8000001\n");
            Clipboard.getSystemClipboard().setContent(content);
            drawer.showConsole();
            stage.getScene().getFocusOwner().fireEvent(new KeyEvent(KeyEvent.KEY_PRESSED, "V", "V", KeyCode.V, true,
                    true, false, false));
        });
        FxToolkit.await("the guest answers", () -> drawer.terminal().screenText().contains("40000005"));
    }

    @Test
    void controlAndAltLeaveTheTerminal() {
        select(linux, "console-tab");
        FxToolkit.run(() -> {
            drawer.showConsole();
            assertEquals("terminal", stage.getScene().getFocusOwner().getId());
            stage.getScene().getFocusOwner().fireEvent(new KeyEvent(KeyEvent.KEY_PRESSED, "", "", KeyCode.ALT, false,
                    true, true, false));
            assertTrue(stage.getScene().getFocusOwner() instanceof TabPane);
        });
    }

    @Test
    void aTerminalThatIsOpenedLateShowsWhatWasPrintedBefore() {
        select(linux, "console-tab");
        awaitGuest();
        // what a guest that stands has printed stays on the screen
        FxToolkit.run(linux::pause);
        FxToolkit.await("it stands", () -> linux.stateProperty().get() == MachineState.PAUSED);
        String printed = linux.machineProperty().get().console().text().lines().filter(line -> line.startsWith("tick "))
                .toList().getLast().strip();
        FxToolkit.run(() -> workbench.model().machines().selectedProperty().set(null));
        assertNull(FxToolkit.call(drawer::terminal), "nobody looks, so there is none");
        select(linux, "console-tab");
        FxToolkit.await("it is there again", () -> drawer.terminal().screenText().contains(printed));
        FxToolkit.run(linux::resume);
        FxToolkit.await("it runs", () -> linux.stateProperty().get() == MachineState.RUNNING);
    }

    @Test
    void aHiddenDrawerHasNeitherTerminalNorScreen() {
        select(vga, "screen-tab");
        assertNotNull(FxToolkit.call(drawer::screen));
        FxToolkit.run(() -> drawer.getParent().setVisible(false));
        assertNull(FxToolkit.call(drawer::screen));
        FxToolkit.run(() -> drawer.getParent().setVisible(true));
        assertNotNull(FxToolkit.call(drawer::screen));
        select(vga, "console-tab");
        assertNull(FxToolkit.call(drawer::screen));
        assertNotNull(FxToolkit.call(drawer::terminal));
    }

    @Test
    void theScreenShowsWhatTheGuestPaints() {
        select(vga, "screen-tab");
        FxToolkit.await("the firmware has written its name", () -> brightPixels() > 100);
    }

    private static int brightPixels() {
        WritableImage seen = FxToolkit.lookup(drawer, "#guest-screen").snapshot(null, null);
        int bright = 0;
        for (int y = 0; y < seen.getHeight(); y++) {
            for (int x = 0; x < seen.getWidth(); x++) {
                int argb = seen.getPixelReader().getArgb(x, y);
                if ((argb & 0xffffff) == 0xaaaaaa || (argb & 0xffffff) == 0xa8a8a8) {
                    bright++;
                }
            }
        }
        return bright;
    }

    @Test
    void keysThatArePressedInTheScreenReachTheGuest() throws Exception {
        // what the firmware paints it writes to this port too: a part of its first line is no sign that it takes keys
        Path said = folder.resolve("firmware.log");
        Path file = Files.writeString(folder.resolve("boot-menu.json"), """
                {"memory": "16 MiB", "display": "std", "bootSector": "rounds", "accelerator": "tcg",
                 "arguments": ["-boot", "menu=on,splash-time=60000", "-debugcon", "file:%s",
                               "-global", "isa-debugcon.iobase=0x402"]}
                """.formatted(said));
        MachineSpec spec = MachineSpec.of(Profiles.standard().find(file.toString()));
        MachineModel menu = FxToolkit.call(() -> workbench.model().machines().start(spec));
        FxToolkit.await("it runs", () -> menu.stateProperty().get() == MachineState.RUNNING);
        select(menu, "screen-tab");
        awaitWord(said, "Press ESC");
        FxToolkit.run(drawer::showScreen);
        press(KeyCode.ESCAPE);
        awaitWord(said, "Select boot device");
        assertEquals("", menu.machineProperty().get().console().text());
        press(KeyCode.DIGIT1);
        FxToolkit.await("the chosen floppy has booted", () -> menu.machineProperty().get().console().text().contains(
                "round 2"));
        FxToolkit.run(() -> workbench.model().machines().remove(menu));
    }

    private static void awaitWord(Path said, String word) {
        Await.until("the firmware says " + word, () -> Files.readString(said, StandardCharsets.ISO_8859_1).contains(
                word));
    }

    private static void press(KeyCode code) {
        FxToolkit.run(() -> {
            for (var type : List.of(KeyEvent.KEY_PRESSED, KeyEvent.KEY_RELEASED)) {
                KeyEvent event = new KeyEvent(type, "", "", code, false, false, false, false);
                stage.getScene().getFocusOwner().fireEvent(event);
            }
        });
    }

    @Test
    void onlyMachinesWithADisplayHaveAScreen() {
        select(linux, "console-tab");
        assertFalse(FxToolkit.call(() -> ((TabPane) FxToolkit.lookup(drawer, ".tab-pane")).getTabs().stream().anyMatch(
                tab -> tab.getId().equals("screen-tab"))));
    }

    @Test
    void theCommandLineIsCopiedAsAShellTakesIt() throws Exception {
        select(linux, "command-tab");
        String copied = FxToolkit.call(() -> {
            drawer.applyCss();
            drawer.layout();
            ((Button) FxToolkit.lookup(drawer, "#copy-command-line")).fire();
            return Clipboard.getSystemClipboard().getString();
        });
        assertEquals(FxToolkit.call(() -> ((TextArea) FxToolkit.lookup(drawer, "#command-line")).getText()), copied);
        Process shell = new ProcessBuilder("sh", "-c", "printf '%s\\n' " + copied).start();
        String[] arguments = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\n", -1);
        assertEquals(linux.machineProperty().get().commandLine(), List.of(arguments).subList(0,
                arguments.length - 1));
        assertTrue(copied.contains("\\\n  -append 'console=ttyS0"), copied);
    }

    @Test
    void anEndedMachineKeepsItsLastWords() {
        MachineModel ended = workbench.start("boot-sector");
        select(ended, "console-tab");
        FxToolkit.await("the guest prints", () -> drawer.terminal() != null && drawer.terminal().screenText().contains(
                "round "));
        FxToolkit.run(ended::forceOff);
        FxToolkit.await("it has ended", () -> ended.stateProperty().get() == MachineState.ENDED);
        select(linux, "console-tab");
        select(ended, "console-tab");
        FxToolkit.await("its last words", () -> drawer.terminal().screenText().contains("round "));
        FxToolkit.run(() -> workbench.model().machines().remove(ended));
        FxToolkit.await("it is gone", () -> !workbench.model().machines().machines().contains(ended));
    }
}
