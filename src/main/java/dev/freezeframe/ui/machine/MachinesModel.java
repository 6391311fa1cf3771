package dev.freezeframe.ui.machine;

import dev.freezeframe.base.Closing;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.record.Budget;
import dev.freezeframe.record.MemoryNeed;
import dev.freezeframe.record.Recording;
import dev.freezeframe.record.RecordingListener;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachine;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.simulate.LiveSimulation;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.ui.StoreModel;
import dev.freezeframe.ui.recording.RecordingModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.ObservableValue;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The machines of the window: starts them, restores them, records them and ends them.
public final class MachinesModel {
    private static final Logger LOG = LoggerFactory.getLogger(MachinesModel.class);
    /// So many names are said in full.
    private static final int NAMES = 6;

    private final BackgroundTasks tasks;
    private final StoreModel stores;
    private final ObservableList<MachineModel> machines = FXCollections.observableArrayList();
    /// One view that lives as long as the list: listeners to one that is made for each caller would be lost with it.
    private final ObservableList<MachineModel> readOnly = FXCollections.unmodifiableObservableList(machines);
    private final ObjectProperty<MachineModel> selected = new SimpleObjectProperty<>(this, "selected");
    private final RecordingEvents events;

    /// What the window wants to hear of recordings, on the JavaFX thread.
    public interface RecordingEvents {
        void started(RecordingModel recording);

        /// From the recording's threads; must return at once.
        void stored(CheckpointRecord checkpoint);

        /// From a thread of the recording.
        void thinned(List<CheckpointRecord> deleted);

        /// From a thread of the recording.
        void pictured(CheckpointRecord checkpoint);

        void ended(RecordingModel recording);
    }

    private Consumer<Refused> whenRefused = _ -> {};

    public MachinesModel(BackgroundTasks tasks, StoreModel stores, RecordingEvents events) {
        this.tasks = tasks;
        this.stores = stores;
        this.events = events;
    }

    /// A restore that could not be, because something outside the guest is otherwise than its machine needs it: a file, a
    /// port, a socket. How it is to go on has to be asked.
    ///
    /// @param why    one line, without what to do
    /// @param failed the machines that it would have made
    public record Refused(CheckpointRecord checkpoint, RestoreOptions options, String why,
            List<MachineModel> failed) {
        public Refused {
            failed = List.copyOf(failed);
        }
    }

    /// Who asks; until then nobody does.
    public void setWhenRefused(Consumer<Refused> whenRefused) {
        this.whenRefused = whenRefused;
    }

    /// All machines, in the order of their starts. Not to be changed.
    public ObservableList<MachineModel> machines() {
        return readOnly;
    }

    /// The machine that toolbar, console and screen are about; null while none is.
    public ObjectProperty<MachineModel> selectedProperty() {
        return selected;
    }

    /// Starts a new machine and selects it.
    public MachineModel start(MachineSpec spec) {
        return start(spec, _ -> {}, _ -> {});
    }

    /// Starts a new machine, selects it, and does something with it once QEMU runs, or could not be started.
    public MachineModel start(MachineSpec spec, Consumer<MachineModel> whenStarted,
            Consumer<? super Throwable> whenFailed) {
        MachineStartup arrival = new MachineStartup();
        MachineModel model = add(
                new MachineModel(tasks, freeName(spec.profile().name()), Optional.empty(), arrival, 0));
        tasks.run("Start " + model.name(), _ -> arrival.bring(() -> Machine.boot(spec),
                List::of), machine -> {
                    if (!model.endingProperty().get()) {
                        model.started(machine, true, false);
                        whenStarted.accept(model);
                    }
                }, cause -> {
                    model.couldNotStart(cause);
                    whenFailed.accept(cause);
                }, () -> cancelled(arrival, List.of(model)));
        return model;
    }

    /// A QEMU whose start is cancelled is ended as soon as it is there.
    private void cancelled(MachineStartup arrival, List<MachineModel> models) {
        arrival.giveUp();
        models.forEach(this::remove);
    }

    /// Brings a checkpoint back in one or more new machines and selects the first of them.
    public void restore(CheckpointRecord checkpoint, RestoreOptions options) {
        restore(checkpoint, options, _ -> {});
    }

    /// The same, with something to do once they are there.
    public void restore(CheckpointRecord checkpoint, RestoreOptions options,
            Consumer<List<MachineModel>> whenRestored) {
        Optional<Store> store = stores.store();
        if (store.isEmpty()) {
            return;
        }
        MachineStartup arrival = new MachineStartup();
        List<MachineModel> models = new ArrayList<>();
        for (int i = 0; i < options.count(); i++) {
            models.add(add(new MachineModel(tasks, freeName(shortName(checkpoint)), Optional.of(checkpoint),
                    arrival, i)));
        }
        selected.set(models.getFirst());
        tasks.run("Restore " + checkpoint.name(), _ -> arrival.bring(
                () -> {
                    MemoryNeed.ofRestore(store.get(), checkpoint, options.count()).require();
                    return new Restorer(store.get()).restore(checkpoint, options);
                }, MachinesModel::closers), restored -> {
                    List<MachineModel> wanted = new ArrayList<>();
                    for (int i = 0; i < models.size(); i++) {
                        if (!models.get(i).endingProperty().get()) {
                            models.get(i).started(restored.machines().get(i).machine(), options.recordable(), options
                                    .leavePaused());
                            wanted.add(models.get(i));
                        }
                    }
                    whenRestored.accept(wanted);
                }, cause -> {
                    models.forEach(model -> model.couldNotStart(cause));
                    MachineException.outsideReason(cause).ifPresent(why -> whenRefused.accept(
                            new Refused(checkpoint, options, why, models)));
                }, () -> cancelled(arrival, models));
    }

