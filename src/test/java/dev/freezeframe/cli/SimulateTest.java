package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.BuiltPlugins;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A run is recorded, and each of its intervals executed again ends as it did then.
@Tag("qemu")
class SimulateTest {
    private static final int CHECKPOINTS = 6;

    @TempDir
    private static Path home;
    private static List<Long> counts;

    private static Invocation call(String... arguments) {
        return Invocation.of(home, arguments);
    }

    @BeforeAll
    static void record() throws Exception {
        BuiltPlugins.require();
        Invocation record = call("record", "replay-linux", "--name", "run", "--after", "tick 2", "--checkpoints", String
                .valueOf(CHECKPOINTS), "--interval", "500ms", "--json");
        assertEquals(0, record.status(), record::err);
        counts = record.json("checkpoint").stream().map(each -> each.path("instructions").asLong()).toList();
    }

    @Test
    void everyIntervalOfARecordedRunEndsAsItWasRecordedAndEachInstructionIsCountedOnce() throws Exception {
        assertEquals(counts.stream().sorted().toList(), counts, "they never go back");
        assertTrue(counts.getFirst() > 1_000_000, counts.toString());

        Invocation simulate = call("simulate", "run", "--workers", "2", "--plugin", "count", "--json");
        List<JsonNode> intervals = simulate.json("interval");
        assertEquals(CHECKPOINTS - 1, intervals.size(), simulate::err);
        assertEquals(0, simulate.status(), simulate::out);
        long instructions = counts.getLast() - counts.getFirst();
        assertEquals(instructions, simulate.single("summary").path("instructions").asLong());
        assertEquals(instructions, simulate.single("summary").path("result").path("instructions").asLong());

        JsonNode kept = kept("count", 0, 1);
        assertEquals(CHECKPOINTS - 1, kept.path("proven").asInt() + kept.path("provenAcrossInterrupt").asInt());
        String number = kept.path("simulation").asText();
        assertEquals(CHECKPOINTS - 1, call("simulations", "run", number, "--json").json("interval").size());
        Path table = home.resolve("table.csv");
        assertEquals(0, call("simulations", "run", number, "--csv", table.toString()).status());
        assertEquals(CHECKPOINTS, Files.readAllLines(table).size());

        // all as one: on a busy computer a guest may do nothing at all between two checkpoints
        Invocation noisy = call("simulate", "run", "--serial", "--plugin", noisyPlugin().toString(), "--json");
        assertEquals(1, noisy.status(), noisy::out);
        assertEquals("the plugin wrote more than 16 MiB to plugin.log; have it write less",
                noisy.single("interval").path(
                        "reason").asText());
    }

