package dev.freezeframe.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;

/// A sleeping thread of another process that runs a few system calls for us, by ptrace. It is given back exactly as
/// it was found, whatever happens: same registers, same signal mask, its interrupted system call restarted.
///
/// How: a thread that sleeps in a system call stands right behind a `syscall` instruction. The registers are saved,
/// the instruction pointer is set back onto that instruction and a single step is made. All stops used are in the
/// kernel's signal delivery path (`get_signal`), so the kernel restarts the interrupted system call by itself once
/// the old registers are back (`arch_do_signal_or_restart`); that is why single steps are made and no system-call
/// stops. `orig_rax` is -1 during our calls, or the kernel would take them for interrupted ones.
///
/// It is never the main thread: the JVM's own child reaper waits on the main thread's id and would swallow its stops.
/// The kernel ties an attachment to one thread of the tracer, so [#borrow] runs everything in a thread of its own; as
/// a last resort the end of that thread detaches.
///
/// x86-64 only.
final class BorrowedThread {

    private static final int NR_PTRACE = 101;
    private static final int PTRACE_CONT = 7;
    private static final int PTRACE_SINGLESTEP = 9;
    private static final int PTRACE_GETREGS = 12;
    private static final int PTRACE_SETREGS = 13;
    private static final int PTRACE_DETACH = 17;
    private static final int PTRACE_SEIZE = 0x4206;
    private static final int PTRACE_INTERRUPT = 0x4207;
    private static final int PTRACE_GETSIGMASK = 0x420a;
    private static final int PTRACE_SETSIGMASK = 0x420b;
    private static final int PTRACE_EVENT_STOP = 128;
    private static final int WNOHANG = 1;
    private static final int WALL = 0x40000000;
    private static final int SIGTRAP = 5;
    private static final long ALL_SIGNALS_BUT_TRAP = ~(1L << (SIGTRAP - 1));

    // struct user_regs_struct, index of each 64-bit register
    private static final int REGISTERS = 27;
    private static final int R10 = 7;
    private static final int R9 = 8;
    private static final int R8 = 9;
    private static final int RAX = 10;
    private static final int RDX = 12;
    private static final int RSI = 13;
    private static final int RDI = 14;
    private static final int ORIG_RAX = 15;
    private static final int RIP = 16;
    private static final int RSP = 19;

    private static final int NR_FUTEX = 202;
    private static final short SYSCALL_INSTRUCTION = 0x050F; // 0F 05, little-endian
    private static final int SYSCALL_INSTRUCTION_BYTES = 2;
    /// Below the stack's red zone (128 bytes) nothing is alive.
    private static final int SCRATCH_BELOW_STACK_BYTES = 1024;
    private static final int SCRATCH_BYTES = 256;
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(30);
    private static final int ATTEMPTS = 20;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final long pid;
    private final int tid;
    private final FileChannel memory;
    private final MemorySegment savedRegisters;
    private final MemorySegment registers;
    private final MemorySegment signalMask;
    private final MemorySegment status;
    private final long syscallAddress;

    /// What a borrowed thread is used for.
    interface Work<T> {
        T with(BorrowedThread thread) throws IOException;
    }

    private BorrowedThread(long pid, int tid, FileChannel memory, Arena arena) throws IOException {
        this.pid = pid;
        this.tid = tid;
        this.memory = memory;
        this.savedRegisters = arena.allocate(LONG, REGISTERS);
        this.registers = arena.allocate(LONG, REGISTERS);
        this.signalMask = arena.allocate(LONG);
        this.status = arena.allocate(ValueLayout.JAVA_INT);
        check("stopping it", ptrace(PTRACE_INTERRUPT, 0, 0));
        awaitInterruption();
        check("reading its registers", ptrace(PTRACE_GETREGS, 0, savedRegisters.address()));
        check("reading its signal mask", ptrace(PTRACE_GETSIGMASK, Long.BYTES, signalMask.address()));
        this.syscallAddress = savedRegisters.getAtIndex(LONG, RIP) - SYSCALL_INSTRUCTION_BYTES;
    }

