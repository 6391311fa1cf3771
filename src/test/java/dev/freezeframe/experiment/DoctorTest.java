package dev.freezeframe.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.TestedQemu;
import dev.freezeframe.machine.Profiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the doctor finds here, where machines can be recorded, and where something was taken away.
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
        List<Finding> findings = examine(folder.resolve("no-qemu"), folder);
        assertFalse(Doctor.isUsable(findings));
        assertEquals(Finding.Severity.MISSING, about("QEMU", findings).severity());
        assertTrue(about("QEMU", findings).command().orElseThrow().contains("qemu-system-x86"));
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
