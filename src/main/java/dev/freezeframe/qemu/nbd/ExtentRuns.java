package dev.freezeframe.qemu.nbd;

import java.io.IOException;
import java.util.Arrays;

/// What an export tells about its zeroes, with neighbours of a kind merged. Takes no answer that has gaps or leaves its
/// range, and stops at a number of runs, so that no export makes an answer too long.
final class ExtentRuns {
    private final int most;
    private long[] lengths = new long[16];
    private boolean[] zeroes = new boolean[16];
    private int count;
    private long end;
    private boolean full;

    ExtentRuns(int most) {
        this.most = most;
    }

    void clear() {
        count = 0;
        full = false;
    }

    void addAll(NbdExport export, long offset, long lengthBytes) throws IOException {
        end = offset;
        long[] told = {offset};
        export.extents(offset, lengthBytes, (at, length, zero) -> {
            if (at != told[0] || length <= 0 || length > offset + lengthBytes - at)
                throw new IOException("the export told of " + length + " bytes at " + at + " after " + told[0]);
            told[0] += length;
            add(length, zero);
        });
        if (told[0] != offset + lengthBytes)
            throw new IOException("the export told of its extents up to " + told[0] + " only");
    }

    private void add(long length, boolean zero) {
        if (full)
            return;
        boolean same = count > 0 && zeroes[count - 1] == zero;
        if (!same && count == most) {
            full = true;
            return;
        }
        end += length;
        if (same) {
            lengths[count - 1] += length;
            return;
        }
        if (count == lengths.length) {
            lengths = Arrays.copyOf(lengths, 2 * count);
            zeroes = Arrays.copyOf(zeroes, 2 * count);
        }
        lengths[count] = length;
        zeroes[count++] = zero;
    }

    /// There is more than the runs tell.
    boolean isFull() {
        return full;
    }

    /// The first byte behind the runs.
    long end() {
        return end;
    }

    int count() {
        return count;
    }

    long lengthBytes(int run) {
        return lengths[run];
    }

    boolean isZero(int run) {
        return zeroes[run];
    }
}