    /// Stops a sleeping thread of the process, does the work with it and lets it go on. Everybody else in the process
    /// keeps running. Not interruptible; takes some milliseconds.
    static <T> T borrow(long pid, Work<T> work) throws IOException {
        FutureTask<T> task = new FutureTask<>(() -> borrowHere(pid, work));
        Thread.ofPlatform().name("ptrace-" + pid).daemon().start(task);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true; // the other process must not stay half-way
                } catch (ExecutionException e) {
                    switch (e.getCause()) {
                        case IOException known -> throw known;
                        case RuntimeException unchecked -> throw unchecked;
                        case Error error -> throw error;
                        case Throwable other -> throw new IOException(other);
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static <T> T borrowHere(long pid, Work<T> work) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            for (int tid : sleepingThreads(pid)) {
                try (Arena arena = Arena.ofConfined();
                        FileChannel memory = FileChannel.open(Path.of("/proc/" + pid + "/mem"), StandardOpenOption.READ,
                                StandardOpenOption.WRITE)) {
                    int attached = Math.toIntExact(Libc.syscall(NR_PTRACE, PTRACE_SEIZE, tid, 0, 0));
                    if (attached == -Libc.ESRCH) {
                        continue; // the thread has ended since
                    }
                    if (attached < 0) {
                        throw notAllowed(pid, attached);
                    }
                    BorrowedThread thread = new BorrowedThread(pid, tid, memory, arena);
                    try {
                        if (thread.isInSystemCall()) {
                            thread.prepare();
                            return work.with(thread);
                        }
                    } finally {
                        thread.giveBack();
                    }
                }
            }
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        }
        throw new IOException("No thread of process " + pid + " besides its main thread sleeps in a system call. "
                + "Use the scan tracker for this machine");
    }

    /// Runs a system call in the borrowed thread, with up to six arguments. Returns what the kernel returned: a
    /// result, or minus the error number.
    long call(int number, long... arguments) throws IOException {
        MemorySegment.copy(savedRegisters, 0, registers, 0, registers.byteSize());
        registers.setAtIndex(LONG, RIP, syscallAddress);
        registers.setAtIndex(LONG, ORIG_RAX, -1);
        registers.setAtIndex(LONG, RAX, number);
        int[] argumentRegisters = {RDI, RSI, RDX, R10, R8, R9};
        for (int i = 0; i < arguments.length; i++) {
            registers.setAtIndex(LONG, argumentRegisters[i], arguments[i]);
        }
        check("setting its registers", ptrace(PTRACE_SETREGS, 0, registers.address()));
        check("stepping it", ptrace(PTRACE_SINGLESTEP, 0, 0));
        int stop = awaitStop(CALL_TIMEOUT);
        check("reading its registers", ptrace(PTRACE_GETREGS, 0, registers.address()));
        long instruction = registers.getAtIndex(LONG, RIP);
        if (stop != SIGTRAP || instruction != syscallAddress + SYSCALL_INSTRUCTION_BYTES) {
            throw new IOException("Thread " + tid + " of process " + pid + " did not run system call " + number
                    + ": it stopped with " + stop + " elsewhere");
        }
        return registers.getAtIndex(LONG, RAX);
    }

