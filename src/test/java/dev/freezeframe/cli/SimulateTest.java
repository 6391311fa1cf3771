package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.store.StoreTables;
import dev.freezeframe.suite.BuiltPlugins;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
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

        Invocation noisy = call("simulate", "run", "--to", "2", "--plugin", noisyPlugin().toString(), "--json");
        assertEquals(1, noisy.status(), noisy::out);
        assertEquals("the plugin wrote more than 16 MiB to plugin.log; have it write less", noisy.single("interval").path(
                "reason").asText());
    }

    /// A foreign one that prints all the time.
    private Path noisyPlugin() throws Exception {
        QemuProgram qemu = QemuProgram.ask(QemuProgram.DEFAULT_BINARY);
        Path source = Files.writeString(home.resolve("noisy.c"), """
                #include <stdint.h>
                #include <string.h>
                int qemu_plugin_version = API;
                void qemu_plugin_outs(const char *);
                void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t, void (*)(void), void *);
                static char noise[1 << 18];
                static void translated(void) { qemu_plugin_outs(noise); }
                int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
                  (void)info, (void)argc, (void)argv;
                  memset(noise, '.', sizeof noise - 1);
                  qemu_plugin_register_vcpu_tb_trans_cb(id, translated, 0);
                  return 0;
                }
                """);
        Path plugin = home.resolve("noisy.so");
        Process compiler = new ProcessBuilder("gcc", "-shared", "-fPIC", "-DAPI=" + (qemu.isAtLeast(11, 1) ? 7 : qemu
                .isAtLeast(9, 0) ? 2 : 1), "-o", plugin.toString(), source.toString()).inheritIO().start();
        assertEquals(0, compiler.waitFor());
        return plugin;
    }

    /// As when QEMU was killed.
    @Test
    void whereTheLogEndsEarlyTheRemedyThatALineNamesGoesOnWithWhatThereIs() throws Exception {
        Invocation record = call("record", "replay-linux", "--name", "run", "--after", "tick 2", "--checkpoints", String
                .valueOf(2 * CHECKPOINTS), "--interval", "250ms", "--no-pictures", "--json");
        assertEquals(0, record.status(), record::err);
        List<Long> counts = record.json("checkpoint").stream().map(each -> each.path("instructions").asLong()).toList();
        try (Connection connection = StoreTables.connection(home.resolve("data/freezeframe/store"));
                Statement statement = connection.createStatement()) {
            // what is left leads somewhere into the run
            statement.executeUpdate("DELETE FROM replay_log WHERE start_offset >= (SELECT MEDIAN(start_offset) FROM replay_log)");
        }
        assertTrue(call("verify").out().contains("run: its log ends at byte "), "it is noticed");
        Invocation first = call("simulate", "run", "--json");
        assertEquals(1, first.status(), first::err);
        JsonNode summary = first.single("summary");
        int sound = summary.path("proven").asInt() + summary.path("provenAcrossInterrupt").asInt();
        assertTrue(sound > 1 && sound < 2 * CHECKPOINTS - 1, first::out);
        List<String> reasons = first.json("interval").stream().map(each -> each.path("reason").asText()).filter(
                reason -> !reason.isEmpty()).toList();
        Pattern remedy = Pattern.compile(".*; end with checkpoint (\\d+) \\(--to \\1\\), which goes on with what there is");
        List<Integer> ends = reasons.stream().map(remedy::matcher).peek(each -> assertTrue(each.matches(), reasons::toString))
                .map(each -> Integer.valueOf(each.group(1))).toList();
        assertEquals(sound + 1, Collections.min(ends), reasons::toString);
        String end = Collections.min(ends).toString();
        assertEquals(0, call("delete", "run/2").status());
        Invocation rest = call("simulate", "run", "--to", end, "--json");
        assertEquals(0, rest.status(), rest::out);
        assertEquals(sound - 2, rest.single("summary").path("executedBefore").asInt(), "two have become one");
        assertEquals(counts.get(sound) - counts.getFirst(), rest.single("summary").path("instructions").asLong());
        assertEquals(summary.path("simulation"), rest.single("summary").path("simulation"));
        assertEquals(sound - 1, call("simulations", "run", "--json").single("simulation").path("intervals").asInt());
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
