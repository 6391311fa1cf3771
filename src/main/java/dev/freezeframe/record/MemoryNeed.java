package dev.freezeframe.record;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.linux.ComputerMemory;
import dev.freezeframe.qemu.disk.ServedDisks;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// What a job needs of Java's heap and of the computer's memory, term by term, known before it starts. What does not fit is
/// refused in one line that names the remedy, rather than by an OutOfMemoryError or the kernel's OOM killer in the middle.
///
/// Half of the heap is the store's, whatever its size: the index of chunks (a quarter at most) and packs in memory. The other
/// half has to take the terms. Disks count with the blocks that are known to hold something.
///
/// @param job for people, such as `recording a guest of 5120 MiB`
/// @param heap what has to fit into half of the heap
/// @param memory what is taken outside of the heap, by us and by QEMU
/// @param remedy what takes less of the computer's memory
public record MemoryNeed(String job, List<Term> heap, List<Term> memory, String remedy) {
    /// A part of a need.
    ///
    /// @param likelihood how sure it is that it is taken
    public record Term(String name, long bytes, Likelihood likelihood) {}

    /// How sure it is that memory is taken.
    public enum Likelihood {
        /// In any case.
        CERTAIN,
        /// By most guests. A computer finds room for it, in its swap say; in a container whoever goes beyond the limit is killed.
        LIKELY,
        /// By a guest that uses all that it has, or a store that falls behind.
        POSSIBLE
    }

    private static final long MIB = 1 << 20;
    /// The program itself, the database, the window.
    private static final long PROGRAM_BYTES = 44 * MIB;
    /// Packs in the making and on their way to and from the store, outside of the heap.
    private static final long PACKS_BYTES = 48 * MIB;
    /// QEMU's own memory without the guest's RAM as it begins: 16 MiB as measured.
    private static final long QEMU_BYTES = 16 * MIB;
    /// What it comes to with a Linux guest under TCG: translated code above all.
    private static final long QEMU_GROWTH_BYTES = 80 * MIB;
    /// A page's chunk id in a page map, and an entry of a map that is being written.
    private static final int MAP_ENTRY_BYTES = Long.BYTES;
    /// Sets of pages with a bit each: the tracker's three and one for each thread that scans, dirty, owed, captured, and one of
    /// each frame under way.
    private static final int PAGE_SETS = 16;

    /// Of a recording.
    ///
    /// @param ramBytes the guest's RAM
    /// @param parent the page maps that it starts from: RAM's and its disks'
    /// @param scans whether RAM is compared with a copy
    public static MemoryNeed ofRecording(long ramBytes, List<PageMap> parent, long bufferBytes, boolean scans) {
        long pages = pages(ramBytes);
        List<Term> heap = new ArrayList<>(List.of(certain("program", PROGRAM_BYTES),
                certain("page maps", 2 * MAP_ENTRY_BYTES * pages),
                certain("maps being written", MAP_ENTRY_BYTES * pages),
                certain("places of captured pages", Integer.BYTES * pages),
                certain("sets of pages", PAGE_SETS * pages / Byte.SIZE)));
        long blocks = parent.stream().mapToLong(MemoryNeed::contentPages).sum();
        if (blocks > 0) {
            heap.add(certain("maps of the parent", 2 * MAP_ENTRY_BYTES * blocks));
        }
        List<Term> memory = new ArrayList<>(List.of(certain("QEMU", QEMU_BYTES), certain("packs", PACKS_BYTES),
                likely("QEMU's growth", QEMU_GROWTH_BYTES), likely("this program", PROGRAM_BYTES),
                possible("guest RAM", ramBytes), possible("capture buffer", bufferBytes)));
        if (scans) {
            memory.add(possible("the scan tracker's copy of RAM", ramBytes));
        }
        return new MemoryNeed("recording a guest of " + ramBytes / MIB + " MiB", heap, memory,
                "record a smaller guest (--memory) or with a smaller --buffer");
    }

    /// The same with disks that we serve, whose old blocks are kept until a checkpoint has read them.
    public MemoryNeed withServedDisks(int disks) {
        if (disks == 0) {
            return this;
        }
        List<Term> more = new ArrayList<>(memory);
        more.add(possible("old blocks of " + Units.count(disks, "disk"), disks * ServedDisks.COPY_BYTES));
        return new MemoryNeed(job, heap, more, remedy);
    }

    /// Of a restore to some machines that share an image.
    public static MemoryNeed ofRestore(Store store, CheckpointRecord checkpoint, int count) throws StoreException {
        PageMap ram = store.pageMap(checkpoint.id(), NewCheckpoint.RAM);
        long pages = ram.pages();
        long content = contentPages(ram);
        List<Term> heap = List.of(certain("program", PROGRAM_BYTES), certain("page map", MAP_ENTRY_BYTES * pages),
                certain("order of reading", (4 * Integer.BYTES + 2 * Long.BYTES) * content));
        List<Term> memory = List.of(certain("image of RAM", content * GuestPage.BYTES),
                certain(count == 1 ? "QEMU" : count + " QEMUs", count * QEMU_BYTES), certain("packs", PACKS_BYTES),
                likely("their growth", count * QEMU_GROWTH_BYTES), likely("this program", PROGRAM_BYTES),
                possible("what the guests write", pages * GuestPage.BYTES * count));
        return new MemoryNeed("restoring " + checkpoint.name() + (count == 1 ? "" : " to " + count + " machines"), heap,
                memory, count == 1 ? "end other machines" : "start fewer machines (--count)");
    }

