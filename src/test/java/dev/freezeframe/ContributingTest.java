package dev.freezeframe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.cli.Document;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What CONTRIBUTING says of the code stays short enough to be read, and names classes that there are.
class ContributingTest {
    private static final int MOST_WORDS = 25;
    private static final int MOST_LINES = 20;
    private static final List<String> WAYS = List.of("Ways through the code", "How to add …");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    /// A class, perhaps with the packages that it is in below ours, perhaps with a member.
    private static final Pattern CLASS = Pattern.compile("((?:[a-z]+/)*)([A-Z][a-z]\\w+)(?:\\.(\\w+))?");

    private static Document document;
    /// By the names of their classes.
    private static final Map<String, Path> SOURCES = new HashMap<>();

    @BeforeAll
    static void read() throws IOException {
        document = Document.read(Path.of("CONTRIBUTING.md"));
        for (String root : List.of("src/main/java", "src/test/java")) {
            try (Stream<Path> files = Files.walk(Path.of(root))) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(file -> SOURCES.putIfAbsent(file
                        .getFileName().toString().replace(".java", ""), file));
            }
        }
    }

    private static List<String> ways() {
        return WAYS.stream().flatMap(above -> document.headingsBelow(above).stream()).toList();
    }

    @Test
    void theWordsAreFewAndALineEach() {
        List<List<String>> words = document.rowsOfTablesHeaded("word");
        long count = words.stream().mapToLong(row -> row.getFirst().split(", ", -1).length).sum();
        assertTrue(count > 0 && count <= MOST_WORDS, count + " words");
        assertEquals(count, words.stream().flatMap(row -> Stream.of(row.getFirst().split(", ", -1))).distinct()
                .count());
        for (List<String> row : words) {
            assertTrue(row.size() == 2 && row.get(1).length() <= 100, row.toString());
        }
    }

    @Test
    void eachWayIsToldInFewLines() {
        assertTrue(ways().containsAll(List.of("A dirty page, from guest RAM to H2 and back", "A click on *Restore*",
                "A figure of a checkpoint", "A chart", "A command of the command line", "A command of the window",
                "A way to find dirty pages",
                "A guest architecture")), ways().toString());
        for (String way : ways()) {
            int lines = document.linesBelow(way).size();
            assertTrue(lines > 0 && lines <= MOST_LINES, way + " takes " + lines + " lines");
        }
    }

    @Test
    void theClassesThatTheWaysNameAreThere() throws IOException {
        List<String> faults = new ArrayList<>();
        for (String way : ways()) {
            for (String code : CODE.matcher(String.join("\n", document.linesBelow(way))).results().map(each -> each
                    .group(1)).toList()) {
                var named = CLASS.matcher(code);
                if (named.matches() && !isThere(named.group(1), named.group(2), named.group(3))) {
                    faults.add(way + ": " + code);
                }
            }
        }
        assertEquals(List.of(), faults);
    }

    private static boolean isThere(String folder, String name, String member) throws IOException {
        Path source = SOURCES.get(name);
        return source != null
                && (folder.isEmpty() || source.endsWith(Path.of("dev/freezeframe", folder, name + ".java")))
                && (member == null || Files.readString(source).matches("(?s).*\\b" + member + "\\b.*"));
    }
}
