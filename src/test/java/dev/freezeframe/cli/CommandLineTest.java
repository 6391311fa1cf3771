package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.store.Store;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// The commands on a real machine: the 16-bit guest, which is up at once. Recorded once for all tests that only read.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("qemu")
class CommandLineTest {
    private static final String GUEST = "boot-sector";

    private Path home;
    private Invocation recorded;

    @BeforeAll
    void record(@TempDir Path folder) {
        home = folder;
        recorded = Invocation.of(home, "record", GUEST, "--checkpoints", "5", "--interval", "200ms", "--after",
                "round 9", "--json");
        assertEquals(0, recorded.status(), recorded.err());
    }

    @AfterEach
    void noMachineIsLeftBehind() {
        assertEquals(List.of(), ProcessHandle.current().children().map(ProcessHandle::info).toList());
    }

    private String experiment() {
        return recorded.single("summary").get("experiment").asText();
    }

    private static Set<String> fields(JsonNode object) {
        Set<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void recordPrintsOneCheckpointALineWithTheFieldsOfTheContract() {
        List<JsonNode> checkpoints = recorded.json("checkpoint");
        assertEquals(List.of(1, 2, 3, 4, 5), checkpoints.stream().map(each -> each.get("number").asInt()).toList());
        for (JsonNode checkpoint : checkpoints) {
            assertEquals(experiment() + "/" + checkpoint.get("number"), checkpoint.get("checkpoint").asText());
            Set<String> missing = new TreeSet<>(Set.of("type", "checkpoint", "number", "intervalMillis", "pauseMicros",
                    "phaseMicros", "ramPages", "dirtyPages", "unchangedPages", "zeroPages", "duplicatePages",
                    "newPages",
                    "dirtyBlocks", "newBlocks", "deviceStateBytes", "storedBytes", "pipelineMillis", "late"));
            missing.removeAll(fields(checkpoint));
            assertEquals(Set.of(), missing);
            assertEquals(Set.of("stop", "deviceState", "harvest", "copy", "disks", "resume"), fields(checkpoint.get(
                    "phaseMicros")));
            checkpoint.get("phaseMicros").forEach(micros -> assertTrue(micros.isIntegralNumber()));
            assertEquals(200, checkpoint.get("intervalMillis").asInt());
            assertEquals(checkpoint.get("dirtyPages").asLong(),
                    checkpoint.get("unchangedPages").asLong() + checkpoint.get(
                            "zeroPages").asLong() + checkpoint.get("duplicatePages").asLong()
                            + checkpoint.get("newPages")
                                    .asLong());
        }
    }

    @Test
    void thePhasesAddUpToThePause() {
        for (JsonNode checkpoint : recorded.json("checkpoint")) {
            long sum = 0;
            for (JsonNode micros : checkpoint.get("phaseMicros")) {
                sum += micros.asLong();
            }
            assertEquals(checkpoint.get("pauseMicros").asLong(), sum);
        }
    }

    @Test
    void theSummaryCountsWhatWasPrinted() {
        JsonNode summary = recorded.single("summary");
        List<JsonNode> checkpoints = recorded.json("checkpoint");
        assertEquals(5, summary.get("checkpoints").asInt());
        assertEquals(0, summary.get("failed").asInt());
        for (String total : List.of("dirtyPages", "newPages", "storedBytes")) {
            assertEquals(checkpoints.stream().mapToLong(each -> each.get(total).asLong()).sum(), summary.get(total)
                    .asLong(), total);
        }
        List<Long> pauses = checkpoints.stream().map(each -> each.get("pauseMicros").asLong()).sorted().toList();
        assertEquals((double) pauses.get(2), summary.get("pauseMicros").get("median").asDouble(),
                pauses.get(2) / 500.0 + 1);
        assertEquals((double) pauses.get(4), summary.get("pauseMicros").get("max").asDouble(),
                pauses.get(4) / 500.0 + 1);
        assertTrue(summary.get("storeBytes").asLong() > 0);
        assertEquals(recorded.json().getLast(), summary);
    }

    @Test
    void listShowsTheExperimentAndItsCheckpoints() {
        JsonNode experiment = Invocation.of(home, "list", "--json").single("experiment");
        assertEquals(experiment(), experiment.get("experiment").asText());
        assertEquals(5, experiment.get("checkpoints").asInt());
        assertEquals(GUEST, experiment.get("profile").asText());
        assertTrue(experiment.get("parent").isNull());
        List<JsonNode> listed = Invocation.of(home, "list", experiment(), "--json").json("checkpoint");
        // a note may come later, so only the list has it
        listed.forEach(each -> ((ObjectNode) each).remove(List.of("tags", "note")));
        assertEquals(recorded.json("checkpoint"), listed);
    }

    @Test
    void plainOutputHasNoControlCharacters() {
        for (Invocation listed : List.of(Invocation.of(home, "list"), Invocation.of(home, "list", experiment()))) {
            assertEquals(0, listed.status(), listed.err());
            assertTrue(listed.out().contains(experiment()) || listed.out().contains("pause"));
            assertTrue(listed.out().chars().allMatch(c -> c == '\n' || c >= ' '), listed.out());
        }
    }

    @Test
    void theTableIsAligned() {
        List<String> lines = Invocation.of(home, "list", experiment()).out().lines().toList();
        assertEquals(7, lines.size());
        assertEquals(1, lines.subList(0, 6).stream().mapToInt(String::length).distinct().count(),
                () -> String.join("\n",
                        lines));
    }

    @Test
    void restoredMachinesGoOnCountingFromWhereTheCheckpointStood() {
        Invocation restored = Invocation.of(home, "restore", experiment() + "/2", "--count", "2", "--lines", "10",
                "--verify", "--console", "--json");
        assertEquals(0, restored.status(), restored.err());
        assertEquals(2, restored.json("restored").size());
        for (JsonNode machine : restored.json("restored")) {
            assertEquals(experiment() + "/2", machine.get("checkpoint").asText());
            assertTrue(machine.get("ramVerified").asBoolean());
            assertTrue(machine.get("millis").isIntegralNumber());
            assertTrue(machine.get("pid").asLong() > 0);
            List<Integer> rounds = restored.json("console").stream()
                    .filter(line -> line.get("machine").equals(machine.get(
                            "machine")))
                    .map(line -> line.get("text").asText()).filter(text -> text.matches("round \\d+")).map(
                            text -> Integer.valueOf(text.substring(6)))
                    .toList();
            assertFalse(rounds.isEmpty(), restored.out());
            // a fresh guest would begin with 1; this one had printed its ninth round before the first checkpoint
            assertTrue(rounds.getFirst() > 9, () -> rounds.toString());
            for (int i = 1; i < rounds.size(); i++) {
                assertEquals(rounds.get(i - 1) + 1, rounds.get(i));
            }
        }
    }

    @Test
    void aRestoredMachineCanBeRecordedAndItsParentIsKept() {
        Invocation again = Invocation.of(home, "record", "--from", experiment() + "/3", "--checkpoints", "2",
                "--interval",
                "200ms", "--json");
        assertEquals(0, again.status(), again.err());
        String child = again.single("summary").get("experiment").asText();
        JsonNode listed = Invocation.of(home, "list", "--json").json("experiment").stream().filter(each -> each.get(
                "experiment").asText().equals(child)).findFirst().orElseThrow();
        assertEquals(experiment() + "/3", listed.get("parent").asText());
        // the machine had not run: its first checkpoint is a difference to the parent
        assertTrue(again.json("checkpoint").getFirst().get("dirtyPages").asLong() < 500, again.out());
        assertEquals(0, Invocation.of(home, "delete", child).status());
    }

    @Test
    void whatIsDeletedIsGoneAndItsSpaceComesBack(@TempDir Path other) {
        Invocation run = Invocation.of(other, "record", GUEST, "--checkpoints", "3", "--interval", "100ms", "--json");
        assertEquals(0, run.status(), run.err());
        String name = run.single("summary").get("experiment").asText();
        JsonNode sound = Invocation.of(other, "verify", "--json").single("summary");
        assertTrue(sound.get("sound").asBoolean());
        assertEquals(3, sound.get("checkpoints").asInt());

        JsonNode deleted = Invocation.of(other, "delete", name + "/2", "--json").single("deleted");
        assertEquals(1, deleted.get("checkpoints").asInt());
        assertEquals(List.of(1, 3),
                Invocation.of(other, "list", name, "--json").json("checkpoint").stream().map(each -> each
                        .get("number").asInt()).toList());
        assertTrue(Invocation.of(other, "verify", "--json").single("summary").get("sound").asBoolean());

        assertEquals(2, Invocation.of(other, "delete", name, "--json").single("deleted").get("checkpoints").asInt());
        JsonNode collected = Invocation.of(other, "gc", "--json").single("summary");
        assertTrue(collected.get("chunksDropped").asLong() > 0);
        assertTrue(collected.get("storeBytes").asLong() <= collected.get("bytesBefore").asLong());
        assertEquals("", Invocation.of(other, "list", "--json").out());
    }

    @Test
    void recordingEndsAfterItsDuration(@TempDir Path other) {
        long start = System.nanoTime();
        Invocation run = Invocation.of(other, "record", GUEST, "--duration", "1s", "--interval", "250ms", "--json");
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertTrue(millis >= 1000, millis + " ms");
        int checkpoints = run.single("summary").get("checkpoints").asInt();
        // a busy computer takes fewer in a second, and may end later than it should
        assertEquals(checkpoints == 0 ? 1 : 0, run.status(), run.err());
        assertTrue(checkpoints <= 1 + millis / 250, millis + " ms: " + run.out());
        assertEquals("recorded for 1.0 s, as asked for", run.single("summary").get("endReason").asText());
    }

    @Test
    void aRecordingGoesByWhatItsGuestPrints(@TempDir Path other) {
        Invocation run = Invocation.of(other, "record", GUEST, "--name", "by-marks", "--interval", "24h", "--after",
                "round 3", "--at", "00\n", "--until", "round 700\n", "--json");
        assertEquals(0, run.status(), run.err());
        JsonNode summary = run.single("summary");
        assertEquals("by-marks", summary.get("experiment").asText());
        assertEquals("the guest printed \"round 700\"", summary.get("endReason").asText());
        List<JsonNode> marks = run.json("mark");
        assertEquals("round 3", marks.getFirst().get("text").asText());
        assertEquals("by-marks/1", marks.getFirst().get("checkpoint").asText());
        // each mark has its checkpoint, or shares one, and the last one is not lost to the end
        assertEquals(Set.of("00\n"), marks.stream().skip(1).map(each -> each.get("text").asText()).collect(Collectors
                .toSet()));
        assertTrue(marks.stream().skip(1).mapToInt(each -> 1 + each.get("skipped").asInt()).sum() >= 7, run.out());
        marks.forEach(each -> assertTrue(each.get("beyondMicros").asLong() >= 0 && each.get("beyondBytes").asLong() >= 0
                && each.get("beyondLines").asLong() >= 0, each.toString()));
        Invocation taken = Invocation.of(other, "record", GUEST, "--name", "by-marks");
        assertEquals(1, taken.status());
        assertTrue(taken.err().contains("has an experiment by-marks already"), taken.err());
    }

    @Test
    void aTextThatNeverComesIsAFailureThatKeepsWhatThereIs(@TempDir Path other) {
        Invocation run = Invocation.of(other, "record", GUEST, "--checkpoints", "1", "--until", "never printed",
                "--json");
        assertEquals(1, run.status());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().contains("did not print \"never printed\" before the recording ended"), run.err());
        assertEquals(1, Invocation.of(other, "list", "--json").single("experiment").get("checkpoints").asInt());
        Invocation restored = Invocation.of(home, "restore", experiment() + "/2", "--until", "never printed", "--run",
                "100ms", "--console", "--json");
        assertEquals(1, restored.status());
        assertTrue(restored.err().contains("did not print \"never printed\" within 0.1 s"), restored.err());
        // on a busy computer the guest may not come to print one
        boolean printed = restored.json("console").stream().anyMatch(line -> !line.get("text").asText().isBlank());
        assertTrue(!printed || restored.err().contains(" within 0.1 s; its last line: "), restored.toString());
    }

