package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.suite.BuiltPlugins;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run is recorded, and each of its intervals executed again ends as it did then.
@Tag("qemu")
class SimulateTest {
    private static final int CHECKPOINTS = 6;

    @TempDir
    private Path home;

    private Invocation call(String... arguments) {
        return Invocation.of(home, arguments);
    }

    @Test
    void everyIntervalOfARecordedRunEndsAsItWasRecordedAndEachInstructionIsCountedOnce() throws Exception {
        BuiltPlugins.require();
        Invocation record = call("record", "replay-linux", "--name", "run", "--after", "tick 2", "--checkpoints", String
                .valueOf(CHECKPOINTS), "--interval", "500ms", "--json");
        assertEquals(0, record.status(), record::err);
        List<Long> counts = record.json("checkpoint").stream().map(each -> each.path("instructions").asLong()).toList();
        assertEquals(counts.stream().sorted().distinct().toList(), counts, "they only grow");
        assertTrue(counts.getFirst() > 1_000_000, counts.toString());

        Invocation simulate = call("simulate", "run", "--workers", "2", "--plugin", "count", "--json");
        List<JsonNode> intervals = simulate.json("interval");
        assertEquals(CHECKPOINTS - 1, intervals.size(), simulate::err);
        assertEquals(0, simulate.status(), simulate::out);
        long instructions = counts.getLast() - counts.getFirst();
        assertEquals(instructions, simulate.single("summary").path("instructions").asLong());
        assertEquals(instructions, simulate.single("summary").path("result").path("instructions").asLong());

        JsonNode kept = call("simulations", "run", "--json").single("simulation");
        assertEquals(CHECKPOINTS - 1, kept.path("proven").asInt() + kept.path("provenAcrossInterrupt").asInt());
        assertEquals(CHECKPOINTS - 1, call("simulations", "run", "1", "--json").json("interval").size());
        Path table = home.resolve("table.csv");
        assertEquals(0, call("simulations", "run", "1", "--csv", table.toString()).status());
        assertEquals(CHECKPOINTS, Files.readAllLines(table).size());
    }

    @Test
    void aRunThatWasNotRecordedForItSaysWhatWouldBe() {
        Invocation record = call("record", "boot-sector", "--name", "plain", "--checkpoints", "2", "--interval",
                "100ms");
        assertEquals(0, record.status(), record::err);
        Invocation simulate = call("simulate", "plain");
        assertEquals(1, simulate.status(), simulate::out);
        assertTrue(simulate.err().contains("\"replay\": true"), simulate::err);
    }
}
