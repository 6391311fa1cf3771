package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreTables;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.SyntheticSimulations;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.suite.Damaged;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// The commands that look into a store and write about it, on an experiment that no guest was needed for.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class CatalogCommandsTest {
    private Path home;

    @BeforeAll
    void record(@TempDir Path folder) throws Exception {
        home = folder;
        try (Store store = Store.open(folder.resolve("data/freezeframe/store"))) {
            SyntheticExperiments.write(store, "run", 6, 1);
        }
    }

    private Invocation invoke(String... arguments) {
        return Invocation.of(home, arguments);
    }

    @Test
    void whatWasWrittenAboutACheckpointIsListed() {
        Invocation written = invoke("annotate", "run/2", "--note", " the bug\nis here ", "--tag", "bug", "--tag",
                "keep",
                "--json");
        assertEquals(0, written.status(), written.err());
        JsonNode annotation = written.single("annotation");
        assertEquals("run/2", annotation.get("checkpoint").asText());
        assertEquals("[\"bug\",\"keep\"]", annotation.get("tags").toString());
        assertEquals("the bug\nis here", annotation.get("note").asText());
        assertEquals("run/2: [keep] the bug / is here\n", invoke("annotate", "run/2", "--remove-tag", "bug").out());
        List<JsonNode> listed = invoke("list", "run", "--json").json("checkpoint");
        assertEquals(List.of("[]", "[\"keep\"]"),
                listed.subList(0, 2).stream().map(each -> each.get("tags").toString()).toList());
        assertEquals("the bug\nis here", listed.get(1).get("note").asText());
        List<String> lines = invoke("list", "run").out().lines().toList();
        assertEquals(9, lines.size());
        assertEquals("[keep] the bug / is here", lines.get(3).strip());
        assertEquals("run/2: no note, no tags\n",
                invoke("annotate", "run/2", "--note", "", "--remove-tag", "keep").out());
    }

    @Test
    void whatIsDeletedIsToldInALineForEachExperiment(@TempDir Path other) throws Exception {
        try (Store store = Store.open(other.resolve("data/freezeframe/store"))) {
            SyntheticExperiments.write(store, "long", 9, 1);
            SyntheticExperiments.write(store, "short", 3, 2);
        }
        Invocation deleted = Invocation.of(other, "delete", "long/2", "short/3", "long/3", "long/4", "long/5");
        assertEquals(
                "deleted 4 checkpoints of long\ndeleted short/3 (1 checkpoint)\nfreezeframe gc gives the space back\n",
                deleted.out(), deleted.err());
        Invocation json = Invocation.of(other, "delete", "long/6", "long/7", "--json");
        assertEquals(List.of("long/6", "long/7"), json.json("deleted").stream().map(each -> each.get("name").asText())
                .toList());
        Invocation failed = Invocation.of(other, "delete", "short", "long/8", "long/99");
        assertEquals(1, failed.status());
        assertEquals("", failed.out());
        assertEquals(List.of("long", "short"), Invocation.of(other, "list", "--json").json("experiment").stream().map(
                each -> each.get("experiment").asText()).sorted().toList(), "a name that is wrong deletes nothing");
    }

    @Test
    @Damaged("a log is damaged")
    void aLogIsCountedAndWhereItIsDamagedNoCheckpointIsToBeDeleted(@TempDir Path other) throws Exception {
        Path directory = other.resolve("data/freezeframe/store");
        try (Store store = Store.open(directory)) {
            SyntheticExperiments.write(store, "run", 3, 1);
            long id = store.experiment("run").orElseThrow().id();
            store.replayLogs().add(id, 12, new byte[10]);
            store.replayLogs().add(id, 22, new byte[10]);
        }
        JsonNode listed = Invocation.of(other, "list", "--json").single("experiment");
        assertTrue(listed.get("logBytes").asLong() >= 20, listed.toString());
        Invocation sound = Invocation.of(other, "verify");
        assertEquals(0, sound.status(), sound.err());
        assertTrue(sound.out().contains(", 1 log read back: all sound"), sound.out());
        try (Connection connection = StoreTables.connection(directory);
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE replay_log SET content = X'00' WHERE start_offset = 22");
        }
        Invocation damaged = Invocation.of(other, "verify");
        assertEquals(1, damaged.status());
        assertTrue(damaged.out().startsWith(
                "run: 1 piece of its log lost: its piece at byte 22: its checksum does not match\n"), damaged.out());
        assertTrue(damaged.out().contains(", 1 log read back: 1 log damaged"), damaged.out());
        assertTrue(damaged.err().contains("all checkpoints are whole, but these runs cannot be executed again"), damaged
                .err());
        Invocation json = Invocation.of(other, "verify", "--json");
        JsonNode damage = json.single("logDamage");
        assertEquals("run", damage.get("experiment").asText());
        assertEquals(1, damage.get("pieces").asInt());
        assertEquals(List.of(1, 0, 1), List.of(json.single("summary").get("logs").asInt(), json.single("summary").get(
                "damages").asInt(), json.single("summary").get("logDamages").asInt()));
    }

    @Test
    void aSimulationKeepsItsNumberWhateverIsDeleted(@TempDir Path other) throws Exception {
        try (Store store = Store.open(other.resolve("data/freezeframe/store"))) {
            long run = SyntheticExperiments.write(store, "run", 6, 1);
            for (String plugin : List.of("", "cache", "count")) {
                SyntheticSimulations.write(store, run, plugin, List.of(), true);
            }
        }
        assertEquals("deleted simulation 2 of run\n",
                Invocation.of(other, "simulations", "run", "2", "--delete").out());
        Invocation again = Invocation.of(other, "simulations", "run", "2", "--delete");
        assertEquals(1, again.status());
        assertTrue(again.err().contains("run has no simulation 2; it has 1, 3"), again.err());
        List<JsonNode> left = Invocation.of(other, "simulations", "run", "--json").json("simulation");
        assertEquals(List.of("1 ", "3 count"),
                left.stream().map(each -> each.get("simulation").asInt() + " " + each.get(
                        "plugin").asText()).toList());
        assertTrue(Invocation.of(other, "simulations", "run").out().lines().toList().getLast().startsWith("  3  "));
    }

    @Test
    void anIntervalWhoseCheckpointWasDeletedIsShownAsSuch(@TempDir Path other) throws Exception {
        try (Store store = Store.open(other.resolve("data/freezeframe/store"))) {
            SyntheticSimulations.write(store, SyntheticExperiments.write(store, "run", 6, 1), "cache", List.of(), true);
            store.delete(CheckpointName.of("run", 3));
        }
        List<JsonNode> json = Invocation.of(other, "simulations", "run", "1", "--json").json("interval");
        assertEquals(List.of("1 1-2", "null 2-3", "null 3-4", "3 4-5", "4 5-6"), json.stream().map(each -> each.get(
                "interval").asText() + " " + each.get("from") + "-" + each.get("to")).toList());
        List<String> lines = Invocation.of(other, "simulations", "run", "1").out().lines().toList();
        assertEquals("- ", lines.get(2).strip().substring(0, 2), lines.toString());
        assertEquals("- is no interval of the run any more, as a checkpoint was deleted since; what came of it is kept",
                lines.getLast());
        Path table = other.resolve("table.csv");
        assertEquals(0, Invocation.of(other, "simulations", "run", "1", "--csv", table.toString()).status());
        assertEquals(List.of("1,1,2", ",2,3", ",3,4", "3,4,5", "4,5,6"), Files.readAllLines(table).stream().skip(1).map(
                line -> line.replaceAll("^(\\d*,\\d+,\\d+),.*", "$1")).toList());
    }

    @Test
    void theCsvHasALineForEachCheckpoint() {
        Invocation csv = invoke("list", "run", "--csv");
        assertEquals(0, csv.status(), csv.err());
        assertTrue(csv.out().endsWith("\r\n"));
        List<String> lines = csv.out().lines().toList();
        assertEquals(7, lines.size());
        assertTrue(lines.get(0).startsWith("experiment,number,captured_at,"));
        assertTrue(lines.get(6).startsWith("run,6,2026-11-22T"), lines.get(6));
        assertEquals(2, invoke("list", "--csv").status());
        assertEquals(2, invoke("list", "run", "--csv", "--json").status());
    }

    @Test
    void comparingNamesPagesAndRanges() {
        Invocation compared = invoke("compare", "run/1", "run/6", "--json");
        assertEquals(0, compared.status(), compared.err());
        JsonNode counts = compared.single("comparison");
        long differing = counts.get("pagesDiffering").asLong();
        assertTrue(differing > 1000, compared.out());
        assertEquals(65_536, counts.get("ramPages").asLong());
        assertFalse(counts.get("deviceStateEqual").asBoolean());
        assertEquals(40, compared.json("range").size());
        List<JsonNode> all = invoke("compare", "run/1", "run/6", "--json", "--all").json("range");
        assertEquals(counts.get("ranges").asInt(), all.size());
        assertEquals(differing, all.stream().mapToLong(range -> range.get("pages").asLong()).sum());
        String text = invoke("compare", "run/1", "run/6").out();
        assertTrue(text.contains("more ranges; --all prints them"), text);
        assertEquals(0, invoke("compare", "run/3", "run", "--json").status());
        assertTrue(invoke("compare", "run/3", "run/3").out().startsWith("run/3 and run/3: 0 pages of 65,536 differ"));
    }

    @Test
    void exportingWritesFilesAndReplacesNoneUnasked(@TempDir Path folder) throws Exception {
        Path ram = folder.resolve("ram");
        Path devices = folder.resolve("devices");
        Invocation exported = invoke("export", "run/3", "--ram", ram.toString(), "--device-state", devices.toString(),
                "--json");
        assertEquals(0, exported.status(), exported.err());
        assertEquals(256L << 20, Files.size(ram));
        assertEquals(exported.single("exported").get("deviceStateBytes").asLong(), Files.size(devices));
        Files.delete(ram);
        Invocation refused = invoke("export", "run/3", "--ram", ram.toString(), "--device-state", devices.toString());
        assertEquals(1, refused.status());
        assertEquals(1, refused.err().lines().count(), refused.err());
        assertFalse(Files.exists(ram), "not one without the other");
        assertEquals(0, invoke("export", "run/3", "--device-state", devices.toString(), "--force").status());
    }

    @Test
    void failuresAreOneLineEach() {
        for (String[] arguments : new String[][]{{"annotate", "run/99", "--note", "x"}, {"compare", "run/1", "no/1"},
                {"export", "run/99", "--ram", "/nowhere/ram"}, {"export", "run/1", "--ram", "/nowhere/ram"}}) {
            Invocation failure = invoke(arguments);
            assertEquals(1, failure.status(), failure.toString());
            assertEquals(1, failure.err().lines().count(), failure.toString());
            assertFalse(failure.err().contains("Exception"), failure.toString());
        }
        for (String[] arguments : new String[][]{{"annotate"}, {"annotate", "run/1", "--tag", "two words"},
                {"annotate", "run/1", "--note", "x".repeat(4001)}, {"compare", "run/1"}, {"export", "run/1"}}) {
            Invocation wrong = invoke(arguments);
            assertEquals(2, wrong.status(), wrong.toString());
            assertEquals(1, wrong.err().lines().count(), wrong.toString());
        }
    }
}
