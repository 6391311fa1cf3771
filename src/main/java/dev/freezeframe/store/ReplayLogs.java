package dev.freezeframe.store;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.store.catalog.Catalog;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.catalog.ReplayLogTable;
import dev.freezeframe.store.catalog.StoreFile;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.pack.LogPiece;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The logs of recorded runs that can be replayed, each a part of its experiment. A log has the bytes that QEMU wrote, at the
/// places at which it wrote them, without a gap from some byte before the first checkpoint on. For any thread.
public final class ReplayLogs {
    private static final Logger LOG = LoggerFactory.getLogger(ReplayLogs.class);

    private final StoreFile file;

    /// What is stored of a log.
    ///
    /// @param start of its first byte in QEMU's log
    /// @param bytes how many, more than none
    public record Extent(long start, long bytes) {
        /// The byte behind the last one.
        public long end() {
            return start + bytes;
        }
    }

    /// Receives a log.
    @FunctionalInterface
    public interface Sink {
        /// Takes the next bytes.
        ///
        /// @param offset of the first of them in QEMU's log
        /// @param raw    from its position to its limit; good during the call only
        void bytes(long offset, ByteBuffer raw) throws IOException;
    }

    ReplayLogs(StoreFile file) {
        this.file = file;
    }

    /// Adds bytes to the log of an experiment.
    ///
    /// @param offset of the first of them in the log, [Extent#end] of what there is
    /// @param raw    at least one, at most [LogPiece#MAX_BYTES]
    /// @return the bytes that they take
    public int add(long experimentId, long offset, byte[] raw) throws StoreException {
        file.requireSpace();
        LogPiece piece = LogPiece.of(offset, raw);
        file.write("store a log", session -> {
            ReplayLogTable.put(session, experimentId, piece);
            return null;
        });
        return piece.content().length;
    }

    /// What there is of a log by now; empty for an experiment without one.
    public Optional<Extent> extent(long experimentId) throws StoreException {
        return file.read("look a log up", session -> {
            OptionalLong start = ReplayLogTable.next(session, experimentId, 0);
            OptionalLong end = ReplayLogTable.end(session, experimentId);
            return start.isPresent() && end.isPresent() && end.getAsLong() > start.getAsLong()
                    ? Optional.of(new Extent(start.getAsLong(), end.getAsLong() - start.getAsLong()))
                    : Optional.empty();
        });
    }

    /// The byte behind the last one that is stored; 0 for an experiment without a log.
    public long end(long experimentId) throws StoreException {
        return extent(experimentId).map(Extent::end).orElse(0L);
    }

    /// What a log takes in the store, 0 for an experiment without one. Quick, however long the log is.
    public long storedBytes(long experimentId) throws StoreException {
        return file.read("look a log up", session -> ReplayLogTable.storedBytes(session, experimentId));
    }

    /// Reads what is stored of a log, in its order.
    ///
    /// @param extent as [#extent] has told it; what has come since is left out
    /// @throws IOException what the sink threw, or a [StoreException] if the log is damaged
    public void read(long experimentId, Extent extent, Sink sink) throws IOException {
        long at = extent.start();
        while (at < extent.end()) {
            long start = at;
            byte[] raw = file.read("read a log", session -> raw(session, experimentId, start));
            sink.bytes(at, ByteBuffer.wrap(raw, 0, (int) Math.min(raw.length, extent.end() - at)).asReadOnlyBuffer());
            at += raw.length;
        }
    }

    private static byte[] raw(Session session, long experimentId, long start) throws SQLException, StoreException {
        try {
            return ReplayLogTable.piece(session, experimentId, start).orElseThrow(() -> new CorruptionException(
                    "it is missing")).raw();
        } catch (CorruptionException e) {
            throw new StoreException(Reason.DAMAGED,
                    "the log of experiment " + Catalog.experiment(session, experimentId)
                            .map(ExperimentRecord::name).orElse("id " + experimentId)
                            + " is damaged (its piece at byte " + start
                            + ": " + e.getMessage()
                            + "); its checkpoints are whole and can be restored, but the run cannot be executed again there",
                    e);
        }
    }

    /// Writes what is whole of a log into a file, at its places; what lies before it, and what is lost of it, is left as it is.
    ///
    /// @param extent as [#extent] has told it
    /// @return what is lost, in order; empty where all is written
    public List<Extent> copyTo(long experimentId, Extent extent, FileChannel target) throws IOException {
        List<Extent> lost = new ArrayList<>();
        long at = extent.start();
        while (at < extent.end()) {
            long start = at;
            Optional<ByteBuffer> whole = file.read("read a log", session -> whole(session, experimentId, start));
            if (whole.isPresent()) {
                ByteBuffer raw = whole.get().limit((int) Math.min(whole.get().limit(), extent.end() - at));
                while (raw.hasRemaining()) {
                    target.write(raw, at + raw.position());
                }
                at += raw.limit();
            } else {
                at = file.read("read a log", session -> ReplayLogTable.next(session, experimentId, start + 1)).stream()
                        .map(next -> Math.min(next, extent.end())).findFirst().orElse(extent.end());
                boolean follows = !lost.isEmpty() && lost.getLast().end() == start;
                Extent before = follows ? lost.removeLast() : new Extent(start, 0);
                lost.add(new Extent(before.start(), at - before.start()));
            }
        }
        return List.copyOf(lost);
    }

    private static Optional<ByteBuffer> whole(Session session, long experimentId, long start) throws SQLException {
        try {
            Optional<LogPiece> piece = ReplayLogTable.piece(session, experimentId, start);
            return piece.isPresent() ? Optional.of(ByteBuffer.wrap(piece.get().raw())) : Optional.empty();
        } catch (CorruptionException e) {
            LOG.debug("the piece of a log at byte {} is lost: {}", start, e.getMessage()); // told by who needs it
            return Optional.empty();
        }
    }
}
