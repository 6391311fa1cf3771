package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.store.StoreTables;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run whose log ends before its last checkpoint, as when QEMU was killed.
@Tag("qemu")
class EarlyEndOfLogTest {
    private static final int CHECKPOINTS = 6;

    @TempDir
    private Path home;

    private Invocation call(String... arguments) {
        return Invocation.of(home, arguments);
    }

    @Test
    void theRemedyThatALineNamesGoesOnWithWhatThereIs() throws Exception {
        Invocation record = call("record", "replay-linux", "--name", "cut", "--after", "tick 2", "--checkpoints", String
                .valueOf(2 * CHECKPOINTS), "--interval", "250ms", "--no-pictures", "--json");
        assertEquals(0, record.status(), record::err);
        List<Long> counts = record.json("checkpoint").stream().map(each -> each.path("instructions").asLong()).toList();
        try (Connection connection = StoreTables.connection(home.resolve("data/freezeframe/store"));
                Statement statement = connection.createStatement()) {
            // what is left leads somewhere into the run
            statement.executeUpdate(
                    "DELETE FROM replay_log WHERE start_offset >= (SELECT MEDIAN(start_offset) FROM replay_log)");
        }
        assertTrue(call("verify").out().contains("cut: its log ends at byte "), "it is noticed");
        Invocation first = call("simulate", "cut", "--json");
        assertEquals(1, first.status(), first::err);
        JsonNode summary = first.single("summary");
        int sound = summary.path("proven").asInt() + summary.path("provenAcrossInterrupt").asInt();
        assertTrue(sound > 1 && sound < 2 * CHECKPOINTS - 1, first::out);
        List<String> reasons = first.json("interval").stream().map(each -> each.path("reason").asText()).filter(
                reason -> !reason.isEmpty()).toList();
        Pattern remedy = Pattern
                .compile(".*; end with checkpoint (\\d+) \\(--to \\1\\), which goes on with what there is");
        List<Integer> ends = reasons.stream().map(remedy::matcher)
                .peek(each -> assertTrue(each.matches(), reasons::toString))
                .map(each -> Integer.valueOf(each.group(1))).toList();
        assertEquals(sound + 1, Collections.min(ends), reasons::toString);
        String end = Collections.min(ends).toString();
        assertEquals(0, call("delete", "cut/2").status());
        Invocation rest = call("simulate", "cut", "--to", end, "--json");
        assertEquals(0, rest.status(), rest::out);
        assertEquals(sound - 2, rest.single("summary").path("executedBefore").asInt(), "two have become one");
        assertEquals(counts.get(sound) - counts.getFirst(), rest.single("summary").path("instructions").asLong());
        assertEquals(summary.path("simulation"), rest.single("summary").path("simulation"));
        assertEquals(sound - 1, call("simulations", "cut", "--json").single("simulation").path("intervals").asInt());
    }
}
