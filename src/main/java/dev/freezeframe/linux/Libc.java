package dev.freezeframe.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// The C library's functions that this package needs. Every function returns what the kernel would: a result, or
/// minus the error number; none allocates once its thread has called one before.
@SuppressWarnings("restricted") // the one place that links to native functions
final class Libc {

    static final int EPERM = 1;
    static final int ESRCH = 3;
    static final int EINTR = 4;
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EFAULT = 14;
    static final int EBUSY = 16;
    static final int EEXIST = 17;
    static final int EISDIR = 21;
    static final int EINVAL = 22;
    static final int ENOTTY = 25;
    static final int ENOSYS = 38;
    static final int EPROTOTYPE = 91;
    static final int EOPNOTSUPP = 95;

    static final int CLOCK_BOOTTIME = 7;

    static final int AF_UNIX = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_CLOEXEC = 0x80000;

    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_CLOEXEC = 0x80000;
    static final int O_NONBLOCK = 0x800;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> CALL_STATE_OF_THREAD = ThreadLocal
            .withInitial(() -> Arena.ofAuto().allocate(CALL_STATE));

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final MemoryLayout POINTER = ValueLayout.ADDRESS;

    private static final MethodHandle CLOCK_GETTIME = link("clock_gettime", 2, INT, INT, POINTER);
    private static final MethodHandle CLOSE = link("close", 1, INT, INT);
    private static final MethodHandle CONNECT = link("connect", 3, INT, INT, POINTER, INT);
    private static final MethodHandle FALLOCATE = link("fallocate", 4, INT, INT, INT, LONG, LONG);
    private static final MethodHandle FCHMOD = link("fchmod", 2, INT, INT, INT);
    private static final MethodHandle FCNTL = link("fcntl", 2, INT, INT, INT, LONG);
    private static final MethodHandle FDATASYNC = link("fdatasync", 1, INT, INT);
    private static final MethodHandle FLOCK = link("flock", 2, INT, INT, INT);
    private static final MethodHandle FSTAT = link("fstat", 2, INT, INT, POINTER);
    private static final MethodHandle FTRUNCATE = link("ftruncate", 2, INT, INT, LONG);
    private static final MethodHandle IOCTL = link("ioctl", 2, INT, INT, LONG, POINTER);
    private static final MethodHandle LSEEK = link("lseek", 3, LONG, INT, LONG, INT);
    private static final MethodHandle MEMFD_CREATE = link("memfd_create", 2, INT, POINTER, INT);
    private static final MethodHandle MMAP = link("mmap", 6, LONG, LONG, LONG, INT, INT, INT, LONG);
    private static final MethodHandle MUNMAP = link("munmap", 2, INT, LONG, LONG);
    private static final MethodHandle OPEN = link("open", 2, INT, POINTER, INT, INT);
    private static final MethodHandle PREAD = link("pread", 4, LONG, INT, POINTER, LONG, LONG);
    private static final MethodHandle PWRITE = link("pwrite", 4, LONG, INT, POINTER, LONG, LONG);
    private static final MethodHandle SOCKET = link("socket", 3, INT, INT, INT, INT);
    private static final MethodHandle STRERROR = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("strerror"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, INT));
    private static final MethodHandle SYSCALL = link("syscall", 1, LONG, LONG, LONG, LONG, LONG, LONG);
    private static final MethodHandle UNLINK = link("unlink", 1, INT, POINTER);
    private static final MethodHandle WAITPID = link("waitpid", 3, INT, INT, POINTER, INT);

    private Libc() {}

    /// @param timespec receives two longs: seconds and nanoseconds
    static int clockGettime(int clock, MemorySegment timespec) {
        try {
            return result((int) CLOCK_GETTIME.invokeExact(state(), clock, timespec));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// @param address as the kernel's `struct sockaddr`
    static int connect(int fd, MemorySegment address, int bytes) {
        try {
            return result((int) CONNECT.invokeExact(state(), fd, address, bytes));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int socket(int domain, int type, int protocol) {
        try {
            return result((int) SOCKET.invokeExact(state(), domain, type, protocol));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int close(int fd) {
        try {
            return result((int) CLOSE.invokeExact(state(), fd));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int fallocate(int fd, int mode, long offset, long lengthBytes) {
        try {
            return result((int) FALLOCATE.invokeExact(state(), fd, mode, offset, lengthBytes));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int fchmod(int fd, int mode) {
        try {
            return result((int) FCHMOD.invokeExact(state(), fd, mode));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int fcntl(int fd, int command, long argument) {
        try {
            return result((int) FCNTL.invokeExact(state(), fd, command, argument));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// @param lock as the kernel's `struct flock`
    static int fcntl(int fd, int command, MemorySegment lock) {
        return fcntl(fd, command, lock.address());
    }

    static int fdatasync(int fd) {
        try {
            return result((int) FDATASYNC.invokeExact(state(), fd));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int flock(int fd, int operation) {
        try {
            return result((int) FLOCK.invokeExact(state(), fd, operation));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int fstat(int fd, MemorySegment status) {
        try {
            return result((int) FSTAT.invokeExact(state(), fd, status));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int ftruncate(int fd, long sizeBytes) {
        try {
            return result((int) FTRUNCATE.invokeExact(state(), fd, sizeBytes));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int ioctl(int fd, long request, MemorySegment argument) {
        try {
            return result((int) IOCTL.invokeExact(state(), fd, request, argument));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long lseek(int fd, long offset, int whence) {
        try {
            return result((long) LSEEK.invokeExact(state(), fd, offset, whence));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int memfdCreate(String name, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return result((int) MEMFD_CREATE.invokeExact(state(), arena.allocateFrom(name), flags));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long mmap(long address, long lengthBytes, int protection, int flags, int fd, long offset) {
        try {
            return result((long) MMAP.invokeExact(state(), address, lengthBytes, protection, flags, fd, offset));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int munmap(long address, long lengthBytes) {
        try {
            return result((int) MUNMAP.invokeExact(state(), address, lengthBytes));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int open(String path, int flags) {
        return open(path, flags, 0);
    }

    /// @param mode of a file that is made by this
    static int open(String path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            return result((int) OPEN.invokeExact(state(), arena.allocateFrom(path), flags, mode));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long pread(int fd, MemorySegment target, long lengthBytes, long offset) {
        try {
            return result((long) PREAD.invokeExact(state(), fd, target, lengthBytes, offset));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long pwrite(int fd, MemorySegment source, long lengthBytes, long offset) {
        try {
            return result((long) PWRITE.invokeExact(state(), fd, source, lengthBytes, offset));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// A system call by its number, for those that the C library wraps badly or not at all.
    static long syscall(long number, long first, long second, long third, long fourth) {
        try {
            return result((long) SYSCALL.invokeExact(state(), number, first, second, third, fourth));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int unlink(String path) {
        try (Arena arena = Arena.ofConfined()) {
            return result((int) UNLINK.invokeExact(state(), arena.allocateFrom(path)));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int waitpid(int id, MemorySegment status, int options) {
        try {
            return result((int) WAITPID.invokeExact(state(), id, status, options));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// What an error number means, in words; takes the number as these functions return it, negative.
    static String explain(long negativeErrno) {
        int errno = (int) -negativeErrno;
        try {
            MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
            return text.reinterpret(256).getString(0) + " (errno " + errno + ")";
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// An exception for a call that returned an error number.
    static IOException failure(String what, long negativeErrno) {
        return new IOException(what + ": " + explain(negativeErrno));
    }

    private static MethodHandle link(String name, int fixedArguments, MemoryLayout result, MemoryLayout... arguments) {
        FunctionDescriptor descriptor = FunctionDescriptor.of(result, arguments);
        MemorySegment address = LINKER.defaultLookup().findOrThrow(name);
        Linker.Option errno = Linker.Option.captureCallState("errno");
        return fixedArguments == arguments.length
                ? LINKER.downcallHandle(address, descriptor, errno)
                : LINKER.downcallHandle(address, descriptor, errno, Linker.Option.firstVariadicArg(fixedArguments));
    }

    private static MemorySegment state() {
        return CALL_STATE_OF_THREAD.get();
    }

    private static int result(int returned) {
        return returned == -1 ? -(int) ERRNO.get(state(), 0L) : returned;
    }

    private static long result(long returned) {
        return returned == -1 ? -(int) ERRNO.get(state(), 0L) : returned;
    }

    private static RuntimeException unexpected(Throwable e) {
        return switch (e) {
            case RuntimeException known -> known;
            case Error error -> throw error;
            default -> new IllegalStateException(e);
        };
    }
}
