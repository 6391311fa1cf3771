package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// `export EXPERIMENT FILE` and `import FILE`, as a person and as a script call them.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class BundleCommandsTest {
    private Path home;
    private Path bundle;

    @BeforeAll
    void exportABundle(@TempDir Path folder) throws Exception {
        home = folder;
        bundle = folder.resolve("run.freezeframe");
        try (Store store = Store.open(folder.resolve("data/freezeframe/store"))) {
            SyntheticExperiments.write(store, "run", 3, 1);
        }
        Invocation exported = invoke("export", "run", bundle.toString(), "--json");
        assertEquals(0, exported.status(), exported.err());
        JsonNode json = exported.single("exported");
        assertEquals("run", json.get("experiment").asText());
        assertEquals(3, json.get("checkpoints").asInt());
        assertEquals(Files.size(bundle), json.get("fileBytes").asLong());
        assertEquals(64, json.get("sha256").asText().length());
        assertEquals("[]", json.get("leftOut").toString());
    }

    private Invocation invoke(String... arguments) {
        return Invocation.of(home, arguments);
    }

    private String store(String name) {
        return home.resolve(name).toString();
    }

    @Test
    void whatIsImportedIsListedAsWhatItIs() {
        Invocation imported = invoke("import", bundle.toString(), "--store", store("a"), "--json");
        assertEquals(0, imported.status(), imported.err());
        JsonNode json = imported.single("imported");
        assertEquals("run", json.get("experiment").asText());
        assertEquals(3, json.get("checkpoints").asInt());
        assertTrue(json.get("newPages").asLong() > 0, imported.out());
        assertEquals(invoke("list", "run", "--json").out(),
                invoke("list", "run", "--json", "--store", store("a")).out());
        Invocation again = invoke("import", bundle.toString(), "--store", store("a"), "--name", "copy", "--json");
        assertEquals(0, again.single("imported").get("newBytes").asLong());
        JsonNode copy = invoke("list", "--store", store("a"), "--json").json("experiment").get(1);
        assertEquals("run.freezeframe", copy.get("importedFrom").asText());
        assertEquals("run", copy.get("originalName").asText());
        assertTrue(invoke("list", "--store", store("a")).out().contains(", imported from run.freezeframe\n"));
        assertTrue(invoke("list", "--json").single("experiment").get("importedFrom").isNull());
        assertEquals(0, invoke("verify", "--store", store("a")).status());
    }

    @Test
    void aPersonReadsWhatCameOfIt() {
        Invocation imported = invoke("import", bundle.toString(), "--store", store("b"));
        assertTrue(imported.out().startsWith("imported 3 checkpoints as run: "), imported.out());
        assertTrue(imported.out().endsWith("restore   freezeframe restore run --store " + store("b") + "\n"),
                imported.out());
        Invocation exported = invoke("export", "run", home.resolve("b.freezeframe").toString());
        List<String> lines = exported.out().lines().toList();
        assertTrue(lines.get(0).startsWith("wrote 3 checkpoints of run to "), exported.out());
        assertTrue(lines.get(1).matches("sha256 [0-9a-f]{64}"), exported.out());
    }

    @Test
    void theCommandThatItPrintsIsOneForAShell() {
        Invocation imported = invoke("import", bundle.toString(), "--store", store("c d"), "--name", "from Ann's, ü");
        assertTrue(imported.out().endsWith("restore   freezeframe restore 'from Ann'\\''s, ü' --store '" + store("c d")
                + "'\n"), imported.out());
    }

    @Test
    void aStoreThatCannotBeMadeNamesTheFolderThatIsInTheWay() {
        Invocation failure = invoke("import", bundle.toString(), "--store", "/proc/some/store");
        assertEquals(1, failure.status(), failure.out());
        assertEquals(
                "freezeframe import: store /proc/some/store cannot be opened: /proc is no folder that you may write;"
                        + " change its permissions, or choose another --store\n",
                failure.err());
    }

    @Test
    void failuresAreOneLineAndLeaveNothing() throws Exception {
        Path text = Files.writeString(home.resolve("text"), "hello");
        for (String[] arguments : new String[][]{{"import", text.toString(), "--store", store("none")},
                {"import", store("nowhere"), "--store", store("none")},
                {"import", bundle.toString(), "--name", "a/b", "--store", store("none")},
                {"import", bundle.toString()}, {"export", "run", bundle.toString()},
                {"export", "nobody", store("x.freezeframe")}, {"export", "run", "/nowhere/x"},
                {"app", store("nowhere")}}) {
            Invocation failure = invoke(arguments);
            assertEquals(1, failure.status(), failure.toString());
            assertEquals(1, failure.err().lines().count(), failure.toString());
            assertFalse(failure.err().contains("Exception"), failure.toString());
        }
        assertFalse(Files.exists(home.resolve("none")), "no store is made for what is no bundle");
        assertFalse(Files.exists(home.resolve("x.freezeframe")));
        for (String[] arguments : new String[][]{{"import"}, {"export", "run"}, {"export", "run/1", store("x")},
                {"export",
                        "latest", store("x")},
                {"export", "run", store("x"), "--ram", store("y")}}) {
            Invocation wrong = invoke(arguments);
            assertEquals(2, wrong.status(), wrong.toString());
            assertEquals(1, wrong.err().lines().count(), wrong.toString());
        }
        assertEquals(0, invoke("export", "run", bundle.toString(), "--force").status());
    }
}
