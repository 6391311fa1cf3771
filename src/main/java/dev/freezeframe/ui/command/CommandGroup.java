package dev.freezeframe.ui.command;

import java.util.List;

/// Commands that belong together, as a menu has them.
///
/// @param title    with `_` before its mnemonic
/// @param sections in the order of the menu, with a line between each two
public record CommandGroup(String title, List<List<Command>> sections) {
    /// One without lines.
    public static CommandGroup of(String title, List<Command> commands) {
        return new CommandGroup(title, List.of(commands));
    }

    /// The same without one of them.
    public CommandGroup without(Command other) {
        return new CommandGroup(title, sections.stream().map(section -> section.stream().filter(each -> !each.equals(
                other)).toList()).toList());
    }

    /// Its title without the mark of a mnemonic.
    public String words() {
        return title.replace("_", "");
    }

    /// All of its commands, in their order.
    public List<Command> commands() {
        return sections.stream().flatMap(List::stream).toList();
    }
}
