package dev.freezeframe.linux;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// A lock on a file that is held as long as its holder lives, and not a moment longer, however that ends. Others can tell that
/// somebody holds it where a process id would mean nothing to them: in another container, or on another computer that shares
/// the file system.
///
/// It is the kernel's (flock(2)): it belongs to an open file, and goes with the last process that has that open. So a child
/// that a holder leaves behind holds it on, if it was given the file; util-linux's `flock --no-fork` starts a program with
/// one. Two in one process are two.
public final class LifeLock implements AutoCloseable {
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int OWNER_ONLY = 0600;

    @GuardedBy("this")
    private int fd;

    private LifeLock(int fd) {
        this.fd = fd;
    }

    /// Makes the file where there is none, and takes the lock. Waits while somebody has it.
    public static LifeLock take(Path file) throws IOException {
        return lock(file, Libc.O_RDWR | Libc.O_CREAT, LOCK_EX).orElseThrow(() -> new IOException(file
                + " is locked"));
    }

    /// Takes the lock of a file that is there, if nobody has it.
    public static Optional<LifeLock> tryTake(Path file) throws IOException {
        return lock(file, Libc.O_RDWR, LOCK_EX | LOCK_NB);
    }

    private static Optional<LifeLock> lock(Path file, int flags, int operation) throws IOException {
        // not waiting for the other end should somebody have put a FIFO there
        int fd = Libc.open(file.toString(), flags | Libc.O_CLOEXEC | Libc.O_NONBLOCK, OWNER_ONLY);
        if (fd < 0) {
            throw Libc.failure("cannot open " + file, fd);
        }
        int locked;
        do {
            locked = Libc.flock(fd, operation);
        } while (locked == -Libc.EINTR);
        if (locked >= 0) {
            return Optional.of(new LifeLock(fd));
        }
        Libc.close(fd);
        if (locked == -Libc.EAGAIN) {
            return Optional.empty();
        }
        throw Libc.failure("cannot lock " + file, locked);
    }

    /// Lets go of it. Idempotent.
    @Override
    public synchronized void close() {
        if (fd >= 0) {
            Libc.close(fd);
            fd = -1;
        }
    }
}
