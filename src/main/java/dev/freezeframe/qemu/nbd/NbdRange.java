package dev.freezeframe.qemu.nbd;

/// A run of bytes of an export. Never empty.
public record NbdRange(long offset, long lengthBytes) {
    public NbdRange {
        if (offset < 0 || lengthBytes <= 0 || offset > Long.MAX_VALUE - lengthBytes)
            throw new IllegalArgumentException("no range: " + lengthBytes + " bytes at " + offset);
    }

    long end() {
        return offset + lengthBytes;
    }
}
