package dev.freezeframe.qemu.nbd;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// A request to an NBD server without its whole answer. For one thread at a time.
abstract sealed class PendingRequest {
    final long cookie;
    NbdErrno refusal;
    String refusalText = "";

    private PendingRequest(long cookie) {
        this.cookie = cookie;
    }

    /// Whether all of its answer is there.
    abstract boolean isAnswered();

    /// A read of one piece.
    static final class Read extends PendingRequest {
        final long offset;
        final int lengthBytes;
        final ByteBuffer target;
        final Coverage coverage;
        boolean zero = true;

        Read(long cookie, long offset, int lengthBytes, ByteBuffer target) {
            super(cookie);
            this.offset = offset;
            this.lengthBytes = lengthBytes;
            this.target = target;
            this.coverage = new Coverage(lengthBytes);
        }

        ByteBuffer part(long from, int length) {
            return target.slice(target.position() + (int) (from - offset), length);
        }

        @Override
        boolean isAnswered() {
            return coverage.isComplete();
        }
    }

    /// A question for the block status of a range.
    static final class Status extends PendingRequest {
        final int context;
        final long lengthBytes;
        int count;
        long[] lengths = new long[64];
        int[] flags = new int[64];
        boolean answered;

        Status(long cookie, int context, long lengthBytes) {
            super(cookie);
            this.context = context;
            this.lengthBytes = lengthBytes;
        }

        void add(long length, int extentFlags) {
            if (count > 0 && flags[count - 1] == extentFlags) {
                lengths[count - 1] += length;
                return;
            }
            if (count == lengths.length) {
                lengths = Arrays.copyOf(lengths, 2 * count);
                flags = Arrays.copyOf(flags, 2 * count);
            }
            lengths[count] = length;
            flags[count++] = extentFlags;
        }

        @Override
        boolean isAnswered() {
            return answered;
        }
    }
}
