package dev.freezeframe.qemu.profile;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The built-in guests that a profile can name instead of a kernel. Each is one boot sector, and what it does is known to the
/// byte, so that tests can tell what a checkpoint must hold.
public enum BootProgram {
    /// [BootSector]: fills known pages, fifty times a second.
    ROUNDS("rounds"),
    /// [DiskRecords]: writes the same number to memory and to every disk, a block at a time.
    DISK_RECORDS("disk-records"),
    /// [DiskRecords] with many blocks a round.
    DISK_WRITES("disk-writes");

    private final String text;

    BootProgram(String text) {
        this.text = text;
    }

    /// As a profile writes it.
    public String text() {
        return text;
    }

    static Optional<BootProgram> parse(String text) {
        return Arrays.stream(values()).filter(each -> each.text.equals(text)).findFirst();
    }

    static List<String> names() {
        return Arrays.stream(values()).map(BootProgram::text).toList();
    }

    /// Guest memory that it needs.
    long memoryBytes() {
        return BootSector.MIN_MEMORY_BYTES;
    }

    /// The machine code, a boot sector with its signature.
    public byte[] sector() {
        return switch (this) {
            case ROUNDS -> BootSector.sector();
            case DISK_RECORDS, DISK_WRITES -> DiskRecords.of(this).sector();
        };
    }
}
