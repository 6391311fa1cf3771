package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.base.Registration;
import dev.freezeframe.capture.BlockRanges;
import dev.freezeframe.capture.CaptureListener;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.capture.CapturedFrame;
import dev.freezeframe.capture.Checkpointer;
import dev.freezeframe.capture.FrameSink;
import dev.freezeframe.capture.Sessions;
import dev.freezeframe.capture.Slab;
import dev.freezeframe.capture.dirty.DirtyTracker;
import dev.freezeframe.dedup.DedupOptions;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.dedup.DiskToStore;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.SteadyClock;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.qemu.stream.DeviceStateSource;
import dev.freezeframe.restore.RamImage;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.pack.ImageReader;
import dev.freezeframe.suite.TestOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/// Records a machine with the real parts and keeps, for every checkpoint, a full copy of RAM and of every disk made within
/// its pause. Those copies are read from the image files, from outside.
/// Each checkpoint is read back from the store as soon as it is there and compared with that copy, every byte.
///
/// The copy is made where the tracker is asked while the guest stands, because that is the last thing in a pause before the
/// pages are copied.
final class ReferenceRecording implements AutoCloseable, CaptureListener, RecordingListener {

    /// A tracker that lets a test look on, or stand in the way, at each harvest.
    interface Interference {
        Interference NONE = () -> {};

        void afterHarvest() throws IOException;

        /// Between two pieces of a disk that is being read.
        default void whileReading(int number) {}
    }

    private final Store store;
    private final Machine machine;
    private final Deduplicator deduplicator;
    private final Checkpointer checkpointer;
    private final StoringPipeline pipeline;
    private final long experimentId;
    private final SharedMemory inPause;
    private final Map<Integer, SharedMemory> references = new ConcurrentHashMap<>();
    /// Memory of references that are done with: the first touch of each page of fresh memory takes longer than its copy.
    private final Queue<SharedMemory> spare = new ConcurrentLinkedQueue<>();
    private final Map<Integer, byte[]> deviceStates = new ConcurrentHashMap<>();
    private final Map<String, byte[]> disksInPause = new HashMap<>();
    private final Map<Integer, Map<String, byte[]>> diskReferences = new ConcurrentHashMap<>();
    private final Interference interference;
    private final Registration runStates;
    private volatile boolean stands;
    private final CountDownLatch ended = new CountDownLatch(1);

    /// Tests look into these in other threads than those that fill them.
    final List<CheckpointRecord> stored = new CopyOnWriteArrayList<>();
    final List<Integer> failed = new CopyOnWriteArrayList<>();
    final List<String> reasons = new CopyOnWriteArrayList<>();
    final List<String> faults = new CopyOnWriteArrayList<>();
    /// What checkpoints waited for.
    final List<String> waits = new CopyOnWriteArrayList<>();
    volatile String endReason;
    volatile boolean endFailed;

    ReferenceRecording(Store store, Machine machine, DirtyTracker tracker, CaptureOptions options, String name,
            Interference interference) throws IOException {
        this(store, machine, tracker, options, name, interference, UnaryOperator.identity());
    }

    /// @param storage lets a test stand between pipeline and store
    ReferenceRecording(Store store, Machine machine, DirtyTracker tracker, CaptureOptions options, String name,
            Interference interference, UnaryOperator<StoringPipeline.WriterSource> storage) throws IOException {
        this(store, machine, Sessions.of(machine), SteadyClock.start(), tracker, options, name, interference, storage);
    }

    /// @param sessions lets a test stand between us and QEMU
    ReferenceRecording(Store store, Machine machine, Sessions sessions, InstantSource clock, DirtyTracker tracker,
            CaptureOptions options, String name, Interference interference,
            UnaryOperator<StoringPipeline.WriterSource> storage)
            throws IOException {
        this.store = store;
        this.machine = machine;
        this.interference = interference;
        runStates = sessions.main().onEvent(event -> {
            if (event.name().equals("STOP") || event.name().equals("RESUME")) {
                stands = event.name().equals("STOP");
            }
        });
        inPause = SharedMemory.allocate("in-pause", machine.ramBytes());
        experimentId = store.createExperiment(ExperimentRecord.starting(name, machine.spec().profile().name(),
                machine.toRecord().toString(), machine.ramBytes(), Optional.empty(), Instant.now()));
        deduplicator = new Deduplicator(store, DedupOptions.DEFAULT);
        pipeline = new StoringPipeline(storage.apply(deduplicator::begin), experimentId, machine.ramBytes(),
                Optional.empty(),
                machine.disks().stream().map(disk -> new DiskToStore(disk.id(), disk.sizeBytes(), Optional.empty()))
                        .toList(),
                this, reason -> checkpointer().stop(reason, true), _ -> {});
        checkpointer = new Checkpointer(machine, sessions, clock, new LookingOn(tracker, interference),
                DeviceStateSource.open(sessions.capture(), ProcessHandle.of(machine.pid()).orElseThrow(),
                        machine.hasOtherWritableRam()),
                new ReferencingSink(), this, options, 1);
    }

