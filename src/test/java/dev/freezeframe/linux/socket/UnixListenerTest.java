package dev.freezeframe.linux.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.LifeLock;
import dev.freezeframe.qemu.qmp.RunDirectory;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixListenerTest {
    @Test
    void acceptFailsWhenTheProcessEnds() throws Exception {
        Process process = new ProcessBuilder("sh", "-c", "sleep 0.2; exit 3").start();
        try (RunDirectory folder = RunDirectory.create();
                UnixListener listener = UnixListener.bind(folder.socket(
                        "s"))) {
            IOException e = assertThrows(IOException.class, () -> listener.accept(process.toHandle(), process.onExit(),
                    Await.PATIENCE));
            assertTrue(e.getMessage().contains("ended"), e.getMessage());
        }
    }

    @Test
    void whenTheProcessEndsLaterNoDescriptorThatCameAfterIsWrittenTo() throws Exception {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        List<UnixConnection> later = new ArrayList<>();
        try (RunDirectory folder = RunDirectory.create()) {
            try (UnixListener listener = UnixListener.bind(folder.socket("s"));
                    UnixConnection caller = UnixConnection.connect(listener.path());
                    UnixConnection accepted = listener.accept(ProcessHandle.current(), gone, Await.PATIENCE)) {
                assertEquals(caller.peerPid(), accepted.peerPid());
            }
            // These get the numbers of the descriptors that were just closed.
            for (int i = 0; i < 16; i++) {
                later.addAll(List.of(UnixConnection.pair()));
            }
            gone.complete(null);
            for (UnixConnection each : later) {
                each.setReadTimeout(1);
                assertEquals(0, each.read(ByteBuffer.allocateDirect(1)), "bytes that nobody sent");
            }
        } finally {
            later.forEach(UnixConnection::close);
        }
    }

    @Test
    void strangerIsHungUpOn() throws Exception {
        Process expected = new ProcessBuilder("sleep", "30").start();
        try (RunDirectory folder = RunDirectory.create();
                UnixListener listener = UnixListener.bind(folder.socket("s"));
                UnixConnection stranger = UnixConnection.connect(listener.path())) {
            assertThrows(IOException.class, () -> listener.accept(expected.toHandle(), expected.onExit(), Duration
                    .ofMillis(200)));
            assertEquals(-1, stranger.read(ByteBuffer.allocateDirect(1)));
        } finally {
            expected.destroyForcibly();
        }
    }

    @Test
    void folderAndSocketAreForTheirOwnerOnlyAndGoWhenClosed() throws Exception {
        Path path;
        try (RunDirectory folder = RunDirectory.create()) {
            path = folder.path();
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
            UnixListener listener = UnixListener.bind(folder.socket("s"));
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(listener.path())));
            listener.close();
            assertFalse(Files.exists(listener.path()));
        }
        assertFalse(Files.exists(path));
    }

    @Test
    void foldersOfDeadProcessesAreRemovedAndOthersAreNot(@TempDir Path parent) throws Exception {
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        // folders of earlier versions have no locks: there the process ids have to do
        Path abandoned = Files.createDirectory(parent.resolve("freezeframe-" + dead.pid() + "-1"));
        Files.createFile(abandoned.resolve("qmp"));
        Path elsewhere = Files.createDirectory(parent.resolve("freezeframe-" + dead.pid() + "-6"));
        Files.setLastModifiedTime(abandoned, FileTime.from(Instant.now().minus(Duration.ofHours(25))));
        Path live = Files.createDirectory(parent.resolve("freezeframe-" + ProcessHandle.current().pid() + "-1"));
        Path foreign = Files.createDirectory(parent.resolve("freezeframe-notes"));
        Path ended = Files.createDirectory(parent.resolve("freezeframe-detached-1"));
        Files.writeString(ended.resolve("pid"), dead.pid() + "\n");
        Path starting = Files.createDirectory(parent.resolve("freezeframe-detached-2"));
        Path neverStarted = Files.createDirectory(parent.resolve("freezeframe-detached-" + dead.pid() + "-3"));
        Path slow = Files
                .createDirectory(parent.resolve("freezeframe-detached-" + ProcessHandle.current().pid() + "-4"));
        for (Path old : List.of(neverStarted, slow)) {
            Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(90)));
        }
        // The number of a process that is not what once listened here.
        Path reused = Files.createDirectory(parent.resolve("freezeframe-detached-" + dead.pid() + "-5"));
        Files.writeString(reused.resolve("pid"), ProcessHandle.current().pid() + "\n");
        RunDirectory.sweep(parent);
        assertFalse(Files.exists(abandoned));
        assertFalse(Files.exists(ended));
        assertTrue(Files.exists(live));
        assertTrue(Files.exists(elsewhere), "its process may be one of another container");
        assertTrue(Files.exists(foreign));
        assertTrue(Files.exists(starting));
        assertFalse(Files.exists(neverStarted));
        assertTrue(Files.exists(slow));
        assertTrue(Files.exists(reused));
    }

    @Test
    void foldersWhoseLocksAreHeldStayWhateverTheirProcessIdsMeanHere(@TempDir Path parent) throws Exception {
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(9)));
        Path made = Files.createDirectory(parent.resolve("freezeframe-" + dead.pid() + "-1"));
        Path staying = Files.createDirectory(parent.resolve("freezeframe-detached-" + dead.pid() + "-2"));
        Files.writeString(staying.resolve("pid"), dead.pid() + "\n");
        Files.writeString(staying.resolve("detached"), "");
        Files.writeString(staying.resolve("lock"), "");
        // a pid that is alive here, but of another process
        Path reused = Files.createDirectory(parent.resolve("freezeframe-" + ProcessHandle.current().pid() + "-3"));
        Files.writeString(reused.resolve("lock"), "");
        Process qemu;
        try (LifeLock _ = LifeLock.take(made.resolve("lock"))) {
            qemu = new ProcessBuilder("flock", "--no-fork", staying.resolve("alive").toString(), "cat").start();
            awaitLock(staying.resolve("alive"));
            for (Path each : List.of(made, staying, reused)) {
                Files.setLastModifiedTime(each, old);
            }
            RunDirectory.sweep(parent);
            assertTrue(Files.exists(made.resolve("lock")));
            assertTrue(Files.exists(staying.resolve("pid")));
            assertFalse(Files.exists(reused));
        }
        qemu.destroyForcibly().waitFor();
        RunDirectory.sweep(parent);
        assertFalse(Files.exists(made));
        assertFalse(Files.exists(staying));
    }

    private static void awaitLock(Path file) throws Exception {
        Await.until("the lock is held", () -> {
            if (!Files.exists(file)) {
                return false;
            }
            Optional<LifeLock> free = LifeLock.tryTake(file);
            free.ifPresent(LifeLock::close);
            return free.isEmpty();
        });
    }

    @Test
    void aFolderThatIsLetGoIsKeptByItsProcessOnly() throws Exception {
        try (RunDirectory folder = RunDirectory.createStaying()) {
            Path lock = folder.path().resolve("lock");
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(lock)));
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder
                    .processLock())));
            assertEquals(Optional.empty(), LifeLock.tryTake(lock));
            folder.letGo();
            // another JVM that starts may be looking at it, or have tidied it away
            Await.until("nobody holds it", () -> {
                try {
                    Optional<LifeLock> free = LifeLock.tryTake(lock);
                    free.ifPresent(LifeLock::close);
                    return free.isPresent();
                } catch (IOException e) {
                    return !Files.exists(lock);
                }
            });
        }
    }

    @Test
    void pathTooLongForASocketIsRefusedWithARemedy() {
        IOException e = assertThrows(IOException.class, () -> UnixListener.bind(Path.of("/tmp/" + "x".repeat(120))));
        assertTrue(e.getMessage().contains("XDG_RUNTIME_DIR"), e.getMessage());
    }

    @Test
    void closingEndsARead() throws Exception {
        UnixConnection[] pair = UnixConnection.pair();
        Underway<Integer> reading = Underway.start(() -> pair[0].read(ByteBuffer.allocateDirect(8)))
                .awaitInside(UnixConnection.class, "read");
        pair[0].close();
        assertEquals(-1, reading.result());
        pair[1].close();
    }
}
