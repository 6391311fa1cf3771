package dev.freezeframe.qemu.image;

import dev.freezeframe.base.ShellText;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What a file is by its first and last bytes, as far as people use such files for disks. It tells what a file is not, so that
/// a disk image in a format of its own is never written as if its bytes were the disk's; that a file is raw, no byte can tell.
///
/// The signatures are those that QEMU looks for (`bdrv_probe` of its drivers in `block/`), and of the other files those of
/// their specifications.
enum ImageFormat {
    /// None of the others: the bytes are the disk's, as far as can be told.
    RAW("a raw image", Kind.RAW, "raw"),
    /// Version 2 or later.
    QCOW2("a qcow2 image", Kind.QCOW2, "qcow2"),
    /// The format before it, with the same signature.
    QCOW("a qcow image of version 1", Kind.IMAGE, "qcow"),
    QED("a QED image", Kind.IMAGE, "qed"),
    VMDK("a VMDK image (VMware)", Kind.IMAGE, "vmdk"),
    VDI("a VDI image (VirtualBox)", Kind.IMAGE, "vdi"),
    VHDX("a VHDX image (Hyper-V)", Kind.IMAGE, "vhdx"),
    VHD("a VHD image (Virtual PC, Hyper-V)", Kind.IMAGE, "vpc"),
    PARALLELS("a Parallels image", Kind.IMAGE, "parallels"),
    BOCHS("a Bochs image", Kind.IMAGE, "bochs"),
    CLOOP("a cloop image", Kind.IMAGE, "cloop"),
    DMG("a DMG image (macOS)", Kind.IMAGE, "dmg"),
    LUKS("encrypted with LUKS", Kind.ENCRYPTED, "luks"),
    GZIP("compressed with gzip", Kind.PACKED, "gzip -dc"),
    XZ("compressed with xz", Kind.PACKED, "xz -dc"),
    ZSTD("compressed with zstd", Kind.PACKED, "zstd -dc"),
    BZIP2("compressed with bzip2", Kind.PACKED, "bzip2 -dc"),
    LZ4("compressed with lz4", Kind.PACKED, "lz4 -dc"),
    ZIP("a ZIP archive", Kind.ARCHIVE, "unzip"),
    SEVEN_ZIP("a 7z archive", Kind.ARCHIVE, "7z x"),
    TAR("a tar archive (an OVA is one)", Kind.ARCHIVE, "tar -xf");

    /// How many bytes of the beginning tell it.
    static final int HEAD_BYTES = 1024;
    /// How many bytes of the end tell it.
    static final int TAIL_BYTES = 512;

    private static final List<String> PACKED_SUFFIXES = List.of(".gz", ".xz", ".zst", ".bz2", ".lz4");
    private static final List<String> IMAGE_SUFFIXES = List.of(".vmdk", ".vdi", ".vhdx", ".vhd", ".vpc", ".qed", ".hdd",
            ".hds", ".dmg", ".qcow", ".qcow2", ".img", ".raw", ".luks");
    private static final int VHD_TYPE_OFFSET = 60;
    private static final int VHD_FIXED = 2;
    private static final int BOCHS_TEXT_BYTES = 32;

    private enum Kind {
        RAW, QCOW2,
        /// A disk in a format of its own.
        IMAGE,
        /// Either such a disk, or what a guest sees that encrypts its disk itself.
        ENCRYPTED,
        /// Something that a guest may have on a raw disk as well, but hardly as the whole disk.
        PACKED, ARCHIVE
    }

    private final String title;
    private final Kind kind;
    /// QEMU's driver, or the program with its arguments that takes the file apart.
    private final String tool;

    ImageFormat(String title, Kind kind, String tool) {
        this.title = title;
        this.kind = kind;
        this.tool = tool;
    }

