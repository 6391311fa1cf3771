package dev.freezeframe.machine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A look at a disk's image file before QEMU gets it: what would keep QEMU from using it is told in one line, and the disk's
/// size is read from it. Nothing is written.
final class DiskImage {
    /// The sector, in which QEMU counts a disk's size (BDRV_SECTOR_SIZE); a raw file's last one may be partial.
    static final int SECTOR_BYTES = 512;

    /// docs/interop/qcow2.txt: magic, version, …, at byte 24 the virtual size, all big-endian.
    private static final int QCOW2_MAGIC = 'Q' << 24 | 'F' << 16 | 'I' << 8 | 0xfb;
    private static final int QCOW2_SIZE_OFFSET = 24;
    private static final int HEADER_BYTES = 32;

    private DiskImage() {}

    /// The size of the disk that the guest will see.
    ///
    /// @throws MachineException when QEMU could not use the image as the profile says
    static long sizeBytes(Disk disk) throws MachineException {
        Path file = disk.file();
        if (!Files.exists(file)) {
            throw problem(disk, "is not there", Profiles.remedyForMissing(file));
        }
        if (!Files.isRegularFile(file)) {
            throw problem(disk, "is no regular file", "name an image file");
        }
        if (!Files.isReadable(file)) {
            throw problem(disk, "cannot be read", "check its permissions");
        }
        if (disk.writesImage() && !Files.isWritable(file)) {
            throw problem(disk, "cannot be written", "check its permissions, or set writes to \"discard\"");
        }
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        long length;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            length = channel.size();
            while (header.hasRemaining() && channel.read(header) >= 0) {
                // until it is full, or the file ends
            }
        } catch (IOException e) {
            throw problem(disk, "cannot be read: " + e.getMessage(), "check it");
        }
        boolean qcow2 = header.position() == HEADER_BYTES && header.getInt(0) == QCOW2_MAGIC;
        long size = switch (disk.format()) {
            case RAW -> {
                if (qcow2) {
                    throw problem(disk, "holds a qcow2 image and would be used as raw bytes",
                            "add \"format\": \"qcow2\" in the profile");
                }
                yield roundedToSector(length);
            }
            case QCOW2 -> {
                if (!qcow2) {
                    throw problem(disk, "is no qcow2 image", "add \"format\": \"raw\" in the profile, or give it"
                            + " another file");
                }
                yield header.getLong(QCOW2_SIZE_OFFSET);
            }
        };
        if (size <= 0) {
            throw problem(disk, "is empty", "give it a size: qemu-img create -f " + disk.format().text() + " FILE 4G");
        }
        return size;
    }

    static long roundedToSector(long bytes) {
        return Math.addExact(bytes, SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    }

    private static MachineException problem(Disk disk, String what, String remedy) {
        return new MachineException("the image of " + disk.id() + ", " + disk.file() + ", " + what + "; " + remedy);
    }
}
