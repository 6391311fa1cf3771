package dev.freezeframe.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Set;

/// Remembers, beside the H2 file, the newest state of it that is known to be on disk. H2 goes back to an older state without
/// a word when the end of its file is damaged or missing; this is how the store notices.
final class StoreVersion implements AutoCloseable {
    static final String FILE_NAME = "store.version";
    private static final int LENGTH = 20;

    private final FileChannel channel;

    private StoreVersion(FileChannel channel) {
        this.channel = channel;
    }

    static StoreVersion open(Path directory) throws IOException {
        return new StoreVersion(FileChannel.open(directory.resolve(FILE_NAME),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))));
    }

    /// The version that was remembered, 0 if none.
    long remembered() throws IOException {
        ByteBuffer text = ByteBuffer.allocate(LENGTH);
        channel.read(text, 0);
        String digits = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII).strip();
        return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : 0;
    }

    /// Not forced to disk: it may be behind after a power failure, never ahead.
    void remember(long version) throws IOException {
        channel.write(
                ByteBuffer.wrap(String.format(Locale.ROOT, "%-19d\n", version).getBytes(StandardCharsets.US_ASCII)), 0);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
