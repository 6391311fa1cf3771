package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.cli.run.GuestDialog;
import dev.freezeframe.cli.terminal.CliEnvironment;
import dev.freezeframe.host.PackageSource;
import dev.freezeframe.suite.ChildJvm;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `freezeframe guest` and the offer of `demo` and `record`, as processes of their own on a computer without a guest.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("slow")
class GuestCommandTest {
    @TempDir
    private static Path shared;
    private static PackageSource source;

    @TempDir
    private Path home;

    @BeforeAll
    static void openTheSource() throws Exception {
        source = new PackageSource(shared);
    }

    @AfterAll
    static void closeTheSource() {
        source.close();
    }

    @BeforeEach
    void deliver() {
        source.deliver();
    }

    private Process start(String... arguments) throws IOException {
        List<String> command = ChildJvm.interruptible();
        command.add(Main.class.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(home.resolve("out").toFile()).redirectError(
                home.resolve("err").toFile());
        builder.environment().putAll(source.environment());
        for (String folder : List.of("CACHE", "CONFIG", "DATA", "STATE")) {
            builder.environment().put("XDG_" + folder + "_HOME", home.resolve(folder).toString());
        }
        return builder.start();
    }

    private Invocation run(String... arguments) throws Exception {
        return ended(start(arguments));
    }

    private Invocation ended(Process process) throws Exception {
        process.getOutputStream().close();
        int status = process.waitFor();
        return new Invocation(status, Files.readString(home.resolve("out")), Files.readString(home.resolve("err")));
    }

    private Path guest() {
        return home.resolve("CACHE/freezeframe/guest");
    }

    @Test
    void aScriptThatSaysYesGetsTheGuestAndIsToldHow() throws Exception {
        Invocation prepared = run("guest", "--yes", "--json");
        assertEquals(0, prepared.status(), prepared.err());
        JsonNode plan = prepared.json().getFirst();
        assertEquals("plan", plan.get("type").asText());
        assertEquals("tiny-linux", plan.get("guest").asText());
        assertTrue(plan.get("fetchBytes").asLong() > 0);
        assertFalse(prepared.json("progress").isEmpty());
        JsonNode files = prepared.single("prepared").get("files");
        assertEquals(2, files.size());
        for (JsonNode file : files) {
            assertTrue(Files.size(Path.of(file.asText())) > 0 && file.asText().startsWith(guest().toString()), file
                    .asText());
        }
        Invocation again = run("guest");
        assertEquals(0, again.status(), again.err());
        assertEquals("the guest of tiny-linux is there, in " + guest() + "\n", again.out());
    }

    @Test
    void withoutAYesNothingIsFetched() throws Exception {
        int requests = source.requests();
        Invocation asked = run("guest");
        assertEquals(1, asked.status());
        assertTrue(asked.out().contains("fetch  linux-image"), asked.out());
        assertEquals("freezeframe guest: nothing was fetched, because nobody agreed to it; --yes agrees\n",
                asked.err());
        assertEquals(requests, source.requests());
        assertFalse(Files.exists(guest()));
    }

    @Test
    void whatNeedsAGuestThatIsNotThereNamesTheCommand() throws Exception {
        for (String[] command : new String[][]{{"demo"}, {"record", "debian-build"}, {"record", "vga-linux",
                "--json"}}) {
            Invocation refused = run(command);
            assertEquals(1, refused.status(), refused.out());
            assertEquals(1, refused.err().lines().count(), refused.err());
            String remedy = "run freezeframe guest" + (command[command.length - 1].equals("debian-build")
                    ? " debian"
                    : "") + ", which fetches and builds it";
            assertTrue(refused.err().contains(remedy), refused.err());
            assertEquals("", refused.out());
        }
    }

    @Test
    void ctrlCLeavesNothingHalf() throws Exception {
        source.stall();
        Process process = start("guest", "--yes");
        source.awaitStall();
        List<ProcessHandle> children = process.descendants().toList();
        assertFalse(children.isEmpty());
        assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor());
        Invocation stopped = ended(process);
        assertEquals(1, stopped.status(), stopped.err());
        assertEquals("freezeframe guest: stopped; nothing is left half made, and freezeframe guest begins again\n",
                stopped.err());
        for (ProcessHandle child : children) {
            child.onExit().get(60, TimeUnit.SECONDS);
        }
        try (Stream<Path> files = Files.list(guest())) {
            assertEquals(List.of(guest().resolve("lock")), files.toList());
        }
    }

    @Test
    void anUnknownGuestIsWrongUsage() {
        Invocation wrong = Invocation.of(home, "guest", "fedora");
        assertEquals(2, wrong.status());
        assertTrue(wrong.err().contains("there is no guest fedora"), wrong.err());
    }

    @Test
    void onlyAYesIsAYes() throws Exception {
        for (String yes : List.of("\n", "y\n", "Yes\n", "YES")) {
            assertTrue(answer(yes, true, false), yes);
        }
        for (String no : List.of("", "n\n", "no\n", "yesterday\n", "?\n")) {
            assertFalse(answer(no, true, false), no);
        }
        assertFalse(answer("y\n", false, false));
        assertFalse(answer("y\n", true, true));
    }

    private static boolean answer(String typed, boolean terminal, boolean json) throws IOException {
        PrintWriter nowhere = new PrintWriter(new StringWriter());
        return new GuestDialog(new CliEnvironment(new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)),
                nowhere, nowhere, _ -> null, terminal), json).agrees();
    }
}