    /// Of the execution of intervals of a recorded run, some at a time.
    ///
    /// @param newest whose RAM stands for that of the others
    public static MemoryNeed ofSimulation(Store store, CheckpointRecord newest, int workers) throws StoreException {
        PageMap ram = store.pageMap(newest.id(), NewCheckpoint.RAM);
        long pages = ram.pages();
        long content = contentPages(ram);
        long heapBytes = MAP_ENTRY_BYTES * pages + (4 * Integer.BYTES + 2 * Long.BYTES) * content;
        List<Term> heap = List.of(certain("program", PROGRAM_BYTES), certain("page maps of " + workers + " workers", workers
                * heapBytes));
        List<Term> memory = List.of(certain("guest RAM", workers * content * GuestPage.BYTES),
                certain(workers == 1 ? "QEMU" : workers + " QEMUs", workers * QEMU_BYTES), likely(
                        "those of ends that are compared", workers * QEMU_BYTES), certain("packs", PACKS_BYTES),
                likely("their growth", workers * QEMU_GROWTH_BYTES), likely("this program", PROGRAM_BYTES),
                possible("what the guests write", workers * pages * GuestPage.BYTES));
        return new MemoryNeed("executing " + workers + " intervals at a time", heap, memory, "take fewer (--workers)");
    }

    private static Term certain(String name, long bytes) {
        return new Term(name, bytes, Likelihood.CERTAIN);
    }

    private static Term likely(String name, long bytes) {
        return new Term(name, bytes, Likelihood.LIKELY);
    }

    private static Term possible(String name, long bytes) {
        return new Term(name, bytes, Likelihood.POSSIBLE);
    }

    private static long pages(long bytes) {
        return Math.ceilDiv(bytes, GuestPage.BYTES);
    }

    private static long contentPages(PageMap map) {
        long[] count = {0};
        map.forEachNonZero((_, _) -> count[0]++);
        return count[0];
    }

    /// The heap that is enough: `-Xmx` of it.
    public long heapBytes() {
        return 2 * heap.stream().mapToLong(Term::bytes).sum();
    }

    /// What is taken outside of the heap.
    ///
    /// @param most how unlikely a term may be that counts
    public long memoryBytes(Likelihood most) {
        return terms(most).stream().mapToLong(Term::bytes).sum();
    }

    private List<Term> terms(Likelihood most) {
        return memory.stream().filter(term -> term.likelihood.compareTo(most) <= 0).toList();
    }

    /// Refuses a job that cannot be done with the heap of this process and with the memory that there is now.
    ///
    /// @return a remark for the user where it may need more memory than there is, if it comes to that
    /// @throws IOException one line: what is needed, what there is, what is missing, and the remedy
    public Optional<String> require() throws IOException {
        return require(Runtime.getRuntime().maxMemory(), ComputerMemory.ofThisProcess());
    }

    Optional<String> require(long maxHeapBytes, ComputerMemory computer) throws IOException {
        Optional<String> problem = heapProblem(maxHeapBytes);
        Optional<ComputerMemory.Room> room = computer.room();
        if (problem.isEmpty() && room.isPresent()) {
            problem = memoryProblem(room.get());
        }
        if (problem.isPresent()) {
            throw new IOException(problem.get());
        }
        long most = memoryBytes(Likelihood.POSSIBLE);
        if (room.isEmpty() || most <= room.get().availableBytes()) {
            return Optional.empty();
        }
        return Optional.of(job + " may come to need " + mebibytes(most) + " of memory (" + describe(memory)
                + "), and there are " + room.get().describe()
                + "; when they are used up, the kernel ends a program: " + remedy);
    }

    /// Why the job cannot be done with this memory, one line; empty where it can.
    public Optional<String> memoryProblem(ComputerMemory.Room room) {
        Likelihood counts = room.limitBytes().isPresent() ? Likelihood.LIKELY : Likelihood.CERTAIN;
        long needed = memoryBytes(counts);
        long missing = needed - room.availableBytes();
        return missing <= 0
                ? Optional.empty()
                : Optional.of(job + " needs " + mebibytes(needed) + " of memory (" + describe(terms(counts))
                        + "), and there are " + room.describe() + ": " + mebibytes(missing) + " are missing; " + remedy
                        + ", or give the computer or the container more memory");
    }

    /// Why the job cannot be done with a heap of a size, one line; empty where it can.
    Optional<String> heapProblem(long maxHeapBytes) {
        if (heapBytes() <= maxHeapBytes) {
            return Optional.empty();
        }
        return Optional.of(job + " needs a Java heap of " + mebibytes(heapBytes()) + " (half of it for the store; "
                + describe(heap) + "), and Java may take " + mebibytes(maxHeapBytes) + ": "
                + mebibytes(heapBytes() - maxHeapBytes) + " are missing; set FREEZEFRAME_JAVA_OPTS=-Xmx"
                + Math.ceilDiv(heapBytes(), MIB) + "m");
    }

    private static String describe(List<Term> terms) {
        return terms.stream().map(term -> term.name + " " + mebibytes(term.bytes)).collect(Collectors.joining(", "));
    }

    private static String mebibytes(long bytes) {
        return Math.ceilDiv(bytes, MIB) + " MiB";
    }
}
