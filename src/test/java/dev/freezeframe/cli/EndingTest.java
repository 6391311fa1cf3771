package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.TestedQemu;
import dev.freezeframe.cli.run.RecordCommand;
import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.suite.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How a recording ends when the program is told to, as a process of its own.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("qemu")
class EndingTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path home;

    private Process start(String... arguments) throws IOException {
        return ProgramProcess.start(home, arguments);
    }

    private static boolean endsSoon(ProcessHandle process) throws Exception {
        process.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return !process.isAlive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void aSignalEndsARecordingInGoodOrder(String signal) throws Exception {
        Process recorder = start("record", "boot-sector", "--interval", "100ms", "--json");
        try (BufferedReader out = recorder.inputReader(StandardCharsets.UTF_8)) {
            List<JsonNode> lines = new ArrayList<>();
            while (lines.size() < 3) {
                lines.add(JSON.readTree(out.readLine()));
            }
            List<ProcessHandle> machines = recorder.children().toList();
            assertEquals(1, machines.size());
            ProgramProcess.signal(recorder, signal);
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(JSON.readTree(line));
            }
            assertTrue(recorder.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            assertEquals(0, recorder.exitValue(), Files.readString(home.resolve("err")));
            assertTrue(endsSoon(machines.getFirst()));
            JsonNode summary = lines.getLast();
            assertEquals("summary", summary.get("type").asText());
            assertEquals(lines.size() - 1, summary.get("checkpoints").asInt());
            String name = summary.get("experiment").asText();
            JsonNode listed = Invocation.of(home, "list", "--json").single("experiment");
            assertEquals(name, listed.get("experiment").asText());
            assertEquals(lines.size() - 1, listed.get("checkpoints").asInt());
            assertFalse(listed.get("endedAt").isNull());
        } finally {
            recorder.destroyForcibly();
        }
    }

    @Test
    void aRecordingThatIsEndedBeforeItBeganSaysSo() throws Exception {
        Process recorder = start("record", "boot-sector", "--after", "never", "--name", "none");
        try {
            Path log = home.resolve("state/freezeframe/freezeframe.log");
            Await.until("it waits",
                    () -> Files.exists(log) && Files.readString(log).contains("waiting for the guest to print"));
            ProgramProcess.signal(recorder, "INT");
            assertTrue(recorder.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            assertEquals(1, recorder.exitValue());
            String said = Files.readString(home.resolve("err"));
            assertTrue(
                    said.startsWith("freezeframe record: the recording was stopped before the guest printed \"never\";"
                            + " nothing was recorded"),
                    said);
        } finally {
            recorder.destroyForcibly();
        }
    }

    /// Its greeting would be waited for by far longer.
    @Test
    void aQemuThatHangsAtItsStartIsGivenUpAtOnceWhereThatIsAskedFor() throws Exception {
        Path hanging = Files.writeString(home.resolve("qemu"), "#!/bin/sh\ncase \"$*\" in *-qmp*) touch '" + home
                .resolve("hangs") + "'; exec sleep 1000;; esac\nexec " + TestedQemu.binary() + " \"$@\"\n");
        Files.setPosixFilePermissions(hanging, PosixFilePermissions.fromString("rwx------"));
        Process recorder = start("record", "boot-sector", "--qemu", hanging.toString());
        try {
            Await.until("it hangs", () -> Files.exists(home.resolve("hangs")));
            ProgramProcess.signal(recorder, "INT");
            assertTrue(recorder.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            assertEquals(1, recorder.exitValue());
            assertEquals("freezeframe record: interrupted while a machine was started; it was ended\n",
                    Files.readString(
                            home.resolve("err")));
        } finally {
            recorder.destroyForcibly();
        }
    }

    @Test
    void aReaderWhoGoesAwayEndsTheRecording() throws Exception {
        Process recorder = start("record", "boot-sector", "--interval", "100ms", "--json");
        try {
            try (BufferedReader out = recorder.inputReader(StandardCharsets.UTF_8)) {
                out.readLine();
            }
            assertTrue(recorder.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            assertEquals(0, recorder.exitValue());
            assertFalse(Invocation.of(home, "list", "--json").single("experiment").get("endedAt").isNull());
        } finally {
            recorder.destroyForcibly();
        }
    }

    @Test
    void aMachineThatDiesIsReportedAndItsCheckpointsAreKept() throws Exception {
        Process recorder = start("record", "boot-sector", "--interval", "100ms", "--json");
        try (BufferedReader out = recorder.inputReader(StandardCharsets.UTF_8)) {
            out.readLine();
            recorder.children().forEach(ProcessHandle::destroyForcibly);
            String last = out.readAllAsString().lines().reduce((a, b) -> b).orElseThrow();
            assertTrue(recorder.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            String error = Files.readString(home.resolve("err"));
            assertEquals(1, recorder.exitValue(), error);
            assertTrue(error.contains("SIGKILL"), error);
            assertEquals(1, error.lines().filter(line -> line.startsWith("freezeframe ")).count(), error);
            assertTrue(JSON.readTree(last).get("checkpoints").asInt() >= 1);
            JsonNode verified = Invocation.of(home, "verify", "--json").single("summary");
            assertTrue(verified.get("sound").asBoolean());
        } finally {
            recorder.destroyForcibly();
        }
    }

    @Test
    void fewerCheckpointsThanAskedForAreAFailureThatKeepsThem() throws Exception {
        Process recorder = start("record", "boot-sector", "--interval", "100ms", "--checkpoints", "1000", "--json");
        try (BufferedReader out = recorder.inputReader(StandardCharsets.UTF_8)) {
            out.readLine();
            // QEMU ends as when the guest powers off: with status 0.
            recorder.children().forEach(ProcessHandle::destroy);
            String last = out.readAllAsString().lines().reduce((a, b) -> b).orElseThrow();
            assertTrue(recorder.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            String error = Files.readString(home.resolve("err"));
            assertEquals(1, recorder.exitValue(), error);
            int stored = JSON.readTree(last).get("checkpoints").asInt();
            assertTrue(error.contains("only " + stored + " of 1000 checkpoints were stored"), error);
            assertEquals(1, error.lines().filter(line -> line.startsWith("freezeframe ")).count(), error);
            assertEquals(stored, Invocation.of(home, "list", "--json").single("experiment").get("checkpoints").asInt());
        } finally {
            recorder.destroyForcibly();
        }
    }

    @Test
    void anExperimentWithoutCheckpointsIsNotListed() throws Exception {
        Invocation recorded = Invocation.of(home, "record", "boot-sector", "--duration", "1ms", "--interval", "10s",
                "--json", "--store", home.resolve("store").toString());
        int stored = recorded.single("summary").get("checkpoints").asInt();
        assertEquals(stored == 0 ? 1 : 0, recorded.status(), recorded.err());
        assertEquals(stored == 0 ? 0 : 1, Invocation.of(home, "list", "--json", "--store", home.resolve("store")
                .toString()).json().size());
    }

    @Test
    void onlyARecordingThatDidWhatItWasToldEndsWell() {
        OptionalLong any = OptionalLong.empty();
        Optional<ExitStatus> runs = Optional.empty();
        Optional<ExitStatus> poweredOff = Optional.of(new ExitStatus(0));
        assertEquals(Optional.empty(), RecordCommand.problem(3, any, runs, false, "stopped"));
        assertEquals(Optional.empty(), RecordCommand.problem(3, OptionalLong.of(3), runs, false, "all taken"));
        assertEquals(Optional.empty(), RecordCommand.problem(3, any, poweredOff, true, "QEMU ended"));
        for (Optional<String> problem : List.of(RecordCommand.problem(3, any, runs, true, "the disk is full"),
                RecordCommand.problem(0, any, runs, false, "the disk is full"), RecordCommand.problem(2, OptionalLong
                        .of(3), runs, false, "the disk is full"),
                RecordCommand.problem(2, OptionalLong.of(3), poweredOff, true, "the disk is full"))) {
            assertTrue(problem.orElseThrow().contains("the disk is full"), problem.get());
        }
        assertTrue(RecordCommand.problem(3, any, Optional.of(new ExitStatus(137)), true, "x").orElseThrow().contains(
                "SIGKILL"));
    }
}
