package dev.freezeframe.bundle;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.BundleFormat.LogText;
import dev.freezeframe.store.pack.LogPiece;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/// The log in a bundle, cut into the pieces that a store keeps. No segment is decompressed to more than it may be, and what it
/// is has to be just what the header says. For one thread.
final class IncomingLog {
    static final int MAX_SEGMENT_BYTES = (int) Zstd.compressBound(BundleFormat.LOG_SEGMENT_BYTES);

    private final BundleReader bundle;
    private final Progress progress;
    private final LogText log;
    private byte[] segment = {};
    private int segments;
    private int used;
    private long done;
    private long storedBytes;

    /// @param bundle whose header has been checked
    IncomingLog(BundleReader bundle, Progress progress) {
        this.bundle = bundle;
        this.progress = progress;
        this.log = bundle.header().log();
    }

    /// The next piece, empty behind the last, or where there is no log.
    Optional<LogPiece> next() throws IOException {
        if (log == null || done == log.bytes()) {
            return Optional.empty();
        }
        if (used == segment.length) {
            progress.at("log", done, log.bytes());
            segment = decompressed(BundleFormat.logEntry(segments++), (int) Math.min(BundleFormat.LOG_SEGMENT_BYTES, log
                    .bytes() - done));
            used = 0;
        }
        int end = Math.min(segment.length, used + LogPiece.MAX_BYTES);
        LogPiece piece = LogPiece.of(log.start() + done, Arrays.copyOfRange(segment, used, end));
        done += end - used;
        used = end;
        storedBytes += piece.content().length;
        return Optional.of(piece);
    }

    /// What those given so far take in the store.
    long storedBytes() {
        return storedBytes;
    }

    private byte[] decompressed(String entry, int bytes) throws IOException {
        byte[] compressed = bundle.content(entry, MAX_SEGMENT_BYTES);
        byte[] raw = new byte[bytes];
        long size;
        try {
            size = Zstd.decompressByteArray(raw, 0, bytes, compressed, 0, compressed.length);
        } catch (ZstdException e) {
            throw bundle.damaged("its entry " + entry + " does not decompress: " + e.getMessage(), e);
        }
        if (size != bytes) {
            throw bundle.damaged("its entry " + entry + " has " + size + " bytes in it instead of " + bytes);
        }
        return raw;
    }
}
