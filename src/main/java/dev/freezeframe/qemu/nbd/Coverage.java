package dev.freezeframe.qemu.nbd;

import java.util.TreeMap;

/// Which bytes of a read have come. Exact, so that a server that sends some bytes twice and others never is found out;
/// cheap for pieces in order, as they nearly always come.
final class Coverage {
    private final int lengthBytes;
    /// All bytes before this have come.
    private int prefix;
    /// Pieces behind the prefix, by offset, with their ends.
    private final TreeMap<Integer, Integer> ahead = new TreeMap<>();

    Coverage(int lengthBytes) {
        this.lengthBytes = lengthBytes;
    }

    /// Notes a piece; false when it is empty, does not lie within the read, or has a byte that has come before
    boolean add(long offset, long length) {
        if (offset < prefix || length <= 0 || length > lengthBytes || offset > lengthBytes - length)
            return false;
        int from = (int) offset;
        int to = (int) (offset + length);
        var before = ahead.lowerEntry(to);
        if (before != null && before.getValue() > from)
            return false;
        if (from != prefix) {
            ahead.put(from, to);
            return true;
        }
        prefix = to;
        while (!ahead.isEmpty() && ahead.firstKey() == prefix)
            prefix = ahead.pollFirstEntry().getValue();
        return true;
    }

    boolean isComplete() {
        return prefix == lengthBytes;
    }
}