    @Test
    void aRestoredConsoleIsShownUpToWhatEndsItAndNoFurther() {
        Invocation lines = Invocation.of(home, "restore", experiment() + "/2", "--count", "2", "--console", "--lines",
                "5", "--json");
        assertEquals(0, lines.status(), lines.err());
        for (int machine = 1; machine <= 2; machine++) {
            int number = machine;
            assertEquals(5, lines.json("console").stream().filter(each -> each.get("machine").asInt() == number)
                    .count(), lines.out());
        }
        String fourth = lines.json("console").stream().filter(each -> each.get("machine").asInt() == 1).toList().get(3)
                .get("text").asText();
        Invocation until = Invocation.of(home, "restore", experiment() + "/2", "--console", "--until", fourth + "\n",
                "--json");
        assertEquals(0, until.status(), until.err());
        assertEquals(fourth, until.json("console").getLast().get("text").asText());
        assertEquals(4, until.json("console").size());
    }

    @Test
    void profilesAreListedByName() {
        List<String> names = Invocation.of(home, "profiles", "--json").json("profile").stream().map(each -> each.get(
                "profile").asText()).toList();
        assertTrue(names.containsAll(List.of("boot-sector", "tiny-linux")), names.toString());
        assertTrue(Invocation.of(home, "profiles").out().contains("tiny-linux"));
    }