    @Test
    void anotherSimulatorGetsTheFilesOfEachCheckpointAndWhatItPrintsIsAddedUp() throws Exception {
        Path moment = home.resolve("moment.ram");
        assertEquals(0, call("export", "run/2", "--ram", moment.toString()).status());
        Path simulator = Files.writeString(home.resolve("sim, mine"), """
                #!/bin/sh
                cmp "$1" "$2" >&2 || exit 3
                cp "$3" "$4.devices"
                echo "{\\"cycles\\": $(($5 + $6)), \\"calls\\": 1}"
                """);
        Files.setPosixFilePermissions(simulator, PosixFilePermissions.fromString("rwx------"));
        Path out = home.resolve("kept");
        String template = "'" + simulator + "' {ram} " + moment + " {devices} {out} {instructions} {skip}";
        Invocation called = call("simulate", "run", "--from", "2", "--to", "4", "--command", template, "--out", out
                .toString(), "--json");
        // the memory of the second interval is another one
        assertEquals(1, called.status(), called::err);
        List<JsonNode> intervals = called.json("interval").stream().sorted(Comparator.comparingInt(each -> each.path(
                "interval").asInt())).toList();
        assertEquals(2, intervals.size(), called::err);
        assertEquals("ended", intervals.getFirst().path("state").asText(), called::out);
        assertEquals(counts.get(2) - counts.get(1), intervals.getFirst().path("result").path("cycles").asLong());
        assertTrue(intervals.getLast().path("reason").asText().startsWith("the simulator ended with exit status 3: "),
                called::out);
        String number = called.single("summary").path("simulation").asText();
        assertTrue(Files.size(out.resolve("run-" + number).resolve("2-3.devices")) > 1000);

        Invocation warm = call("simulate", "run", "--from", "3", "--to", "4", "--warm-up", "1", "--command", template,
                "--out", out.toString(), "--json");
        assertEquals(0, warm.status(), warm::out);
        assertEquals(counts.get(3) - counts.get(1), warm.single("summary").path("result").path("cycles").asLong());
        assertTrue(call("simulations", "run", "--json").json("simulation").stream().anyMatch(each -> each.path("plugin")
                .asText().equals("command=" + template.replace(",", ",,"))));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            wc {what}           | there is no {what} for the command; there are {devices}, {from}, {instructions}, {interval}, {ram}, {skip}, {to}
            wc {ram} {out}      | the command writes files that begin with {out}: name a folder for them with --out
            not-there {ram}     | there is no program not-there that can be executed
            wc 'x               | a quote of the command is not closed: wc 'x
            ``                  | there is no program in the command
            """)
    void aCommandThatCannotBeIsOneLineAndNoSimulation(String template, String line) {
        int before = call("simulations", "run", "--json").json("simulation").size();
        Invocation refused = call("simulate", "run", "--command", template);
        assertEquals(1, refused.status(), refused::out);
        assertEquals("freezeframe simulate: " + line + "\n", refused.err());
        assertEquals(before, call("simulations", "run", "--json").json("simulation").size());
        assertEquals(2, call("simulate", "run", "--command", "true", "--plugin", "count").status());
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
        Process compiler = new ProcessBuilder("gcc", "-shared", "-fPIC", "-DAPI=" + (qemu.isAtLeast(11, 1)
                ? 7
                : qemu
                        .isAtLeast(9, 0) ? 2 : 1),
                "-o", plugin.toString(), source.toString()).inheritIO().start();
        assertEquals(0, compiler.waitFor());
        return plugin;
    }

    /// The one of these that is kept.
    private static JsonNode kept(String plugin, int warmUp, int every) {
        List<JsonNode> found = call("simulations", "run", "--json").json("simulation").stream()
                .filter(each -> each.path("plugin").asText().equals(plugin) && each.path("warmUp").asInt() == warmUp
                        && each.path(
                                "every").asInt() == every)
                .toList();
        assertEquals(1, found.size(), found::toString);
        return found.getFirst();
    }

    private static JsonNode result(Invocation simulate) {
        assertEquals(0, simulate.status(), () -> simulate.out() + simulate.err());
        return simulate.single("summary").path("result");
    }

    @Test
    @Tag("soak")
    void whatIsWarmedUpCountsEachInstructionOnceAndIsNearerToOneSerialRun() {
        long instructions = counts.get(3) - counts.getFirst();
        String[] cache = {"simulate", "run", "--to", "4", "--plugin", "cache", "--json"};
        JsonNode cold = result(call(cache));
        JsonNode warm = result(call(with(cache, "--warm-up", "1")));
        JsonNode serial = result(call(with(cache, "--serial")));
        assertEquals(List.of(instructions, instructions, instructions),
                Stream.of(cold, warm, serial).map(each -> each.path(
                        "instructions").asLong()).toList());
        assertEquals(List.of(0L, counts.get(2) - counts.getFirst(), 0L),
                Stream.of(cold, warm, serial).map(each -> each.path(
                        "skippedInstructions").asLong()).toList());
        assertEquals(instructions, result(call("simulate", "run", "--to", "4", "--plugin", "count", "--warm-up", "2",
                "--json")).path("instructions").asLong());

        String one = kept("cache", 0, 3).path("simulation").asText();
        double coldError = missesMore(kept("cache", 0, 1), one);
        double warmError = missesMore(kept("cache", 1, 1), one);
        assertTrue(coldError > 0, "an empty cache misses: " + coldError);
        assertTrue(Math.abs(warmError) < coldError, warmError + " and " + coldError);
    }

    private static String[] with(String[] arguments, String... more) {
        return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
    }

    /// In percent of what the reference says.
    private static double missesMore(JsonNode simulation, String reference) {
        Invocation compared = call("simulations", "run", simulation.path("simulation").asText(), "--compare", reference,
                "--json");
        List<JsonNode> figures = compared.json("figureError");
        for (JsonNode each : figures) {
            assertEquals(each.path("value").asLong() - each.path("otherValue").asLong(),
                    each.path("difference").asLong(), each::toString);
            if (each.path("figure").asText().equals("instructions")) {
                assertEquals(0, each.path("difference").asLong());
            }
        }
        return figures.stream().filter(each -> each.path("figure").asText().equals("l2Misses")).findFirst().orElseThrow(
                () -> new AssertionError(compared.out() + compared.err())).path("percent").asDouble();
    }

    @Test
    @Tag("soak")
    void aRunIsSimulatedWhileItIsRecordedAndNothingIsLeftToDoAfterwards() throws Exception {
        Invocation record = recordUntilAnIntervalIsBegun();
        List<Long> recorded = record.json("checkpoint").stream().map(each -> each.path("instructions").asLong())
                .toList();
        JsonNode simulated = record.single("simulated");
        int intervals = recorded.size() - 1;
        assertEquals(intervals, simulated.path("proven").asInt() + simulated.path("provenAcrossInterrupt").asInt(),
                record::out);
        assertEquals(recorded.getLast() - recorded.getFirst(), simulated.path("result").path("instructions").asLong());
        assertTrue(simulated.path("executedBefore").asInt() > 0, record::out);

        Invocation again = call("simulate", "live", "--plugin", "count", "--json");
        assertEquals(0, again.status(), again::err);
        assertEquals(intervals, again.single("summary").path("executedBefore").asInt(), "nothing was left");
        assertEquals(simulated.path("result"), again.single("summary").path("result"));
        JsonNode kept = call("simulations", "live", "--json").single("simulation");
        assertEquals(List.of("count", 1, recorded.size(), intervals),
                List.of(kept.path("plugin").asText(), kept.path("from")
                        .asInt(), kept.path("to").asInt(), kept.path("intervals").asInt()));
        assertTrue(kept.path("endedAt").isTextual(), kept::toString);
    }

    /// The recording goes on until an interval has been begun, however long that takes; that one is waited for.
    private static Invocation recordUntilAnIntervalIsBegun() throws Exception {
        Path out = home.resolve("out");
        Process recorder = ProgramProcess.start(home, ProcessBuilder.Redirect.to(out.toFile()), "record",
                "replay-linux",
                "--name", "live", "--after", "tick 2 ", "--interval", "1s", "--simulate", "count", "--json");
        try {
            Await.until("an interval is executed", () -> recorder.descendants().anyMatch(SimulateTest::replays));
            ProgramProcess.signal(recorder, "INT");
            return new Invocation(recorder.waitFor(), Files.readString(out), Files.readString(home.resolve("err")));
        } finally {
            recorder.destroyForcibly();
        }
    }

    private static boolean replays(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline")).contains("rr=replay");
        } catch (IOException e) {
            return false; // it has ended meanwhile
        }
    }

    @Test
    void anIntervalIsContinuedByHandUpToTheNextCheckpointAndTheLastHasNone() {
        Invocation restore = call("restore", "run/2", "--replay", "--console", "--json");
        assertEquals(0, restore.status(), restore::err);
        assertEquals(counts.get(2), restore.single("led").path("instruction").asLong());
        assertEquals("run/3", restore.single("stands").path("checkpoint").asText(), restore::out);
        Invocation last = call("restore", "run/" + CHECKPOINTS, "--replay");
        assertEquals(1, last.status(), last::out);
        assertTrue(last.err().contains("no later one"), last::err);
    }

    @Test
    void aWarmUpThatCannotBeIsOneLine() throws Exception {
        Path foreign = Files.copy(Path.of("target/plugins/count-1.so"), home.resolve("foreign.so"));
        assertRefused("--warm-up", "--warm-up", "1");
        assertRefused("skip=N", "--plugin", foreign.toString(), "--warm-up", "1");
        assertRefused("skip=N", "--plugin", "count,skip=5", "--warm-up", "1");
        assertRefused("--every", "--serial", "--every", "2");
        // QEMU would load the file, or hand the argument on
        assertRefused("QEMU's own", "--plugin", "count,file=" + foreign);
        assertRefused("QEMU's own", "--plugin", "count,arg=out=/tmp/elsewhere");
    }

    private static void assertRefused(String why, String... how) {
        Invocation simulate = call(with(new String[]{"simulate", "run"}, how));
        assertTrue(simulate.status() != 0, simulate::out);
        String said = simulate.err().lines().findFirst().orElse("");
        assertTrue(said.contains(why), simulate::err);
    }

    @Test
    void aRunThatWasNotRecordedForItSaysWhatWouldBe() {
        Invocation record = call("record", "boot-sector", "--name", "plain", "--checkpoints", "2", "--interval",
                "100ms");
        assertEquals(0, record.status(), record::err);
        Invocation simulate = call("simulate", "plain");
        assertEquals(0, simulate.status(), simulate::err);
        assertTrue(simulate.out().contains("1 re-executed"), simulate::out);
        Invocation command = call("simulate", "plain", "--command", "stat '--format={\"bytes\":%s}' -L {ram}",
                "--json");
        assertEquals(0, command.status(), command::out);
        assertEquals(16 << 20, command.single("summary").path("result").path("bytes").asLong(), command::out);
        Invocation uncounted = call("simulate", "plain", "--command", "echo {instructions}");
        assertEquals(1, uncounted.status(), uncounted::out);
        assertTrue(uncounted.err().contains("there is no {instructions} for the command; there are {devices}, {from},"),
                uncounted::err);
        Invocation live = call("record", "boot-sector", "--checkpoints", "2", "--simulate", "count");
        assertEquals(1, live.status(), live::out);
        assertTrue(live.err().contains("\"replay\": true"), live::err);
        assertEquals(1,
                call("list", "--json").json("experiment").stream().filter(each -> each.path("profile").asText().equals(
                        "boot-sector")).count(),
                "nothing was recorded");
    }
}
