package dev.freezeframe.qemu.stream;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads the ROMs of a machine that are visible in its physical address space, whether the guest runs or not. QEMU has no QMP
/// command that lists them, so the monitor's text is read, leniently: what is not understood is left out.
final class FirmwareRoms {
    private static final Pattern BLOCK = Pattern
            .compile("^\\s*(\\S.*?)\\s+\\d+ [KMG]iB\\s+0x[0-9a-f]{16}\\s+0x([0-9a-f]{16})\\s+0x[0-9a-f]{16}.*$");
    private static final Pattern REGION = Pattern
            .compile("^\\s+([0-9a-f]{16})-([0-9a-f]{16}) \\(prio -?\\d+, rom\\): (\\S+)$");
    private static final long MAX_ROM_BYTES = 64 << 20;

    private FirmwareRoms() {}

    static List<RomBlock> read(QmpClient qmp) throws IOException {
        Map<String, Long> blockBytes = blocks(monitor(qmp, "info ramblock"));
        List<RomBlock> roms = new ArrayList<>();
        for (Map.Entry<String, Long> region : romAddresses(monitor(qmp, "info mtree"), blockBytes).entrySet()) {
            byte[] contents = read(qmp, region.getValue(), blockBytes.get(region.getKey()));
            // an all-zero ROM (pc.rom) is what an incoming QEMU has anyway
            if (!isZero(contents))
                roms.add(new RomBlock(region.getKey(), contents));
        }
        return List.copyOf(roms);
    }

    static Map<String, Long> blocks(String ramblockText) {
        Map<String, Long> bytes = new LinkedHashMap<>();
        ramblockText.lines().map(BLOCK::matcher).filter(Matcher::matches)
                .forEach(m -> bytes.put(m.group(1), Long.parseUnsignedLong(m.group(2), 16)));
        return bytes;
    }

    /// Addresses at which a whole ROM block is seen. Aliases, such as the BIOS below 1 MiB, do not count.
    static Map<String, Long> romAddresses(String mtreeText, Map<String, Long> blockBytes) {
        Map<String, Long> addresses = new LinkedHashMap<>();
        mtreeText.lines().map(REGION::matcher).filter(Matcher::matches).forEach(m -> {
            long first = Long.parseUnsignedLong(m.group(1), 16);
            long bytes = Long.parseUnsignedLong(m.group(2), 16) - first + 1;
            Long blockLength = blockBytes.get(m.group(3));
            if (blockLength != null && blockLength == bytes && bytes <= MAX_ROM_BYTES
                    && bytes % StreamFormat.TARGET_PAGE_SIZE == 0)
                addresses.putIfAbsent(m.group(3), first);
        });
        return addresses;
    }

    private static byte[] read(QmpClient qmp, long address, long bytes) throws IOException {
        try (SharedMemory file = SharedMemory.allocate("rom", 0)) {
            qmp.execute(QmpCommand.of("pmemsave").with("val", address).with("size", bytes).with("filename",
                    file.path().toString()));
            byte[] contents = file.readFile(bytes);
            if (contents.length != bytes)
                throw new IOException("QEMU wrote " + contents.length + " of " + bytes + " bytes of a ROM");
            return contents;
        }
    }

    private static String monitor(QmpClient qmp, String command) throws IOException {
        return qmp.execute(QmpCommand.humanMonitor(command)).asText();
    }

    private static boolean isZero(byte[] bytes) {
        for (byte b : bytes)
            if (b != 0)
                return false;
        return true;
    }
}
