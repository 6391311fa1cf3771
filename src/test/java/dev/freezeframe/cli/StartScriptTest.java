package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.TestedQemu;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.suite.Needs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The program as its start script starts it does the same whatever the locale, the home folder and Java's own options.
@Tag("slow")
class StartScriptTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NOTE = "grün, \"größe\" 日本 😀";
    private static final String NO_HOME = "/proc/there is none";

    @TempDir
    private static Path folder;
    private static StartScript program;
    private static Path home;

    @BeforeAll
    static void record() throws Exception {
        program = new StartScript(Files.createDirectory(folder.resolve("a checkout, für alle")));
        home = Files.createDirectory(folder.resolve("jörg, \"o'neil\" 100% #a=b"));
        try (Store store = Store.open(store())) {
            SyntheticExperiments.write(store, "run", 3, 1);
        }
    }

    @AfterAll
    static void takeTheLinksAway() throws Exception {
        program.close();
    }

    private static Path store() {
        return home.resolve(".local/share/freezeframe/store");
    }

    private static Map<String, String> at(Path home, String locale) {
        Map<String, String> environment = new HashMap<>(Map.of("HOME", home.toString()));
        if (!locale.isEmpty()) {
            environment.put("LC_ALL", locale);
        }
        return environment;
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "", "xx_YY.ISO-8859-1"})
    void whatIsTypedIsKeptAsItIsInEveryLocale(String locale) throws Exception {
        StartScript.Outcome noted = program.call(at(home, locale), "annotate", "run/2", "--note", NOTE, "--json");
        assertEquals(0, noted.status(), noted.err());
        assertEquals(NOTE, JSON.readTree(noted.out()).get("note").asText());
        try (Store store = Store.open(store())) {
            assertEquals(NOTE, store.annotation(store.find(CheckpointName.of("run", 2)).orElseThrow().id()).note());
        }
    }

    @Test
    void anArgumentThatIsNotUtf8IsRefusedInOneLine() throws Exception {
        StartScript.Outcome refused = program.shell(at(home, "C"), "\"$program\" list --store $'caf\\xe9'");
        assertEquals(2, refused.status(), refused.toString());
        assertEquals("", refused.out());
        assertTrue(refused.err().matches("freezeframe: argument 3, \"caf\uFFFD\" is not UTF-8; .*\n"), refused.err());
    }

    @Test
    void withoutAFolderToWriteToThereIsOneLineAndNoTrace() throws Exception {
        Map<String, String> nowhere = Map.of("HOME", NO_HOME);
        assertEquals(
                new StartScript.Outcome(0, "no experiments yet in " + NO_HOME + "/.local/share/freezeframe/store\n",
                        ""),
                program.call(nowhere, "list"));
        StartScript.Outcome failed = program.call(nowhere, "record", "no-such-profile");
        assertEquals(1, failed.status());
        assertTrue(failed.err().matches("freezeframe record: .*; there is no log \\(.*\n"), failed.err());
    }

    @Test
    void withoutAHomeInTheEnvironmentTheUserDatabaseSaysWhereItIs() throws Exception {
        String elsewhere = folder.resolve("elsewhere").toString();
        StartScript.Outcome listed = program.call(Map.of("XDG_DATA_HOME", elsewhere, "XDG_STATE_HOME", elsewhere),
                "list");
        assertEquals(new StartScript.Outcome(0, "no experiments yet in " + elsewhere + "/freezeframe/store\n", ""),
                listed);
    }

    /// Java by itself takes a limit on its command line for the memory that there is.
    @Test
    void theHeapGoesByTheMemoryOfTheServiceOrContainer() throws Exception {
        StartScript.Outcome found = program.shell(at(home, "C"), """
                set -e
                for group in /sys/fs/cgroup/memory /sys/fs/cgroup; do
                  here=$group/freezeframe-test-$$
                  mkdir "$here" || continue
                  for limit in memory.limit_in_bytes memory.max; do
                    if [[ -e $here/$limit ]]; then
                      echo $((700 << 20)) > "$here/$limit"
                      echo $$ > "$here/cgroup.procs"
                      "$program" doctor || true
                      echo $$ > "$group/cgroup.procs"
                      rmdir "$here"
                      exit 0
                    fi
                  done
                  rmdir "$here"
                done
                exit 9""");
        Needs.MEMORY_LIMIT.orSkip(found.status() == 0, "no limit can be set: " + found.err().lines().findFirst().orElse(
                ""));
        Matcher heap = Pattern.compile("heap up to ([0-9]+) MiB").matcher(found.out());
        assertTrue(heap.find(), found.out());
        int mib = Integer.parseInt(heap.group(1));
        assertTrue(mib > 100 && mib <= 175 + 2, found.out());
    }

    @Test
    void javasOwnMessagesDoNotStandBeforeTheResults() throws Exception {
        Path cache = Files.writeString(program.checkout().resolve("target/freezeframe.aot"), "of another Java");
        try {
            Map<String, String> environment = at(home, "");
            environment.put("FREEZEFRAME_JAVA_OPTS", "-XX:+UseZGC -XX:+PrintWarnings -XX:+UseLargePages");
            StartScript.Outcome listed = program.call(environment, "list", "--json");
            assertEquals(0, listed.status(), listed.err());
            assertFalse(listed.err().contains("[aot"), listed.err());
            List<String> lines = listed.out().lines().toList();
            assertEquals(1, lines.size(), listed.out());
            assertEquals("run", JSON.readTree(lines.getFirst()).get("experiment").asText());
        } finally {
            Files.delete(cache);
        }
    }

    @Test
    @Tag("qemu")
    void aLanguageWithDigitsOfItsOwnChangesNothing() throws Exception {
        Map<String, String> environment = at(home, "");
        environment.put("FREEZEFRAME_JAVA_OPTS", "-Duser.language=ar -Duser.country=EG " + TestedQemu.jvmOption());
        StartScript.Outcome recorded = program.call(environment, "record", "boot-sector", "--checkpoints", "1",
                "--store", folder.resolve("recorded").toString());
        assertEquals(0, recorded.status(), recorded.err());
        assertTrue(recorded.out().contains("1 checkpoint in 0.0 s"), recorded.out());
        assertTrue(recorded.out().chars().noneMatch(letter -> Character.isDigit(letter) && letter > '9'), recorded
                .out());
    }
}
