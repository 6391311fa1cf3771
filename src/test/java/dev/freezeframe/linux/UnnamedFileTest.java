package dev.freezeframe.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.TestOutput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnnamedFileTest {
    private static final int LENGTH = 1 << 20;

    @TempDir
    private Path folder;

    private void assertNothingToSee() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void fileHasNoNameAndIsItsOwnersOnly() throws IOException {
        try (UnnamedFile file = UnnamedFile.create(folder)) {
            assertNothingToSee();
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())));
            assertEquals(folder, file.folder());
        }
    }

    @Test
    void anotherProcessWritesAndReadsIt() throws Exception {
        try (UnnamedFile file = UnnamedFile.create(folder)) {
            assertEquals(0, new ProcessBuilder("dd", "if=/dev/zero", "of=" + file.path(), "bs=" + LENGTH, "count=1",
                    "conv=notrunc", "status=none").redirectErrorStream(true).redirectOutput(TestOutput.ofChildren())
                    .start().waitFor());
            assertEquals(LENGTH, file.sizeBytes());
            assertArrayEquals(new byte[LENGTH], Files.readAllBytes(file.path()));
        }
    }

    @Test
    void roomIsCountedAndGivenBack() throws IOException {
        try (UnnamedFile file = UnnamedFile.create(folder)) {
            assertEquals(0, file.allocatedBytes());
            file.resize(8 * LENGTH);
            assertEquals(0, file.allocatedBytes(), "a hole");
            byte[] content = new byte[LENGTH];
            Arrays.fill(content, (byte) 1);
            Files.write(file.path(), content);
            assertTrue(file.allocatedBytes() >= LENGTH, () -> "too little");
            file.resize(2 * LENGTH);
            assertEquals(2 * LENGTH, file.sizeBytes());
            file.resize(0);
            assertEquals(0, file.allocatedBytes());
        }
    }

    @Test
    void whetherAPartWasGivenBackIsToldAsItIs() throws IOException {
        try (UnnamedFile file = UnnamedFile.create(folder)) {
            byte[] content = new byte[LENGTH];
            Arrays.fill(content, (byte) 1);
            Files.write(file.path(), content);
            long before = file.allocatedBytes();
            boolean given = file.discard(0, LENGTH / 2);
            assertEquals(given, file.allocatedBytes() < before);
            assertEquals(LENGTH, file.sizeBytes());
            assertEquals(given ? 0 : 1, Files.readAllBytes(file.path())[0]);
        }
    }

    @Test
    void whoHasItOpenKeepsItAndNobodyElseGetsIt() throws IOException {
        UnnamedFile file = UnnamedFile.create(folder);
        Files.writeString(file.path(), "still here");
        try (InputStream open = Files.newInputStream(file.path())) {
            file.close();
            file.close();
            assertEquals("still here", new String(open.readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII));
        }
        assertThrows(IOException.class, file::sizeBytes);
        assertThrows(IOException.class, () -> file.resize(1));
        assertNothingToSee();
    }

    @Test
    void folderThatIsNotThereIsToldByName() {
        IOException e = assertThrows(IOException.class, () -> UnnamedFile.create(folder.resolve("none")));
        assertTrue(e.getMessage().contains("cannot make a file in " + folder.resolve("none")), e.getMessage());
        assertTrue(e.getMessage().contains("No such file"), e.getMessage());
    }

    @Test
    void fileSystemThatKnowsNoFileWithoutANameGetsOneForAMoment() throws IOException {
        try (UnnamedFile file = UnnamedFile.createAndUnlink(folder)) {
            assertNothingToSee();
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())));
            Files.writeString(file.path(), "x");
            assertEquals(1, file.sizeBytes());
        }
    }
}
