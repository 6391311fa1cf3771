package dev.freezeframe.qemu.outside;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.program.MachineException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A record may be a stranger's: what it says of files and of the machine's type is harmless, whatever it is.
class BootFileTest {
    private static final String NO_HASH = "0".repeat(64);

    @TempDir
    private Path folder;

    @Test
    void whatIsNoFileIsNeitherWaitedForNorReadForEver() throws Exception {
        Path fifo = folder.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        for (Path each : List.of(fifo, Path.of("/dev/zero"), Path.of("/dev/null"), folder)) {
            assertEquals(Optional.of("the kernel " + each
                    + " of the recorded machine cannot be read: it is no regular file"),
                    new BootFile("kernel", each, NO_HASH, true).difference());
            MachineException e = assertThrows(MachineException.class, () -> BootFile.of("kernel", each, "do this"));
            assertTrue(e.getMessage().contains("cannot be read: it is no regular file; "), e.getMessage());
        }
    }

    @Test
    void fileThatNoMachineBootsFromIsNotReadAtAll() throws Exception {
        Path huge = folder.resolve("huge");
        try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.setLength((1L << 32) + 1);
        }
        assertTrue(new BootFile("initrd", huge, NO_HASH, true).difference().orElseThrow().endsWith(
                "cannot be read: it is larger than 4 GiB"));
    }

    @Test
    void hashingEndsWhenItsThreadIsInterrupted() throws Exception {
        Path file = Files.write(folder.resolve("kernel"), new byte[1 << 20]);
        Thread.currentThread().interrupt();
        Optional<String> difference = new BootFile("kernel", file, NO_HASH, true).difference();
        assertTrue(Thread.interrupted());
        assertTrue(difference.orElseThrow().endsWith("cannot be read: interrupted"), difference.get());
    }

    @Test
    void fileOfAStrangersRecordIsTakenFromTheStoreOnly() throws Exception {
        Path file = Files.write(folder.resolve("kernel"), new byte[]{1});
        BootFile own = BootFile.of("kernel", file, "");
        assertEquals(Optional.empty(), own.difference());
        MachineSpec spec = MachineSpec.fromRecord(record("pc-i440fx-7.2", own));
        assertEquals(List.of(own), spec.withBootFilesFrom(_ -> Optional.empty(), false).bootFiles());
        MachineSpec imported = spec.withBootFilesFrom(_ -> Optional.empty(), true);
        assertEquals(List.of("the kernel " + file + " did not come with the imported experiment"), imported
                .bootFileDifferences());
        assertEquals(Optional.empty(), imported.withoutUnreadableBootFiles().profile().kernel());
        Path kept = Files.copy(file, folder.resolve("kept"));
        MachineSpec found = spec.withBootFilesFrom(hash -> Optional.of(kept).filter(_ -> hash.equals(own.sha256())),
                true);
        assertEquals(List.of(), found.bootFileDifferences());
        assertEquals(Optional.of(kept), found.profile().kernel());
    }

    @Test
    void typeOfARecordedMachineIsAWord() throws Exception {
        BootFile own = BootFile.of("kernel", Files.write(folder.resolve("kernel"), new byte[]{1}), "");
        for (String type : List.of("pc,dumpdtb=/home/x", "pc\n", "-h", "pc pc", "x".repeat(101))) {
            MachineException e = assertThrows(MachineException.class, () -> MachineSpec.fromRecord(record(type, own)));
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
        }
    }

    private static ObjectNode record(String type, BootFile kernel) throws Exception {
        ObjectNode record = (ObjectNode) new ObjectMapper().readTree("""
                {"format": 1, "profileName": "p", "memoryBytes": 16777216, "accelerator": "tcg", "qemuBinary": "q",
                 "profile": {"memory": "16 MiB"}, "bootFiles": [{"role": "kernel"}]}""");
        record.put("machineType", type);
        ((ObjectNode) record.get("profile")).put("kernel", kernel.path().toString());
        ((ObjectNode) record.get("bootFiles").get(0)).put("path", kernel.path().toString()).put("sha256", kernel
                .sha256());
        return record;
    }
}
