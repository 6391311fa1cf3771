package dev.freezeframe.qemu.stream;

import dev.freezeframe.base.GuestPage;
import java.nio.charset.StandardCharsets;

/// The numbers of QEMU's migration stream, named as QEMU names them. All integers in the stream are big-endian.
///
/// Sources: `migration/savevm.h`, `migration/savevm.c` (sections) and `migration/ram.c` (RAM).
final class StreamFormat {
    static final int QEMU_VM_FILE_MAGIC = 0x5145564d;
    static final int QEMU_VM_FILE_VERSION = 3;

    static final int QEMU_VM_EOF = 0x00;
    static final int QEMU_VM_SECTION_START = 0x01;
    static final int QEMU_VM_SECTION_PART = 0x02;
    static final int QEMU_VM_SECTION_END = 0x03;
    static final int QEMU_VM_SECTION_FULL = 0x04;
    static final int QEMU_VM_SUBSECTION = 0x05;
    static final int QEMU_VM_VMDESCRIPTION = 0x06;
    static final int QEMU_VM_CONFIGURATION = 0x07;
    static final int QEMU_VM_COMMAND = 0x08;
    static final int QEMU_VM_SECTION_FOOTER = 0x7e;

    /// Of the commands in {@code enum qemu_vm_cmd}; without contents.
    static final int MIG_CMD_SWITCHOVER_START = 11;

    static final String RAM_SECTION = "ram";
    static final int RAM_VERSION = 4;

    static final int RAM_SAVE_FLAG_ZERO = 0x02;
    static final int RAM_SAVE_FLAG_MEM_SIZE = 0x04;
    static final int RAM_SAVE_FLAG_PAGE = 0x08;
    static final int RAM_SAVE_FLAG_EOS = 0x10;
    static final int RAM_SAVE_FLAG_CONTINUE = 0x20;

    /// Of x86; offsets and flags of a page share one 64-bit number.
    static final int TARGET_PAGE_SIZE = GuestPage.BYTES;

    static final int HEADER_BYTES = 8;
    static final int FOOTER_BYTES = 5;
    /// One that has no contents: its type, its number and its length 0.
    static final int COMMAND_BYTES = 5;

    /// More than any machine of ours has in devices and screen memory; what is longer is not ours.
    static final int MAX_STREAM_BYTES = 256 << 20;

    /// QEMU wants a JSON description after the devices and warns when it is missing; an empty one does.
    private static final byte[] EMPTY_DESCRIPTION = {QEMU_VM_VMDESCRIPTION, 0, 0, 0, 2, '{', '}'};

    private StreamFormat() {}

    static byte[] emptyDescription() {
        return EMPTY_DESCRIPTION.clone();
    }

    /// QEMU's "counted string": one length byte, then ASCII.
    static byte[] countedString(String text) {
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        if (ascii.length == 0 || ascii.length > 255)
            throw new IllegalArgumentException("a name in the stream has 1 to 255 characters: '" + text + "'");
        byte[] counted = new byte[ascii.length + 1];
        counted[0] = (byte) ascii.length;
        System.arraycopy(ascii, 0, counted, 1, ascii.length);
        return counted;
    }
}
