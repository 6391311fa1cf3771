package dev.freezeframe.simulate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Registration;
import dev.freezeframe.base.Units;
import dev.freezeframe.qemu.machine.Machine;
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
import java.util.List;
import java.util.Optional;
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

    private final Store store;
    private final Restorer restorer;
    private final ReusedImage image;
    private final RestoreOptions options;
    private final boolean compares;
    private final Optional<Plugin> plugin;
    private final Optional<Path> results;
    private final int worker;
    private final Simulation.Listener listener;

    /// @param ramBytes of the guest
    /// @param options  how to restore
    /// @param compares whether it is to be told how far from the recording they ended
    /// @param results  where plugins keep what they write; otherwise that goes when it has been read
    /// @param worker   from 1
    ReexecutedRun(Store store, long ramBytes, RestoreOptions options, boolean compares, Optional<Plugin> plugin,
            Optional<Path> results, int worker, Simulation.Listener listener) throws IOException {
        this.store = store;
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
            long start = GuestClock.nanos(state(interval.from()));
            long wanted = GuestClock.nanos(recorded) - start;
            times.restored();
            Machine machine = machines.first().machine();
            DeviceState end = executed(machine, start, wanted, output);
            times.ran();
            Proof.Verdict verdict = Proof.Verdict.NONE;
            if (compares) {
                verdict = apart(machine, interval, Proof.differing(recorded.sections(), end.sections()),
                        millis(GuestClock.nanos(end) - start) + " of guest time for " + millis(wanted));
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

    private DeviceState state(CheckpointRecord checkpoint) throws IOException {
        return DeviceState.of(store.readImageBytes(checkpoint.id(), NewCheckpoint.DEVICE_STATE));
    }

    /// Lets the guest go on for some time of its own, or until it stops by itself, and has the state in which it stands then.
    private static DeviceState executed(Machine machine, long start, long wanted, PluginOutput output)
            throws IOException {
        long reached = 0;
        for (int stops = 0; stops < MOST_STOPS; stops++) {
            boolean stopped = runFor(machine, wanted - reached, output);
            machine.pause();
            DeviceState end = Proof.deviceState(machine);
            reached = GuestClock.nanos(end) - start;
            if (stopped || wanted - reached < NEAR_NANOS) {
                return end;
            }
        }
        throw new IOException(
                "the guest's clock hardly goes on: " + millis(reached) + " of " + millis(wanted) + " after "
                        + MOST_STOPS + " attempts");
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
