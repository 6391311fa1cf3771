package dev.freezeframe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LifeLockTest {
    @TempDir
    private Path folder;

    @Test
    void onlyOneHasIt() throws IOException {
        Path file = folder.resolve("lock");
        LifeLock lock = LifeLock.take(file);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(Optional.empty(), LifeLock.tryTake(file));
        lock.close();
        lock.close();
        try (LifeLock _ = LifeLock.tryTake(file).orElseThrow()) {
            assertEquals(Optional.empty(), LifeLock.tryTake(file));
        }
    }

    @Test
    void itEndsWithTheProcessThatHoldsIt() throws Exception {
        Path file = folder.resolve("lock");
        Process holder = new ProcessBuilder("flock", "--no-fork", file.toString(), "sh", "-c", "echo held; exec cat")
                .start();
        assertEquals('h', holder.getInputStream().read());
        assertEquals(Optional.empty(), LifeLock.tryTake(file));
        holder.destroyForcibly().waitFor();
        LifeLock.tryTake(file).orElseThrow().close();
    }

    @Test
    void whatIsNotThereIsNobodys() {
        IOException e = assertThrows(IOException.class, () -> LifeLock.tryTake(folder.resolve("none")));
        assertTrue(e.getMessage().contains("No such file"), e.getMessage());
    }
}
