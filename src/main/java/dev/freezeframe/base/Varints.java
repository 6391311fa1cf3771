package dev.freezeframe.base;

/// Reads and writes variable-length integers, seven bits a byte with the lowest first. Reading refuses numbers of more than
/// 49 bits and reads no byte beyond the end.
public final class Varints {
    private static final int MAX_BITS = 49;

    private final byte[] bytes;
    private final String what;
    private int position;

    /// @param what what is being read, for the messages
    public Varints(byte[] bytes, String what) {
        this.bytes = bytes;
        this.what = what;
    }

    /// Writes a number.
    ///
    /// @return the place behind it
    public static int put(byte[] target, int position, long value) {
        int end = position;
        long rest = value;
        while (rest >= 0x80) {
            target[end++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        target[end++] = (byte) rest;
        return end;
    }

    public long next() throws CorruptionException {
        long value = 0;
        for (int shift = 0; shift < MAX_BITS; shift += 7) {
            if (position == bytes.length) {
                throw new CorruptionException(what + " ends inside an entry");
            }
            byte b = bytes[position++];
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new CorruptionException(what + " holds a number that is too long");
    }

    public boolean hasMore() {
        return position < bytes.length;
    }
}