    /// Whether QEMU last said that it stopped the guest, rather than that it resumed it.
    boolean guestStands() {
        return stands;
    }

    /// Ticks at which the guest stood, by nobody of ours.
    long standingTicks() {
        return checkpointer.standingTicks();
    }

    long lateTicks() {
        return checkpointer.lateTicks();
    }

    private Checkpointer checkpointer() {
        return checkpointer;
    }

    void record(long count) throws IOException, InterruptedException {
        pipeline.start(checkpointer::frameLost);
        checkpointer.start(false, count);
        if (!ended.await(300, TimeUnit.SECONDS)) {
            throw new IOException("recording does not end");
        }
        close();
    }

    /// Ends a recording that goes on, from any thread.
    void stop(String reason) {
        checkpointer.stop(reason, false);
    }

    void awaitEnd(Duration time) throws InterruptedException, IOException {
        if (!ended.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("recording does not end");
        }
    }

    /// What the image files hold, and the guest's throw-away writes above them; of a stopped guest, which has no write under way.
    private void readDisks() throws IOException {
        for (Disk disk : machine.spec().profile().disks()) {
            disksInPause.put(disk.id(), disk.writes() == Disk.Writes.DISCARD
                    ? converted("json:{\"driver\": \"qcow2\", \"file\": {\"driver\": \"file\", \"filename\": \""
                            + fileOfNode(disk.id() + "-file") + "\"}, \"backing\": {\"driver\": \"" + disk.format()
                                    .text()
                            + "\", \"file\": {\"driver\": \"file\", \"filename\": \"" + disk.file() + "\"}}}")
                    : disk.format() == Disk.Format.RAW
                            ? Files.readAllBytes(disk.file())
                            : converted(disk.file().toString()));
        }
    }

    private String fileOfNode(String node) throws IOException {
        for (String argument : machine.commandLine()) {
            if (argument.contains("\"node-name\":\"" + node + "\"")) {
                return new ObjectMapper().readTree(argument).path("filename").asText();
            }
        }
        throw new IOException("no node " + node);
    }

    private static byte[] converted(String qcow2) throws IOException {
        Path raw = Files.createTempFile("reference", ".raw");
        try {
            List<String> command = new ArrayList<>(List.of("qemu-img", "convert", "-U"));
            if (!qcow2.startsWith("json:")) {
                command.addAll(List.of("-f", "qcow2"));
            }
            command.addAll(List.of("-O", "raw", qcow2, raw.toString()));
            Process convert = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(TestOutput.ofChildren()).start();
            if (convert.waitFor() != 0) {
                throw new IOException("qemu-img cannot read " + qcow2);
            }
            return Files.readAllBytes(raw);
        } catch (InterruptedException e) {
            throw new IOException(e);
        } finally {
            Files.delete(raw);
        }
    }

    private byte[] contentOf(CheckpointRecord checkpoint, String disk) throws IOException {
        try (ImageReader image = store.openImage(checkpoint, NewCheckpoint.disk(disk))) {
            var content = ByteBuffer.allocate(Math.toIntExact(image.sizeBytes()));
            image.read(0, content);
            return content.array();
        }
    }

    private final class LookingOn implements DirtyTracker {
        private final DirtyTracker tracker;
        private final Interference interference;

        LookingOn(DirtyTracker tracker, Interference interference) {
            this.tracker = tracker;
            this.interference = interference;
        }

        @Override
        public String name() {
            return tracker.name();
        }

