package dev.freezeframe.simulate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Registration;
import dev.freezeframe.base.Units;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.InstructionClock;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.qemu.stream.GuestClock;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.restore.ReusedImage;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.SimulatedInterval;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Executes intervals of a run that nobody logged, one after the other: each machine goes on from its checkpoint for as much of the
/// guest's own time as the recording took to the next one, and lives a life of its own. How far from the recording it ended is
/// told; it proves nothing. For one thread.
final class ReexecutedRun implements IntervalWork {
    private static final Logger LOG = LoggerFactory.getLogger(ReexecutedRun.class);
    /// How near to the time that is wanted is near enough: what a command takes to come to QEMU.
    private static final long NEAR_NANOS = 2_000_000;
    /// A guest whose clock is made of its instructions may be slower than the host's; each time it is let go on for what is missing.
    private static final int MOST_STOPS = 1_000;
    private static final long NANOS = 1_000_000_000;
    /// For how long a guest goes on first whose clock is not ours, and at least.
    private static final long FIRST_NANOS = 20_000_000;
    private static final long LEAST_NANOS = 1_000_000;
    /// How many times as long as its recording an interval may take, and what it may take in any case.
    private static final int SLOWEST = 100;
    private static final Duration LEAST_PATIENCE = Duration.ofSeconds(60);
    private static final Duration MOST_RECORDED = Duration.ofDays(1);

    private final Store store;
    private final OptionalInt shift;
    private final Restorer restorer;
    private final ReusedImage image;
    private final RestoreOptions options;
    private final boolean compares;
    private final Optional<Plugin> plugin;
    private final Optional<Path> results;
    private final int worker;
    private final Simulation.Listener listener;

    /// @param ramBytes of the guest
    /// @param shift    how long an instruction takes where that is always the same: see [InstructionClock]
    /// @param options  how to restore
    /// @param compares whether it is to be told how far from the recording they ended
    /// @param results  where plugins keep what they write; otherwise that goes when it has been read
    /// @param worker   from 1
    ReexecutedRun(Store store, long ramBytes, OptionalInt shift, RestoreOptions options, boolean compares,
            Optional<Plugin> plugin, Optional<Path> results, int worker, Simulation.Listener listener)
            throws IOException {
        this.store = store;
        this.shift = shift;
        this.restorer = new Restorer(store);
        this.image = ReusedImage.allocate(store, ramBytes);
        this.options = options.withLeavePaused(true);
        this.compares = compares;
        this.plugin = plugin;
        this.results = results;
        this.worker = worker;
        this.listener = listener;
    }

    @Override
    public SimulatedInterval run(Interval interval) {
        IntervalTimes times = new IntervalTimes(interval, worker, listener);
        try (PluginOutput output = PluginOutput.create(results, interval, "the plugin");
                RestoredMachines machines = restorer.restore(interval.from(),
                        options.withMoreArguments(plugin.map(each -> each.arguments(output, 0)).orElse(List.of())),
                        image)) {
            DeviceState recorded = state(interval.to());
            long start = nanos(state(interval.from()));
            long wanted = nanos(recorded) - start;
            if (wanted < 0) {
                throw new IOException("the guest's clock went back in the recording");
            }
            times.restored();
            Machine machine = machines.first().machine();
            DeviceState end = executed(machine, start, wanted, patience(interval), output);
            times.ran();
            Proof.Verdict verdict = Proof.Verdict.NONE;
            if (compares) {
                verdict = apart(machine, interval, Proof.differing(recorded.sections(), end.sections()),
                        millis(nanos(end) - start) + " of guest time for " + millis(wanted));
            }
            ObjectNode said = JsonNodeFactory.instance.objectNode();
            if (plugin.isPresent()) {
                said = plugin.get().lastWords(machine, output);
            }
            return times.result(verdict, said);
        } catch (IOException | RuntimeException e) {
            LOG.debug("interval {}", interval.number(), e);
            return times.failed(e);
        }
    }

