package dev.freezeframe.qemu.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.ProfileException;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.qemu.qmp.RunDirectory;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.ChildJvm;
import dev.freezeframe.suite.ExpectWarnings;
import dev.freezeframe.suite.Underway;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How machines fail to start and how they end: whatever happens, nothing stays behind.
@Tag("qemu")
class MachineEndTest {
    private static final Duration PATIENCE = Await.PATIENCE;

    /// Of the child JVMs alone. In a shared folder, whatever starts meanwhile looks after their machines as well.
    @TempDir
    private static Path runtimeFolder;

    private static MachineSpec bootSector() throws ProfileException {
        return MachineSpec.of(Profiles.standard().find("boot-sector"));
    }

    private static MachineSpec withArguments(String... arguments) {
        return MachineSpec.of(new Profile("odd", "", 16 << 20, 1, "pc", Accelerator.TCG, Optional.empty(), Optional
                .empty(), Optional.empty(), "", "none", List.of(), Optional.empty(), false, List.of(arguments)));
    }

    @Test
    void closeLeavesNothing() throws Exception {
        Machine.boot(bootSector()).close(); // loads what stays for good: jnr's libraries, the launcher
        Set<String> before = openFiles();
        Machine machine = Machine.boot(bootSector());
        assertTrue(ProcessHandle.of(machine.pid()).isPresent());
        assertEquals(List.of(), ourFolders(), "QEMU has called, so the folder is gone");
        machine.close();
        machine.close();
        assertFalse(isAlive(machine.pid()));
        assertEquals(new ExitStatus(0), machine.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        Await.untilAsserted(() -> assertEquals(Set.of(), openSince(before)));
        Await.untilAsserted(() -> assertEquals(Set.of(), machineThreads()));
    }

    @Test
    void crashOfQemuFailsWaitingCallsWithItsStatusAndLeavesNothing() throws Exception {
        Machine.boot(bootSector()).close();
        Set<String> before = openFiles();
        try (Machine machine = Machine.boot(bootSector())) {
            new ProcessBuilder("kill", "-STOP", Long.toString(machine.pid())).start().waitFor();
            Underway<QmpException> waiting = Underway.start(() -> assertThrows(QmpException.class, () -> machine.qmp()
                    .execute(QmpCommand.of("query-status")))).awaitInside(QmpClient.class, "execute");
            new ProcessBuilder("kill", "-SEGV", Long.toString(machine.pid())).start().waitFor();
            new ProcessBuilder("kill", "-CONT", Long.toString(machine.pid())).start().waitFor();
            QmpException e = waiting.result();
            assertEquals(QmpException.Kind.DISCONNECTED, e.kind());
            assertTrue(e.getMessage().contains("was killed by signal 11 (SIGSEGV)"), e.getMessage());
            assertTrue(machine.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).isSignal());
            assertTrue(machine.console().awaitEnd(PATIENCE));
        }
        Await.untilAsserted(() -> assertEquals(Set.of(), openSince(before)));
    }

