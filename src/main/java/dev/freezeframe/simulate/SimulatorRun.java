package dev.freezeframe.simulate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Closing;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.bundle.CheckpointExport;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.program.Executables;
import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.restore.RamImage;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.SimulatedInterval;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls a simulator of the user's for one interval after the other, with the memory, the devices and the disks of the checkpoint
/// where that is to start. Nothing is compared: where the simulator went is its own. For one thread.
///
/// Memory is a file in memory and disks are files without a name, so that nothing is left of them, also where we crash; the
/// simulator itself ends with us.
final class SimulatorRun implements IntervalWork {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatorRun.class);
    /// How often it is looked what it has written by then.
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final Set<String> RESERVED = Set.of(Simulator.OUT, "instructions", "skip");

    private final Simulator simulator;
    private final Map<String, Filling> places;
    private final Optional<Path> results;
    private final int worker;
    private final Simulation.Listener listener;

    /// @param places  of [#places], all that the simulator names among them
    /// @param results where what it writes stays; otherwise that goes when it has been read
    /// @param worker  from 1
    SimulatorRun(Simulator simulator, Map<String, Filling> places, Optional<Path> results, int worker,
            Simulation.Listener listener) {
        this.simulator = simulator;
        this.places = places;
        this.results = results;
        this.worker = worker;
        this.listener = listener;
    }

    @Override
    public SimulatedInterval run(Interval interval) {
        IntervalTimes times = new IntervalTimes(interval, worker, listener);
        List<AutoCloseable> files = new ArrayList<>();
        try (PluginOutput output = PluginOutput.create(results, interval, "the simulator");
                AutoCloseable _ = () -> Closing.all(files)) {
            List<String> command = simulator.command(values(interval, output, files));
            times.restored();
            call(command, output);
            ObjectNode said = Plugin.said(output.read(output.object()));
            Plugin.requireShort(said, "the simulator");
            times.ran();
            return times.result(Proof.Verdict.NONE, said);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return times.failed(new InterruptedIOException("interrupted"));
        } catch (Exception e) {
            LOG.debug("interval {}", interval.number(), e);
            return times.failed(e);
        }
    }

    /// What a place of a command stands for in one interval.
    @FunctionalInterface
    interface Filling {
        /// Makes it, and says how the command is to name it.
        ///
        /// @param output a folder for files that go with it
        /// @param opened gets what else is to be closed
        String of(Interval interval, PluginOutput output, List<AutoCloseable> opened) throws IOException;
    }

    /// What a command may name, and how its files are made.
    ///
    /// @param disks   of the run's checkpoints
    /// @param counted whether the run's instructions were counted
    /// @param results a folder for files that stay, if there is one
    static Map<String, Filling> places(Store store, List<DiskMetrics> disks, boolean counted, Optional<Path> results) {
        Map<String, Filling> places = new HashMap<>();
        for (DiskMetrics disk : disks) {
            places.put(disk.disk(), (interval, _, opened) -> disk(store, interval.start(), disk.disk(), opened));
        }
        // whatever a stranger called a disk
        places.keySet().removeAll(RESERVED);
        places.put("ram", (interval, _, opened) -> ram(store, interval.start(), opened));
        places.put("devices", (interval, output, _) -> Files.write(output.file("devices"), store.readImageBytes(interval
                .start().id(), NewCheckpoint.DEVICE_STATE)).toString());
        places.put("from", (interval, _, _) -> String.valueOf(interval.from().number()));
        places.put("to", (interval, _, _) -> String.valueOf(interval.to().number()));
        places.put("interval", (interval, _, _) -> String.valueOf(interval.number()));
        if (counted) {
            places.put("instructions", (interval, _, _) -> String.valueOf(interval.instructions()));
            places.put("skip", (interval, _, _) -> String.valueOf(interval.warmUpInstructions()));
        }
        results.ifPresent(
                folder -> places.put(Simulator.OUT, (interval, _, _) -> folder.resolve(interval.from().number()
                        + "-" + interval.to().number()).toString()));
        return places;
    }

    private static String ram(Store store, CheckpointRecord start, List<AutoCloseable> opened) throws IOException {
        PageMap pages = store.pageMap(start.id(), NewCheckpoint.RAM);
        SharedMemory ram = SharedMemory.allocate("simulator-ram", (long) pages.pages() * GuestPage.BYTES);
        opened.add(ram);
        RamImage.fill(ram, store, pages, 1);
        return ram.path().toString();
    }

    private static String disk(Store store, CheckpointRecord start, String disk, List<AutoCloseable> opened)
            throws IOException {
        UnnamedFile image = ScratchFolder.newFile();
        opened.add(image);
        new CheckpointExport(store).fillDisk(start, disk, image.path());
        return image.path().toString();
    }

    /// Makes what the command names, and nothing else.
    private Map<String, String> values(Interval interval, PluginOutput output, List<AutoCloseable> opened)
            throws IOException {
        Map<String, String> values = new HashMap<>();
        for (String place : simulator.places()) {
            values.put(place, places.get(place).of(interval, output, opened));
        }
        return values;
    }

    /// Returns when it has ended well.
    private static void call(List<String> command, PluginOutput output) throws IOException, InterruptedException {
        List<String> whole = new ArrayList<>(
                List.of(Executables.required("setpriv", "util-linux"), "--pdeathsig", "KILL",
                        "--"));
        whole.addAll(command);
        Process process = new ProcessBuilder(whole).redirectInput(new File("/dev/null")).redirectOutput(output.object()
                .toFile()).redirectError(output.text().toFile()).start();
        try {
            while (!process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                output.requireShort();
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        if (process.exitValue() != 0) {
            String last = output.read(output.text()).strip().lines().reduce((_, line) -> line).orElse("");
            throw new IOException("the simulator " + new ExitStatus(process.exitValue()).describe()
                    + (last.isEmpty() ? "" : ": " + last));
        }
    }

    @Override
    public boolean mayGoBetter() {
        return false;
    }

    @Override
    public void close() {
        // each interval has files of its own
    }
}
