package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a real bash completes with the script that the program prints.
class CompletionTest {
    /// Does what readline does at a tab: calls the function that `complete` was given, and prints what it found.
    private static final String TAB = """
            set -u
            compopt() { :; } # the real one wants readline to be waiting
            source "$1"
            shift
            function_name=$(complete -p freezeframe | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMPREPLY=()
            "$function_name" freezeframe "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"}
            """;

    @TempDir
    static Path folder;

    private static Path script;

    @BeforeAll
    static void print() throws IOException {
        Invocation completion = Invocation.of(folder, "completion");
        assertEquals(0, completion.status(), completion.err());
        script = Files.writeString(folder.resolve("completion"), completion.out());
        Files.writeString(folder.resolve("a-file"), "");
    }

    /// What is offered for the last of these words.
    private static Set<String> offered(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("bash", "--norc", "-c", TAB, "bash", script.toString(),
                "freezeframe"));
        command.addAll(List.of(words));
        Process bash = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
        bash.getOutputStream().close();
        String output = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, bash.waitFor(), output);
        Set<String> found = new TreeSet<>(output.lines().map(String::strip).toList());
        found.remove("");
        return found;
    }

    @Test
    void commandsAreCompleted() throws Exception {
        assertEquals(Set.of("record", "restore"), offered("re"));
        assertEquals(CommandText.program().getSubcommands().keySet(), offered(""));
        assertEquals(Set.of("pause", "peers"), offered("bench", "p"));
    }

    @Test
    void optionsAreCompletedButNotThoseThatAreHidden() throws Exception {
        assertEquals(Set.of("--budget-bytes", "--budget-checkpoints", "--budget-rule"), offered("record", "--budget"));
        assertFalse(offered("demo", "--").contains("--checkpoints"));
    }

    @Test
    void profilesAreCompletedByTheirNames() throws Exception {
        assertEquals(Set.of("boot-sector", "boot-sector-vga"), offered("record", "boot"));
        assertTrue(offered("record", "").contains("tiny-linux"));
    }

    @Test
    void valuesAreOfferedAsTheyAreWrittenInTheHelp() throws Exception {
        assertEquals(Set.of("scan"), offered("record", "tiny-linux", "--tracker", "s"));
        assertEquals(Set.of("auto", "kvm", "tcg"), offered("restore", "latest", "--accel", ""));
    }

    @Test
    void filesAreCompletedWhereAnOptionTakesOne() throws Exception {
        assertEquals(Set.of("a-file"), offered("export", "latest", "--ram", "a-"));
        assertEquals(Set.of("a-file"), offered("list", "--store", "a-"));
        assertEquals(Set.of("a-file"), offered("export", "an-experiment", "a-"));
        assertEquals(Set.of("a-file"), offered("import", "a-"));
        assertEquals(Set.of(), offered("record", "tiny-linux", "--checkpoints", ""));
    }
}
