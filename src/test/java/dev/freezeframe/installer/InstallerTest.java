package dev.freezeframe.installer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The scripts under `installer`, run as a user runs them, in a copy of the checkout's scripts and guest sources.
/// They promise the same guest from the same sources, and one clear line where they cannot do what was asked.
class InstallerTest {

    private record Outcome(int status, String output) {}

    @TempDir
    private Path folder;
    private Path copy;

    @BeforeEach
    void copyScriptsAndGuestSources() throws IOException {
        copy = folder.resolve("a checkout");
        copyTree(Path.of("installer"), copy.resolve("installer"));
        copyTree(Path.of("assets", "guest"), copy.resolve("assets/guest"));
    }

    @Test
    @Tag("slow")
    void sameSourcesGiveTheSameInitramfsWhereverAndHoweverItIsBuilt() throws Exception {
        Path here = folder.resolve("here.gz");
        Path there = folder.resolve("there.gz");
        assertEquals(new Outcome(0, ""),
                run(Map.of(), "sh", "-c", "umask 022; installer/initramfs.sh \"$1\"", "sh", here.toString()));
        Process elsewhere = new ProcessBuilder("sh", "-c", "umask 077; exec \"$1\" \"$2\"", "sh",
                copy.resolve("installer/initramfs.sh").toString(), there.toString()).directory(copy.toFile()).start();
        assertTrue(elsewhere.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, elsewhere.exitValue());
        assertArrayEquals(Files.readAllBytes(here), Files.readAllBytes(there));
    }

    @Test
    void changedGuestSourceChangesTheInputsOfTheInitramfs() throws Exception {
        Path source = copy.resolve("assets/guest/workload.c");
        String script = copy.resolve("installer/initramfs.sh").toString();
        Outcome before = run(Map.of(), script, "--inputs");
        assertEquals(0, before.status(), before.output());
        assertEquals(before, run(Map.of("LC_ALL", "C", "TZ", "Asia/Tokyo"), script, "--inputs"));
        Files.writeString(source, Files.readString(source) + "\n// changed\n");
        Outcome after = run(Map.of(), script, "--inputs");
        assertEquals(0, after.status(), after.output());
        assertNotEquals(before.output(), after.output());
    }

    @Test
    void launcherReachedThroughALinkSaysThatNothingIsBuiltYet() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("ff"), copy.resolve("installer/freezeframe"));
        Outcome outcome = run(Map.of(), link.toString(), "list");
        assertEquals(new Outcome(1,
                "freezeframe: not built yet: run " + copy.resolve("installer/bootstrap.sh") + " build\n"), outcome);
    }

    @Test
    void bootstrapRefusesAnUnknownVerbAndSaysWhatThereIs() throws Exception {
        Outcome outcome = run(Map.of(), copy.resolve("installer/bootstrap.sh").toString(), "fly");
        assertEquals(2, outcome.status());
        assertTrue(outcome.output().contains("usage: installer/bootstrap.sh VERB"), outcome.output());
    }

    @Test
    void theGuestsScriptRefusesAnUnknownGuestAndTouchesNothing() throws Exception {
        Outcome outcome = run(Map.of("XDG_CACHE_HOME", folder.resolve("cache").toString()), copy.resolve(
                "installer/guest.sh").toString(), "fedora");
        assertEquals(new Outcome(2, "freezeframe: usage: guest.sh [--plan | --progress] [debian]\n"), outcome);
        assertFalse(Files.exists(folder.resolve("cache")));
    }

    private static Outcome run(Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    private static void copyTree(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Files.createDirectories(to.resolve(from.relativize(directory)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
