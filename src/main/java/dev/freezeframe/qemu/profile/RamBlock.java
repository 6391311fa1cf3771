package dev.freezeframe.qemu.profile;

import dev.freezeframe.qemu.program.MachineException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One RAM block of a QEMU, as `info ramblock` lists it (softmmu/physmem.c, ram_block_format).
///
/// @param name QEMU's name, such as `ram` or `0000:00:02.0/vga.vram`
/// @param usedBytes the size in use
/// @param maxBytes the size that it may grow to
/// @param writable whether the guest can change it, so that a fresh QEMU does not have its content by itself
public record RamBlock(String name, long usedBytes, long maxBytes, boolean writable) {
    /// The id of the memory backend that every machine of ours has as its main memory.
    public static final String MAIN = "ram";

    /// Name, page size with unit, offset, used, total; newer versions add the host address and ro or rw.
    private static final Pattern LINE = Pattern.compile(
            "\\s*(?<name>\\S.*?)\\s+\\d+ [KMGT]?i?B\\s+(?<offset>0x\\p{XDigit}{1,16})\\s+(?<used>0x\\p{XDigit}{1,16})"
                    + "\\s+(?<total>0x\\p{XDigit}{1,16})(?:\\s+0x\\p{XDigit}{1,16})?(?:\\s+(?<access>ro|rw))?\\s*");

    /// Reads the whole text of `info ramblock`. An unknown form is refused rather than half understood: a block that
    /// is overlooked would be missing from every checkpoint.
    public static List<RamBlock> parse(String text, String machineType) throws MachineException {
        List<RamBlock> blocks = new ArrayList<>();
        for (String line : text.lines().filter(l -> !l.isBlank() && !l.strip().startsWith("Block Name")).toList()) {
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                throw new MachineException("cannot read QEMU's list of RAM blocks at \"" + line.strip()
                        + "\"; this QEMU version is not known, use another with --qemu");
            }
            String name = matcher.group("name");
            String access = matcher.group("access");
            boolean writable = access == null ? !isRomByName(name, machineType) : access.equals("rw");
            blocks.add(new RamBlock(name, bytes(matcher.group("used")), bytes(matcher.group("total")), writable));
        }
        if (blocks.stream().noneMatch(block -> block.name.equals(MAIN))) {
            throw new MachineException("QEMU has no RAM block \"" + MAIN + "\"; the machine type " + machineType
                    + " does not use memory-backend, take another in the profile's field machine");
        }
        return List.copyOf(blocks);
    }

    /// QEMU before 8.2 does not say which blocks are read-only, so go by the names that QEMU gives to ROMs
    /// (hw/core/loader.c `/rom@…`, hw/pci/pci.c `….rom`, hw/i386/x86.c `pc.bios`, hw/i386/pc.c `pc.rom`). A name that
    /// is not known counts as writable: then more is saved than needed, never less.
    private static boolean isRomByName(String name, String machineType) {
        if (name.equals("pc.rom")) {
            return !machineType.startsWith("isapc"); // read-only on machines with PCI, plain RAM without
        }
        return name.startsWith("/rom@") || name.equals("pc.bios") || name.equals("isa-bios") || name.endsWith(".rom");
    }

    private static long bytes(String hex) {
        return Long.parseUnsignedLong(hex.substring(2), 16);
    }
}