        @Override
        public void start(BitSet pages, boolean fillingKnown) throws IOException {
            tracker.start(pages, fillingKnown);
        }

        @Override
        public void harvest(BitSet pages) throws IOException {
            tracker.harvest(pages);
            if (stands) {
                machine.memory().copyTo(inPause);
                readDisks();
            }
            interference.afterHarvest();
        }

        @Override
        public SharedMemory contents() {
            return tracker.contents();
        }

        @Override
        public void close() {
            tracker.close();
        }
    }

    private final class ReferencingSink implements FrameSink {
        @Override
        public boolean hasRoom() {
            return pipeline.hasRoom();
        }

        @Override
        public void pages(int number, long generation, Slab slab) {
            pipeline.pages(number, generation, slab);
        }

        @Override
        public void blocks(int number, long generation, int disk, Slab slab) {
            interference.whileReading(number);
            pipeline.blocks(number, generation, disk, slab);
        }

        @Override
        public void zeroBlocks(int number, long generation, int disk, BlockRanges.Range blocks) {
            pipeline.zeroBlocks(number, generation, disk, blocks);
        }

        @Override
        public void complete(CapturedFrame frame) {
            diskReferences.put(frame.number(), Map.copyOf(disksInPause));
            try {
                SharedMemory used = spare.poll();
                SharedMemory reference = used == null
                        ? SharedMemory.allocate("reference", machine.ramBytes())
                        : used;
                inPause.copyTo(reference);
                references.put(frame.number(), reference);
                deviceStates.put(frame.number(), frame.deviceState().toBytes());
            } catch (IOException e) {
                faults.add(e.toString());
            }
            pipeline.complete(frame);
        }

        @Override
        public void abandon(int number) {
            pipeline.abandon(number);
        }
    }

    @Override
    public void checkpointStored(CheckpointRecord checkpoint) {
        stored.add(checkpoint);
        SharedMemory reference = references.remove(checkpoint.number());
        try (SharedMemory restored = SharedMemory.allocate("restored", machine.ramBytes())) {
            RamImage.fill(restored, store, store.pageMap(checkpoint.id(), NewCheckpoint.RAM), 2);
            BitSet differing = new BitSet();
            reference.addDifferingPages(restored, differing);
            if (!differing.isEmpty()) {
                faults.add("checkpoint " + checkpoint.number() + " differs in pages " + differing);
            }
            Map<String, byte[]> disks = diskReferences.remove(checkpoint.number());
            for (MachineDisk disk : machine.disks()) {
                if (!Arrays.equals(disks.get(disk.id()), contentOf(checkpoint, disk.id()))) {
                    faults.add("checkpoint " + checkpoint.number() + " differs in " + disk.id());
                }
            }
            byte[] devices = store.readImageBytes(checkpoint.id(), NewCheckpoint.DEVICE_STATE);
            if (!Arrays.equals(deviceStates.remove(checkpoint.number()), devices)) {
                faults.add("checkpoint " + checkpoint.number() + " has another device state");
            }
        } catch (IOException | RuntimeException e) {
            faults.add("checkpoint " + checkpoint.number() + ": " + e);
        } finally {
            spare.add(reference);
        }
    }

    @Override
    public void checkpointFailed(int number, Exception cause) {
        synchronized (failed) {
            failed.add(number);
            reasons.add(String.valueOf(cause.getMessage()));
        }
        SharedMemory reference = references.remove(number);
        if (reference != null) {
            spare.add(reference);
        }
    }

    @Override
    public void captureWaits(String reason) {
        waits.add(reason);
    }

    @Override
    public void captureEnded(String reason, boolean itFailed) {
        endReason = reason;
        endFailed = itFailed;
        ended.countDown();
    }

    @Override
    public void captureEnded(String reason) {
        // The other one, of the checkpointer, comes in any case.
    }

    void assertNothingDiffered(int atLeast) {
        assertEquals(List.of(), faults);
        assertEquals(true, stored.size() >= atLeast, "only " + stored.size() + " checkpoints stored");
    }

    @Override
    public void close() throws IOException {
        checkpointer.close();
        pipeline.close();
        deduplicator.close();
        inPause.close();
        runStates.close();
        references.values().forEach(SharedMemory::close);
        spare.forEach(SharedMemory::close);
        store.finishExperiment(experimentId, String.valueOf(endReason));
    }
}
