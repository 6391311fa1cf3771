package dev.freezeframe.simulate;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.stream.DeviceSection;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.qemu.stream.DeviceStateSource;
import dev.freezeframe.qemu.stream.IncomingMigration;
import dev.freezeframe.qemu.stream.ReplayEvents;
import dev.freezeframe.qemu.stream.ReplayPosition;
import dev.freezeframe.restore.Replay;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.restore.ReusedImage;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/// Whether a replay arrived where the recording was: every page of RAM, every block of its disks and every device compared with
/// the checkpoint, but for what is the host's ([DeviceSection#withoutHost]).
///
/// An instruction count is not always one moment. A timer that fires and the interrupt that it raises happen between two
/// instructions; a recording is mostly stopped between them, as QEMU looks for commands there, and no command stops a replay at
/// that very place. So where an end is not equal, it goes on to the next instruction before and behind which nothing comes to
/// the guest, in a QEMU of its own (a plugin sees nothing of it), and the checkpoint goes there as well. Equal there, in all,
/// is the same run.
final class Proof {
    private static final Duration ANSWERS = Duration.ofSeconds(30);
    /// Taking an interrupt writes a page of a stack, or two.
    private static final int MOST_PAGES = 256;

    private final Store store;
    private final Restorer restorer;
    private final Path log;
    private final RestoreOptions options;
    private final DiskProof disks;

    /// What came of it.
    ///
    /// @param reason  a line, where it is not sound; otherwise empty
    /// @param pages   of RAM that differ
    /// @param devices that are in another state, disks whose content differs among them
    record Verdict(EndState state, String reason, long pages, List<String> devices) {
        /// Nobody looked.
        static final Verdict NONE = new Verdict(EndState.ENDED, "", 0, List.of());

        static Verdict failed(String reason) {
            return new Verdict(EndState.FAILED, reason, 0, List.of());
        }
    }

    /// @param disks that differ, each with what a line says of it
    private record Difference(BitSet pages, List<String> devices, Map<String, String> disks) {
        boolean isNone() {
            return pages.isEmpty() && devices.isEmpty() && disks.isEmpty();
        }

        String text() {
            return (pages.isEmpty()
                    ? "RAM is equal"
                    : pages.cardinality() + " pages of RAM differ, the first is page " + pages.nextSetBit(0))
                    + disks.values().stream().map(each -> "; " + each).collect(Collectors.joining())
                    + (devices.isEmpty() ? "" : "; devices in another state: " + String.join(", ", devices));
        }

        Verdict verdict(EndState state) {
            List<String> all = new ArrayList<>(disks.keySet());
            all.addAll(devices);
            return new Verdict(state, state == EndState.DIVERGED ? text() : "", pages.cardinality(), List.copyOf(all));
        }
    }

    Proof(Store store, Restorer restorer, Path log, RestoreOptions options) {
        this.store = store;
        this.restorer = restorer;
        this.log = log;
        this.options = options;
        this.disks = new DiskProof(store);
    }

    /// The state of the devices of a machine that stands.
    static DeviceState deviceState(Machine machine) throws IOException {
        try (DeviceStateSource source = DeviceStateSource.open(machine.captureQmp(), ProcessHandle.of(machine.pid())
                .orElseThrow(() -> new IOException("QEMU has ended already")), machine.hasOtherWritableRam())) {
            source.awaitSaved(machine.captureQmp().send(source.arm()).getFirst(), ANSWERS);
            return source.take();
        }
    }

    /// Compares a machine that stopped at the instruction of a checkpoint. The machine cannot go on afterwards.
    ///
    /// @param image that the machine runs on
    /// @param from  what it was restored from
    Verdict of(Machine machine, ReusedImage image, CheckpointRecord from, CheckpointRecord checkpoint)
            throws IOException {
        try (FileChannel events = FileChannel.open(log, StandardOpenOption.READ)) {
            return of(machine, image, from, checkpoint, events);
        }
    }

