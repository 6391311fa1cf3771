package dev.freezeframe.qemu.image;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// A disk as a profile describes it: an image file and how the guest sees it. Its id says which one it is, everywhere: it is
/// the id of QEMU's device, the name of the block node that the device uses, and the name of its image in a checkpoint.
///
/// @param id `disk0` for the first of a profile, and so on
/// @param file the image
/// @param format what the file's bytes mean; never guessed from content, because the guest may write that
/// @param formatStated whether the profile says so, and not only the file's name
/// @param diskInterface the device that the guest sees
/// @param readOnly whether the guest cannot write; then it is no part of a checkpoint
/// @param writes where the guest's writes go
public record Disk(String id, Path file, Format format, boolean formatStated, Interface diskInterface, boolean readOnly,
        Writes writes) {
    /// The most disks that a profile may have.
    public static final int MOST = 16;
    /// No disk that a checkpoint has is larger: 4 TiB.
    public static final long MOST_BYTES = 1L << 42;
    /// The most IDE disks: two channels with two each.
    public static final int MOST_IDE = 4;

    private static final String QCOW2_SUFFIX = ".qcow2";

    /// What the bytes of an image file mean.
    public enum Format {
        /// They are the disk's.
        RAW,
        /// QEMU's own sparse format.
        QCOW2;

        /// As a profile and QEMU write it.
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static Optional<Format> parse(String text) {
            return Arrays.stream(values()).filter(each -> each.text().equals(text)).findFirst();
        }

        /// What a file holds by its name, where nobody says.
        public static Format of(Path file) {
            return file.toString().toLowerCase(Locale.ROOT).endsWith(QCOW2_SUFFIX) ? QCOW2 : RAW;
        }
    }

    /// The device that the guest sees.
    public enum Interface {
        /// A virtio block device.
        VIRTIO,
        /// A SCSI disk; all of a machine are on one virtio host adapter.
        SCSI,
        /// An IDE disk, or SATA where the machine type has that.
        IDE;

        /// As a profile writes it.
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static Optional<Interface> parse(String text) {
            return Arrays.stream(values()).filter(each -> each.text().equals(text)).findFirst();
        }
    }

    /// Where the guest's writes go.
    public enum Writes {
        /// Into a file without a name that is gone with the machine; the image stays as it is.
        DISCARD,
        /// Into the image.
        KEEP;

        /// As a profile writes it.
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static Optional<Writes> parse(String text) {
            return Arrays.stream(values()).filter(each -> each.text().equals(text)).findFirst();
        }
    }

    /// The id of the disk at a place in a profile.
    public static String idAt(int index) {
        return "disk" + index;
    }

    /// The same with another image.
    public Disk withFile(Path other) {
        return new Disk(id, other, format, formatStated, diskInterface, readOnly, writes);
    }

    /// Whether QEMU opens the image for writing.
    public boolean writesImage() {
        return !readOnly && writes == Writes.KEEP;
    }

    /// Where QEMU's device has its property `drive`.
    public String qomPath() {
        String device = "/machine/peripheral/" + id;
        return switch (diskInterface) {
            case VIRTIO -> device + "/virtio-backend";
            case SCSI, IDE -> device;
        };
    }
}
