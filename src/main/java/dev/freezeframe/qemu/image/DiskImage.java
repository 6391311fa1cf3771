package dev.freezeframe.qemu.image;

import dev.freezeframe.base.ShellText;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.SizeText;
import dev.freezeframe.linux.RegularFile;
import dev.freezeframe.qemu.program.MachineException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/// A look at a disk's image file before QEMU gets it: what would keep QEMU from using it, or have it write into a file that is
/// something else, is told in one line, and the disk's size is read from it. Nothing is written, and no file is opened that
/// is no regular one.
public final class DiskImage {
    /// The sector, in which QEMU counts a disk's size (BDRV_SECTOR_SIZE); a raw file's last one may be partial.
    static final int SECTOR_BYTES = 512;

    /// A chain of this many files behind an image is a mistake, or meant to do harm.
    private static final int MOST_BACKING_FILES = 200;
    /// stat(2): the kind of a file, and that of a block device.
    private static final int S_IFMT = 0170000;
    private static final int S_IFBLK = 0060000;

    private final Disk disk;

    private DiskImage(Disk disk) {
        this.disk = disk;
    }

    /// A file with what its bytes say that it is.
    private record Look(FileChannel channel, long length, ImageFormat format) {}

    /// The size of the disk that the guest will see.
    ///
    /// @throws MachineException when QEMU could not use the image as the profile says
    public static long sizeBytes(Disk disk) throws MachineException {
        return new DiskImage(disk).sizeBytes();
    }

    private long sizeBytes() throws MachineException {
        Path file = disk.file();
        if (!Files.exists(file)) {
            throw problem("is not there", Guest.remedyForMissing(file));
        }
        if (!Files.isRegularFile(file)) {
            throw problem("is no regular file", "name an image file");
        }
        if (!Files.isReadable(file)) {
            throw problem("cannot be read", "check its permissions");
        }
        if (disk.writesImage() && !Files.isWritable(file)) {
            throw problem("cannot be written", "check its permissions, or set writes to \"discard\"");
        }
        long size;
        try (FileChannel channel = RegularFile.open(file)) {
            Look look = look(channel);
            size = switch (disk.format()) {
                case RAW -> {
                    requireRaw(look.format);
                    yield roundedToSector(look.length);
                }
                case QCOW2 -> {
                    requireQcow2(look.format);
                    yield qcow2(file, channel, new HashSet<>());
                }
            };
        } catch (MachineException e) {
            throw e;
        } catch (IOException e) {
            throw problem("cannot be read: " + e.getMessage(), "check it");
        }
        if (size == 0) {
            throw problem("is empty", "give it a size: qemu-img create -f " + disk.format().text() + " FILE 4G");
        }
        if (size < 0 || (!disk.readOnly() && size > Disk.MOST_BYTES)) {
            throw problem("is a disk of " + Long.toUnsignedString(size) + " bytes, and a checkpoint can have one of "
                    + SizeText.of(Disk.MOST_BYTES) + " at most",
                    "use a smaller one, or set \"readOnly\": true if the guest need not write it");
        }
        return size;
    }

    private static Look look(FileChannel channel) throws IOException {
        long length = channel.size();
        return new Look(channel, length, ImageFormat.of(read(channel, 0, Math.min(length, ImageFormat.HEAD_BYTES)),
                length < ImageFormat.TAIL_BYTES
                        ? ByteBuffer.allocate(0)
                        : read(channel, length - ImageFormat.TAIL_BYTES, ImageFormat.TAIL_BYTES)));
    }

