package dev.freezeframe.restore;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.dedup.CheckpointWriter;
import dev.freezeframe.dedup.DedupOptions;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.qemu.stream.DeviceStateSource;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// Records a machine in the plainest way: stop, save the devices, copy all of RAM, go on; no tracker, no hurry. What it
/// stores is right by construction, so that a restore can be judged by it.
public final class SimpleRecorder implements AutoCloseable {
    private static final Duration PATIENCE = Await.PATIENCE;
    private static final int PAGES_AT_ONCE = 1024;
    private static final AtomicInteger EXPERIMENTS = new AtomicInteger();

    private final Deduplicator deduplicator;
    private final Machine machine;
    private final DeviceStateSource source;
    private final long experimentId;
    private int number;

    /// A checkpoint and what it must come back as.
    ///
    /// @param ram          all of RAM in the pause; the caller closes it
    /// @param printedBytes what the guest had printed
    public record Taken(CheckpointRecord checkpoint, SharedMemory ram, long printedBytes) implements AutoCloseable {
        @Override
        public void close() {
            ram.close();
        }
    }

    public SimpleRecorder(Store store, Machine machine) throws IOException {
        this(store, machine, machine.toRecord().toString());
    }

    SimpleRecorder(Store store, Machine machine, String machineJson) throws IOException {
        this.machine = machine;
        this.deduplicator = new Deduplicator(store, DedupOptions.DEFAULT);
        this.source = DeviceStateSource.open(machine.qmp(), ProcessHandle.of(machine.pid()).orElseThrow(),
                machine.hasOtherWritableRam());
        this.experimentId = store.createExperiment(ExperimentRecord.starting("test-" + EXPERIMENTS.incrementAndGet(),
                machine.spec().profile().name(), machineJson, machine.ramBytes(), Optional.empty(), Instant.now()));
    }

    public long experimentId() {
        return experimentId;
    }

    public Taken take() throws IOException, InterruptedException {
        SharedMemory copy = SharedMemory.allocate("captured", machine.ramBytes());
        QmpCommand save = source.arm();
        List<PendingReply> replies = machine.qmp().send(QmpCommand.of("stop"), save);
        replies.getFirst().await(PATIENCE);
        source.awaitSaved(replies.getLast(), PATIENCE);
        machine.memory().copyTo(copy);
        long printed = settledOutput(machine);
        DeviceState state = source.take();
        Taken taken = new Taken(store(copy, state.toBytes()), copy, printed);
        // last: on a virtual clock the guest could be at its end before all this is done
        machine.resume();
        return taken;
    }

    CheckpointRecord store(SharedMemory ram, byte[] deviceState) throws IOException {
        try (CheckpointWriter writer = deduplicator.begin(experimentId, ++number, Optional.<PageMap>empty(),
                ram.sizeBytes(), List.of())) {
            BitSet populated = new BitSet();
            ram.addPopulatedPages(populated);
            int[] pages = populated.stream().toArray();
            ByteBuffer contents = ByteBuffer.allocateDirect(PAGES_AT_ONCE * GuestPage.BYTES);
            for (int from = 0; from < pages.length; from += PAGES_AT_ONCE) {
                int count = Math.min(PAGES_AT_ONCE, pages.length - from);
                int[] part = java.util.Arrays.copyOfRange(pages, from, from + count);
                ram.copyPages(part, 0, count, contents, 0);
                writer.addRam(part, count, contents);
            }
            writer.addImage(NewCheckpoint.DEVICE_STATE, deviceState);
            return writer
                    .commit(GivenFigures.capture(Instant.now(), List.of()))
                    .checkpoint();
        }
    }

    /// What a stopped guest has printed, when nothing of it is under way any more.
    private static long settledOutput(Machine machine) {
        Await.untilConsolesAreRead();
        return machine.console().printedBytes();
    }

    /// Asserting that would copy whole memories into the heap; this says which pages differ.
    public static List<Integer> differingPages(SharedMemory one, SharedMemory other) {
        BitSet pages = new BitSet();
        one.addDifferingPages(other, pages);
        return pages.stream().boxed().limit(20).toList();
    }

    @Override
    public void close() {
        source.close();
        deduplicator.close();
    }
}
