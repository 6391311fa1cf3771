package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run that was recorded elsewhere is executed again as exactly as one that was recorded here.
@Tag("qemu")
class SimulatedBundleTest {
    @TempDir
    private Path folder;

    @Test
    void aRunThatCameInABundleIsExecutedAgain() {
        Path there = folder.resolve("there");
        Path here = folder.resolve("here");
        String bundle = folder.resolve("run.freezeframe").toString();
        Invocation record = Invocation.of(there, "record", "replay-linux", "--name", "run", "--after", "tick 2",
                "--checkpoints", "4", "--interval", "500ms", "--json");
        assertEquals(0, record.status(), record::err);
        assertEquals(0, Invocation.of(there, "simulate", "run", "--to", "2", "--no-proof", "--json").status());
        Invocation exported = Invocation.of(there, "export", "run", bundle, "--json");
        assertEquals("[]", exported.single("exported").path("leftOut").toString(), exported::err);
        Invocation imported = Invocation.of(here, "import", bundle, "--json");
        long logBytes = imported.single("imported").path("logBytes").asLong();
        assertEquals(logBytes, Invocation.of(here, "list", "--json").single("experiment").path("logBytes").asLong());
        assertTrue(
                Invocation.of(here, "simulations", "run").out().contains("1 interval, 1 sound, came with the bundle"));
        Invocation simulate = Invocation.of(here, "simulate", "run", "--json");
        assertEquals(0, simulate.status(), simulate::out);
        List<JsonNode> checkpoints = record.json("checkpoint");
        assertEquals(checkpoints.getLast().path("instructions").asLong() - checkpoints.getFirst().path("instructions")
                .asLong(), simulate.single("summary").path("instructions").asLong());
        assertEquals(List.of(true, false),
                Invocation.of(here, "simulations", "run", "--json").json("simulation").stream().map(
                        each -> each.path("imported").asBoolean()).toList());
    }
}
