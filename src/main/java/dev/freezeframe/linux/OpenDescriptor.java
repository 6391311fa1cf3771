package dev.freezeframe.linux;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// A descriptor of a file that any thread may use and close at any time: its number is not closed, and used anew by somebody
/// else, during a call with it.
final class OpenDescriptor implements AutoCloseable {
    private final String name;
    private final int fd;
    private final ReadWriteLock use = new ReentrantReadWriteLock();
    @GuardedBy("use")
    private boolean closed;

    /// Takes over a descriptor.
    ///
    /// @param name the file as messages call it
    OpenDescriptor(String name, int fd) {
        this.name = name;
        this.fd = fd;
    }

    /// What the kernel is asked.
    interface Call {
        /// Gives a result, or minus the error number.
        long apply(int fd);
    }

    /// For a path of it; means this file only as long as it is open.
    int number() {
        return fd;
    }

    /// Makes a call, again where a signal cut it short.
    ///
    /// @param what for the message of the failure
    /// @throws IOException what the kernel answered, or that it is closed
    long call(String what, Call call) throws IOException {
        use.readLock().lock();
        try {
            if (closed) {
                throw new IOException(name + " is closed");
            }
            long result;
            do {
                result = call.apply(fd);
            } while (result == -Libc.EINTR);
            if (result < 0) {
                throw Libc.failure(name + ", " + what, result);
            }
            return result;
        } finally {
            use.readLock().unlock();
        }
    }

    /// Waits for calls under way. Idempotent.
    @Override
    public void close() {
        use.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                Libc.close(fd);
            }
        } finally {
            use.writeLock().unlock();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
