package dev.freezeframe.qemu.disk;

import dev.freezeframe.linux.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/// A raw image file. A disk has whole sectors: of one that the file has only in part, the rest reads as zeroes and is not kept.
final class RawImage implements DiskContent {
    static final int SECTOR_BYTES = 512;

    private final ImageFile file;
    private final long sizeBytes;

    RawImage(ImageFile file) {
        this.file = file;
        sizeBytes = (file.sizeBytes() + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    /// How much of a range is in the file.
    private long within(long offset, long lengthBytes) {
        return Math.clamp(file.sizeBytes() - offset, 0, lengthBytes);
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        int limit = target.limit();
        int length = (int) within(offset, target.remaining());
        if (length > 0) {
            file.read(offset, target.limit(target.position() + length));
            target.limit(limit);
        }
        while (target.hasRemaining()) {
            target.put((byte) 0);
        }
    }

    @Override
    public void write(long offset, ByteBuffer content) throws IOException {
        int limit = content.limit();
        int length = (int) within(offset, content.remaining());
        if (length > 0) {
            file.write(offset, content.limit(content.position() + length));
        }
        content.limit(limit).position(limit);
    }

    @Override
    public void writeZeroes(long offset, long lengthBytes, boolean mayTrim) throws IOException {
        file.writeZeroes(Math.min(offset, file.sizeBytes()), within(offset, lengthBytes), mayTrim);
    }

    @Override
    public void flush() throws IOException {
        file.flush();
    }

    @Override
    public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
        long length = within(offset, lengthBytes);
        if (length > 0) {
            file.extents(offset, length, visitor::extent);
        }
        if (length < lengthBytes) {
            visitor.extent(offset + length, lengthBytes - length, true);
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
