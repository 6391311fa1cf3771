package dev.freezeframe.ui.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class CommandSearchTest {
    private final Command restore = new Command("_Restore to new machine", () -> {}).help("One machine, running");
    private final Command reset = new Command("R_eset…", () -> {}).help("Press the reset button");
    private final Command pause = new Command("_Pause", () -> {}).help("Stop the guest's processors");
    private final Command next = new Command("_Next", () -> {});
    private final List<CommandGroup> groups = List.of(new CommandGroup("_Machine", List.of(List.of(pause), List.of(
            reset))), CommandGroup.of("_Checkpoint", List.of(next, restore)));

    private List<String> find(String typed) {
        return CommandSearch.find(groups, typed).stream().map(each -> each.command().words()).toList();
    }

    @Test
    void nothingTypedFindsAllInTheOrderOfTheMenus() {
        assertEquals(List.of("Pause", "Reset…", "Next", "Restore to new machine"), find(" "));
    }

    @Test
    void eachWordMustBeginAWord() {
        assertEquals(List.of("Restore to new machine"), find("new rest"));
        assertEquals(List.of("Reset…", "Restore to new machine"), find("RES"));
        assertEquals(List.of(), find("estore"));
        assertEquals(List.of(), find("restore disk"));
    }

    @Test
    void wordsOfTheCommandComeBeforeThoseOfItsGroupAndTheseBeforeItsHelp() {
        assertEquals(List.of("Restore to new machine", "Pause", "Reset…"), find("machine"));
        assertEquals(List.of("Next", "Restore to new machine"), find("checkpoint"));
        assertEquals(List.of("Pause"), find("processors"));
    }

    @Test
    void whatCannotBeDoneNowComesLast() {
        pause.setDisabled(true);
        assertEquals(List.of("Reset…", "Next", "Restore to new machine", "Pause"), find(""));
    }
}