    /// Tells what a file is.
    ///
    /// @param head its first [#HEAD_BYTES], or fewer where it is shorter
    /// @param tail its last [#TAIL_BYTES], empty where it is shorter
    static ImageFormat of(ByteBuffer head, ByteBuffer tail) {
        if (begins(head, 0, "514649fb")) {
            return begins(head, 4, "00000001") ? QCOW : QCOW2;
        }
        if (begins(head, 0, "51454400")) {
            return QED;
        }
        if (begins(head, 0, "4b444d56") || begins(head, 0, "434f5744") || text(head, 0, 21).toLowerCase(Locale.ROOT)
                .equals("# disk descriptorfile")) {
            return VMDK;
        }
        if (begins(head, 64, "7f10dabe")) {
            return VDI;
        }
        if (text(head, 0, 8).equals("vhdxfile")) {
            return VHDX;
        }
        // one of fixed size has its disk's bytes first and a footer only
        if (text(head, 0, 8).equals("conectix") || (text(tail, 0, 8).equals("conectix") && tail.getInt(VHD_TYPE_OFFSET)
                == VHD_FIXED)) {
            return VHD;
        }
        if (text(head, 0, 16).equals("WithoutFreeSpace") || text(head, 0, 16).equals("WithouFreSpacExt")) {
            return PARALLELS;
        }
        if (text(head, 0, BOCHS_TEXT_BYTES).startsWith("Bochs Virtual HD Image")) {
            return BOCHS;
        }
        if (text(head, 0, 22).equals("#!/bin/sh\n#V2.0 Format")) {
            return CLOOP;
        }
        if (text(tail, 0, 4).equals("koly")) {
            return DMG;
        }
        if (begins(head, 0, "4c554b53babe")) {
            return LUKS;
        }
        return packed(head);
    }

    private static ImageFormat packed(ByteBuffer head) {
        if (begins(head, 0, "1f8b08")) {
            return GZIP;
        }
        if (begins(head, 0, "fd377a585a00")) {
            return XZ;
        }
        if (begins(head, 0, "28b52ffd")) {
            return ZSTD;
        }
        if (text(head, 0, 3).equals("BZh") && begins(head, 4, "314159265359")) {
            return BZIP2;
        }
        if (begins(head, 0, "04224d18")) {
            return LZ4;
        }
        if (begins(head, 0, "504b0304")) {
            return ZIP;
        }
        if (begins(head, 0, "377abcaf271c")) {
            return SEVEN_ZIP;
        }
        return text(head, 257, 5).equals("ustar") ? TAR : RAW;
    }

    private static boolean begins(ByteBuffer bytes, int at, String hexadecimal) {
        byte[] wanted = HexFormat.of().parseHex(hexadecimal);
        return bytes.limit() >= at + wanted.length && bytes.slice(at, wanted.length).equals(ByteBuffer.wrap(wanted));
    }

    private static String text(ByteBuffer bytes, int at, int count) {
        return bytes.limit() >= at + count
                ? StandardCharsets.ISO_8859_1.decode(bytes.slice(at, count)).toString()
                : "";
    }

    /// As a sentence says it after "is".
    String title() {
        return title;
    }

    /// Whether a guest may have put this on its disk itself, so that who writes "raw" may well mean it also of a disk that is
    /// written.
    boolean mayBeAGuests() {
        return kind != Kind.IMAGE && kind != Kind.QCOW2;
    }

    /// What makes an image out of such a file that a profile can name, as a clause with the line for a shell.
    String remedy(Path file) {
        String from = ShellText.quoted(file.toString());
        return switch (kind) {
            case RAW, QCOW2, IMAGE -> "convert it, and name the new file: qemu-img convert -f " + tool + " -O qcow2 " + from
                    + " " + converted(file);
            case ENCRYPTED -> "decrypt it, and name the new file: " + decrypting(file, "driver=luks,key-secret=key");
            case PACKED -> "unpack it, and name the new file: " + tool + " " + from + " > " + unpacked(file);
            case ARCHIVE -> "unpack it, and name the image in it: " + tool + " " + from;
        };
    }

    /// What makes a plain image out of an encrypted one.
    ///
    /// @param options QEMU's for the image, without its file
    static String decrypting(Path file, String options) {
        return "qemu-img convert --object secret,id=key,file=PASSPHRASE-FILE --image-opts -O qcow2 " + ShellText.quoted(
                options + ",file.filename=" + file.toString().replace(",", ",,")) + " " + converted(file);
    }

    /// A new file for the result, quoted for a shell.
    static String converted(Path file) {
        return ShellText.quoted(free(withoutSuffix(file, IMAGE_SUFFIXES).orElse(file.toString()), ".qcow2"));
    }

    private static String unpacked(Path file) {
        Optional<String> shorter = withoutSuffix(file, PACKED_SUFFIXES);
        return ShellText.quoted(shorter.isPresent() ? free(shorter.get(), "") : free(file.toString(), ".img"));
    }

    private static Optional<String> withoutSuffix(Path file, List<String> suffixes) {
        String text = file.toString();
        return suffixes.stream().filter(text.toLowerCase(Locale.ROOT)::endsWith).map(suffix -> text.substring(0, text
                .length() - suffix.length())).findFirst();
    }

    /// Whoever follows the line must not lose a file that is there.
    private static String free(String stem, String suffix) {
        String name = stem + suffix;
        for (int i = 2; Files.exists(Path.of(name)); i++) {
            name = stem + "-" + i + suffix;
        }
        return name;
    }
}
