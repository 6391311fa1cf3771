package dev.freezeframe.store.catalog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.lock.StoreLock;
import dev.freezeframe.store.lock.Takeover;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.h2.mvstore.DataUtils;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The header of a store's file never names a state that is not on disk and is never far behind, whoever has lost the store
/// changes nothing, and what fails to open leaves nothing open.
class OwnedFilesTest {
    /// Behind the header.
    private static final long FIRST = FileHeader.BYTES;
    /// As in [OwnedFiles].
    private static final int MOST_BEHIND = 8;

    @TempDir
    private Path directory;

    private Path file;
    private StoreLock lock;
    private String path;

    @BeforeEach
    void own() throws IOException {
        Dribbling.reset();
        FilePath.register(new Dribbling());
        file = directory.resolve("owned.mv.db");
        lock = StoreLock.acquire(directory);
        path = OwnedFiles.register(Dribbling.SCHEME + ":" + directory.toRealPath().resolve("owned"), lock.owner());
    }

    @AfterEach
    void disown() throws IOException {
        OwnedFiles.unregister(path);
        lock.close();
    }

    private FileChannel open() throws IOException {
        FileChannel channel = FilePath.get(path + ".mv.db").open("rw");
        assertEquals(List.of("force"), Dribbling.takeSteps(), "what is there may not be on disk");
        return channel;
    }

    /// As H2 begins a file.
    private FileChannel begin() throws IOException {
        FileChannel channel = open();
        channel.write(header(0, false), 0);
        Dribbling.takeSteps();
        return channel;
    }