    @Test
    void everyFailureIsOneLineAndStatusOne(@TempDir Path other) throws Exception {
        List<Invocation> failures = new ArrayList<>();
        failures.add(Invocation.of(other, "record", "no-such-profile"));
        failures.add(Invocation.of(other, "record", GUEST, "--qemu", "/no/such/qemu"));
        failures.add(Invocation.of(other, "record", GUEST, "--qemu", "/bin/false"));
        failures.add(Invocation.of(other, "restore", "nothing/1", "--store", other.resolve("missing").toString()));
        failures.add(Invocation.of(home, "restore", "nothing/1"));
        failures.add(Invocation.of(home, "restore", experiment() + "/99"));
        failures.add(Invocation.of(home, "list", "nothing"));
        failures.add(Invocation.of(home, "delete", "nothing"));
        failures.add(Invocation.of(home, "delete", experiment() + "/99"));
        failures.add(Invocation.of(other, "verify", "--store", other.resolve("missing").toString()));
        Path held = other.resolve("held");
        try (Store store = Store.open(held)) {
            failures.add(Invocation.of(other, "list", "--store", held.toString()));
            failures.add(Invocation.of(other, "record", GUEST, "--store", held.toString()));
            assertEquals(List.of(), store.experiments());
        }
        Files.writeString(other.resolve("file"), "not a store");
        failures.add(Invocation.of(other, "gc", "--store", other.resolve("file").toString()));
        for (Invocation failure : failures) {
            assertEquals(1, failure.status(), failure.toString());
            assertEquals(1, failure.err().lines().count(), failure.toString());
            assertTrue(failure.err().startsWith("freezeframe "), failure.toString());
            assertFalse(failure.err().contains("Exception"), failure.toString());
            assertFalse(failure.err().contains("a fault in Freezeframe"), failure.toString());
            assertEquals("", failure.out());
        }
        assertFalse(Files.exists(other.resolve("missing")));
    }

