package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.bundle.BundleImport;
import dev.freezeframe.store.Store;
import dev.freezeframe.suite.TestLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is typed by mistake, or by somebody who wishes ill, is answered in one plain line and makes nothing.
class OddInputsTest {
    /// A colour, the same begun by the control character of eight bits, a window's title, and text from right to left.
    private static final String ESCAPES = "\u001b[31m\u009b1m\u001b]0;title\u0007\u202eabc\u2066\u2028";
    private static final List<List<String>> READING = List.of(List.of("list"), List.of("list", "run"),
            List.of("verify"),
            List.of("gc"), List.of("delete", "run"), List.of("restore", "latest"),
            List.of("annotate", "latest", "--note",
                    "x"));

    @TempDir
    private Path home;

    private Invocation on(Path store, List<String> arguments) {
        return Invocation.of(home, Stream.concat(arguments.stream(), Stream.of("--store", store.toString())).toArray(
                String[]::new));
    }

    @Test
    void readingAFolderWithoutAStoreMakesNone() throws Exception {
        Path folder = Files.createDirectory(home.resolve("documents"));
        Path letter = Files.writeString(folder.resolve("letter"), "dear");
        for (List<String> command : READING) {
            Invocation answer = on(folder, command);
            assertTrue((answer.out() + answer.err()).matches(
                    "(no experiments yet in|freezeframe [a-z]+: there is no store at) .*\n"), answer.toString());
            try (Stream<Path> files = Files.list(folder)) {
                assertEquals(List.of(letter), files.toList(), answer.toString());
            }
        }
    }

    @Test
    void aFileOrADanglingLinkInThePlaceOfAStoreIsCalledOne() throws Exception {
        Path file = Files.createFile(home.resolve("file"));
        Path link = Files.createSymbolicLink(home.resolve("link"), home.resolve("nowhere").resolve("store"));
        for (Path place : List.of(file, link, Path.of("/dev/null"))) {
            for (List<String> command : READING) {
                Invocation answer = on(place, command);
                assertEquals(1, answer.status(), answer.toString());
                assertTrue(answer.err().endsWith(": store " + place
                        + " is a file, and a store is a folder; choose another --store\n"), answer.toString());
            }
        }
    }

    @Test
    void aStoreWhoseEndIsMissingSaysSo() throws Exception {
        TestLog.allow("opened in an older state");
        Path folder = home.resolve("store");
        Store.open(folder).close();
        Path version = folder.resolve("store.version");
        Files.writeString(version, "100000             \n"); // as if much had come after
        Invocation list = on(folder, List.of("list"));
        assertEquals(0, list.status(), list.toString());
        assertEquals(1, list.err().lines().count(), list.toString());
        assertTrue(list.err().contains("it opened in an older state") && list.err().contains("backup"), list.err());
    }

    @Test
    void nothingThatWasTypedReachesTheTerminalAsACommandToIt() throws Exception {
        Store.open(home.resolve("store")).close();
        for (String odd : List.of("x" + ESCAPES, "x" + ESCAPES + "/1")) {
            for (List<String> command : List.of(List.of("list", odd), List.of("restore", odd), List.of("delete", odd),
                    List.of("import", odd), List.of("record", odd), List.of("export", odd, "a.freezeframe"), List.of(
                            "verify", odd),
                    List.of(odd), List.of("annotate", "x/1", "--tag", odd))) {
                Invocation answer = on(home.resolve("store"), command);
                assertTrue(answer.status() != 0, answer.toString());
                String said = (answer.out() + answer.err()).replace("\n", "");
                assertFalse(said.codePoints().anyMatch(letter -> Character.isISOControl(letter)
                        || (letter >= 0x2028 && letter <= 0x202e) || (letter >= 0x2066 && letter <= 0x2069)),
                        answer.toString());
            }
        }
        for (String odd : List.of("a\u009b1m", "a\u202eb", "a\u001b[1m")) {
            Assertions.assertThrows(IllegalArgumentException.class, () -> BundleImport.checkName(odd));
        }
    }
}
