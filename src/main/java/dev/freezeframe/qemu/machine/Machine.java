package dev.freezeframe.qemu.machine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Closing;
import dev.freezeframe.base.Registration;
import dev.freezeframe.base.SizeText;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.qemu.disk.EpochDisk;
import dev.freezeframe.qemu.disk.ServedDisks;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.outside.BootFile;
import dev.freezeframe.qemu.outside.MovedFile;
import dev.freezeframe.qemu.outside.OwnNames;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.MediaHashes;
import dev.freezeframe.qemu.profile.RamBlock;
import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.qemu.qmp.RunDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A running QEMU with its guest memory, QMP session and console. It never outlives us unless [#detach] says so, and
/// closing it, at any time and however QEMU ended, leaves no process, socket, folder or memory behind. The one exception
/// is a detachable machine whose JVM is killed before [#detach]: it runs until the next start of this program by the same
/// user, with the same folder for run-time files, ends it.
///
/// QEMU calls us: we listen on some sockets in an owner-only folder, start the process, take its calls and remove
/// the folder at once. The kernel kills QEMU when we die (`setpriv --pdeathsig`; a detachable one cannot have this, since
/// nobody but QEMU itself could take it back), and a session of its own (`setsid`) keeps the terminal's Ctrl-C from it, so that we end it in our own order. Guest RAM is a memfd that QEMU opens by
/// its path under our `/proc/…/fd`.
public final class Machine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Machine.class);
    /// A QEMU that is killed has not written what it had in memory of a disk's image; a busy computer needs some time.
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(20);

    /// What a start gives to a machine, all of it the machine's from then on.
    ///
    /// @param pid      of QEMU itself, which may be behind a script
    /// @param overlays what the guest writes to its throw-away disks
    /// @param served   its disks, where we serve them
    /// @param replayLog what QEMU writes of a run that can be replayed
    record Parts(MachineSpec spec, Accelerator accelerator, List<String> commandLine, List<BootFile> bootFiles,
            QemuProcess process, long pid, MachineSessions sessions, Console console, SharedMemory memory,
            boolean privateCopy, Optional<RunDirectory> staying, List<UnnamedFile> overlays,
            Optional<ServedDisks> served, Optional<ReplayLogFile> replayLog,
            OwnNames ownNames,
            MediaHashes media, MachineFacts facts) {}

    private final Parts parts;
    private final StateWatch states;
    private final Instant startedAt = Instant.now();
    private final long startedNanos = System.nanoTime();
    private final AtomicBoolean closed = new AtomicBoolean();

    Machine(Parts parts) {
        this.parts = parts;
        MachineSpec spec = parts.spec;
        states = new StateWatch(parts.sessions.watch(), spec.profile().name(), event -> DiskError.line(event, spec));
        var _ = parts.process.exit().thenAccept(status -> states.ended("QEMU " + status.describe()));
        var _ = parts.process.exit().thenRun(parts.ownNames::close);
    }

    /// Starts a fresh machine with empty memory. It runs when this returns, unless the spec says paused.
    public static Machine boot(MachineSpec spec) throws MachineException {
        SharedMemory memory;
        try {
            memory = SharedMemory.allocate("freezeframe-ram", spec.memoryBytes());
        } catch (IOException e) {
            throw new MachineException("cannot allocate " + SizeText.of(spec.memoryBytes()) + " of guest memory: " + e
                    .getMessage() + "; give the machine less", e);
        }
        try {
            Machine machine = MachineStart.start(spec, memory, false, false, Optional.empty());
            try {
                if (!spec.startPaused()) {
                    machine.resume();
                }
                return machine;
            } catch (QmpException e) {
                machine.close();
                throw new MachineException("the machine does not start to run: " + e.getMessage(), e);
            }
        } catch (MachineException | RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    /// Starts a machine that waits, paused, for a migration stream with its device state
    /// (`-incoming defer`; send `migrate-incoming`, then [#resume]).
    ///
    /// @param image guest RAM. Of a private copy it stays the caller's, for any number of machines, and must not
    ///     change while they run; otherwise it becomes this machine's memory when this returns normally, and is closed
    ///     with it
    /// @param privateCopy whether the guest's writes stay in QEMU (copy-on-write) and never reach the image
    public static Machine incoming(MachineSpec spec, SharedMemory image, boolean privateCopy) throws MachineException {
        return incoming(spec, image, privateCopy, Optional.empty());
    }

    /// Starts a machine as [#incoming] does that executes a part of a recorded run again.
    ///
    /// @param log what QEMU wrote when that was recorded
    public static Machine replaying(MachineSpec spec, SharedMemory image, boolean privateCopy, Path log)
            throws MachineException {
        return incoming(spec, image, privateCopy, Optional.of(log));
    }

    private static Machine incoming(MachineSpec spec, SharedMemory image, boolean privateCopy, Optional<Path> log)
            throws MachineException {
        Optional<Disk> empty = spec.profile().disks().stream().filter(disk -> !disk.readOnly() && !spec.diskBackings()
                .containsKey(disk.id())).findFirst();
        if (empty.isPresent()) {
            throw new MachineException(
                    empty.get().id() + " has no content of the same moment as the memory, and with that"
                            + " of its image file the guest would damage it; this checkpoint cannot be restored");
        }
        if (image.sizeBytes() != spec.memoryBytes()) {
            throw new MachineException("the memory image has " + image.sizeBytes() + " bytes, the machine "
                    + spec.memoryBytes());
        }
        return MachineStart.start(spec, image, privateCopy, true, log);
    }

    /// Our QMP session with QEMU; open as long as the machine is.
    public QmpClient qmp() {
        return parts.sessions.main();
    }

    /// A second session with the same QEMU, for whoever captures it: the command that saves the devices is prepared on it
    /// while `stop` is prepared on the first, because a session can prepare one at a time.
    public QmpClient captureQmp() {
        return parts.sessions.capture();
    }

    /// A third session, for those who look on at a machine with a screen: nothing that is sent by it makes a checkpoint wait,
    /// or waits for one. Where the profile has no display it is the first session, and what is sent waits for a pause. Whoever
    /// stops the guest or lets it go must not use it, because a pause is safe from the commands of the first session only.
    QmpClient watchQmp() {
        return parts.sessions.watch();
    }

    /// Whether there is a screen to see, see [GuestScreen].
    public boolean hasDisplay() {
        return parts.facts.hasDisplay();
    }

    /// When QEMU was started.
    public Instant startedAt() {
        return startedAt;
    }

    /// How long QEMU has been running, paused times included.
    public Duration uptime() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    /// What the machine does, as far as is known at this moment. Asks nobody.
    public MachineState state() {
        return states.state();
    }

    /// Why the machine is in its [#state], as of [StateChange#detail]: of a [MachineState#FAULTY] one whose disk failed, a line
    /// for the user.
    public String stateDetail() {
        return states.detail();
    }

    /// Calls `listener` for every change of [#state] and every reset from now on, in order, in a thread of this machine's
    /// own. The pauses of checkpoints are not told. A stop that nobody asked for by [#pause] is told up to half a
    /// second late.
    public Registration onStateChange(Consumer<StateChange> listener) {
        return states.onStateChange(listener);
    }

    /// The process id of QEMU itself.
    public long pid() {
        return parts.pid;
    }

    /// Guest RAM, live.
    ///
    /// @throws IllegalStateException for a private copy, whose RAM nobody outside QEMU sees
    public SharedMemory memory() {
        if (parts.privateCopy) {
            throw new IllegalStateException("this machine runs on a private copy of its image; start it as recordable");
        }
        return parts.memory;
    }

    /// Whether guest RAM is visible here, so that the machine can be recorded.
    public boolean sharesMemory() {
        return !parts.privateCopy;
    }

    /// Size of main RAM, without a graphics card's and ROMs.
    public long ramBytes() {
        return parts.spec.memoryBytes();
    }

    /// The versioned machine type, such as `pc-i440fx-7.2`; device state loads only into the same.
    public String machineType() {
        return parts.facts.type();
    }

    /// Such as `7.2.22`.
    public String qemuVersion() {
        return qmp().greeting().version();
    }

    /// What executes the guest: never `AUTO`.
    public Accelerator accelerator() {
        return parts.accelerator;
    }

    /// All RAM blocks, main memory first or not, as they were at the start.
    public List<RamBlock> ramBlocks() {
        return parts.facts.ramBlocks();
    }

    /// Whether the guest can write memory that is not in main RAM, such as a graphics card's. ROMs do not count: a
    /// fresh QEMU has them by itself.
    public boolean hasOtherWritableRam() {
        return ramBlocks().stream().anyMatch(block -> block.writable() && !block.name().equals(RamBlock.MAIN));
    }

    /// A session of its own for the capture of the disks; empty for a machine without a disk that the guest can write, or whose
    /// disks we serve.
    public Optional<QmpClient> diskQmp() {
        return parts.sessions.disks();
    }

    /// The disks that the guest can write, in the profile's order.
    public List<MachineDisk> disks() {
        return parts.facts.disks();
    }

    /// The disks that we serve to it, by id in the profile's order: all of them or none. They end with the machine.
    public Map<String, EpochDisk> servedDisks() {
        return parts.served.map(ServedDisks::disks).orElse(Map.of());
    }

    /// What QEMU writes of its run, if that can be replayed. QEMU keeps the end of it in its own memory for a while, and the version
    /// in its first bytes until it ends.
    public Optional<ReplayLogFile> replayLog() {
        return parts.replayLog;
    }

    /// Whether QEMU logs its run, so that it can be neither reset nor woken, nor its power button pressed.
    public boolean isLogged() {
        return parts.replayLog.isPresent();
    }

    /// Instructions that the guest has executed since it was booted, where that is counted.
    ///
    /// @throws QmpException also where it is not: the run cannot be replayed
    public long instructions() throws QmpException {
        return qmp().execute(QmpCommand.of("query-replay")).path("icount").asLong();
    }

    /// Has a machine that is led by a log, and waits for its state, go on as soon as that is loaded, and stop at an instruction.
    ///
    /// It must not stand still between: QEMU's main loop goes on in the log of a machine that stands, and the timer that would
    /// wake an idle guest has no effect there (`icount_warp_rt`), so that the guest would sleep for ever.
    ///
    /// Nor may it tell its guest that it is somewhere else now: a network card that does, by an interrupt, does what is in no
    /// log (`virtio_net_post_load_device`).
    public void goOnTo(long instruction) throws QmpException {
        qmp().execute(QmpCommand.of("migrate-set-parameters").with("announce-rounds", 0));
        qmp().execute(QmpCommand.of("replay-break").with("icount", instruction));
        // a machine that waits for its state remembers that it is to run (`qmp_cont`)
        resume();
    }

    /// The guest's first serial port.
    public Console console() {
        return parts.console;
    }

    /// What it was started from, without boot files that were accepted as missing.
    public MachineSpec spec() {
        return parts.spec;
    }

    /// The whole command line, with what stands before QEMU.
    public List<String> commandLine() {
        return parts.commandLine;
    }

    /// The files and sockets that it has under other names than its profile says, so that it takes nothing from another.
    public List<MovedFile> movedFiles() {
        return parts.ownNames.moved();
    }

    /// Everything needed to start the same machine again, on another day.
    public ObjectNode toRecord() {
        return parts.spec.toRecord(machineType(), qemuVersion(), parts.accelerator, parts.bootFiles, parts.media
                .now());
    }

    /// QEMU's run state, such as `running`, `paused`, `inmigrate` or `shutdown`.
    public String runState() throws QmpException {
        return qmp().execute(QmpCommand.of("query-status")).path("status").asText();
    }

    /// Stops the guest's processors. Harmless when they stand already.
    public void pause() throws QmpException {
        qmp().execute(QmpCommand.of("stop"));
        states.confirm();
    }

    /// Lets the guest's processors run. Harmless when they do already.
    public void resume() throws QmpException {
        qmp().execute(QmpCommand.of("cont"));
    }

    /// Presses the reset button.
    ///
    /// @throws MachineException where QEMU logs its run: that would be missing there
    public void reset() throws IOException {
        requireNotLogged("the reset button");
        qmp().execute(QmpCommand.of("system_reset"));
    }

    /// Wakes a guest that has put itself to sleep (S3), as a key would.
    ///
    /// @throws QmpException also where it does not sleep, or cannot be woken
    /// @throws MachineException as of [#reset]
    public void wake() throws IOException {
        requireNotLogged("a wake-up call");
        qmp().execute(QmpCommand.of("system_wakeup"));
        states.confirm();
    }

    /// Presses the power button, which the guest may obey or not.
    ///
    /// @throws MachineException as of [#reset]
    public void powerdown() throws IOException {
        requireNotLogged("the power button");
        qmp().execute(QmpCommand.of("system_powerdown"));
    }

    /// QEMU logs what comes by its devices, such as a serial port, a keyboard or a network. What it is told on its monitor it does
    /// not log, and a replay would wait for ever where that took effect; a reset sometimes stops QEMU itself for good.
    private void requireNotLogged(String what) throws MachineException {
        if (isLogged()) {
            throw new MachineException(
                    what + " is not in QEMU's log, so nothing behind it could be executed again; end the"
                            + " machine and start it anew, or use the guest's console");
        }
    }

    /// Ends QEMU: by its own command first, by force when the grace is over. Returns when the process is gone.
    public void quit(Duration grace) {
        parts.process.quit(parts.sessions.main(), grace);
    }

    /// Completes when QEMU has ended, however it did. Completing it has no effect on the machine.
    public CompletableFuture<ExitStatus> onExit() {
        return parts.process.exit().copy();
    }

    /// What QEMU wrote to its standard error and output, the last 16 KiB.
    public String qemuLog() {
        return parts.process.log();
    }

    /// Lets the machine run on without us: our connections end, QEMU and its folder stay. Nothing else can be done
    /// with this object afterwards.
    ///
    /// @throws IllegalStateException when it was not started as detachable, or is closed
    /// @throws MachineException when its folder cannot be written; the machine is as before
    public DetachedMachine detach() throws MachineException {
        RunDirectory folder = parts.staying.orElseThrow(() -> new IllegalStateException(
                "this machine was not started as detachable"));
        if (closed.get()) {
            throw new IllegalStateException("this machine is closed");
        }
        try {
            folder.letGo();
        } catch (IOException e) {
            throw new MachineException("cannot detach the machine: " + e.getMessage() + "; make room in " + folder
                    .path().getParent(), e);
        }
        if (!closed.compareAndSet(false, true)) {
            throw new IllegalStateException("this machine is closed");
        }
        states.close();
        closeConnections();
        return new DetachedMachine(parts.pid, folder.path(), folder.path().resolve("qmp"),
                folder.path().resolve("console"));
    }

    /// Ends QEMU and gives everything back. Idempotent.
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        // What is told last is that it has ended.
        Closing.each(() -> quit(CLOSE_GRACE), parts.ownNames::close, () -> {
            var _ = parts.process.exit().thenRun(states::close);
        }, this::closeConnections, () -> parts.staying.ifPresent(RunDirectory::close));
    }

    private void closeConnections() {
        Closing.each(parts.sessions::close, parts.console::close, parts.process::closeOutput, () -> Closing.each(
                parts.overlays.stream().<Closing.Unchecked>map(overlay -> overlay::close).toArray(
                        Closing.Unchecked[]::new)),
                () -> parts.served.ifPresent(ServedDisks::close), parts.media::close,
                () -> parts.replayLog.ifPresent(ReplayLogFile::close), () -> {
                    if (!parts.privateCopy) {
                        closeQuietly(parts.memory);
                    }
                });
    }

    private static void closeQuietly(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            LOG.warn("closing {}: {}", resource, e.toString());
        }
    }

    @Override
    public String toString() {
        return parts.spec.profile().name() + " (" + machineType() + ", process " + parts.pid + ")";
    }
}
