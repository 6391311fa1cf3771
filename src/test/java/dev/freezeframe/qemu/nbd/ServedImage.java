package dev.freezeframe.qemu.nbd;

import dev.freezeframe.linux.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;

/// An image file as an export. Started as a program it serves one until it is killed.
record ServedImage(ImageFile image) implements WritableNbdExport {
    /// Serves it.
    ///
    /// @param arguments image, socket
    public static void main(String[] arguments) throws Exception {
        try (ImageFile image = ImageFile.open(Path.of(arguments[0]));
                NbdServer _ = NbdServer.start(Path.of(arguments[1]), Map.of("disk0", new ServedImage(image)))) {
            Thread.currentThread().join();
        }
    }

    @Override
    public long sizeBytes() {
        return image.sizeBytes();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        image.read(offset, target);
    }

    @Override
    public void extents(long offset, long lengthBytes, Extents visitor) throws IOException {
        image.extents(offset, lengthBytes, visitor::extent);
    }

    @Override
    public void write(long offset, ByteBuffer content) throws IOException {
        image.write(offset, content);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayTrim) throws IOException {
        image.writeZeroes(offset, length, mayTrim);
    }

    @Override
    public void trim(long offset, long length) throws IOException {
        image.writeZeroes(offset, length, true);
    }

    @Override
    public void flush() throws IOException {
        image.flush();
    }
}
