package dev.freezeframe.qemu.outside;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A file is the same as long as its content is, wherever it lies and whoever touched it.
class FileIdentityTest {
    private static final Optional<String> OTHER = Optional.of("its content is another");

    @TempDir
    private Path folder;

    @AfterEach
    void nothingIsRemembered() throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                FileIdentity.forget(file);
            }
        }
    }

    private Path file(String name, long bytes) throws IOException {
        Path file = folder.resolve(name);
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(bytes);
            sized.write(1);
        }
        return file;
    }

    private static void change(Path file, long at) throws IOException {
        FileTime modified = Files.getLastModifiedTime(file);
        Object changed = Files.getAttribute(file, "unix:ctime");
        // again where the kernel's clock for files, which ticks a few hundred times a second, has not moved on since
        Await.until("the change has a time of its own", () -> {
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.seek(at);
                open.write(2);
            }
            Files.setLastModifiedTime(file, modified); // hiding it does not help
            return !Files.getAttribute(file, "unix:ctime").equals(changed);
        });
    }

    private static FileIdentity readBack(FileIdentity identity) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        identity.writeTo(json);
        return FileIdentity.from(json).orElseThrow();
    }

    @Test
    void aTouchedOrCopiedFileIsTheSame() throws Exception {
        for (long bytes : new long[]{0, 1, FileIdentity.HASHED_AT_ONCE_BYTES, FileIdentity.HASHED_AT_ONCE_BYTES + 5}) {
            Path file = file("f" + bytes, bytes);
            FileIdentity identity = readBack(FileIdentity.of(file));
            assertTrue(identity.isStampOf(file));
            Files.setLastModifiedTime(file, FileTime.fromMillis(0));
            assertEquals(Optional.empty(), identity.difference(file));
            assertEquals(Optional.empty(), identity.difference(Files.copy(file, folder.resolve("copy" + bytes))));
        }
    }

    @Test
    void anyOtherByteIsFoundWhereAllWasHashed() throws Exception {
        Path small = file("small", 100_000);
        FileIdentity ofSmall = readBack(FileIdentity.of(small));
        change(small, 50_000);
        assertEquals(OTHER, ofSmall.difference(small));

        Path large = file("large", FileIdentity.HASHED_AT_ONCE_BYTES * 2);
        FileIdentity ofLarge = readBack(FileIdentity.of(large).whole(large));
        assertEquals(ofLarge.sha256(), FileIdentity.of(large).sha256(), "it is remembered");
        change(large, 123_457);
        assertEquals(OTHER, ofLarge.difference(large));
    }

    @Test
    void lengthBeginningAndEndOfALargeFileAreSeenWithoutReadingAllOfIt() throws Exception {
        long bytes = FileIdentity.HASHED_AT_ONCE_BYTES * 2 + 7;
        for (long at : new long[]{0, bytes - 1}) {
            Path file = file("large" + at, bytes);
            FileIdentity identity = readBack(FileIdentity.of(file));
            assertEquals(Optional.empty(), identity.sha256());
            change(file, at);
            assertEquals(OTHER, identity.difference(file));
            file("large" + at, bytes - 1);
            assertTrue(identity.difference(file).orElseThrow().startsWith("it has "));
        }
    }
}
