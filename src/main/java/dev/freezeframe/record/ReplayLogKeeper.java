package dev.freezeframe.record;

import dev.freezeframe.base.Closing;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.ReplayLogFile;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.store.ReplayLogs;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.LogPiece;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the log of a run that can be replayed from QEMU's file into the store, as it grows. QEMU keeps the end of it in its own
/// memory until there are some kilobytes; so what is in the file is never all. For one thread at a time.
final class ReplayLogKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplayLogKeeper.class);
    /// A busy guest writes some kilobytes a second, on a busy computer one; QEMU hands on four at a time.
    private static final Duration LAST_BYTES = Duration.ofSeconds(20);
    private static final long LOOK_NANOS = 50_000_000;
    /// Behind a checkpoint, a replay reads what comes next, and what tells where nothing comes.
    private static final int READ_AHEAD_BYTES = 4096;

    private final ReplayLogs logs;
    private final Machine machine;
    private final long experimentId;
    private final ReplayLogFile log;
    private final ReplayLogFile.Reading reading;
    private final FileChannel file;
    private long copied;
    private long storedBytes;
    /// Of the newest checkpoint that is stored.
    private long needed;

    private ReplayLogKeeper(ReplayLogs logs, Machine machine, long experimentId, ReplayLogFile log,
            ReplayLogFile.Reading reading,
            FileChannel file) throws IOException {
        this.logs = logs;
        this.machine = machine;
        this.experimentId = experimentId;
        this.log = log;
        this.reading = reading;
        this.file = file;
        copied = Math.max(ReplayLogFile.HEADER_BYTES, file.size());
    }

    /// Begins where the log is now. Nothing before the first checkpoint is kept.
    ///
    /// @param machine whose run can be replayed
    static ReplayLogKeeper start(Store store, Machine machine, long experimentId) throws IOException {
        ReplayLogFile log = machine.replayLog().orElseThrow();
        ReplayLogFile.Reading reading = log.read();
        FileChannel file = null;
        boolean done = false;
        try {
            file = FileChannel.open(log.path(), StandardOpenOption.READ);
            ReplayLogKeeper keeper = new ReplayLogKeeper(store.replayLogs(), machine, experimentId, log, reading, file);
            done = true;
            return keeper;
        } finally {
            if (!done) {
                Closing.all(Arrays.asList(file, reading));
            }
        }
    }

    /// A checkpoint has been stored; brings what there is by now.
    ///
    /// @param logOffset of the log up to the checkpoint
    void stored(long logOffset) throws StoreException {
        needed = Math.max(needed, logOffset + READ_AHEAD_BYTES);
        // what was copied before the checkpoint is on disk with it
        discard(copied);
        copy();
    }

    /// What the log takes in the store by now.
    long storedBytes() {
        return storedBytes;
    }

    private void discard(long before) {
        try {
            log.discardBefore(before);
        } catch (IOException e) {
            LOG.info("the log of the run keeps its room: {}", e.getMessage());
        }
    }

    /// A guest that stands writes nothing that one could wait for.
    private boolean runs() {
        try {
            return machine.runState().equals("running");
        } catch (QmpException e) {
            return false;
        }
    }

    private void copy() throws StoreException {
        try {
            while (file.size() > copied) {
                ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(LogPiece.MAX_BYTES, file.size() - copied));
                while (bytes.hasRemaining() && file.read(bytes, copied + bytes.position()) > 0) {
                    // until it is full
                }
                if (bytes.position() == 0) {
                    break; // it was cut meanwhile, by whomever
                }
                byte[] raw = new byte[bytes.position()];
                bytes.flip().get(raw);
                storedBytes += logs.add(experimentId, copied, raw);
                copied += raw.length;
            }
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw new StoreException(StoreException.Reason.FAILED, "QEMU's log cannot be read: " + e.getMessage(), e);
        }
    }

    /// Waits a little for the log up to the last checkpoint, which comes with what the guest does behind it.
    @Override
    public void close() throws IOException {
        try (reading; file) {
            long end = System.nanoTime() + LAST_BYTES.toNanos();
            copy();
            while (copied < needed && System.nanoTime() < end && runs()) {
                LockSupport.parkNanos(LOOK_NANOS);
                copy();
            }
            copy(); // a QEMU that has ended has written all
            if (copied < needed) {
                LOG.info(
                        "the log ends {} bytes before the last checkpoint, so the interval before that cannot be replayed",
                        needed - copied);
            }
        }
    }
}
