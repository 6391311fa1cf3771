package dev.freezeframe.simulate;

import dev.freezeframe.linux.Threads;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Executes the intervals of a run again while it is being recorded: one after the other, each as soon as both its checkpoints and
/// the log behind them are in the store, in a QEMU that lets all others go first. The recording never hears of what goes wrong
/// here; what is left when it has ended is [#finish]'s.
public final class LiveSimulation implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LiveSimulation.class);
    /// Behind its end, an interval's proof looks for an instruction at which nothing comes to the guest.
    private static final int LOG_BEHIND_BYTES = 256;

    private final Store store;
    private final String plugin;
    private final Room room;
    /// The checkpoints in their order; an empty one is the end.
    private final BlockingQueue<Optional<CheckpointRecord>> heard = new LinkedBlockingQueue<>();
    private Optional<ExperimentRecord> experiment = Optional.empty();
    private Optional<Thread> worker = Optional.empty();

    private LiveSimulation(Store store, String plugin, Room room) {
        this.store = store;
        this.plugin = plugin;
        this.room = room;
    }

    /// Whether there is memory for it.
    @FunctionalInterface
    public interface Room {
        /// Refuses what does not fit, in one line.
        ///
        /// @param newest  whose RAM stands for that of the others
        /// @param workers how many intervals at a time
        void require(CheckpointRecord newest, int workers) throws IOException;
    }

    /// Prepares one.
    ///
    /// @param store   which stays the caller's to close, behind this
    /// @param plugin  who looks on, as [Plugin#of] takes it
    /// @param machine that will be recorded
    /// @param room    asked before it begins, and before what is left is executed
    /// @throws IOException in one line, if that cannot be
    public static LiveSimulation of(Store store, String plugin, MachineSpec machine, Room room) throws IOException {
        if (!machine.profile().replay()) {
            throw new IOException(
                    "a run of " + machine.profile().name() + " cannot be executed again: its profile does not say"
                            + " \"replay\": true; leave --simulate out, or record one that does, such as replay-linux");
        }
        if (Simulator.of(plugin).isPresent()) {
            throw new IOException("a command is called when a run has been recorded: record without it, and then"
                    + " freezeframe simulate has --command");
        }
        if (Simulation.plugin(plugin, QemuProgram.ask(machine.qemuBinary())).writesFiles()) {
            throw new IOException(
                    "the plugin " + plugin + " writes a file for each interval, for which a recording has no folder:"
                            + " record without it, and then freezeframe simulate has --out");
        }
        return new LiveSimulation(store, plugin, room);
    }

    /// Hears of the next checkpoint that is stored. Takes no time.
    public void stored(CheckpointRecord checkpoint) {
        heard.add(Optional.of(checkpoint));
    }

    /// Begins, in a thread of its own.
    ///
    /// @param recorded what is being recorded
    public void begin(ExperimentRecord recorded) {
        experiment = Optional.of(recorded);
        worker = Optional.of(Thread.ofPlatform().daemon().name("simulate-live").start(() -> follow(recorded)));
    }

    private void follow(ExperimentRecord recorded) {
        try (Following following = new Following(recorded)) {
            following.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            LOG.info("{} is not simulated while it is recorded: {}", recorded.name(), e.getMessage(), e);
        }
    }

    /// Executes what is left, when the recording has ended; what was executed meanwhile is told first.
    ///
    /// @return empty where there is no interval
    /// @throws IOException as of [Simulation#run]
    public Optional<Simulation.Outcome> finish(int workers, Simulation.Listener listener) throws IOException {
        awaitWorker();
        List<CheckpointRecord> checkpoints = store.checkpoints(experiment.orElseThrow().id());
        List<Interval> intervals = Interval.between(checkpoints, 1);
        if (intervals.isEmpty()) {
            return Optional.empty();
        }
        room.require(checkpoints.getLast(), workers);
        ExperimentRecord whole = store.experiment(experiment.get().name()).orElseThrow();
        for (SimulationRecord begun : store.simulations().of(whole.id())) {
            store.simulations().endAt(begun, checkpoints.getLast().number()); // others cannot be of it yet
        }
        return Optional
                .of(new Simulation(store, whole, new Simulation.Options(workers, true, Optional.of(plugin), Optional
                        .empty(), Optional.empty())).run(intervals, 1, listener));
    }

    /// How far it is when the recording has ended.
    ///
    /// @param executed intervals
    /// @param left     those that are not
    public record Reached(long executed, long left) {}

    /// Waits for the interval that is being executed, and says what there is.
    public Reached end() throws IOException {
        awaitWorker();
        long id = experiment.orElseThrow().id();
        long executed = 0;
        for (SimulationRecord begun : store.simulations().of(id)) {
            executed += store.simulations().intervals(begun).size();
        }
        return new Reached(executed, Math.max(0, store.checkpoints(id).size() - 1 - executed));
    }

    private void awaitWorker() throws InterruptedIOException {
        heard.add(Optional.empty());
        if (worker.isEmpty()) {
            return;
        }
        try {
            worker.get().join();
            worker = Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
        }
    }

    /// Ends what is being executed. All that has ended is kept.
    @Override
    public void close() {
        worker.ifPresent(thread -> {
            thread.interrupt();
            Threads.join(thread);
        });
        worker = Optional.empty();
    }

    /// What the thread has; only it touches this.
    private final class Following implements AutoCloseable {
        private final ExperimentRecord recorded;
        private final List<CheckpointRecord> checkpoints = new ArrayList<>();
        private Optional<SimulationRecord> simulation = Optional.empty();
        private Optional<RunLog> log = Optional.empty();
        private Optional<IntervalRun> run = Optional.empty();
        private int done;

        Following(ExperimentRecord recorded) {
            this.recorded = recorded;
        }

        void run() throws IOException, InterruptedException {
            while (true) {
                List<Optional<CheckpointRecord>> news = new ArrayList<>(List.of(heard.take()));
                heard.drainTo(news);
                news.forEach(each -> each.ifPresent(checkpoints::add));
                if (checkpoints.size() > 1
                        && (log.isPresent() || store.replayLogs().extent(recorded.id()).isPresent())) {
                    note();
                }
                if (news.contains(Optional.<CheckpointRecord>empty())) {
                    return;
                }
                while (log.isPresent() && heard.isEmpty() && done < checkpoints.size() - 1
                        && isLogged(checkpoints.get(done + 1))) {
                    execute(new Interval(done + 1, checkpoints.get(done), checkpoints.get(done),
                            checkpoints.get(done + 1)));
                }
            }
        }

        /// So that what is executed after a crash goes on with it.
        private void note() throws IOException {
            int last = checkpoints.getLast().number();
            if (simulation.isPresent()) {
                simulation = Optional.of(store.simulations().endAt(simulation.get(), last));
            } else {
                start(last);
            }
        }

        private void start(int last) throws IOException {
            Simulation.Options options = new Simulation.Options(1, true, Optional.of(plugin), Optional.empty(), Optional
                    .empty());
            QemuProgram qemu = new Simulation(store, recorded, options).qemu();
            Plugin found = Simulation.plugin(plugin, qemu);
            room.require(checkpoints.getLast(), 1);
            log = Optional.of(RunLog.of(store, recorded, qemu.path(), List.of()));
            run = Optional.of(
                    new IntervalRun(store, recorded.ramBytes(), log.get(),
                            Simulation.restoring(recorded, qemu, options).withBackground(
                                    true),
                            true, Optional.of(found), Optional.empty(), 1, (_, _) -> {}));
            simulation = Optional
                    .of(store.simulations().begin(new SimulationRecord(0, recorded.id(), found.record(), true,
                            checkpoints.getFirst().number(), last, 1, Instant.now(), Optional.empty())));
        }

        /// The log comes with later checkpoints, so whoever waits for it waits for these.
        private boolean isLogged(CheckpointRecord end) throws IOException {
            log.orElseThrow().grow();
            return log.get().reaches(end, LOG_BEHIND_BYTES);
        }

        /// What is not as it was recorded may lack some of the log, and is left to the end.
        private void execute(Interval interval) throws IOException, InterruptedException {
            int warmUp = PluginText.of(plugin).warmUp();
            SimulatedInterval result = run.orElseThrow().run(interval.warmedUp(checkpoints, warmUp));
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (result.state().isSound()) {
                store.simulations().add(simulation.orElseThrow(), result);
            } else {
                LOG.info("interval {} is executed once more at the end: {}", interval.number(), result.reason());
            }
            done++;
        }

        @Override
        public void close() {
            run.ifPresent(IntervalRun::close);
            log.ifPresent(RunLog::close);
        }
    }
}
