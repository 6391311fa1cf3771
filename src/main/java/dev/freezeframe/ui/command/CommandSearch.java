package dev.freezeframe.ui.command;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Finds commands by what a user types: every word typed must begin a word of the command, of its group or of its help.
final class CommandSearch {
    /// A command that was found.
    ///
    /// @param group the words of its group
    record Found(String group, Command command) {}

    private static final int IN_TEXT = 0;
    private static final int IN_GROUP = 1;
    private static final int IN_HELP = 2;
    private static final int NOWHERE = 3;

    private CommandSearch() {}

    /// The commands that fit, best first: what can be done now before what cannot, words of the command itself before those of
    /// its group and its help; equal ones in the order of the menus.
    static List<Found> find(List<CommandGroup> groups, String typed) {
        List<String> words = words(typed);
        record Ranked(int rank, Found found) {}
        List<Ranked> fitting = new ArrayList<>();
        for (CommandGroup group : groups) {
            for (Command command : group.commands()) {
                int worst = words.stream().mapToInt(word -> place(word, group, command)).max().orElse(IN_TEXT);
                if (worst != NOWHERE) {
                    fitting.add(new Ranked(worst, new Found(group.words(), command)));
                }
            }
        }
        fitting.sort(Comparator.comparing((Ranked each) -> each.found().command().isDisabled()).thenComparingInt(
                Ranked::rank));
        return fitting.stream().map(Ranked::found).toList();
    }

    private static int place(String word, CommandGroup group, Command command) {
        if (begins(word, command.words())) {
            return IN_TEXT;
        }
        if (begins(word, group.words())) {
            return IN_GROUP;
        }
        return begins(word, command.helpProperty().get()) ? IN_HELP : NOWHERE;
    }

    private static boolean begins(String word, String text) {
        return words(text).stream().anyMatch(each -> each.startsWith(word));
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+", -1)) {
            if (!word.isEmpty()) {
                words.add(word);
            }
        }
        return words;
    }
}
