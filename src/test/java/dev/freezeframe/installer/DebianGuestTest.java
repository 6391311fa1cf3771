package dev.freezeframe.installer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.image.Guest;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.Profiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The guest with a disk that `installer/bootstrap.sh guest debian` builds, booted in a real QEMU by its profile.
/// It promises a sound file system, a compiler at work on it from the first seconds, and a disk that is clean when the
/// guest has powered off.
@Tag("qemu")
@Tag("soak")
class DebianGuestTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Path PROFILE = Path.of("qemu-profiles", "debian-build.json");

    @TempDir
    private Path folder;

    @BeforeAll
    static void guestIsPrepared() {
        assertTrue(Files.isReadable(image()),
                () -> "there is no " + image() + "; run installer/bootstrap.sh guest debian");
    }

    @Test
    void compilesFromItsSourcePackageAndLeavesACleanDisk() throws Exception {
        Path disk = folder.resolve("debian.img");
        run("cp", "--sparse=always", image().toString(), disk.toString());
        assertClean(disk);
        try (Machine machine = Machine
                .boot(MachineSpec.of(profileThatWritesTo(disk)))) {
            machine.console().awaitLine(line -> line.startsWith("step 1 round 1 unpacked "), PATIENCE);
            // a line of the workload may stand behind what is echoed of this
            machine.console().type("echo \"$(command -v gcc) on $(stat -f -c %T /)\"\n");
            machine.console().awaitLine("/usr/bin/gcc on ext2/ext3"::equals, PATIENCE);
            machine.console().awaitLine(line -> line.matches(".*step 2 round 1 compiled \\w+\\.o sum \\d+"), PATIENCE);
            machine.console().type("workload ff.workload=disk ff.size=8 ff.end=1\n");
            machine.console().awaitLine(line -> line.matches("disk 1 rate [1-9]\\d* written [1-9]\\d*"), PATIENCE);
            machine.console().awaitLine(line -> line.matches(".*step 3 round 1 compiled \\w+\\.o sum \\d+"), PATIENCE);
            machine.console().type("poweroff\n");
            machine.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertFalse(machine.console().text().contains("CORRUPT"), machine.console()::text);
        }
        assertClean(disk);
    }

    private static Path image() {
        return Guest.folder().resolve("debian.img");
    }

    /// The profile itself throws away what the guest writes.
    private Profile profileThatWritesTo(Path disk) throws Exception {
        String profile = Files.readString(PROFILE);
        String changed = profile.replace("\"file\": \"${guest}/debian.img\"",
                "\"writes\": \"keep\", \"file\": \"" + disk + "\"");
        assertFalse(changed.equals(profile), profile);
        return Profiles.standard().find(Files.writeString(folder.resolve("debian-build.json"), changed).toString());
    }

    private static void assertClean(Path fileSystem) throws Exception {
        run("/sbin/e2fsck", "-f", "-n", fileSystem.toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }
}