    private static ByteBuffer read(FileChannel channel, long at, long count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) count);
        while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) > 0) {
            // until it is full, or the file ends
        }
        return bytes.flip();
    }

    /// Only who says "raw" may have the bytes of such a file for a disk, and of what is surely a disk's image nobody may write
    /// them.
    private void requireRaw(ImageFormat found) throws MachineException {
        boolean meant = disk.formatStated() && (!disk.writesImage() || found.mayBeAGuests());
        if (found == ImageFormat.RAW || meant) {
            return;
        }
        String otherwise = disk.writesImage() && !found.mayBeAGuests()
                ? ""
                : "; or write \"format\": \"raw\" if the guest shall see the bytes as they are";
        if (found == ImageFormat.QCOW2) {
            throw problem("holds a qcow2 image and would be used as raw bytes",
                    "add \"format\": \"qcow2\" in the profile" + otherwise);
        }
        throw problem("is " + found.title() + " and would be used as raw bytes", found.remedy(disk.file())
                + otherwise);
    }

    private void requireQcow2(ImageFormat found) throws MachineException {
        if (found == ImageFormat.RAW) {
            throw problem("is no qcow2 image", "add \"format\": \"raw\" in the profile, or give it another file");
        }
        if (found != ImageFormat.QCOW2) {
            throw problem("is no qcow2 image but " + found.title(), found.remedy(disk.file()));
        }
    }

    /// The size that a qcow2 image says, after a look at it and at all that is behind it.
    ///
    /// @param seen what leads to it
    private long qcow2(Path file, FileChannel channel, Set<Object> seen) throws MachineException {
        Qcow2Header header;
        try {
            header = Qcow2Header.read(channel);
        } catch (IOException e) {
            throw problem(behind(file) + e.getMessage(), "look at it with qemu-img info, and use another");
        }
        if (header.encrypted()) {
            throw problem(behind(file) + "is encrypted", "decrypt it, and name the new file: " + ImageFormat.decrypting(
                    file, "driver=qcow2,encrypt.key-secret=key"));
        }
        if (header.dataFile()) {
            throw problem(behind(file) + "keeps its content in another file",
                    "make one of them, and name it: qemu-img convert -f qcow2 -O qcow2 " + ShellText.quoted(file
                            .toString()) + " " + ImageFormat.converted(file));
        }
        if (header.damaged() && disk.writesImage()) {
            throw problem(behind(file) + "is marked as damaged", "repair it: qemu-img check -r all " + ShellText
                    .quoted(file.toString()));
        }
        if (header.backing().isPresent()) {
            backing(file, header.backing().get(), seen);
        }
        return header.sizeBytes();
    }

    /// Where a problem is not the image's own.
    private String behind(Path file) {
        return file.equals(disk.file()) ? "" : "needs the file " + ShownText.marked(file.toString()) + ", which ";
    }

    private void backing(Path image, Qcow2Header.Backing backing, Set<Object> seen) throws MachineException {
        Optional<Path> plain = plainPath(image, backing.name());
        if (plain.isEmpty()) {
            return; // QEMU's other protocols are QEMU's to judge
        }
        Path file = plain.get();
        String names = (image.equals(disk.file())
                ? ""
                : "needs the file " + ShownText.marked(image.toString()) + ", which ")
                + "names the backing file " + ShownText.marked(file.toString()) + ", which ";
        String rebase = "or name the one that it has become: qemu-img rebase -u -f qcow2 -F " + backing.format().filter(
                format -> format.matches("[a-z0-9-]{1,20}")).orElse("FORMAT") + " -b NEW-FILE " + ShellText.quoted(
                        image.toString());
        if (!Files.exists(file)) {
            throw problem(names + "is not there", "put it back, " + rebase);
        }
        if (!Files.isRegularFile(file)) {
            if (isBlockDevice(file)) {
                return;
            }
            throw problem(names + "is no regular file", "put an image there, " + rebase);
        }
        if (!Files.isReadable(file)) {
            throw problem(names + "cannot be read", "check its permissions");
        }
        String format = backing.format().orElse("");
        try (FileChannel channel = RegularFile.open(file)) {
            if (!seen.add(Files.readAttributes(file, BasicFileAttributes.class).fileKey())
                    || Files.isSameFile(file, disk.file())) {
                throw problem(names + "leads back to itself", "use another image");
            }
            if (seen.size() > MOST_BACKING_FILES) {
                throw problem("has more than " + MOST_BACKING_FILES + " backing files behind it",
                        "make it one file: qemu-img convert -f qcow2 -O qcow2 " + ShellText.quoted(disk.file()
                                .toString()) + " " + ImageFormat.converted(disk.file()));
            }
            boolean qcow2 = look(channel).format == ImageFormat.QCOW2;
            if (format.equals("qcow2") && !qcow2) {
                throw problem(names + "is no qcow2 image", "put the right one there, " + rebase);
            }
            if (qcow2 && (format.isEmpty() || format.equals("qcow2"))) {
                qcow2(file, channel.position(0), seen);
            }
        } catch (MachineException e) {
            throw e;
        } catch (IOException e) {
            throw problem(names + "cannot be read: " + e.getMessage(), "check it");
        }
    }

    /// The file that a backing file's name means to QEMU (`path_combine` in util/cutils or block.c); empty where it is a name
    /// for another of QEMU's drivers.
    private static Optional<Path> plainPath(Path image, String name) {
        int colon = name.indexOf(':');
        int slash = name.indexOf('/');
        boolean protocol = colon >= 0 && (slash < 0 || colon < slash);
        if (protocol && !name.startsWith("file:")) {
            return Optional.empty();
        }
        try {
            return Optional.of(image.resolveSibling(protocol ? name.substring("file:".length()) : name));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private static boolean isBlockDevice(Path file) {
        try {
            return ((Integer) Files.getAttribute(file, "unix:mode") & S_IFMT) == S_IFBLK;
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    public static long roundedToSector(long bytes) {
        return Math.addExact(bytes, SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    }

    private MachineException problem(String what, String remedy) {
        return new MachineException("the image of " + disk.id() + ", " + disk.file() + ", " + what + "; " + remedy);
    }
}
