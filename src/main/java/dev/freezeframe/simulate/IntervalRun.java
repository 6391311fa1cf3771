package dev.freezeframe.simulate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.qemu.machine.DiskRequests;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.qmp.PendingEvent;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.restore.Replay;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.restore.ReusedImage;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.SimulatedInterval;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Executes intervals again, one after the other: restores the checkpoint where each is to start into a QEMU that is led by the log
/// of the run, lets it go on to the very instruction of the checkpoint at the end, and proves that it arrived there. For one
/// thread.
final class IntervalRun implements IntervalWork {
    private static final Logger LOG = LoggerFactory.getLogger(IntervalRun.class);
    /// How often it is looked whether the guest still goes on, and what a plugin has written by then: some hundred megabytes at
    /// most between two looks.
    private static final Duration LOOK = Duration.ofMillis(200);
    /// A replay that has lost its way stands still at some instruction, busily.
    private static final Duration STANDSTILL = Duration.ofSeconds(30);
    private static final Duration ANSWERS = Duration.ofSeconds(30);
    /// At one instruction.
    private static final int MOST_STOPS = 100;
    private static final Written NOTHING_WRITTEN = () -> {};

    /// What somebody writes meanwhile.
    @FunctionalInterface
    private interface Written {
        void requireShort() throws IOException;
    }

    private final Restorer restorer;
    private final ReusedImage image;
    private final Proof proof;
    private final boolean proves;
    private final RunLog log;
    private final RestoreOptions options;
    private final Optional<Plugin> plugin;
    private final Optional<Path> results;
    private final int worker;
    private final Simulation.Listener listener;

    /// @param ramBytes of the guest
    /// @param log     of the run, whole, with its header
    /// @param options how to restore; `withReplay` is done here
    /// @param proves  whether ends are to be compared with their checkpoints
    /// @param results where plugins keep what they write; otherwise that goes when it has been read
    /// @param worker  from 1
    IntervalRun(Store store, long ramBytes, RunLog log, RestoreOptions options, boolean proves, Optional<Plugin> plugin,
            Optional<Path> results, int worker, Simulation.Listener listener) throws IOException {
        this.restorer = new Restorer(store);
        this.image = ReusedImage.allocate(store, ramBytes);
        this.proof = new Proof(store, restorer, log.path(), options);
        this.proves = proves;
        this.log = log;
        this.options = options;
        this.plugin = plugin;
        this.results = results;
        this.worker = worker;
        this.listener = listener;
    }

    @Override
    public SimulatedInterval run(Interval interval) {
        IntervalTimes times = new IntervalTimes(interval, worker, listener);
        try {
            Optional<String> missing = log.missing(interval);
            if (missing.isPresent()) {
                return times.failed(missing.get());
            }
        } catch (IOException e) {
            return times.failed(e);
        }
        try (PluginOutput output = PluginOutput.create(results, interval, "the plugin");
                RestoredMachines machines = restorer.restore(interval.start(),
                        options.withReplay(new Replay(log.path(), until(interval)), plugin.map(
                                each -> each.arguments(output, interval.warmUpInstructions())).orElse(List.of())),
                        image)) {
            times.restored();
            Machine machine = machines.first().machine();
            Written written = plugin.isPresent() ? output::requireShort : NOTHING_WRITTEN;
            long end = interval.to().metrics().of(CheckpointFigure.INSTRUCTIONS);
            awaitEnd(machine, end, written);
            times.ran();
            Proof.Verdict verdict = Proof.Verdict.NONE;
            if (proves) {
                awaitQuietDisks(machine, end, written);
                verdict = proof.of(machine, image, interval.start(), interval.to());
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

    /// One without an instruction need not run.
    static OptionalLong until(Interval interval) {
        return interval.executed() == 0
                ? OptionalLong.empty()
                : OptionalLong.of(interval.to().metrics().of(CheckpointFigure.INSTRUCTIONS));
    }

    /// Waits until a machine that is led by a log and that nobody looks on in has stopped at its instruction.
    ///
    /// @throws IOException if it stops elsewhere, or stands still on its way
    static void awaitEnd(Machine machine, long instruction) throws IOException {
        awaitEnd(machine, instruction, NOTHING_WRITTEN);
    }

    private static void awaitEnd(Machine machine, long instruction, Written written) throws IOException {
        try (PendingEvent stopped = machine.qmp().expect("STOP", _ -> true)) {
            if (machine.qmp().execute(QmpCommand.of("query-status")).path("running").asBoolean()) {
                awaitStop(machine, stopped, written);
            }
        }
        long reached = machine.instructions();
        if (reached != instruction) {
            JsonNode status = machine.qmp().execute(QmpCommand.of("query-status"));
            throw new IOException("the guest stopped at instruction " + reached + " instead of " + instruction + " ("
                    + status.path("status").asText() + ")");
        }
    }

    /// Waits until no request of a guest's to a disk is under way, as there was none when the checkpoint was taken. The end of one
    /// may be the next that its log has for the instruction at which it stands: then it goes on, and stops there again.
    private static void awaitQuietDisks(Machine machine, long instruction, Written written) throws IOException {
        if (machine.servedDisks().isEmpty()) {
            return;
        }
        for (int i = 0; DiskRequests.areUnderWay(machine.qmp(), machine.disks(), ANSWERS); i++) {
            if (i == MOST_STOPS) {
                throw new IOException("at instruction " + instruction
                        + " the guest waits for a disk, which it did not when it was recorded");
            }
            try (PendingEvent stopped = machine.qmp().expect("STOP", _ -> true)) {
                machine.goOnTo(instruction);
                awaitStop(machine, stopped, written);
            }
        }
    }

    private static void awaitStop(Machine machine, PendingEvent stopped, Written written) throws IOException {
        long last = -1;
        long lastProgress = System.nanoTime();
        while (true) {
            try {
                stopped.await(LOOK);
                return;
            } catch (QmpException e) {
                if (e.kind() != QmpException.Kind.TIMED_OUT) {
                    throw e;
                }
            }
            written.requireShort();
            long now = machine.instructions();
            if (now != last) {
                last = now;
                lastProgress = System.nanoTime();
            } else if (System.nanoTime() - lastProgress > STANDSTILL.toNanos()) {
                throw new IOException(
                        "the replay stands still at instruction " + now + " since " + STANDSTILL.toSeconds()
                                + " s");
            }
        }
    }

    /// A replay that hangs, or that QEMU ends, mostly goes well the next time.
    @Override
    public boolean mayGoBetter() {
        return true;
    }

    @Override
    public void close() {
        image.close();
    }
}
