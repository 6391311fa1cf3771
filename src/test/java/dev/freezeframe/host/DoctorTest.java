package dev.freezeframe.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.TestedQemu;
import dev.freezeframe.linux.ComputerMemory;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.record.MemoryNeed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the doctor finds here, where machines can be recorded, and where something was taken away.
@Tag("qemu")
class DoctorTest {
    @TempDir
    Path folder;

    private List<Finding> examine(Path qemu, Path store) {
        return new Doctor(qemu, store, Profiles.standard()).examine();
    }

    private static Finding about(String subject, List<Finding> findings) {
        return findings.stream().filter(each -> each.subject().equals(subject)).findFirst().orElseThrow();
    }

    @Test
    void aComputerThatRunsTheseTestsIsUsableAndNothingIsLeftBehind() throws IOException {
        List<Finding> findings = examine(Path.of(TestedQemu.binary()), folder.resolve("not/yet/there"));
        assertTrue(Doctor.isUsable(findings), findings.toString());
        assertEquals(Finding.Severity.GOOD, about("QEMU", findings).severity());
        assertTrue(about("store", findings).found().contains("to be made"));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void everythingThatIsNotGoodHasItsCostAndItsRemedy() {
        for (Finding finding : examine(folder.resolve("no-qemu"), folder)) {
            boolean good = finding.severity() == Finding.Severity.GOOD;
            assertEquals(good, finding.cost().isEmpty(), finding.toString());
            assertEquals(good, finding.remedy().isEmpty(), finding.toString());
            assertFalse(finding.found().isEmpty());
            assertFalse(finding.toString().contains("\n"), finding.toString());
        }
    }

    @Test
    void aMissingQemuIsFoundWithTheCommandThatInstallsIt() {
        Map<LinuxFamily, String> commands = Map.of(LinuxFamily.DEBIAN, "sudo apt-get install qemu-system-x86",
                LinuxFamily.FEDORA, "sudo dnf install qemu-system-x86", LinuxFamily.RED_HAT,
                "sudo dnf install qemu-kvm", LinuxFamily.ARCH, "sudo pacman -S qemu-system-x86", LinuxFamily.SUSE,
                "sudo zypper install qemu-x86");
        for (LinuxFamily distribution : LinuxFamily.values()) {
            Finding qemu = about("QEMU", new Doctor(folder.resolve("no-qemu"), folder, Profiles.standard(),
                    distribution, ComputerMemory.ofThisProcess()).examine());
            assertEquals(Finding.Severity.MISSING, qemu.severity());
            assertFalse(Doctor.isUsable(List.of(qemu)));
            assertEquals(Optional.ofNullable(commands.get(distribution)), qemu.command());
            assertTrue(qemu.remedy().contains("install the package q"), qemu.remedy());
        }
    }

    @Test
    void theLimitOfAContainerIsShownAndIsEnoughWhereARecordingWouldBegin() throws IOException {
        Files.createDirectories(folder.resolve("proc/self"));
        Files.createDirectories(folder.resolve("sys/fs/cgroup"));
        Files.writeString(folder.resolve("proc/meminfo"), "MemAvailable: 20000000 kB");
        Files.writeString(folder.resolve("proc/self/cgroup"), "0::/");
        Files.writeString(folder.resolve("proc/self/mountinfo"), "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");
        Files.writeString(folder.resolve("sys/fs/cgroup/memory.current"), String.valueOf(50 << 20));
        MemoryNeed demo = MemoryNeed.ofRecording(256 << 20, List.of(), 256 << 20, false);
        for (long limitMib : new long[]{160, 200, 300, 700}) {
            Files.writeString(folder.resolve("sys/fs/cgroup/memory.max"), String.valueOf(limitMib << 20));
            ComputerMemory container = ComputerMemory.under(folder);
            Finding memory = about("shared memory",
                    new Doctor(Path.of(TestedQemu.binary()), folder, Profiles.standard(),
                            LinuxFamily.DEBIAN, container).examine());
            assertTrue(memory.found().startsWith((limitMib - 50) + " MiB (limit of " + limitMib
                    + " MiB by /sys/fs/cgroup/memory.max)"), memory.found());
            boolean begins = demo.memoryProblem(container.room().orElseThrow()).isEmpty();
            assertEquals(limitMib >= 300, begins, "a recording with a limit of " + limitMib + " MiB");
            assertEquals(begins ? Finding.Severity.DEGRADED : Finding.Severity.MISSING, memory.severity());
        }
    }

    @Test
    void theDistributionIsKnownByItsReleaseFile() {
        Map<String, LinuxFamily> releases = Map.of("ID=debian", LinuxFamily.DEBIAN, "ID=ubuntu\nID_LIKE=debian",
                LinuxFamily.DEBIAN, "ID=linuxmint\nID_LIKE=\"ubuntu debian\"", LinuxFamily.DEBIAN, "ID=fedora",
                LinuxFamily.FEDORA, "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", LinuxFamily.RED_HAT,
                "ID=manjaro\nID_LIKE=arch", LinuxFamily.ARCH, "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"",
                LinuxFamily.SUSE, "ID=nixos", LinuxFamily.UNKNOWN, "NAME=nothing", LinuxFamily.UNKNOWN);
        releases.forEach((release, distribution) -> assertEquals(distribution, LinuxFamily.of(("NAME=x\n" + release)
                .lines().toList()), release));
    }

    @Test
    void theDiskToolsThatBelongToQemuAreFound() {
        Finding tools = about("disk tools", examine(Path.of(TestedQemu.binary()), folder));
        assertEquals(Finding.Severity.GOOD, tools.severity(), tools.toString());
        assertTrue(tools.found().endsWith("qemu-img"), tools.found());
    }

    @Test
    void aProgramThatIsNoQemuIsNotTakenForOne() throws IOException {
        Path other = Files.writeString(folder.resolve("qemu"), "#!/bin/sh\necho hello\n");
        Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("rwx------"));
        assertTrue(about("QEMU", examine(other, folder)).found().contains("does not answer as QEMU does: hello"));
    }

    @Test
    void aStoreThatCannotBeWrittenIsFound() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertEquals(Finding.Severity.MISSING, about("store", examine(Path.of(TestedQemu.binary()), file.resolve(
                "store"))).severity());
    }
}
