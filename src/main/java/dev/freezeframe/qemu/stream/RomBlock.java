package dev.freezeframe.qemu.stream;

import static dev.freezeframe.qemu.stream.StreamFormat.*;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/// The contents of one firmware ROM of a machine, such as `pc.bios`. Immutable; whole pages.
///
/// A QEMU that starts with `-incoming` leaves such memory empty, because it expects the contents in the stream
/// (`rom_reset` in `hw/core/loader.c`). A guest restored without them runs, and dies when it reboots.
public final class RomBlock {
    /// Any number that no device of a machine gets: QEMU counts its sections from 0.
    private static final int SECTION_ID = 0x7fff_fff0;

    private final String name;
    private final byte[] contents;

    /// Copies the contents of a ROM.
    ///
    /// @param name     what QEMU calls its RAM block, such as `pc.bios`
    /// @param contents whole pages
    public RomBlock(String name, byte[] contents) {
        if (contents.length == 0 || contents.length % TARGET_PAGE_SIZE != 0)
            throw new IllegalArgumentException("ROM " + name + " has " + contents.length + " bytes, no whole pages");
        this.name = name;
        this.contents = contents.clone();
    }

    /// What QEMU calls its RAM block.
    public String name() {
        return name;
    }

    /// Length of the contents, whole pages.
    public int sizeBytes() {
        return contents.length;
    }

    /// A RAM section (`ram_save_setup` and `ram_save_page` in `migration/ram.c`) with these blocks.
    static byte[] toRamSection(List<RomBlock> roms) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(QEMU_VM_SECTION_START);
            out.writeInt(SECTION_ID);
            out.write(countedString(RAM_SECTION));
            out.writeInt(0);
            out.writeInt(RAM_VERSION);
            long totalBytes = roms.stream().mapToLong(RomBlock::sizeBytes).sum();
            out.writeLong(totalBytes | RAM_SAVE_FLAG_MEM_SIZE);
            for (RomBlock rom : roms) {
                out.write(countedString(rom.name));
                out.writeLong(rom.contents.length);
            }
            for (RomBlock rom : roms)
                rom.writePages(out);
            out.writeLong(RAM_SAVE_FLAG_EOS);
            out.writeByte(QEMU_VM_SECTION_FOOTER);
            out.writeInt(SECTION_ID);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return bytes.toByteArray();
    }

    private void writePages(DataOutputStream out) throws IOException {
        for (int offset = 0; offset < contents.length; offset += TARGET_PAGE_SIZE) {
            boolean zero = isZero(offset);
            int flags = (zero ? RAM_SAVE_FLAG_ZERO : RAM_SAVE_FLAG_PAGE) | (offset == 0 ? 0 : RAM_SAVE_FLAG_CONTINUE);
            out.writeLong(offset | flags);
            if (offset == 0)
                out.write(countedString(name));
            if (zero)
                out.writeByte(0);
            else
                out.write(contents, offset, TARGET_PAGE_SIZE);
        }
    }

    private boolean isZero(int offset) {
        for (int i = offset; i < offset + TARGET_PAGE_SIZE; i++)
            if (contents[i] != 0)
                return false;
        return true;
    }
}
