package dev.freezeframe.store;

import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/// A file system of H2 that tells a test of each step before it is done. What the test throws is what the step fails with.
public final class StepFiles extends FilePathWrapper {
    private static final String SCHEME = "steps";
    private static final Map<String, Step> STEPS = new ConcurrentHashMap<>();

    /// Hears of `open`, `write`, `truncate` and `force`.
    @FunctionalInterface
    public interface Step {
        void before(String step) throws IOException;
    }

    /// For H2, which makes one for each path.
    public StepFiles() {}

    /// Has a step taken before each call.
    ///
    /// @return the file system to open the store in this folder with
    public static String register(Path directory, Step step) throws IOException {
        FilePath.register(new StepFiles());
        STEPS.put(directory.toRealPath().resolve(Database.FILE_NAME).toString(), step);
        // as in the product: a thread that is interrupted closes no file
        return SCHEME + ":" + StoreFile.FILE_SYSTEM;
    }

    @Override
    public String getScheme() {
        return SCHEME;
    }

    @Override
    public FileChannel open(String mode) throws IOException {
        Step step = STEPS.getOrDefault(getBase().toString().substring(StoreFile.FILE_SYSTEM.length()), _ -> {});
        step.before("open");
        FileChannel base = super.open(mode);
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
                step.before("write");
                return base.write(source, position);
            }

            @Override
            protected void implTruncate(long size) throws IOException {
                step.before("truncate");
                base.truncate(size);
            }

            @Override
            public void force(boolean metaData) throws IOException {
                // no test waits for a disk
                step.before("force");
            }

            @Override
            public FileLock tryLock(long position, long size, boolean shared) throws IOException {
                return base.tryLock(position, size, shared);
            }

            @Override
            public void implCloseChannel() throws IOException {
                base.close();
            }
        };
    }
}