    @Test
    @ExpectWarnings("did not quit within 200 ms and is killed")
    void hangingQemuIsKilledWhenTheGraceIsOver() throws Exception {
        try (Machine machine = Machine.boot(bootSector())) {
            new ProcessBuilder("kill", "-STOP", Long.toString(machine.pid())).start().waitFor();
            machine.quit(Duration.ofMillis(200));
            assertFalse(isAlive(machine.pid()));
            assertEquals("was killed by signal 9 (SIGKILL)",
                    machine.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).describe());
        }
    }

    @Test
    void refusedArgumentIsReportedInQemusWords() {
        MachineException e = assertThrows(MachineException.class, () -> Machine.boot(withArguments("-device",
                "flux-capacitor")));
        assertTrue(e.getMessage().contains("'flux-capacitor' is not a valid device model name"), e.getMessage());
        assertTrue(e.getMessage().contains("exit status 1"), e.getMessage());
        assertFalse(e.getMessage().contains("\n"));
        assertEquals(List.of(), ourFolders());
    }

    @Test
    void deviceThatQemuCannotSaveIsRefusedByName() {
        MachineException e = assertThrows(MachineException.class, () -> Machine.boot(withArguments("-usb", "-device",
                "usb-mtp,rootdir=/")));
        assertTrue(e.getMessage().contains("usb-mtp is not migratable"), e.getMessage());
    }

    @Test
    void missingQemuIsReportedWithARemedy() {
        MachineException e = assertThrows(MachineException.class, () -> Machine.boot(bootSector().withQemuBinary(Path
                .of("qemu-system-abacus"))));
        assertTrue(e.getMessage().contains("qemu-system-abacus not found; install"), e.getMessage());
    }

    @Test
    void missingKernelIsReportedBeforeAnythingStarts() {
        Profile profile = new Profile("odd", "", 64 << 20, 1, "pc", Accelerator.TCG, Optional.empty(), Optional.of(Path
                .of("/nonexistent/vmlinuz")), Optional.empty(), "", "none", List.of(), Optional.empty(), false,
                List.of());
        MachineException e = assertThrows(MachineException.class, () -> Machine.boot(MachineSpec.of(profile)));
        assertTrue(e.getMessage().contains("the kernel /nonexistent/vmlinuz cannot be read"), e.getMessage());
    }

    @Test
    @ExpectWarnings({"firmware .* has changed since the machine was recorded", "firmware .* cannot be read"})
    void changedKernelOfARecordedMachineIsNoticed(@TempDir Path folder) throws Exception {
        Path firmware = Files.write(folder.resolve("firmware"), new byte[65536]);
        Profile profile = new Profile("odd", "", 16 << 20, 1, "pc", Accelerator.TCG, Optional.of(firmware), Optional
                .empty(), Optional.empty(), "", "none", List.of(), Optional.empty(), false, List.of());
        MachineSpec recorded;
        try (Machine machine = Machine.boot(MachineSpec.of(profile).withStartPaused(true))) {
            recorded = MachineSpec.fromRecord(machine.toRecord());
        }
        assertEquals(List.of(), recorded.bootFileDifferences());
        byte[] other = new byte[65536];
        other[7] = 1;
        Files.write(firmware, other);
        MachineException e = assertThrows(MachineException.class, () -> Machine.boot(recorded));
        assertTrue(e.getMessage().contains("firmware " + firmware + " has changed"), e.getMessage());
        Machine.boot(recorded.withAcceptChangedBootFiles(true).withStartPaused(true)).close();
        Files.delete(firmware);
        assertThrows(MachineException.class, () -> Machine.boot(recorded));
        Machine.boot(recorded.withAcceptChangedBootFiles(true).withStartPaused(true)).close();
    }

    @Test
    void killedJvmLeavesNoQemuBehind() throws Exception {
        Process jvm = childJvm("stay");
        long qemu = Long.parseLong(firstWord(jvm));
        assertTrue(isAlive(qemu));
        jvm.destroyForcibly().waitFor();
        Await.until("QEMU has ended", () -> !isAlive(qemu));
        assertEquals(List.of(), foldersOf(jvm.pid(), runtimeFolder));
    }

    @Test
    void machineOfAJvmThatIsKilledBeforeItDetachesItEndsAtTheNextStart() throws Exception {
        Process jvm = childJvm("about-to-detach");
        String[] words = firstLine(jvm).split(" ", -1);
        long qemu = Long.parseLong(words[0]);
        Path folder = Path.of(words[1]);
        try {
            Process neighbour = childJvm("stay");
            firstWord(neighbour);
            neighbour.destroyForcibly().waitFor();
            assertTrue(isAlive(qemu), "its own JVM lives, so it is nobody else's");
            jvm.destroyForcibly().waitFor();
            assertTrue(isAlive(qemu), "if it died with its JVM, this test would show nothing");
            Process next = childJvm("stay");
            firstWord(next);
            next.destroyForcibly().waitFor();
            Await.until("QEMU has ended", () -> !isAlive(qemu));
            assertFalse(Files.exists(folder));
        } finally {
            jvm.destroyForcibly();
            ProcessHandle.of(qemu).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void detachedMachineSurvivesItsJvmAndCanBeReached() throws Exception {
        Process jvm = childJvm("detach");
        String[] words = firstLine(jvm).split(" ", -1);
        long qemu = Long.parseLong(words[0]);
        Path folder = Path.of(words[1]);
        jvm.destroyForcibly().waitFor();
        Files.write(folder.resolve("qemu.log"), new byte[2 << 20]);
        Process next = childJvm("stay");
        firstWord(next);
        next.destroyForcibly().waitFor();
        try {
            assertEquals(0, Files.size(folder.resolve("qemu.log")), "a later start bounds it");
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
            try (UnixConnection console = UnixConnection.connect(folder.resolve("console"));
                    QmpClient qmp = QmpClient.open(UnixConnection.connect(folder.resolve("qmp")), _ -> "it ended",
                            PATIENCE)) {
                assertTrue(console.read(ByteBuffer.allocateDirect(1)) == 1, "the guest prints on");
                assertEquals("running", qmp.execute(QmpCommand.of("query-status")).path("status").asText());
                assertTrue(isAlive(qemu));
                qmp.execute(QmpCommand.of("quit"));
            }
            Await.until("QEMU has quit", () -> !isAlive(qemu));
        } finally {
            ProcessHandle.of(qemu).ifPresent(ProcessHandle::destroyForcibly);
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.deleteIfExists(file);
                }
            }
            Files.delete(folder);
        }
    }

    /// A JVM with a running machine; its first line tells QEMU's process id.
    private static Process childJvm(String mode) throws IOException {
        List<String> command = ChildJvm.command();
        command.addAll(List.of(MachineInAChildJvm.class.getName(), mode));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("XDG_RUNTIME_DIR", runtimeFolder.toString());
        return builder.start();
    }

    private static String firstLine(Process jvm) throws IOException {
        BufferedReader reader = new BufferedReader(new InputStreamReader(jvm.getInputStream(),
                StandardCharsets.UTF_8));
        return Optional.ofNullable(reader.readLine()).orElseThrow(() -> new IOException("the child JVM failed"));
    }

    private static String firstWord(Process jvm) throws IOException {
        return firstLine(jvm).split(" ", -1)[0];
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    private static List<String> ourFolders() {
        return foldersOf(ProcessHandle.current().pid(), RunDirectory.parent());
    }

    private static List<String> foldersOf(long pid, Path parent) {
        try (Stream<Path> files = Files.list(parent)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("freezeframe-" + pid
                    + "-")).toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// What an earlier test left to be closed may go meanwhile.
    private static Set<String> openSince(Set<String> before) {
        Set<String> since = openFiles();
        since.removeAll(before);
        return since;
    }

    /// Descriptors of ours that machines may have: sockets, pipes and memory, as far as `/proc` tells them apart.
    private static Set<String> openFiles() {
        Set<String> open = new TreeSet<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                target(descriptor).filter(target -> target.matches("(socket|pipe|/memfd):.*")).ifPresent(target -> open
                        .add(descriptor.getFileName() + " " + target));
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return open;
    }

    private static Optional<String> target(Path descriptor) {
        try {
            return Optional.of(Files.readSymbolicLink(descriptor).toString());
        } catch (IOException e) {
            return Optional.empty(); // closed meanwhile
        }
    }

    private static Set<String> machineThreads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name -> name.matches(
                "qmp-reader|console-reader|qemu-stderr")).collect(Collectors.toSet());
    }
}
