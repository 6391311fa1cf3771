package dev.freezeframe.simulate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Closing;
import dev.freezeframe.base.ProgramFolder;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.InstructionClock;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.restore.OutsideWishes;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Executes the intervals of a recorded run again, several at a time, each in a QEMU of its own. The longest begin first, so
/// that none is left over at the end.
public final class Simulation {
    private static final Logger LOG = LoggerFactory.getLogger(Simulation.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Store store;
    private final ExperimentRecord experiment;
    private final Options options;

    /// How it is to be done.
    ///
    /// @param workers how many intervals at a time
    /// @param proof   whether each end is compared with its checkpoint
    /// @param plugin  who looks on, as [Plugin#of] takes it; or the [command][#command] that is called instead of a QEMU, whose
    ///                ends nobody compares
    /// @param qemu    instead of the recorded one
    /// @param results a folder in which what plugins write stays, in one of its own for each simulation
    /// @param outside what the machines are to have outside their guests otherwise than it was recorded
    /// @param acceptChangedBootFiles whether a kernel or firmware may be another one by now
    public record Options(int workers, boolean proof, Optional<String> plugin, Optional<Path> qemu,
            Optional<Path> results, OutsideWishes outside, boolean acceptChangedBootFiles) {
        /// Refuses what cannot be.
        public Options {
            if (workers < 1) {
                throw new IllegalArgumentException("workers " + workers);
            }
        }

        /// With machines as they were recorded.
        public Options(int workers, boolean proof, Optional<String> plugin, Optional<Path> qemu, Optional<Path> results) {
            this(workers, proof, plugin, qemu, results, OutsideWishes.NONE, false);
        }
    }

    /// What is done with an interval, one after the other.
    public enum Phase {
        /// Its checkpoint is brought back into a QEMU.
        RESTORE,
        /// The guest goes from its beginning to its end.
        RUN,
        /// Its end is compared, and the plugin is asked.
        PROOF
    }

    /// Told of each interval.
    @FunctionalInterface
    public interface Listener {
        /// It has ended; or it did in a simulation that this one goes on with.
        void ended(Interval interval, SimulatedInterval result) throws IOException;

        /// Returns when the next interval may begin. In a worker's thread; an interrupt ends it.
        default void awaitTurn() throws InterruptedException {}

        /// A worker begins with it, and does so once more where it is executed a second time. In that worker's thread.
        ///
        /// @param worker from 1
        default void begun(Interval interval, int worker) {}

        /// A worker has come to a phase of it. In that worker's thread.
        ///
        /// @param nanoTime when, by [System#nanoTime]
        default void phase(Interval interval, Phase phase, int worker, long nanoTime) {}
    }

    /// What came of all.
    ///
    /// @param simulation the number under which it is kept
    /// @param results   in the order of the run
    /// @param said      what the plugin said of all intervals together. Not to be changed
    /// @param before    how many had been executed earlier
    /// @param wallNanos from the beginning to the end
    public record Outcome(long simulation, List<SimulatedInterval> results, ObjectNode said, int before, long wallNanos) {
        /// Takes a copy.
        public Outcome {
            results = List.copyOf(results);
        }

        /// How many came to this.
        public long count(EndState state) {
            return results.stream().filter(each -> each.state() == state).count();
        }

        /// The guest's instructions in all whose end is as recorded.
        public long instructions() {
            return results.stream().filter(each -> each.state().isSound()).mapToLong(SimulatedInterval::instructions)
                    .sum();
        }

        /// Whether all may be used.
        public boolean isSound() {
            return results.stream().allMatch(each -> each.state().isSound());
        }
    }

    /// @param store which stays the caller's to close, behind [#run]
    public Simulation(Store store, ExperimentRecord experiment, Options options) {
        this.store = store;
        this.experiment = experiment;
        this.options = options;
    }

    /// Executes them all and returns when the last one has ended. Each is kept in the store when it has; a simulation of the same
    /// intervals with the same plugin that was interrupted goes on where it stopped. Interrupting the thread ends all QEMUs.
    ///
    /// @param wanted   as [Interval#between] makes them; the plugin's warm-up is done here
    /// @param every    how many intervals of the recording each of these is
    /// @param listener told of each interval when it has ended, in this thread, and of what it comes to until then
    /// @throws IOException if it cannot begin or be kept, with one line for the user; what goes wrong with an interval is in its
    ///                     result
    public Outcome run(List<Interval> wanted, int every, Listener listener) throws IOException {
        long start = System.nanoTime();
        How how = how(wanted.getFirst(), listener);
        SimulationRecord simulation = begun(new SimulationRecord(0, experiment.id(), how.named, how.proof, wanted
                .getFirst().from().number(), wanted.getLast().to().number(), every, Instant.now(), Optional.empty()),
                how.plugin);
        List<Interval> intervals = warmedUp(wanted, PluginText.of(how.named).warmUp());
        Map<Interval, SimulatedInterval> results = new HashMap<>();
        for (SimulatedInterval each : store.simulations().intervals(simulation)) {
            Optional<Interval> same = intervals.stream()
                    .filter(interval -> interval.from().number() == each.from() && interval
                            .to().number() == each.to())
                    .findFirst();
            if (same.isEmpty()) {
                // a checkpoint of it was deleted since; what is executed instead would be counted twice with it
                store.simulations().forget(simulation, each);
            } else if (each.state() != EndState.FAILED) {
                results.put(same.get(), each);
                listener.ended(same.get(), each);
            }
        }
        int before = results.size();
        List<Interval> waiting = intervals.stream().filter(each -> !results.containsKey(each)).sorted(Comparator
                .comparingLong(Interval::executed).reversed()).toList();
        Optional<Path> kept = folder(simulation);
        if (!waiting.isEmpty()) {
            try (Workers workers = how.source.open(intervals, kept)) {
                execute(waiting, workers, listener, (interval, result) -> {
                    results.put(interval, result);
                    store.simulations().add(simulation, result);
                    listener.ended(interval, result);
                });
            }
        }
        List<SimulatedInterval> all = intervals.stream().map(results::get).toList();
        if (simulation.endedAt().isEmpty() && all.stream().noneMatch(each -> each.state() == EndState.FAILED)) {
            store.simulations().end(simulation, Instant.now());
        }
        MergedResult said = new MergedResult();
        for (SimulatedInterval each : all) {
            if (each.state().isSound()) {
                said.add(JSON.readValue(each.result(), ObjectNode.class));
            }
        }
        return new Outcome(simulation.id(), all, said.sum(), before, System.nanoTime() - start);
    }

    /// Who executes intervals.
    @FunctionalInterface
    private interface Workers extends Closeable {
        IntervalWork worker(int number) throws IOException;

        /// Gives back what they share; mostly they share nothing.
        @Override
        default void close() {}
    }

    /// Where workers come from.
    @FunctionalInterface
    private interface Source {
        /// @param intervals all that are wanted
        /// @param kept      a folder for files that stay
        Workers open(List<Interval> intervals, Optional<Path> kept) throws IOException;
    }

    /// How intervals are executed.
    ///
    /// @param named who looks on or is called, in the store
    private record How(String named, boolean proof, Optional<Plugin> plugin, Source source) {}

    private How how(Interval first, Listener listener) throws IOException {
        Optional<Simulator> simulator = options.plugin().isEmpty()
                ? Optional.empty()
                : Simulator.of(options.plugin().get());
        boolean exact = canRepeat(experiment);
        if (!exact && PluginText.of(options.plugin().orElse("")).warmUp() > 0) {
            throw new IOException("the run of " + experiment.name() + " was recorded without counting its instructions,"
                    + " so nobody can tell where a warm-up ends; leave --warm-up out");
        }
        if (simulator.isPresent()) {
            List<DiskMetrics> disks = first.start().metrics().disks();
            simulator.get().requirePlaces(SimulatorRun.places(store, disks, exact, options.results()).keySet());
            return new How(simulator.get().text().text(), false, Optional.empty(), (_, kept) -> number -> new SimulatorRun(
                    simulator.get(), SimulatorRun.places(store, disks, exact, kept), kept, number, listener));
        }
        QemuProgram qemu = exact ? qemu() : anyQemu();
        Optional<Plugin> plugin = options.plugin().isEmpty()
                ? Optional.empty()
                : Optional.of(plugin(options.plugin().get(), qemu));
        if (plugin.isPresent() && plugin.get().writesFiles() && options.results().isEmpty()) {
            throw new IOException("the plugin " + options.plugin().get() + " writes a file for each interval: name a folder"
                    + " for them with --out");
        }
        OptionalInt shift = InstructionClock.fixedShift(MachineSpec.fromRecord(JSON.readTree(experiment.machineJson()))
                .profile().arguments());
        Source source = exact
                ? (intervals, kept) -> new Qemus(RunLog.of(store, experiment, qemu.path(), intervals), restoring(experiment, qemu, options),
                        plugin, kept, listener)
                : (_, kept) -> number -> new ReexecutedRun(store, experiment.ramBytes(), shift, restoring(experiment, qemu, options),
                        options.proof(), plugin, kept, number, listener);
        return new How(plugin.map(Plugin::record).orElse(""), options.proof(), plugin, source);
    }

    /// Of a run that nobody logged. What looks on needs TCG.
    private QemuProgram anyQemu() throws IOException {
        MachineSpec recorded = MachineSpec.fromRecord(JSON.readTree(experiment.machineJson()));
        if (options.plugin().isPresent() && recorded.decidedAccelerator() == Accelerator.KVM) {
            throw new MachineException(experiment.name()
                    + " was recorded under KVM, where no plugin can look on; leave --plugin out, or record it with"
                    + " --accel tcg");
        }
        return QemuProgram.ask(options.qemu().orElse(recorded.qemuBinary()));
    }

    /// All led by one log.
    private final class Qemus implements Workers {
        private final RunLog log;
        private final RestoreOptions restore;
        private final Optional<Plugin> plugin;
        private final Optional<Path> kept;
        private final Listener listener;

        Qemus(RunLog log, RestoreOptions restore, Optional<Plugin> plugin, Optional<Path> kept, Listener listener) {
            this.log = log;
            this.restore = restore;
            this.plugin = plugin;
            this.kept = kept;
            this.listener = listener;
        }

        @Override
        public IntervalWork worker(int number) throws IOException {
            return new IntervalRun(store, experiment.ramBytes(), log, restore, options.proof(), plugin, kept, number,
                    listener);
        }

        @Override
        public void close() {
            log.close();
        }
    }

    /// Whether a run was recorded so that it can be executed again.
    ///
    /// @throws IOException if the record of its machine cannot be read
    public static boolean canRepeat(ExperimentRecord experiment) throws IOException {
        return MachineSpec.fromRecord(JSON.readTree(experiment.machineJson())).profile().replay();
    }

    private List<Interval> warmedUp(List<Interval> wanted, int warmUp) throws IOException {
        if (warmUp == 0) {
            return wanted;
        }
        List<CheckpointRecord> checkpoints = store.checkpoints(experiment.id());
        return wanted.stream().map(each -> each.warmedUp(checkpoints, warmUp)).toList();
    }

    /// A folder of its own for each simulation, so that none writes over what another one left.
    private Optional<Path> folder(SimulationRecord simulation) throws IOException {
        if (options.results().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(Files.createDirectories(options.results().get().toAbsolutePath().resolve(experiment.name() + "-"
                + simulation.id())));
    }

    /// The one to go on with, or a new one.
    SimulationRecord begun(SimulationRecord wanted, Optional<Plugin> plugin) throws IOException {
        // what another plugin of the same name said is another thing
        Instant built = plugin.isEmpty() ? Instant.MIN : Files.getLastModifiedTime(plugin.get().file()).toInstant();
        // what a stranger found is nothing to go on with
        ImportOrigin origin = store.imported().get(experiment.id());
        List<SimulationRecord> interrupted = store.simulations().of(experiment.id()).stream().filter(each -> (each
                .endedAt().isEmpty() || isOfRecording(each)) && (origin == null || origin.isBefore(each)) && each.plugin().equals(wanted.plugin()) && each.proof() == wanted.proof()
                && each.first() == wanted.first() && each.every() == wanted.every() && built.isBefore(each.startedAt()))
                .toList();
        for (SimulationRecord each : interrupted) {
            if (each.last() == wanted.last()) {
                return each;
            }
        }
        for (SimulationRecord each : interrupted) {
            if (each.last() > wanted.last() && onlyFailedBehind(each, wanted.last())) {
                return store.simulations().endAt(each, wanted.last());
            }
        }
        for (SimulationRecord each : interrupted) {
            // such as one of a recording that went on behind what was executed meanwhile; each of its intervals is one of these
            if (each.last() < wanted.last() && each.every() == 1) {
                return store.simulations().endAt(each, wanted.last());
            }
        }
        return store.simulations().begin(wanted);
    }

    /// Whether all that is known of a simulation behind a checkpoint is that it does not go, as where the log of the run ends.
    private boolean onlyFailedBehind(SimulationRecord simulation, int checkpoint) throws IOException {
        List<SimulatedInterval> behind = store.simulations().intervals(simulation).stream()
                .filter(each -> each.to() > checkpoint).toList();
        return !behind.isEmpty() && behind.stream().allMatch(each -> each.state() == EndState.FAILED);
    }

    /// What was executed while it was recorded is not executed once more, as what was executed later is, to measure it say.
    private boolean isOfRecording(SimulationRecord simulation) {
        return experiment.endedAt().filter(end -> simulation.startedAt().isBefore(end)).isPresent();
    }

    private void execute(List<Interval> waiting, Workers workers, Listener turn, Listener done) throws IOException {
        List<IntervalWork> runs = new ArrayList<>();
        try (Closeable _ = () -> Closing.all(runs);
                ExecutorService threads = Executors.newFixedThreadPool(options.workers(), Thread.ofPlatform().name(
                        "simulate-", 1).factory())) {
            try {
                BlockingQueue<IntervalWork> idle = new LinkedBlockingQueue<>();
                for (int worker = 1; worker <= options.workers(); worker++) {
                    runs.add(workers.worker(worker));
                    idle.add(runs.getLast());
                }
                CompletionService<Ended> ended = new ExecutorCompletionService<>(threads);
                for (Interval interval : waiting) {
                    var _ = ended.submit(() -> {
                        IntervalWork run = idle.take();
                        try {
                            turn.awaitTurn();
                            return new Ended(interval, twice(run, interval));
                        } finally {
                            idle.add(run);
                        }
                    });
                }
                for (int i = 0; i < waiting.size(); i++) {
                    Ended next = ended.take().get();
                    done.ended(next.interval, next.result);
                }
            } finally {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        } catch (ExecutionException e) {
            throw new IOException("an interval could not be executed: " + e.getCause(), e);
        }
    }

    /// How workers restore.
    ///
    /// Outside their guests the machines have nothing: several at once could not share a port or a file, and what a log leads needs
    /// neither.
    static RestoreOptions restoring(ExperimentRecord experiment, QemuProgram qemu, Options options) throws IOException {
        MachineSpec left = MachineSpec.fromRecord(JSON.readTree(experiment.machineJson()));
        OutsideWishes wishes = options.outside();
        Set<String> without = new HashSet<>(wishes.without());
        for (String label : left.outsideArguments()) {
            if (wishes.kept().contains(label)) {
                continue;
            }
            try {
                left = left.without(Set.of(label));
                without.add(label);
            } catch (MachineException e) {
                LOG.debug("{} stays", label, e); // the restore says what is to be done about it
            }
        }
        return RestoreOptions.standard().withThreads(1).withQemuBinary(qemu.path()).withOutside(new OutsideWishes(
                wishes.files(), without, wishes.kept(), wishes.acceptChangedMedia())).withAcceptChangedBootFiles(options
                        .acceptChangedBootFiles());
    }

    private record Ended(Interval interval, SimulatedInterval result) {}

    private static SimulatedInterval twice(IntervalWork run, Interval interval) {
        SimulatedInterval result = run.run(interval);
        if (result.state() != EndState.FAILED || !run.mayGoBetter() || Thread.currentThread().isInterrupted()) {
            return result;
        }
        LOG.info("interval {} is executed once more: {}", interval.number(), result.reason());
        return run.run(interval);
    }

    /// How a command is named where a plugin is: another simulator, called for each interval with the files of its first checkpoint.
    ///
    /// @param template as the user writes it, with its places
    /// @param warmUp   how many recorded intervals earlier each is begun
    public static String command(String template, int warmUp) {
        return Simulator.named(template, warmUp);
    }

    /// Finds a plugin for a QEMU.
    static Plugin plugin(String named, QemuProgram qemu) throws IOException {
        return Plugin.of(named, pluginFolder(), qemu);
    }

    /// Where the plugins are that come with this program.
    private static Path pluginFolder() {
        Path home = ProgramFolder.path();
        Path installed = home.resolve("plugins");
        return Files.isDirectory(installed) ? installed : home.resolve("target").resolve("plugins");
    }

    /// The QEMU that executes them, which must be of the version that recorded them: another one reads neither its log nor
    /// where in that a checkpoint is.
    QemuProgram qemu() throws IOException {
        JsonNode record = JSON.readTree(experiment.machineJson());
        MachineSpec recorded = MachineSpec.fromRecord(record);
        if (!recorded.profile().replay()) {
            throw new MachineException("the run of " + experiment.name() + " cannot be executed again: its profile "
                    + experiment.profileName()
                    + " does not say \"replay\": true; record one that does, such as replay-linux");
        }
        QemuProgram qemu = QemuProgram.ask(options.qemu().orElse(recorded.qemuBinary()));
        String version = record.path("qemuVersion").asText();
        if (!release(version).equals(release(qemu.version()))) {
            throw new MachineException(experiment.name() + " was recorded with QEMU " + version + ", and " + qemu.path()
                    + " is " + qemu.version()
                    + ", which executes only its own runs again; name the other one with --qemu");
        }
        return qemu;
    }

    /// Such as `7.2` of `7.2.22`.
    private static String release(String version) {
        String[] parts = version.split("\\.", -1);
        return parts.length < 2 ? version : parts[0] + "." + parts[1];
    }
}
