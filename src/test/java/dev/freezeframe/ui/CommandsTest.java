package dev.freezeframe.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.ui.command.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javafx.scene.Node;
import javafx.scene.control.ListView;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuBar;
import javafx.scene.control.MenuItem;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands of the real window, by its menus, its keys and its palette.
@Tag("slow")
class CommandsTest {
    private static final Pattern KEY = Pattern.compile("Ctrl\\+(?:Shift\\+)?(?:\\\\`|[^ ,|]+)");

    @TempDir
    private Path folder;
    private ShownWindow window;
    private WorkbenchModel workbench;
    private MainView view;

    @BeforeEach
    void openTheWindow() {
        window = new ShownWindow(folder.resolve("store"), 1280, 720);
        workbench = window.workbench();
        view = window.view();
        FxToolkit.await("the store is open, and the window has the keyboard",
                () -> workbench.stores().store().isPresent()
                        && window.stage().isFocused());
    }

    @AfterEach
    void closeTheWindow() {
        window.close();
    }

    private List<MenuItem> items() {
        return FxToolkit
                .call(() -> ((MenuBar) FxToolkit.lookup(view, ".menu-bar")).getMenus().stream().map(Menu::getItems)
                        .flatMap(
                                List::stream)
                        .toList());
    }

    /// Presses a key where the user is, so that it goes the way of every key.
    private void press(KeyCode code, boolean control, boolean shift) {
        FxToolkit.run(() -> {
            Node focus = window.stage().getScene().getFocusOwner();
            // one that has just been taken off the page is the focus owner until the next frame
            Node target = focus == null || focus.getScene() == null ? view : focus;
            target.fireEvent(new KeyEvent(KeyEvent.KEY_PRESSED, "", "", code, shift, control, false, false));
        });
    }

    private void pressInPalette(KeyCode code) {
        FxToolkit.run(() -> palette("#palette-search").fireEvent(new KeyEvent(KeyEvent.KEY_PRESSED, "", "", code, false,
                false, false, false)));
    }

    private Node palette(String id) {
        return FxToolkit.beside(window.stage(), id).orElse(null);
    }

    @Test
    void everyKeyOfACommandIsInTheReadmeAndEveryKeyThereIsACommands() throws IOException {
        Set<String> inTable = new TreeSet<>();
        boolean inside = false;
        for (String line : Files.readAllLines(Path.of("README.md"))) {
            inside = line.startsWith("| key | does |") || (inside && line.startsWith("|"));
            if (inside) {
                Matcher key = KEY.matcher(line);
                while (key.find()) {
                    inTable.add(key.group().replace("\\", ""));
                }
            }
        }
        Set<String> inMenus = items().stream().map(MenuItem::getAccelerator).filter(key -> key != null).map(
                key -> key.getDisplayText().replace("↵", "Enter")).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(inMenus, inTable);
    }

    @Test
    void noTwoCommandsHaveTheSameKeyOrTheSameMnemonicInOneMenu() {
        List<String> keys = items().stream().map(MenuItem::getAccelerator).filter(key -> key != null).map(
                KeyCombination::getName).toList();
        assertEquals(keys.size(), Set.copyOf(keys).size(), keys.toString());
        List<Menu> menus = FxToolkit
                .call(() -> List.copyOf(((MenuBar) FxToolkit.lookup(view, ".menu-bar")).getMenus()));
        for (Menu menu : menus) {
            List<String> mnemonics = menu.getItems().stream().map(MenuItem::getText).filter(text -> text != null && text
                    .contains("_"))
                    .map(text -> text.substring(text.indexOf('_') + 1, text.indexOf('_') + 2).toLowerCase(
                            Locale.ROOT))
                    .toList();
            assertEquals(mnemonics.size(), Set.copyOf(mnemonics).size(), menu.getText() + " " + mnemonics);
        }
        List<String> titles = menus.stream().map(menu -> menu.getText().substring(menu.getText().indexOf('_') + 1, menu
                .getText().indexOf('_') + 2)).toList();
        assertEquals(titles.size(), Set.copyOf(titles).size(), titles.toString());
    }

    @Test
    void thePaletteFindsACommandByItsNameAndReturnDoesIt() {
        press(KeyCode.P, true, true);
        FxToolkit.await("the palette is open", () -> palette("#palette-search") != null);
        FxToolkit.run(() -> ((TextField) palette("#palette-search")).setText("libr"));
        pressInPalette(KeyCode.ENTER);
        FxToolkit.await("the library is shown", () -> workbench.navigation().placeProperty()
                .get() instanceof Navigation.Place.Library);
        FxToolkit.await("the palette is closed", () -> palette("#palette-search") == null);
    }

    @Test
    void thePaletteLeavesWhatCannotBeDoneUndone() {
        press(KeyCode.P, true, true);
        FxToolkit.await("the palette is open", () -> palette("#palette-search") != null);
        FxToolkit.run(() -> ((TextField) palette("#palette-search")).setText("processors"));
        ListView<?> found = (ListView<?>) FxToolkit.call(() -> palette("#palette-commands"));
        assertEquals(1, FxToolkit.call(() -> found.getItems().size()));
        FxToolkit.run(() -> ((TextField) palette("#palette-search")).setText("find a command"));
        assertEquals(0, FxToolkit.call(() -> found.getItems().size()), "it is here already");
        FxToolkit.run(() -> ((TextField) palette("#palette-search")).setText("processors"));
        pressInPalette(KeyCode.ENTER);
        assertTrue(FxToolkit.call(() -> palette("#palette-search") != null), "nothing was done, so it stays open");
        FxToolkit.run(() -> ((TextField) palette("#palette-search")).setText("quit"));
        pressInPalette(KeyCode.ENTER);
        FxToolkit.await("the window was to be closed", () -> window.asked().equals(List.of("close")));
    }

    @Test
    void theKeysOfTheDrawerAndTheOverlayWork() {
        press(KeyCode.BACK_QUOTE, true, false);
        FxToolkit.await("the drawer is open", () -> FxToolkit.lookup(view, ".machine-drawer") != null);
        press(KeyCode.BACK_QUOTE, true, false);
        FxToolkit.await("the drawer is closed", () -> FxToolkit.lookup(view, ".machine-drawer") == null);
        press(KeyCode.DIGIT4, true, false);
        FxToolkit.await("the overlay is shown", () -> workbench.navigation().placeProperty()
                .get() instanceof Navigation.Place.Overlay);
    }

    @Test
    void aDisabledCommandDoesNothing() {
        List<String> ran = new ArrayList<>();
        FxToolkit.run(() -> {
            Command command = new Command("_Do it", () -> ran.add("it"));
            command.setDisabled(true);
            command.run();
            assertTrue(command.button().isDisabled());
            assertEquals(List.of(), ran);
            command.setDisabled(false);
            command.menuItem().fire();
            assertEquals(List.of("it"), ran);
            assertFalse(command.menuItem().isDisable());
        });
    }
}
