package dev.freezeframe.restore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.Closing;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.qemu.stream.DeviceStateException;
import dev.freezeframe.qemu.stream.IncomingMigration;
import dev.freezeframe.qemu.stream.KvmClock;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.pack.ImageReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings a checkpoint back as one or more machines that go on where it was taken. Either all machines that were asked for
/// run in the end, or an error says why and no process, socket or memory is left.
///
/// The idea: QEMU's start takes about as long as reading the packs, and an incoming QEMU does not look at its RAM. So it is
/// started on memory that is still being filled, and gets the device state when both are ready. Without `recordable`,
/// machines map the image copy-on-write, and any number of them costs one image plus what each writes.
public final class Restorer {
    private static final Logger LOG = LoggerFactory.getLogger(Restorer.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Store store;

    /// Restores from this store, which stays the caller's to close.
    public Restorer(Store store) {
        this.store = store;
    }

    /// Restores a checkpoint. May be called from several threads at once.
    ///
    /// @throws IOException one line with what failed and why: the store's, QEMU's or the kernel's reason
    public RestoredMachines restore(CheckpointRecord checkpoint, RestoreOptions options) throws IOException {
        return restore(checkpoint, options, Optional.empty());
    }

    /// The same to a machine on RAM that another one has used before, and that the next one may use when this one is closed.
    ///
    /// @param image stays the caller's to close, unless the machine is `recordable`: then it goes with the machine
    public RestoredMachines restore(CheckpointRecord checkpoint, RestoreOptions options, ReusedImage image)
            throws IOException {
        return restore(checkpoint, options, Optional.of(image));
    }

    private RestoredMachines restore(CheckpointRecord checkpoint, RestoreOptions options, Optional<ReusedImage> reused)
            throws IOException {
        long start = System.nanoTime();
        ExperimentRecord experiment = store.experiment(checkpoint.experimentId())
                .orElseThrow(() -> failure(checkpoint, "its experiment is not in the store", null));
        // what the user names comes last: a stranger's record is not believed about files, our user is
        MachineSpec spec = options.applyTo(MachineSpec.fromRecord(record(checkpoint, experiment))
                .withBootFilesFrom(store.bootFiles()::find, store.imported().containsKey(experiment.id())));
        String machineType = spec.machineType()
                .orElseThrow(() -> failure(checkpoint, "its experiment does not name a versioned machine type", null));
        // open, so that thinning leaves the checkpoint alone until its RAM is filled and verified
        try (ImageReader ram = store.openImage(checkpoint, NewCheckpoint.RAM)) {
            return restore(checkpoint, options, reused, spec, machineType, ram.map(), start);
        }
    }

    private RestoredMachines restore(CheckpointRecord checkpoint, RestoreOptions options, Optional<ReusedImage> reused,
            MachineSpec spec, String machineType, PageMap map, long start) throws IOException {
        // untrusted until taken apart, and no QEMU may be started for bytes that cannot be loaded
        DeviceState state = DeviceState.of(store.readImageBytes(checkpoint.id(), NewCheckpoint.DEVICE_STATE));
        state.toIncomingStream(machineType);
        if (options.replay().isPresent()) {
            try (FileChannel log = FileChannel.open(options.replay().get().log(), StandardOpenOption.READ)) {
                state = state.forReplay(log);
            }
        }
        Optional<String> unfit = unfit(state.deviceNames(), spec.decidedAccelerator(), Accelerator.kvmDeviceProblem());
        if (unfit.isPresent())
            throw failure(checkpoint, unfit.get(), null);
        List<String> disks = spec.profile().disks().stream().filter(disk -> !disk.readOnly()).map(Disk::id).toList();
        DiskServer server = disks.isEmpty() ? null : new DiskServer(store, checkpoint, disks);
        SharedMemory image = null;
        boolean done = false;
        try {
            image = reused.isPresent() ? null : SharedMemory.allocate("ram", spec.memoryBytes());
            MachineSpec withDisks = server == null ? spec : spec.withDiskBackings(server.backings());
            Attempt attempt = new Attempt(checkpoint, options, withDisks, machineType, state, map, reused.isPresent()
                    ? reused.get().memory()
                    : image, reused, start);
            RestoredMachines machines = new RestoredMachines(checkpoint, attempt.run(), Optional.ofNullable(image),
                    Optional
                            .ofNullable(server));
            done = true;
            return machines;
        } finally {
            if (!done) {
                Closing.all(Arrays.asList(image, server));
            }
        }
    }

    /// Why an accelerator cannot go on with a state, or empty.
    ///
    /// @param kvmProblem why KVM is not to be had here, or empty
    static Optional<String> unfit(List<String> deviceNames, Accelerator accelerator, Optional<String> kvmProblem) {
        boolean ofKvm = deviceNames.contains(KvmClock.DEVICE);
        if (accelerator == Accelerator.TCG && ofKvm)
            return Optional
                    .of("it was recorded under KVM, and TCG cannot load the state of KVM's clock; restore it under"
                            + " KVM (--accel kvm), on a computer that has it");
        if (accelerator == Accelerator.KVM && kvmProblem.isPresent())
            return Optional.of((ofKvm ? "it was recorded under KVM and needs it" : "KVM was asked for") + ", but "
                    + kvmProblem.get() + " here; " + (ofKvm
                            ? "restore it on a computer that has KVM"
                            : "leave --accel out, or use --accel tcg"));
        return Optional.empty();
    }

    private static JsonNode record(CheckpointRecord checkpoint, ExperimentRecord experiment) throws IOException {
        try {
            return JSON.readTree(experiment.machineJson());
        } catch (JsonProcessingException e) {
            throw failure(checkpoint, "the machine in its experiment's record is damaged", e);
        }
    }

    private static IOException failure(CheckpointRecord checkpoint, String why, Throwable cause) {
        return new IOException("checkpoint " + checkpoint.name() + " cannot be restored: " + why, cause);
    }

    /// One restore under way.
    private final class Attempt {
        private final CheckpointRecord checkpoint;
        private final RestoreOptions options;
        private final MachineSpec spec;
        private final String machineType;
        private final DeviceState state;
        private final SharedMemory image;
        private final long start;
        private final RewrittenMemory rewritten;
        private final FutureTask<Void> fill;
        /// Of a shared image, which no machine changes, so that once is enough.
        private final FutureTask<Void> verifyImage;
        @GuardedBy("started")
        private final List<Machine> started = new ArrayList<>();
        @GuardedBy("started")
        private boolean failed;

        Attempt(CheckpointRecord checkpoint, RestoreOptions options, MachineSpec spec, String machineType,
                DeviceState state, PageMap map, SharedMemory image, Optional<ReusedImage> reused, long start)
                throws IOException {
            RamImage.requireFits(image, map);
            this.checkpoint = checkpoint;
            this.options = options;
            this.spec = spec;
            this.machineType = machineType;
            this.state = state;
            this.image = image;
            this.start = start;
            this.rewritten = RewrittenMemory.by(state, spec.decidedAccelerator());
            this.fill = new FutureTask<>(() -> {
                if (reused.isPresent()) {
                    reused.get().bringTo(map, options.threads());
                } else {
                    RamImage.fill(image, store, map, options.threads());
                }
                return null;
            });
            this.verifyImage = new FutureTask<>(() -> {
                RamVerifier.requireEqual(image, store, map, options.threads(), rewritten);
                return null;
            });
        }

        List<RestoredMachine> run() throws IOException {
            // two QEMUs starting at once are about what two processors can do; more only make the first one late
            int lanes = Math.min(options.count(), Math.max(1, Runtime.getRuntime().availableProcessors()));
            try (ExecutorService executor = Executors.newFixedThreadPool(lanes + 1,
                    Thread.ofPlatform().daemon().name("restore-", 0).factory())) {
                executor.execute(fill);
                List<Future<RestoredMachine>> running = new ArrayList<>();
                for (int i = 0; i < options.count(); i++)
                    running.add(executor.submit((Callable<RestoredMachine>) this::bringBack));
                List<RestoredMachine> machines = new ArrayList<>();
                IOException first = null;
                for (Future<RestoredMachine> each : running) {
                    try {
                        machines.add(await(each));
                    } catch (IOException e) {
                        // the first tells why; the others are mostly its consequences
                        LOG.debug("a machine was not restored", e);
                        first = first == null ? e : first;
                        giveUp();
                    }
                }
                if (first != null)
                    throw failure(checkpoint, first.getMessage(), first);
                LOG.info("restored {} to {} machine(s)", checkpoint.name(), machines.size());
                return machines;
            } finally {
                // the filling must be over before the image may go
                awaitQuietly(fill);
            }
        }

        private RestoredMachine bringBack() throws IOException {
            long begin = System.nanoTime();
            Machine machine = startMachine();
            long spawned = System.nanoTime();
            await(fill);
            long filled = System.nanoTime();
            if (options.replay().isPresent() && options.replay().get().until().isPresent())
                machine.goOnTo(options.replay().get().until().getAsLong());
            IncomingMigration.load(machine.qmp(), state, machineType, options.timeout());
            long loaded = System.nanoTime();
            if (options.verifyRam())
                verify(machine);
            long verified = System.nanoTime();
            if (!options.leavePaused())
                machine.resume();
            long end = System.nanoTime();
            return new RestoredMachine(machine, micros(start, end), new RestorePhases(micros(begin, spawned),
                    micros(spawned, filled), micros(filled, loaded), micros(loaded, verified), micros(verified, end)),
                    options.verifyRam());
        }

        private Machine startMachine() throws IOException {
            synchronized (started) {
                if (failed)
                    throw new InterruptedIOException("another machine of this restore failed");
            }
            Machine machine;
            try {
                machine = options.replay().isPresent()
                        ? Machine.replaying(spec, image, !options.recordable(), options.replay().get().log())
                        : Machine.incoming(spec, image, !options.recordable());
            } catch (MachineException e) {
                if (e.getMessage().contains("unsupported machine type"))
                    throw new IOException("QEMU " + spec.qemuBinary() + " does not know machine type " + machineType
                            + ", under which it was recorded; use the QEMU of that version or a newer one that still"
                            + " has it", e);
                throw e;
            }
            synchronized (started) {
                if (!failed) {
                    started.add(machine);
                    return machine;
                }
            }
            machine.close();
            throw new InterruptedIOException("another machine of this restore failed");
        }

        private void verify(Machine machine) throws IOException {
            if (options.recordable()) {
                verifyImage.run();
            } else {
                verifyImage.run(); // the first caller does it, the others come back at once
                int own = RamVerifier.requireUnchanged(machine.pid(), image, rewritten);
                LOG.debug("machine {} has {} pages of its own before it runs", machine.pid(), own);
            }
            await(verifyImage);
        }

        private void giveUp() {
            List<Machine> toEnd;
            synchronized (started) {
                failed = true;
                toEnd = List.copyOf(started);
                started.clear();
            }
            Closing.each(
                    toEnd.stream().<Closing.Unchecked>map(machine -> machine::close).toArray(Closing.Unchecked[]::new));
        }

        private <T> T await(Future<T> future) throws IOException {
            try {
                return future.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof DeviceStateException cause)
                    throw cause;
                if (e.getCause() instanceof IOException cause)
                    throw cause;
                throw new IOException(String.valueOf(e.getCause()), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                giveUp();
                throw (IOException) new InterruptedIOException("interrupted").initCause(e);
            }
        }

        private static void awaitQuietly(Future<?> future) {
            boolean interrupted = Thread.interrupted();
            while (true) {
                try {
                    future.get();
                    break;
                } catch (ExecutionException reportedElsewhere) {
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted)
                Thread.currentThread().interrupt();
        }

        private static long micros(long from, long to) {
            return (to - from) / 1000;
        }
    }
}
