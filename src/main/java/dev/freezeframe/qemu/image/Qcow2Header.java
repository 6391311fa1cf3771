package dev.freezeframe.qemu.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// What the header of a qcow2 image says, as far as it decides whether a machine can use it (docs/interop/qcow2.txt in QEMU's
/// sources). It is a stranger's: whatever it claims, no more than [#MOST_BYTES] are read, and what does not fit is refused.
///
/// @param sizeBytes of the disk
/// @param encrypted whether its content is
/// @param damaged whether QEMU has marked it so
/// @param dataFile whether its content is in another file
/// @param backing the file that has what this one does not
record Qcow2Header(long sizeBytes, boolean encrypted, boolean damaged, boolean dataFile, Optional<Backing> backing) {
    /// A cluster is the most that a header may take; with the usual ones this is it.
    private static final int MOST_BYTES = 1 << 16;
    private static final int MOST_NAME_BYTES = 1023;
    private static final int FIRST_BYTES = 72;
    private static final int FIRST_BYTES_OF_VERSION_3 = 104;
    private static final int BACKING_FORMAT = 0xe2792aca;
    private static final int DAMAGED = 1 << 1;
    private static final int DATA_FILE = 1 << 2;

    /// @param name as it is written: a path, relative to the image's folder, or a name that QEMU's block drivers understand
    /// @param format QEMU's word for what that is, if the image tells
    record Backing(String name, Optional<String> format) {}

    /// Reads it.
    ///
    /// @throws IOException with one clause about the image, if it cannot be such a header
    static Qcow2Header read(FileChannel image) throws IOException {
        ByteBuffer header = ByteBuffer.allocate((int) Math.min(MOST_BYTES, image.size()));
        while (header.hasRemaining() && image.read(header, header.position()) > 0) {
            // until it is full, or the file ends
        }
        header.flip();
        require(header.limit() >= FIRST_BYTES, "is cut off in its header");
        int version = header.getInt(4);
        require(version == 2 || version == 3, "is of version " + Integer.toUnsignedString(version)
                + " of qcow2, which QEMU does not know");
        require(version == 2 || header.limit() >= FIRST_BYTES_OF_VERSION_3, "is cut off in its header");
        long incompatible = version == 2 ? 0 : header.getLong(72);
        int length = version == 2 ? FIRST_BYTES : header.getInt(100);
        require(length >= FIRST_BYTES && length <= header.limit(), "has a header that cannot be as long as it says");
        long backingOffset = header.getLong(8);
        int end = backingOffset > 0 ? (int) Math.min(backingOffset, header.limit()) : header.limit();
        return new Qcow2Header(header.getLong(24), header.getInt(32) != 0, (incompatible & DAMAGED) != 0, (incompatible
                & DATA_FILE) != 0, backing(header, backingOffset, length, end));
    }

    private static Optional<Backing> backing(ByteBuffer header, long offset, int extensions, int end)
            throws IOException {
        if (offset == 0) {
            return Optional.empty();
        }
        int length = header.getInt(16);
        require(length > 0 && length <= MOST_NAME_BYTES && offset > 0 && offset <= header.limit() - length,
                "has a header whose backing file's name is not where it says");
        String name = StandardCharsets.UTF_8.decode(header.slice((int) offset, length)).toString();
        require(name.indexOf('\0') < 0, "has a header whose backing file's name is none");
        return Optional.of(new Backing(name, format(header, extensions, end)));
    }

    private static Optional<String> format(ByteBuffer header, int extensions, int end) throws IOException {
        int at = extensions;
        while (at + 8 <= end && header.getInt(at) != 0) {
            int length = header.getInt(at + 4);
            require(length >= 0 && length <= end - at - 8, "has a header with parts that are longer than it");
            if (header.getInt(at) == BACKING_FORMAT) {
                return Optional.of(StandardCharsets.US_ASCII.decode(header.slice(at + 8, length)).toString());
            }
            at += 8 + Math.ceilDiv(length, 8) * 8;
        }
        return Optional.empty();
    }

    private static void require(boolean holds, String otherwise) throws IOException {
        if (!holds) {
            throw new IOException(otherwise);
        }
    }
}