    /// Each ends its machine; the image that they share goes with the last of them.
    private static List<AutoCloseable> closers(RestoredMachines restored) {
        AtomicInteger left = new AtomicInteger(restored.machines().size());
        List<AutoCloseable> closers = new ArrayList<>();
        for (RestoredMachine each : restored.machines()) {
            AtomicBoolean closed = new AtomicBoolean();
            closers.add(() -> {
                Closing.each(each.machine()::close, () -> {
                    if (closed.compareAndSet(false, true) && left.decrementAndGet() == 0) {
                        restored.close();
                    }
                });
            });
        }
        return closers;
    }

    /// Records a machine into the open store.
    ///
    /// @param plugin who looks on while each interval is executed again as soon as it is stored; empty for nobody, and for a machine
    ///               whose run is not logged
    public void record(MachineModel model, RecordingOptions options, Optional<String> plugin) {
        Optional<Store> store = stores.store();
        CompletableFuture<Optional<Closeable>> coming = new CompletableFuture<>();
        if (store.isEmpty() || !model.recordingAsked(coming)) {
            return;
        }
        Machine machine = model.machineProperty().get();
        Listener listener = new Listener(model);
        boolean untouched = model.untouched();
        tasks.quietly("Record " + model.name(), _ -> {
            try {
                if (plugin.isPresent() && !options.budget().isUnlimited()
                        && options.budget().rule() == Budget.Rule.THIN) {
                    throw new IOException(
                            "the checkpoints between which intervals are simulated would go when the recording is"
                                    + " thinned out; switch off Simulate, or let it stop when the budget is used up");
                }
                Optional<LiveSimulation> live = plugin.isPresent() && machine.isLogged()
                        ? Optional.of(LiveSimulation.of(store.get(), plugin.get(), machine.spec(),
                                (newest, workers) -> requireRoom(store.get(), newest, workers)))
                        : Optional.empty();
                Recording recording = Recording.start(store.get(), machine, model.origin(), untouched, options,
                        live.isPresent() ? listener.after(live.get()::stored) : listener);
                live.ifPresent(each -> each.begin(recording.experiment()));
                List<AutoCloseable> parts = live.isPresent() ? List.of(recording, live.get()) : List.of(recording);
                Begun begun = new Begun(recording, () -> Closing.all(parts));
                coming.complete(Optional.of(begun.end));
                return begun;
            } finally {
                coming.complete(Optional.empty());
            }
        }, begun -> {
            RecordingModel started = new RecordingModel(tasks, model, begun.recording, begun.end);
            model.recordingStarted(started);
            events.started(started);
            listener.attach(started);
        }, cause -> {
            model.recordingEnded();
            tasks.report(Problem.of("Record " + model.name(), cause));
        });
    }

    /// @param end of it and of what goes with it
    private record Begun(Recording recording, Closeable end) {}

    private static void requireRoom(Store store, CheckpointRecord newest, int workers) throws IOException {
        Optional<String> _ = MemoryNeed.ofSimulation(store, newest, workers).require();
    }

    /// Hears the recording from its own threads and tells the window on the JavaFX thread.
    private final class Listener implements RecordingListener {
        private final MachineModel machine;
        private RecordingModel recording;
        private boolean endedEarly;
        /// What failed before the window had the recording.
        private final List<Runnable> early = new ArrayList<>();

        Listener(MachineModel machine) {
            this.machine = machine;
        }

        void attach(RecordingModel started) {
            recording = started;
            early.forEach(Runnable::run);
            machine.recordingProperty().addListener(new ChangeListener<>() {
                @Override
                public void changed(ObservableValue<? extends RecordingModel> property, RecordingModel before,
                        RecordingModel now) {
                    property.removeListener(this);
                    events.ended(started);
                }
            });
            if (endedEarly) {
                started.stop();
            }
        }

        @Override
        public void checkpointStored(CheckpointRecord checkpoint) {
            events.stored(checkpoint);
        }

        @Override
        public void checkpointFailed(int number, Exception cause) {
            LOG.warn("checkpoint {} of {} failed", number, machine.name(), cause);
            BackgroundTasks.onFxThread(() -> {
                if (recording == null) {
                    early.add(() -> recording.failed(number, cause));
                } else {
                    recording.failed(number, cause);
                }
            });
        }

        @Override
        public void checkpointsThinned(List<CheckpointRecord> deleted) {
            events.thinned(deleted);
        }