    private long nanos(DeviceState state) throws IOException {
        return GuestClock.nanos(state, shift);
    }

    /// How long it may take: a guest whose clock is made of its instructions may be slow, and a plugin makes it slower.
    private static long patience(Interval interval) {
        Duration recorded = Duration.between(interval.from().metrics().capturedAt(),
                interval.to().metrics().capturedAt());
        return Math.max(0, Math.min(recorded.toSeconds(), MOST_RECORDED.toSeconds())) * SLOWEST * NANOS + LEAST_PATIENCE
                .toNanos();
    }

    private DeviceState state(CheckpointRecord checkpoint) throws IOException {
        return DeviceState.of(store.readImageBytes(checkpoint.id(), NewCheckpoint.DEVICE_STATE));
    }

    /// Lets the guest go on for some time of its own, or until it stops by itself, and has the state in which it stands then.
    private DeviceState executed(Machine machine, long start, long wanted, long patience, PluginOutput output)
            throws IOException {
        long begun = System.nanoTime();
        long reached = 0;
        // its clock may be another one than ours, faster where it skips idle time
        long next = shift.isPresent() ? Math.min(wanted, FIRST_NANOS) : wanted;
        for (int stops = 0; stops < MOST_STOPS && System.nanoTime() - begun < patience; stops++) {
            long before = reached;
            boolean stopped = runFor(machine, Math.min(next, patience), output);
            machine.pause();
            DeviceState end = Proof.deviceState(machine);
            reached = nanos(end) - start;
            if (stopped || wanted - reached < NEAR_NANOS) {
                return end;
            }
            double speed = Math.max(1, (double) (reached - before) / Math.max(1, next));
            next = Math.max(LEAST_NANOS, (long) ((wanted - reached) / speed));
        }
        throw new IOException(
                "the guest's clock hardly goes on: " + millis(reached) + " of " + millis(wanted) + " in "
                        + millis(System.nanoTime() - begun));
    }

    /// Whether the guest stopped by itself meanwhile, or QEMU ended. A wait for an answer is not exact enough: before it is given
    /// up, the socket is looked at once more.
    private static boolean runFor(Machine machine, long nanos, PluginOutput output) throws IOException {
        CountDownLatch stopped = new CountDownLatch(1);
        try (Registration _ = machine.qmp().onEvent(event -> {
            if (event.name().equals("STOP")) {
                stopped.countDown();
            }
        })) {
            machine.resume();
            long deadline = System.nanoTime() + nanos;
            for (long left = nanos; left > 0; left = deadline - System.nanoTime()) {
                if (stopped.await(Math.min(left, Plugin.LOOK.toNanos()), TimeUnit.NANOSECONDS) || machine.onExit()
                        .isDone()) {
                    return true;
                }
                output.requireShort();
            }
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        }
    }

    private Proof.Verdict apart(Machine machine, Interval interval, List<String> devices, String time)
            throws IOException {
        PageMap map = store.pageMap(interval.to().id(), NewCheckpoint.RAM);
        AtomicInteger changed = new AtomicInteger();
        map.forEachDifference(store.pageMap(interval.from().id(), NewCheckpoint.RAM), (_, _) -> changed
                .incrementAndGet());
        int pages = image.differing(machine.pid(), map).cardinality();
        return new Proof.Verdict(EndState.REEXECUTED, time + "; " + Units.count(pages, "page")
                + " otherwise than recorded, which changed " + Units.count(changed.get()) + "; "
                + Units.count(devices.size(), "device") + " in another state"
                + (machine.disks().isEmpty() ? "" : "; disks are not compared"), pages, devices);
    }

    private static String millis(long nanos) {
        return Units.text("%,.1f ms", nanos / 1e6);
    }

    /// It would be another life.
    @Override
    public boolean mayGoBetter() {
        return false;
    }

    @Override
    public void close() {
        image.close();
    }
}
