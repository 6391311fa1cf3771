package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.TestedQemu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A recording of a restored machine tells what this one has under another name, to a script as to a person, and in the end the
/// command that brings its checkpoint back.
@Tag("qemu")
class MovedFilesTest {
    @TempDir
    private Path home;

    @Test
    void recordTellsThemToAScriptAndToAPerson() throws Exception {
        Path log = home.resolve("bios, ü.log");
        Path profile = Files.writeString(home.resolve("logged.json"), "{\"memory\": \"16 MiB\", \"bootSector\":"
                + " \"rounds\", \"arguments\": [\"-debugcon\", \"file:" + log + "\"]}");
        Invocation first = Invocation.of(home, "record", profile.toString(), "--qemu", TestedQemu.binary(),
                "--checkpoints", "1", "--name", "it's first", "--json");
        assertEquals(0, first.status(), first::err);
        assertEquals(List.of(), first.json("moved"));

        Invocation script = record("--json");
        JsonNode moved = script.single("moved");
        assertEquals("debugcon", moved.path("argument").asText());
        assertEquals(log.toString(), moved.path("named").asText());
        assertEquals(log + ".2", moved.path("used").asText());
        assertEquals("", script.err());

        Invocation person = record("--name", "a second");
        assertEquals("debugcon is at " + log + ".2, since " + log + " is not this machine's\n", person.err());
        assertTrue(person.out().endsWith("\nrestore   freezeframe restore 'a second/1'\n"), person::out);
    }

    private Invocation record(String... options) {
        List<String> all = new ArrayList<>(List.of("record", "--from", "it's first/1", "--qemu", TestedQemu
                .binary(), "--checkpoints", "1"));
        all.addAll(List.of(options));
        Invocation recorded = Invocation.of(home, all.toArray(String[]::new));
        assertEquals(0, recorded.status(), recorded::err);
        return recorded;
    }
}