        @Override
        public void pictureStored(CheckpointRecord checkpoint, Picture picture) {
            events.pictured(checkpoint);
        }

        @Override
        public void captureEnded(String reason) {
            BackgroundTasks.onFxThread(() -> {
                endedEarly = true;
                if (recording != null) {
                    recording.stop();
                }
            });
        }
    }

    private MachineModel add(MachineModel model) {
        machines.add(model);
        selected.set(model);
        return model;
    }

    /// The name of the profile and the number, such as `tiny-linux/17`: when it was recorded is told by the link to it.
    private static String shortName(CheckpointRecord checkpoint) {
        return checkpoint.name().toString().replaceFirst("-\\d{8}-\\d{6}(-\\d+)?(/\\d+)$", "$2");
    }

    private String freeName(String wanted) {
        String name = wanted;
        for (int again = 2; taken(name); again++) {
            name = wanted + " (" + again + ")";
        }
        return name;
    }

    private boolean taken(String name) {
        return machines.stream().anyMatch(model -> model.name().equals(name));
    }

    /// Ends a machine, with its recording, and takes it out of the list. One that is still being started is ended as soon
    /// as it is there.
    public void remove(MachineModel model) {
        if (!model.endingAsked()) {
            return;
        }
        tasks.quietly("End " + model.name(), _ -> {
            model.end();
            return null;
        }, _ -> forget(model), cause -> {
            forget(model);
            tasks.report(Problem.of("End " + model.name(), cause));
        });
    }

    private void forget(MachineModel model) {
        model.recordingEnded();
        machines.remove(model);
        if (selected.get() == model) {
            selected.set(machines.isEmpty() ? null : machines.getLast());
        }
    }

    /// Whether any machine is being recorded.
    public boolean anyRecording() {
        return machines.stream().anyMatch(model -> model.recordingProperty().get() != null);
    }

    /// Ends all recordings, the machines run on.
    ///
    /// @param whenStopped called when everything is stored
    public void stopRecordings(Runnable whenStopped) {
        List<RecordingModel> running = machines.stream().map(model -> model.recordingProperty().get()).filter(
                Objects::nonNull).toList();
        tasks.run("Store the last checkpoints", _ -> {
            for (RecordingModel recording : running) {
                recording.close();
            }
            return null;
        }, _ -> {
            running.forEach(recording -> recording.machine().recordingEnded());
            whenStopped.run();
        });
    }

    /// The machines that read their disks from the open store.
    public List<MachineModel> needingStore() {
        return machines.stream().filter(MachineModel::needsStore).toList();
    }

    /// What [#leaveStore] ends, in sentences for a person to agree to; empty if it ends nothing.
    public String endedByLeavingStore() {
        List<MachineModel> reading = needingStore();
        List<String> sentences = new ArrayList<>();
        if (anyRecording()) {
            sentences.add("Machines are being recorded. What was captured is stored first"
                    + (reading.isEmpty() ? "; the machines run on." : "."));
        }
        if (!reading.isEmpty()) {
            sentences.add((reading.size() == 1
                    ? "A machine reads its disks from this store and ends: "
                    : reading.size() + " machines read their disks from this store and end: ")
                    + names(reading) + ". What the guest did since its last checkpoint is lost."
                    + (reading.size() < machines.size() ? " Other machines run on." : ""));
        }
        return String.join(" ", sentences);
    }

    private static String names(List<MachineModel> models) {
        List<String> names = models.stream().map(MachineModel::name).toList();
        return names.size() <= NAMES
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, NAMES)) + " and " + (names.size() - NAMES) + " more";
    }

    /// Ends all recordings, and the machines that read their disks from the open store; the others run on.
    ///
    /// @param whenLeft called when everything is stored and no guest reads from the store any more
    public void leaveStore(Runnable whenLeft) {
        stopRecordings(() -> endReaders(whenLeft));
    }

    private void endReaders(Runnable whenLeft) {
        List<MachineModel> ending = needingStore();
        if (ending.isEmpty()) {
            whenLeft.run();
            return;
        }
        // one that is being ended already is waited for as well
        ending.forEach(MachineModel::endingAsked);
        tasks.quietly("End the machines with disks in the store", _ -> {
            endAll(ending);
            return null;
        }, _ -> {
            ending.forEach(this::forget);
            // another may have been restored meanwhile
            endReaders(whenLeft);
        });
    }

    /// Whether any QEMU is there, or about to be.
    public boolean anyAlive() {
        return machines.stream().anyMatch(model -> model.alive() || model.stateProperty().get() == null);
    }

    /// Ends all recordings and machines, side by side, as one that hangs is waited for. Blocks, so it is for a background thread;
    /// the list stays as it is.
    public static void endAll(List<MachineModel> all) {
        try (ExecutorService threads = Executors
                .newThreadPerTaskExecutor(Thread.ofPlatform().name("end-", 1).factory())) {
            all.forEach(model -> threads.execute(() -> end(model)));
        }
    }

    private static void end(MachineModel model) {
        try {
            model.end();
        } catch (Exception e) {
            LOG.warn("ending {} failed", model.name(), e);
        }
    }
}