    /// @param version of the state that it names, 0 for none
    private static ByteBuffer header(long version, boolean clean) {
        StringBuilder text = new StringBuilder("H:2,block:2,blockSize:1000");
        if (version > 0) {
            text.append(",chunk:").append(Long.toHexString(version)).append(",version:").append(Long.toHexString(
                    version));
        }
        if (clean) {
            text.append(",clean:1");
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        DataUtils.appendMap(text, "fletcher", DataUtils.getFletcher32(bytes, 0, bytes.length));
        bytes = text.append('\n').toString().getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(FileHeader.BYTES).put(0, bytes).put(FileHeader.BLOCK_BYTES, bytes);
    }

    private static byte[] state(long version) {
        byte[] bytes = new byte[FileHeader.BLOCK_BYTES];
        Arrays.fill(bytes, (byte) version);
        byte[] start = ("chunk:" + Long.toHexString(version) + ",version:" + Long.toHexString(version) + "\n").getBytes(
                StandardCharsets.ISO_8859_1);
        System.arraycopy(start, 0, bytes, 0, start.length);
        return bytes;
    }

    private static long placeOf(long version) {
        return FIRST + (version - 1) * FileHeader.BLOCK_BYTES;
    }

    private static void write(FileChannel channel, long version) throws IOException {
        assertEquals(FileHeader.BLOCK_BYTES, channel.write(ByteBuffer.wrap(state(version)), placeOf(version)));
    }

    private FileHeader onDisk() throws IOException {
        byte[] content = Files.readAllBytes(file);
        assertArrayEquals(Arrays.copyOf(content, FileHeader.BLOCK_BYTES), Arrays.copyOfRange(content,
                FileHeader.BLOCK_BYTES, FileHeader.BYTES));
        return FileHeader.parse(ByteBuffer.wrap(content));
    }

    @Test
    void theHeaderNamesAStateOnlyWhenThatIsForcedToDisk() throws Exception {
        try (FileChannel channel = begin()) {
            write(channel, 1);
            ByteBuffer naming = header(1, true);
            assertEquals(FileHeader.BYTES, channel.write(naming, 0));
            assertEquals(0, naming.remaining());
            assertEquals(0, onDisk().version());
            assertEquals(0, OwnedFiles.confirmedVersion(path));
            assertEquals(List.of("write"), Dribbling.takeSteps(), "the state, but no header");
            channel.force(true);
            assertEquals(List.of("force", "write", "force"), Dribbling.takeSteps());
            assertEquals(1, onDisk().version());
            assertTrue(onDisk().wasConfirmed());
            assertEquals(1, OwnedFiles.confirmedVersion(path));
            byte[] content = Files.readAllBytes(file);
            assertArrayEquals(state(1), Arrays.copyOfRange(content, (int) FIRST, content.length));
            channel.force(true);
            assertEquals(List.of("force"), Dribbling.takeSteps(), "it says so already");
        }
    }

    @Test
    void theHeaderIsNeverFurtherBehindThanH2KeepsTheStatesThatItNeeds() throws Exception {
        try (FileChannel channel = begin()) {
            long confirmed = 0;
            for (long version = 1; version <= 3 * MOST_BEHIND; version++) {
                if (version - 1 - confirmed == MOST_BEHIND) {
                    confirmed = version - 1;
                }
                write(channel, version);
                assertEquals(confirmed, onDisk().version(), "before state " + version);
                assertEquals(confirmed, OwnedFiles.confirmedVersion(path));
            }
            assertEquals(2 * MOST_BEHIND, confirmed);
        }
    }

    @Test
    void onlyAStateThatWasForcedToDiskBeforeIsKnownToBeThereWhenAFileIsOpened() throws Exception {
        assertEquals(0, OwnedFiles.confirmedVersion(path));
        for (boolean clean : new boolean[]{true, false}) {
            Files.write(file, header(5, clean).array());
            open().close();
            assertEquals(clean ? 5 : 0, OwnedFiles.confirmedVersion(path));
        }
    }

    @Test
    void whoHasLostTheStoreNeitherOpensNorChangesItsFile() throws Exception {
        try (FileChannel channel = begin()) {
            write(channel, 1);
            channel.force(true);
            write(channel, 2);
            byte[] before = Files.readAllBytes(file);
            Takeover.of(directory);
            assertThrows(IOException.class, () -> write(channel, 3));
            assertThrows(IOException.class, () -> channel.write(header(2, true), 0));
            assertThrows(IOException.class, () -> channel.truncate(FIRST));
            assertThrows(IOException.class, () -> channel.force(true));
            assertThrows(IOException.class, () -> FilePath.get(path + ".mv.db").open("rw"));
            assertArrayEquals(before, Files.readAllBytes(file));
            assertEquals(1, Dribbling.openChannels);
        }
    }

    /// The other one has opened the file while the state was on its way to disk, and writes its own header.
    @Test
    void aStoreThatIsLostWhileAStateIsForcedToDiskGetsNoHeader() throws Exception {
        try (FileChannel channel = begin()) {
            write(channel, 1);
            channel.force(true);
            write(channel, 2);
            Dribbling.beforeForce = () -> Takeover.of(directory);
            assertThrows(IOException.class, () -> channel.force(true));
            assertEquals(1, onDisk().version());
            assertEquals(1, OwnedFiles.confirmedVersion(path));
        }
    }

    @Test
    void aFileThatNobodyOwnsIsNotWrittenAndNotLeftOpen() throws Exception {
        String strange = path.replace("owned", "strange") + ".mv.db";
        IOException refused = assertThrows(IOException.class, () -> FilePath.get(strange).open("rw"));
        assertTrue(refused.getMessage().endsWith("strange.mv.db has no owner"), refused.getMessage());
        assertEquals(0, Dribbling.openChannels);
    }

    /// A file system of H2 that takes little at a time, and remembers what it was asked for.
    public static final class Dribbling extends FilePathWrapper {
        private static final String SCHEME = "dribbling";
        private static final int MOST_BYTES = 1000;

        /// What a test does at a step.
        @FunctionalInterface
        interface Deed {
            void run() throws IOException;
        }

        private static final List<String> STEPS = new ArrayList<>();
        private static Deed beforeForce = () -> {};
        private static int openChannels;

        /// For H2, which makes one for each path.
        public Dribbling() {}

        static void reset() {
            STEPS.clear();
            beforeForce = () -> {};
            openChannels = 0;
        }

        /// Those since the last call; several of a kind in a row are one.
        static List<String> takeSteps() {
            List<String> steps = List.copyOf(STEPS);
            STEPS.clear();
            return steps;
        }

        private static void note(String step) {
            if (STEPS.isEmpty() || !STEPS.getLast().equals(step)) {
                STEPS.add(step);
            }
        }

        @Override
        public String getScheme() {
            return SCHEME;
        }

        @Override
        public FileChannel open(String mode) throws IOException {
            FileChannel base = super.open(mode);
            openChannels++;
            return new FileBaseDefault() {
                @Override
                public long size() throws IOException {
                    return base.size();
                }

                @Override
                public synchronized int read(ByteBuffer target, long position) throws IOException {
                    return base.read(target, position);
                }

                @Override
                public synchronized int write(ByteBuffer source, long position) throws IOException {
                    note("write");
                    int count = Math.min(MOST_BYTES, source.remaining());
                    ByteBuffer part = source.slice(source.position(), count);
                    for (long at = position; part.hasRemaining();) {
                        at += base.write(part, at);
                    }
                    source.position(source.position() + count);
                    return count;
                }

                @Override
                protected void implTruncate(long size) throws IOException {
                    note("truncate");
                    base.truncate(size);
                }

                @Override
                public void force(boolean metaData) throws IOException {
                    beforeForce.run();
                    note("force");
                }

                @Override
                public FileLock tryLock(long position, long size, boolean shared) throws IOException {
                    return base.tryLock(position, size, shared);
                }

                @Override
                public void implCloseChannel() throws IOException {
                    openChannels--;
                    base.close();
                }
            };
        }
    }
}
