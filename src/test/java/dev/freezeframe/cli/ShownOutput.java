package dev.freezeframe.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The output that a document shows for a command, and whether a run of it printed the same up to its figures. What differs in
/// every run counts as equal: numbers with their units, times, sums, the letters of a pause's phases, the home folder.
///
/// A line `…` stands for any lines, and a `…` at the end of a line for the rest of it. What the program says on a slow computer
/// only need not be shown.
final class ShownOutput {
    /// Names that later commands repeat: experiments, and processes.
    private static final Pattern NAME = Pattern
            .compile("\\b[a-z][a-z0-9-]*-\\d{8}-\\d{6}(?:-\\d+)?\\b|(?<=process |kill )\\d+");
    private static final String ELLIPSIS = "…";
    private static final String SAID_WHERE_IT_IS_SLOW = "the first checkpoint takes long: ";

    private final List<String> lines;

    /// Empty lines at the end do not count: they separate it from the next command.
    ShownOutput(List<String> lines) {
        this.lines = new ArrayList<>(lines);
        while (!this.lines.isEmpty() && this.lines.getLast().isBlank()) {
            this.lines.removeLast();
        }
    }

    /// How the printed names are called that the document uses.
    ///
    /// @param same whether it was the same output
    /// @param names by the document's word, what was printed in its place
    /// @param firstMissing the first line of the document that nothing printed is like
    record Comparison(boolean same, Map<String, String> names, Optional<String> firstMissing) {}

    Comparison with(List<String> printed) {
        List<String> actual = new ArrayList<>(printed.stream().filter(line -> !line.startsWith(SAID_WHERE_IT_IS_SLOW))
                .toList());
        while (!actual.isEmpty() && actual.getLast().isBlank()) {
            actual.removeLast();
        }
        // as a shell matches a pattern with stars: at a mismatch the last star takes one line more
        int shown = 0;
        int at = 0;
        int star = -1;
        int starTook = 0;
        int furthest = 0;
        int[] partner = new int[lines.size()];
        while (at < actual.size()) {
            if (shown < lines.size() && lines.get(shown).strip().equals(ELLIPSIS)) {
                star = shown++;
                starTook = at;
            } else if (shown < lines.size() && alike(lines.get(shown), actual.get(at))) {
                partner[shown++] = at++;
            } else if (star >= 0) {
                shown = star + 1;
                at = ++starTook;
            } else {
                return new Comparison(false, Map.of(), Optional.of(shown < lines.size()
                        ? lines.get(shown)
                        : "(nothing more, but printed was: " + actual.get(at) + ")"));
            }
            furthest = Math.max(furthest, shown);
        }
        while (shown < lines.size() && lines.get(shown).strip().equals(ELLIPSIS)) {
            shown++;
        }
        if (shown < lines.size()) {
            return new Comparison(false, Map.of(), Optional.of(lines.get(Math.min(furthest, lines.size() - 1))));
        }
        Map<String, String> names = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).strip().equals(ELLIPSIS)) {
                addNames(lines.get(i), actual.get(partner[i]), names);
            }
        }
        return new Comparison(true, names, Optional.empty());
    }

    private static void addNames(String shown, String actual, Map<String, String> names) {
        List<String> theirs = NAME.matcher(actual).results().map(name -> name.group()).toList();
        List<String> ours = NAME.matcher(shown).results().map(name -> name.group()).toList();
        for (int i = 0; i < Math.min(ours.size(), theirs.size()); i++) {
            names.putIfAbsent(ours.get(i), theirs.get(i));
        }
    }

    /// A command line with the names that were printed this time.
    ///
    /// @throws AssertionError if it names something that no output before showed
    static String withNames(String command, Map<String, String> names) {
        return NAME.matcher(command).replaceAll(name -> {
            String actual = names.get(name.group());
            if (actual == null) {
                throw new AssertionError("no output above shows " + name.group() + ", which is named in: " + command);
            }
            return Matcher.quoteReplacement(actual);
        });
    }

    private static boolean alike(String shown, String printed) {
        String expected = withoutFigures(shown);
        String actual = withoutFigures(printed);
        return expected.endsWith(ELLIPSIS)
                ? actual.startsWith(expected.substring(0, expected.length() - 1).stripTrailing())
                : expected.equals(actual);
    }

    static String withoutFigures(String line) {
        return line.replaceAll("(?<=^|[\\s\"'(=])/[^\\s\"']*?/(?=\\.(local|config|cache)/)", "~/") // a home folder
                .replaceAll("\\b[0-9a-f]{12,}\\b", "#") // sums
                .replaceAll("\\b[sdhckr]{10}\\b", "#") // phases
                .replaceAll("\\d+ (h|min) \\d+ (min|s)\\b", "#") // a duration
                .replaceAll("[0-9](?:[0-9,.:]*[0-9])?", "#")
                .replaceAll("# ?(B|KiB|MiB|GiB|TiB|µs|ms|s|min|%)(?![\\w/])", "#")
                .replaceAll("# ([a-z]+)s\\b", "# $1") // one page, two pages
                .replaceAll(", # (late|failed)(?=[ ,])", "") // how many, where the computer had other things to do
                .replaceAll("(?<=\\s)-(?=\\s|$)", "#") // none, in a table
                .replaceAll("tracker (userfault|scan)", "tracker #") // what the kernel has
                .replaceAll("image (shared|filled meanwhile)", "image #") // where there was no wait for it
                .replaceAll("\\s+", " ").strip();
    }
}
