package dev.freezeframe.ui;

import dev.freezeframe.ui.checkpoint.CheckpointCommands;
import dev.freezeframe.ui.command.Command;
import dev.freezeframe.ui.command.CommandGroup;
import dev.freezeframe.ui.library.ExperimentCommands;
import dev.freezeframe.ui.library.StoreCommands;
import dev.freezeframe.ui.machine.MachineCommands;
import dev.freezeframe.ui.recording.RecordCommands;
import dev.freezeframe.ui.simulate.SimulationCommands;
import java.util.List;
import javafx.beans.property.BooleanProperty;
import javafx.scene.Node;
import org.kordamp.ikonli.feather.Feather;

/// All commands of the window, each once. The menu bar and the palette are made of these groups; buttons and context menus of the
/// same commands. A command that is not here has no key and is not found by its name.
final class Commands {
    private final List<CommandGroup> groups;
    private final Command theme;
    private final Command console;
    private final Command find;

    /// @param owner   what questions belong to
    /// @param window  what only the window can do
    /// @param machine for the selected machine
    /// @param record  for the selected machine
    /// @param drawer  whether the drawer with console and screen is open
    /// @param palette opens the palette
    Commands(Node owner, WorkbenchModel workbench, WindowActions window, MachineCommands machine, RecordCommands record,
            BooleanProperty drawer, Runnable palette) {
        StoreCommands store = new StoreCommands(owner, workbench);
        PageCommands pages = new PageCommands(workbench.navigation());
        theme = new Command("Light or _dark", window::toggleTheme).icon(Feather.MOON).key("Shortcut+Shift+D");
        Command open = new Command("_Open store…", window::openStore).icon(Feather.FOLDER).help(
                "Show the store in another folder").key("Shortcut+O");
        Command quit = new Command("_Quit", window::close).icon(Feather.LOG_OUT).key("Shortcut+Q");
        console = new Command("_Console and screen", () -> drawer.set(!drawer.get())).icon(Feather.TERMINAL)
                .help("Console, screen, command line and log of the selected machine").key("Shortcut+Back Quote");
        find = new Command("Find a co_mmand…", palette).icon(Feather.SEARCH).help("Every command by its name")
                .key("Shortcut+Shift+P");
        groups = List.of(new CommandGroup("_File", List.of(List.of(open, store.importBundle()), store.upkeep(), List.of(
                quit))), new CommandGroup("_View", List.of(pages.aboutExperiments(), List.of(console, theme),
                        List.of(
                                find))),
                new CommandGroup("_Machine", machine.sections()), CommandGroup.of("_Record", record
                        .all()),
                new CommandGroup("_Checkpoint", new CheckpointCommands(owner, workbench)
                        .sections()),
                new CommandGroup("_Experiment", ExperimentCommands.ofShown(owner,
                        workbench).sectionsForShown()),
                new CommandGroup("_Simulate", new SimulationCommands(owner, workbench).sections()),
                CommandGroup.of("_Help", List.of(pages
                        .doctor())));
    }

    /// In the order of the menu bar.
    List<CommandGroup> groups() {
        return groups;
    }

    /// What the palette finds: all but itself.
    List<CommandGroup> findable() {
        return groups.stream().map(group -> group.without(find)).toList();
    }

    /// Opens and closes the drawer.
    Command console() {
        return console;
    }

    /// Changes between light and dark.
    Command theme() {
        return theme;
    }
}
