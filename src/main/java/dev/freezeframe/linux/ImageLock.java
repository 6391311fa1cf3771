package dev.freezeframe.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The lock that QEMU's programs put on an image that they have open, so that none of them opens one of ours, and we none of
/// theirs, where one of both writes. It goes with the descriptor, however its process ends.
///
/// QEMU's block/file-posix.c (`raw_apply_lock_bytes`, `raw_check_lock_bytes`): for each permission that a program uses it
/// holds a shared lock on one byte, for each that it grants to no other one on another byte; then it looks whether somebody
/// holds the opposite of either. The bytes need not be in the file. Locks are those of open files (`F_OFD_SETLK`, fcntl(2)),
/// so two of one process are two.
final class ImageLock {
    private static final int RAW_LOCK_PERM_BASE = 100;
    private static final int RAW_LOCK_SHARED_BASE = 200;
    /// The bits of QEMU's include/block/block-common.h.
    private static final int BLK_PERM_CONSISTENT_READ = 0;
    private static final int BLK_PERM_WRITE = 1;
    private static final int BLK_PERM_RESIZE = 3;

    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;
    /// struct flock of 64-bit Linux: type, whence, start, length, process.
    private static final int FLOCK_BYTES = 32;
    private static final int FLOCK_START = 8;
    private static final int FLOCK_LENGTH = 16;

    private ImageLock() {}

    /// What came of the attempt.
    enum Outcome {
        TAKEN, IN_USE,
        /// The file system knows no locks, so nobody has one. QEMU goes without as well.
        UNSUPPORTED
    }

    /// Tries to take it, without waiting. What was taken of a lock that others have goes when the caller closes the descriptor.
    ///
    /// @param writing else only for reading, beside others that read; such a lock keeps those out that would write
    static Outcome take(int fd, boolean writing) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment lock = arena.allocate(FLOCK_BYTES, Long.BYTES);
            int[] used = writing
                    ? new int[]{BLK_PERM_CONSISTENT_READ, BLK_PERM_WRITE}
                    : new int[]{BLK_PERM_CONSISTENT_READ};
            int[] unshared = {BLK_PERM_WRITE, BLK_PERM_RESIZE};
            if (ask(fd, lock, F_OFD_GETLK, F_WRLCK, RAW_LOCK_PERM_BASE) < 0) {
                return Outcome.UNSUPPORTED;
            }
            boolean mine = hold(fd, lock, RAW_LOCK_PERM_BASE, used) && hold(fd, lock, RAW_LOCK_SHARED_BASE, unshared)
                    && nobodyHolds(fd, lock, RAW_LOCK_SHARED_BASE, used)
                    && nobodyHolds(fd, lock, RAW_LOCK_PERM_BASE, unshared);
            return mine ? Outcome.TAKEN : Outcome.IN_USE;
        }
    }

    private static boolean hold(int fd, MemorySegment lock, int base, int[] bits) throws IOException {
        for (int bit : bits) {
            int result = ask(fd, lock, F_OFD_SETLK, F_RDLCK, base + bit);
            if (result == -Libc.EAGAIN || result == -Libc.EACCES) {
                return false;
            }
            if (result < 0) {
                throw Libc.failure("cannot lock it", result);
            }
        }
        return true;
    }

    private static boolean nobodyHolds(int fd, MemorySegment lock, int base, int[] bits) throws IOException {
        for (int bit : bits) {
            int result = ask(fd, lock, F_OFD_GETLK, F_WRLCK, base + bit);
            if (result < 0) {
                throw Libc.failure("cannot ask for its locks", result);
            }
            if (lock.get(ValueLayout.JAVA_SHORT, 0) != F_UNLCK) {
                return false;
            }
        }
        return true;
    }

    private static int ask(int fd, MemorySegment lock, int command, short type, int start) {
        int result;
        do {
            lock.fill((byte) 0);
            lock.set(ValueLayout.JAVA_SHORT, 0, type);
            lock.set(ValueLayout.JAVA_LONG, FLOCK_START, start);
            lock.set(ValueLayout.JAVA_LONG, FLOCK_LENGTH, 1);
            result = Libc.fcntl(fd, command, lock);
        } while (result == -Libc.EINTR);
        return result;
    }
}