    /// Puts an argument structure where the borrowed thread's system calls can reach it, and returns its address. It
    /// replaces the one before.
    long pass(long... structure) throws IOException {
        if (structure.length * Long.BYTES > SCRATCH_BYTES) {
            throw new IllegalArgumentException("Too large");
        }
        ByteBuffer bytes = ByteBuffer.allocate(structure.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(structure);
        long address = (savedRegisters.getAtIndex(LONG, RSP) - SCRATCH_BELOW_STACK_BYTES) & -64;
        while (bytes.hasRemaining()) {
            memory.write(bytes, address + bytes.position());
        }
        return address;
    }

    private boolean isInSystemCall() throws IOException {
        if (savedRegisters.getAtIndex(LONG, ORIG_RAX) < 0) {
            return false;
        }
        ByteBuffer instruction = ByteBuffer.allocate(SYSCALL_INSTRUCTION_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return memory.read(instruction, syscallAddress) == SYSCALL_INSTRUCTION_BYTES
                && instruction.getShort(0) == SYSCALL_INSTRUCTION;
    }

    /// Holds back signals while our calls run, so that every stop is our own.
    private void prepare() throws IOException {
        MemorySegment.copy(signalMask, 0, registers, 0, Long.BYTES);
        registers.setAtIndex(LONG, 0, ALL_SIGNALS_BUT_TRAP);
        check("masking its signals", ptrace(PTRACE_SETSIGMASK, Long.BYTES, registers.address()));
    }

    private void giveBack() throws IOException {
        long registersSet = ptrace(PTRACE_SETREGS, 0, savedRegisters.address());
        long maskSet = ptrace(PTRACE_SETSIGMASK, Long.BYTES, signalMask.address());
        long detached = ptrace(PTRACE_DETACH, 0, 0);
        check("restoring its registers", registersSet);
        check("restoring its signal mask", maskSet);
        check("letting it go", detached);
    }

    private void awaitInterruption() throws IOException {
        while (true) {
            int stop = awaitStop(STOP_TIMEOUT);
            if (stop == (SIGTRAP | PTRACE_EVENT_STOP << 8)) {
                return;
            }
            if (stop >>> 8 == PTRACE_EVENT_STOP) {
                ptrace(PTRACE_DETACH, 0, 0);
                throw new IOException("Process " + pid + " was stopped by a signal. Continue it (kill -CONT " + pid
                        + ") and try again");
            }
            check("passing on a signal", ptrace(PTRACE_CONT, 0, stop)); // was under way already; ours comes next
        }
    }

    /// Returns the stop's signal, with a ptrace event in the bits above the lowest 8.
    private int awaitStop(Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            int waited = Libc.waitpid(tid, status, WALL | WNOHANG);
            if (waited == tid) {
                int value = status.get(ValueLayout.JAVA_INT, 0);
                if ((value & 0xff) != 0x7f) {
                    throw new IOException("Process " + pid + " ended while it was being prepared for tracking");
                }
                return value >>> 8;
            }
            if (waited < 0 && waited != -Libc.EINTR) {
                throw Libc.failure("Waiting for thread " + tid + " of process " + pid + " failed", waited);
            }
            if (System.nanoTime() > deadline) {
                throw new IOException("Thread " + tid + " of process " + pid + " did not stop within "
                        + timeout.toSeconds() + " s. Is the machine overloaded or its storage hanging?");
            }
            LockSupport.parkNanos(20_000);
        }
    }

    private long ptrace(int request, long address, long data) {
        return Libc.syscall(NR_PTRACE, request, tid, address, data);
    }

    private void check(String doing, long result) throws IOException {
        if (result < 0) {
            throw Libc.failure("Borrowing thread " + tid + " of process " + pid + " failed when " + doing, result);
        }
    }

    /// Threads that stand in a system call now, best first: a futex wait restarts without anyone noticing.
    private static List<Integer> sleepingThreads(long pid) throws IOException {
        List<Integer> waiting = new ArrayList<>();
        List<Integer> others = new ArrayList<>();
        Path tasks = Path.of("/proc/" + pid + "/task");
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
            for (Path thread : threads) {
                int tid = Integer.parseInt(thread.getFileName().toString());
                if (tid != pid) {
                    int call = currentSystemCall(thread);
                    if (call == NR_FUTEX) {
                        waiting.add(tid);
                    } else if (call >= 0 && call != UserFault.NR_IOCTL) { // KVM_RUN is an ioctl; leave vCPUs alone
                        others.add(tid);
                    }
                }
            }
        } catch (NoSuchFileException e) {
            throw new IOException("Process " + pid + " has ended", e);
        }
        waiting.addAll(others);
        return waiting;
    }

    private static int currentSystemCall(Path thread) {
        try {
            String text = Files.readString(thread.resolve("syscall"));
            int space = text.indexOf(' ');
            return space > 0 ? Integer.parseInt(text.substring(0, space)) : -1; // "running"
        } catch (IOException e) {
            return -1; // ended; or not ours to trace, which the attachment explains
        }
    }

    private static IOException notAllowed(long pid, int error) {
        String why = "Cannot attach to process " + pid + " to track its writes (" + Libc.explain(error) + ")";
        return new IOException(why + PtraceRules.hint(pid));
    }
}