    private Verdict of(Machine machine, ReusedImage image, CheckpointRecord from, CheckpointRecord checkpoint,
            FileChannel events) throws IOException {
        if (machine.hasOtherWritableRam()) {
            throw new IOException(
                    "the machine has other memory beside its RAM, such as a graphics card's, and that cannot be"
                            + " compared; --no-proof does without");
        }
        PageMap map = store.pageMap(checkpoint.id(), NewCheckpoint.RAM);
        DeviceState end = deviceState(machine).forReplay(events);
        DeviceState recorded = DeviceState.of(store.readImageBytes(checkpoint.id(), NewCheckpoint.DEVICE_STATE));
        DeviceState wanted = recorded.forReplay(events);
        Difference there = new Difference(image.differing(machine.pid(), map),
                differing(wanted.sections(), end.sections()), disks.differing(machine, from, checkpoint));
        if (there.isNone()) {
            return there.verdict(EndState.PROVEN);
        }
        if (!there.disks.isEmpty()) {
            // no interrupt writes to a disk
            return there.verdict(EndState.DIVERGED);
        }
        Optional<ReplayPosition> position = recorded.replayPosition();
        OptionalLong later = position.isPresent()
                ? ReplayEvents.quietInstruction(events, position.get())
                : OptionalLong.empty();
        if (later.isEmpty()) {
            return Verdict.failed("the log of the run ends too near to checkpoint " + checkpoint.number() + " to tell ("
                    + there.text() + "); " + RunLog.endWith(checkpoint.number() - 1));
        }
        if (there.pages.cardinality() > MOST_PAGES) {
            return there.verdict(EndState.DIVERGED);
        }
        Difference behind = behind(image, image.takeOver(machine.pid(), map, there.pages), end, checkpoint, later
                .getAsLong());
        return behind.isNone()
                ? there.verdict(EndState.PROVEN_ACROSS_INTERRUPT)
                : behind.verdict(EndState.DIVERGED);
    }

    /// How the end of a replay and the checkpoint differ when both have gone on, one after the other on the same memory.
    ///
    /// @param kept the pages in which the end differs from the checkpoint, which are otherwise equal
    private Difference behind(ReusedImage image, Map<Integer, ByteBuffer> kept, DeviceState end,
            CheckpointRecord checkpoint,
            long instruction) throws IOException {
        try (RestoredMachines recorded = restorer.restore(checkpoint,
                options.withReplay(new Replay(log, OptionalLong.of(
                        instruction)), List.of()),
                image)) {
            Machine machine = recorded.first().machine();
            MachineSpec spec = machine.spec();
            IntervalRun.awaitEnd(machine, instruction);
            Map<Integer, ByteBuffer> ofRecorded = image.written(machine.pid());
            List<DeviceSection> wanted = deviceState(machine).sections();
            machine.close();
            for (int page : kept.keySet()) {
                ofRecorded.putIfAbsent(page, image.page(page));
            }
            image.write(kept);
            // the disks are as in the checkpoint, which are served as long as this is open
            try (Machine replay = Machine.replaying(spec, image.memory(), true, log)) {
                replay.goOnTo(instruction);
                IncomingMigration.load(replay.qmp(), end, replay.machineType(), options.timeout());
                IntervalRun.awaitEnd(replay, instruction);
                return difference(image, ofRecorded, image.written(replay.pid()), differing(wanted, deviceState(replay)
                        .sections()));
            }
        }
    }

    private static Difference difference(ReusedImage image, Map<Integer, ByteBuffer> ofRecorded,
            Map<Integer, ByteBuffer> ofReplay, List<String> devices) {
        Set<Integer> pages = new HashSet<>(ofRecorded.keySet());
        pages.addAll(ofReplay.keySet());
        BitSet differing = new BitSet();
        for (int page : pages) {
            ByteBuffer one = ofRecorded.containsKey(page) ? ofRecorded.get(page) : image.page(page);
            ByteBuffer other = ofReplay.containsKey(page) ? ofReplay.get(page) : image.page(page);
            if (!one.equals(other)) {
                differing.set(page);
            }
        }
        return new Difference(differing, devices, Map.of());
    }

    /// The devices that are in another state, but for what is the host's.
    static List<String> differing(List<DeviceSection> wanted, List<DeviceSection> found) {
        List<String> differing = new ArrayList<>();
        for (DeviceSection section : wanted) {
            Optional<DeviceSection> other = found.stream().filter(section::isOfSameDevice).findFirst();
            if (other.isEmpty() || !section.withoutHost().isEqual(other.get().withoutHost())) {
                differing.add(section.toString());
            }
        }
        for (DeviceSection section : found) {
            if (wanted.stream().noneMatch(section::isOfSameDevice)) {
                differing.add(section + " (not in the checkpoint)");
            }
        }
        return differing;
    }
}
