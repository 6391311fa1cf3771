package dev.freezeframe.ui.command;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;

/// Menus of commands, with a line between their sections.
public final class CommandMenus {
    private CommandMenus() {}

    /// A menu of the menu bar; from then on the keys of its commands work in its window.
    public static Menu menu(CommandGroup group) {
        return new Menu(group.title(), null,
                items(group.sections(), Command::menuItemWithKey).toArray(MenuItem[]::new));
    }

    /// A context menu.
    public static ContextMenu context(List<List<Command>> sections) {
        return new ContextMenu(items(sections).toArray(MenuItem[]::new));
    }

    /// The items of a context menu, or of a button with a menu.
    public static List<MenuItem> items(List<List<Command>> sections) {
        return items(sections, Command::menuItem);
    }

    private static List<MenuItem> items(List<List<Command>> sections, Function<Command, MenuItem> maker) {
        List<MenuItem> items = new ArrayList<>();
        for (List<Command> section : sections) {
            if (!items.isEmpty() && !section.isEmpty()) {
                items.add(new SeparatorMenuItem());
            }
            section.forEach(command -> items.add(maker.apply(command)));
        }
        return items;
    }
}
