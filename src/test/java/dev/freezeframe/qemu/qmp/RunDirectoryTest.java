package dev.freezeframe.qemu.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Sockets are where the user wants them, and where their paths are short enough.
class RunDirectoryTest {
    private static final Path OTHERWISE = Path.of("/tmp");

    @Test
    void socketsFollowTheRuntimeFolderThenTmpdir(@TempDir Path folder) throws Exception {
        String mine = folder.toString();
        assertEquals(folder, RunDirectory.parent(mine, "/tmp", OTHERWISE));
        assertEquals(folder, RunDirectory.parent(null, mine, OTHERWISE));
        assertEquals(folder, RunDirectory.parent("", mine, OTHERWISE));
        assertEquals(folder, RunDirectory.parent("/not/there", mine, OTHERWISE));
        assertEquals(OTHERWISE, RunDirectory.parent(null, null, OTHERWISE));
        assertEquals(OTHERWISE, RunDirectory.parent(null, "relative", OTHERWISE));
    }

    @Test
    void aTmpdirThatWouldMakeASocketsPathTooLongIsNotFollowed(@TempDir Path folder) throws Exception {
        Path deep = Files.createDirectories(folder.resolve("a-folder-with-a-long-name/".repeat(4)));
        assertEquals(OTHERWISE, RunDirectory.parent(null, deep.toString(), OTHERWISE));
        Path german = Files.createDirectories(folder.resolve("f\u00fcr"));
        assertEquals(OTHERWISE, RunDirectory.parent(null, german.toString(), OTHERWISE));
    }
}
