package dev.freezeframe.qemu.machine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.program.MachineException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The file that QEMU writes the log of a run to. An idle guest fills some hundred kilobytes of it each second, so what nobody is
/// to read any more gives its room back: all that there is while the run is not recorded, otherwise what its reader lets go of.
/// A file system that cannot give back what is in the middle of a file keeps what is recorded, which is said once. For any thread.
public final class ReplayLogFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplayLogFile.class);
    private static final Duration PERIOD = Duration.ofSeconds(10);
    /// QEMU writes its header when it ends.
    public static final int HEADER_BYTES = 12;
    private static final int BLOCK_BYTES = 4096;

    private final UnnamedFile file;
    private final CountDownLatch closed = new CountDownLatch(1);
    @GuardedBy("this")
    private int readers;
    @GuardedBy("this")
    private long discardedTo = BLOCK_BYTES;
    @GuardedBy("this")
    private boolean told;

    private ReplayLogFile(UnnamedFile file) {
        this.file = file;
    }

    static ReplayLogFile create() throws MachineException {
        ReplayLogFile log = new ReplayLogFile(ScratchFolder.newFile());
        Thread.ofVirtual().name("replay-log").start(log::tidyUp);
        return log;
    }

    /// Where QEMU and we open it.
    public Path path() {
        return file.path();
    }

    /// Keeps all that is written from now on, until it is let go of or as much of it is [discarded][#discardBefore].
    ///
    /// @return what ends it
    public synchronized Reading read() {
        readers++;
        return () -> {
            synchronized (this) {
                readers--;
            }
        };
    }

    /// To be ended once.
    @FunctionalInterface
    public interface Reading extends AutoCloseable {
        @Override
        void close();
    }

    /// Gives the room of what is before a byte back. For the only reader.
    public synchronized void discardBefore(long offset) throws IOException {
        long end = offset / BLOCK_BYTES * BLOCK_BYTES;
        if (end > discardedTo && readers <= 1) {
            if (!file.discard(discardedTo, end - discardedTo)) {
                discardOtherwise();
            }
            discardedTo = end;
        }
    }

    /// For a file system without holes in the middle.
    private synchronized void discardOtherwise() throws IOException {
        if (readers == 0) {
            cut();
        } else if (!told) {
            told = true;
            LOG.warn(
                    "the file system of {} keeps the log of a recorded run until its machine ends, beside what is stored:"
                            + " an idle guest fills a gigabyte in an hour; set XDG_CACHE_HOME to a folder on another one",
                    file.folder());
        }
    }

    /// Gives all room back. QEMU goes on to write behind what is lost; what it has written meanwhile is lost too.
    synchronized void cut() throws IOException {
        long size = file.sizeBytes();
        file.resize(BLOCK_BYTES);
        file.resize(size);
    }

    private void tidyUp() {
        try {
            while (!closed.await(PERIOD.toMillis(), TimeUnit.MILLISECONDS)) {
                discardUnread();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.warn("the log of a run takes more and more room: {}", e.getMessage());
        }
    }

    private synchronized void discardUnread() throws IOException {
        if (readers == 0 && closed.getCount() > 0) {
            discardBefore(file.sizeBytes());
        }
    }

    @Override
    public synchronized void close() {
        closed.countDown();
        file.close();
    }
}
