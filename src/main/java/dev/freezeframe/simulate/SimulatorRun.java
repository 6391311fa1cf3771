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
import java.util.HashSet;
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

    private final Store store;
    private final Simulator simulator;
    private final Optional<Path> results;
    private final int worker;
    private final Simulation.Listener listener;

    /// @param results where what it writes stays; otherwise that goes when it has been read
    /// @param worker  from 1
    SimulatorRun(Store store, Simulator simulator, Optional<Path> results, int worker, Simulation.Listener listener) {
        this.store = store;
        this.simulator = simulator;
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

    /// What a command may name.
    ///
    /// @param kept whether there is a folder for files that stay
    static Set<String> places(CheckpointRecord start, boolean kept) {
        Set<String> places = new HashSet<>(List.of("ram", "devices", "from", "to", "interval", "instructions", "skip"));
        start.metrics().disks().forEach(disk -> places.add(disk.disk()));
        if (kept) {
            places.add("out");
        }
        return places;
    }

    /// Makes the files of an interval, and says where they are: all of [#places].
    ///
    /// @param files gets what is to be closed
    private Map<String, String> values(Interval interval, PluginOutput output, List<AutoCloseable> files)
            throws IOException {
        CheckpointRecord start = interval.start();
        Map<String, String> values = new HashMap<>();
        PageMap pages = store.pageMap(start.id(), NewCheckpoint.RAM);
        SharedMemory ram = SharedMemory.allocate("simulator-ram", (long) pages.pages() * GuestPage.BYTES);
        files.add(ram);
        RamImage.fill(ram, store, pages, 1);
        values.put("ram", ram.path().toString());
        values.put("devices", Files.write(output.file("devices"), store.readImageBytes(start.id(),
                NewCheckpoint.DEVICE_STATE)).toString());
        CheckpointExport export = new CheckpointExport(store);
        for (DiskMetrics disk : start.metrics().disks()) {
            UnnamedFile image = ScratchFolder.newFile();
            files.add(image);
            export.fillDisk(start, disk.disk(), image.path());
            values.put(disk.disk(), image.path().toString());
        }
        values.put("from", String.valueOf(interval.from().number()));
        values.put("to", String.valueOf(interval.to().number()));
        values.put("interval", String.valueOf(interval.number()));
        values.put("instructions", String.valueOf(interval.instructions()));
        values.put("skip", String.valueOf(interval.warmUpInstructions()));
        if (results.isPresent()) {
            values.put("out",
                    results.get().resolve(interval.from().number() + "-" + interval.to().number()).toString());
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
