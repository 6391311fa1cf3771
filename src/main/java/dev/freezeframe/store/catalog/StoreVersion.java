package dev.freezeframe.store.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;

/// Remembers, beside the H2 file, the newest state of it that is known to be on disk. H2 goes back to an older state without
/// a word when the end of its file is damaged or missing; this is how the store notices.
public final class StoreVersion implements AutoCloseable {
    public static final String FILE_NAME = "store.version";
    private static final int LENGTH = 20;

    /// Not a channel: the interrupt of a thread would close it.
    @GuardedBy("this")
    private final RandomAccessFile file;

    private StoreVersion(RandomAccessFile file) {
        this.file = file;
    }

    static StoreVersion open(Path directory) throws IOException {
        Path path = directory.resolve(FILE_NAME);
        try {
            Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (FileAlreadyExistsException e) {
            // it is read
        }
        return new StoreVersion(new RandomAccessFile(path.toFile(), "rw"));
    }

    /// The version that was remembered, 0 if none.
    synchronized long remembered() throws IOException {
        byte[] text = new byte[LENGTH];
        file.seek(0);
        int length = Math.max(0, file.read(text));
        String digits = new String(text, 0, length, StandardCharsets.US_ASCII).strip();
        return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : 0;
    }

    /// Not forced to disk: it may be behind after a power failure, never ahead.
    synchronized void remember(long version) throws IOException {
        file.seek(0);
        file.write(String.format(Locale.ROOT, "%-19d\n", version).getBytes(StandardCharsets.US_ASCII));
    }

    /// For a file whose states are counted anew.
    synchronized void forget() throws IOException {
        remember(0);
        file.getFD().sync();
    }

    @Override
    public synchronized void close() throws IOException {
        file.close();
    }
}