    @Test
    void wrongUsageIsOneLineAndStatusTwo() {
        for (String[] arguments : new String[][]{{}, {"record"}, {"record", GUEST, "--from", "latest"}, {"record",
                GUEST, "--interval", "1"}, {"record", GUEST, "--interval", "0s"}, {"record", GUEST, "--memory", "lots"},
                {"record", GUEST, "--checkpoints", "3", "--duration", "3s"}, {"record", GUEST, "--checkpoints", "0"}, {
                        "record", GUEST, "--tracker", "magic"},
                {"restore"}, {"restore", "latest", "--count", "0"}, {
                        "restore", "latest", "--run", "5s", "--detach"},
                {"restore", "a/b"}, {"restore", "latest", "--detach", "--lines", "1"}, {"restore", "latest", "--lines",
                        "0"},
                {"restore", "latest", "--until", ""}, {"record", GUEST, "--after", ""}, {"record", GUEST, "--name",
                        "a/b"},
                {"record", GUEST, "--at", "\u001b[0m"}, {"fly"}, {
                        "bench"},
                {"bench", "pause", "--disk", "10"}, {"bench", "disks", "--workload", "sleep"}}) {
            Invocation wrong = Invocation.of(home, arguments);
            assertEquals(2, wrong.status(), () -> String.join(" ", arguments) + wrong);
            assertEquals(1, wrong.err().lines().count(), wrong.toString());
            assertTrue(wrong.err().contains("--help"), wrong.toString());
            assertEquals("", wrong.out());
        }
    }

    @Test
    void helpAndVersionAreAnswers() {
        for (String[] arguments : new String[][]{{"--help"}, {"--version"}, {"record", "--help"}, {"bench", "pause",
                "--help"}, {"bench", "disks", "--help"}}) {
            Invocation answer = Invocation.of(home, arguments);
            assertEquals(0, answer.status());
            assertFalse(answer.out().isBlank());
            assertEquals("", answer.err());
        }
    }

    @Test
    void theStoreIsTheOwnersAlone() throws Exception {
        try (Stream<Path> files = Files.walk(home.resolve("data/freezeframe/store"))) {
            for (Path file : files.toList()) {
                String mode = java.nio.file.attribute.PosixFilePermissions
                        .toString(Files.getPosixFilePermissions(file));
                assertTrue(mode.endsWith("------"), file + " " + mode);
            }
        }
    }
}
