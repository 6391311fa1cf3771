package dev.freezeframe.simulate;

import dev.freezeframe.qemu.program.Executables;
import dev.freezeframe.store.model.SimulationRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jline.reader.Parser;
import org.jline.reader.SyntaxError;
import org.jline.reader.impl.DefaultParser;

/// A simulator of the user's own, called for each interval with the files of its first checkpoint: a command line with places for
/// what changes, such as `{ram}`. It is split into words by its quotes and backslashes, and these go to the program as they are;
/// no shell sees them. Where a plugin is named, `command=` stands before it.
///
/// @param words the program and its arguments
/// @param text  as the store names it
record Simulator(List<String> words, PluginText text) {
    /// Before a command where otherwise the name of a plugin is.
    private static final String PREFIX = "command=";
    private static final Pattern PLACE = Pattern.compile("\\{([a-z]+[0-9]*)}");
    /// Where files of the user's go.
    static final String OUT = "out";

    /// As it is named where a plugin is.
    static String named(String template, int warmUp) {
        return new PluginText(PREFIX + template.strip(), "", warmUp).text();
    }

    /// What is named where a plugin is; empty where that is one.
    ///
    /// @throws IOException in one line, if it cannot be called
    static Optional<Simulator> of(String named) throws IOException {
        PluginText text = PluginText.of(named);
        if (!text.name().startsWith(PREFIX)) {
            return Optional.empty();
        }
        String command = text.name().substring(PREFIX.length());
        List<String> words = words(command);
        if (words.isEmpty() || words.getFirst().isEmpty()) {
            throw new IOException("there is no program in the command");
        }
        if (Executables.find(Path.of(words.getFirst())).isEmpty()) {
            throw new IOException("there is no program " + words.getFirst() + " that can be executed");
        }
        if (named.length() > SimulationRecord.MAX_PLUGIN_LENGTH) {
            throw new IOException("the command is longer than " + SimulationRecord.MAX_PLUGIN_LENGTH + " characters");
        }
        return Optional.of(new Simulator(List.copyOf(words), text));
    }

    private static List<String> words(String command) throws IOException {
        DefaultParser parser = new DefaultParser();
        parser.setEofOnUnclosedQuote(true);
        try {
            return parser.parse(command, command.length(), Parser.ParseContext.ACCEPT_LINE).words();
        } catch (SyntaxError e) {
            throw new IOException("a quote of the command is not closed: " + command, e);
        }
    }

    /// Refuses one that names what there is not.
    ///
    /// @param known places
    /// @throws IOException in one line
    void requirePlaces(Set<String> known) throws IOException {
        for (String name : places()) {
            if (name.equals(OUT) && !known.contains(OUT)) {
                throw new IOException("the command writes files that begin with {out}: name a folder for them with"
                        + " --out");
            }
            if (!known.contains(name)) {
                throw new IOException(
                        "there is no {" + name + "} for the command; there are {" + String.join("}, {",
                                new TreeSet<>(known)) + "}");
            }
        }
    }

    /// What it names, each once.
    Set<String> places() {
        return words.stream().flatMap(word -> PLACE.matcher(word).results()).map(place -> place.group(1)).collect(
                Collectors.toCollection(LinkedHashSet::new));
    }

    /// The command of one interval.
    ///
    /// @param values of the places, all that it names among them
    List<String> command(Map<String, String> values) {
        return words.stream().map(word -> PLACE.matcher(word).replaceAll(place -> Matcher.quoteReplacement(values.get(
                place.group(1))))).toList();
    }
}
