package dev.freezeframe.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Optional;

/// Finds out whether this system can track writes by tracking a small mapping of our own process. Tries everything
/// but ptrace, whose rules it reads.
final class WriteTrackingProbe {

    /// Why it cannot be done here, with the remedy; empty if it can.
    static final Optional<String> REASON = probe();

    private static final int PAGES = 8;

    private WriteTrackingProbe() {}

    private static Optional<String> probe() {
        String architecture = System.getProperty("os.arch");
        if (!architecture.equals("amd64") && !architecture.equals("x86_64")) {
            return Optional.of("Exact tracking works on x86-64 only, this is " + architecture
                    + ". Use the scan tracker");
        }
        Optional<String> forbidden = PtraceRules.forbiddenBecause();
        if (forbidden.isPresent()) {
            return forbidden;
        }
        try (SharedMemory memory = SharedMemory.allocate("freezeframe-probe", (long) PAGES * SharedMemory.PAGE_BYTES);
                Pagemap pagemap = Pagemap.open(ProcessHandle.current().pid())) {
            long fd = Libc.syscall(UserFault.NR_USERFAULTFD, UserFault.FLAGS, 0, 0, 0);
            if (fd < 0) {
                return Optional.of("userfaultfd is not available (" + Libc.explain(fd)
                        + "): an old kernel, or a container that forbids it. Use the scan tracker");
            }
            try {
                return track(memory, pagemap, (int) fd);
            } finally {
                Libc.close((int) fd);
            }
        } catch (IOException e) {
            return Optional.of(e.getMessage() + ". Use the scan tracker");
        }
    }

    private static Optional<String> track(SharedMemory memory, Pagemap pagemap, int fd) throws IOException {
        long start = memory.address();
        if (ioctl(fd, UserFault.UFFDIO_API, UserFault.apiRequest()) < 0
                || ioctl(fd, UserFault.UFFDIO_REGISTER, UserFault.registerRequest(start, memory.sizeBytes())) < 0) {
            return Optional.of("The kernel (" + System.getProperty("os.version")
                    + ") cannot write-protect shared memory asynchronously; Linux 6.7 or newer is needed."
                    + " Use the scan tracker");
        }
        long end = start + memory.sizeBytes();
        touch(memory, 1);
        BitSet first = new BitSet(PAGES);
        pagemap.harvest(start, end, 0, first);
        touch(memory, 1);
        touch(memory, 5);
        BitSet second = new BitSet(PAGES);
        pagemap.harvest(start, end, 0, second);
        BitSet third = new BitSet(PAGES);
        pagemap.harvest(start, end, 0, third);
        if (first.get(1) && second.equals(BitSet.valueOf(new long[]{1 << 1 | 1 << 5})) && third.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of("The kernel (" + System.getProperty("os.version") + ") reports wrong pages as written ("
                + first + ", " + second + ", " + third + "). Use the scan tracker");
    }

    private static void touch(SharedMemory memory, int page) {
        memory.write((long) page * SharedMemory.PAGE_BYTES, ByteBuffer.wrap(new byte[]{1}));
    }

    private static int ioctl(int fd, long request, long[] structure) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment argument = arena.allocateFrom(ValueLayout.JAVA_LONG, structure);
            return Libc.ioctl(fd, request, argument);
        }
    }
}
