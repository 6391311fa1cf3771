package dev.freezeframe.qemu.machine;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.linux.socket.PeerFate;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.linux.socket.UnixListener;
import dev.freezeframe.qemu.disk.ServedDisks;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.image.DiskBacking;
import dev.freezeframe.qemu.image.DiskImage;
import dev.freezeframe.qemu.image.QemuImg;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.outside.BootFile;
import dev.freezeframe.qemu.outside.OutsideArguments;
import dev.freezeframe.qemu.outside.OwnNames;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.BootProgram;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.MediaFile;
import dev.freezeframe.qemu.profile.MediaHashes;
import dev.freezeframe.qemu.profile.ProfileReader;
import dev.freezeframe.qemu.profile.QemuArguments;
import dev.freezeframe.qemu.profile.ReplayLog;
import dev.freezeframe.qemu.program.Executables;
import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.qemu.qmp.RunDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How a QEMU is started: we listen on some sockets in an owner-only folder, start the process, take its calls, ask what it is
/// and remove the folder. All that was opened is given back where one step fails.
final class MachineStart {
    private static final Logger LOG = LoggerFactory.getLogger(MachineStart.class);
    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    /// A QEMU that refuses its arguments ends within milliseconds of its last word.
    private static final Duration END_PATIENCE = Duration.ofSeconds(5);
    /// A floppy of the usual size, which every firmware boots from without asking; all but its first sector is zero.
    private static final int FLOPPY_BYTES = 1_474_560;
    /// The nicest that there is.
    private static final String NICE = "19";
    private static final String QEMU_PACKAGE = "install the package qemu-system-x86, or name a binary with --qemu";

    private final MachineSpec spec;
    private final SharedMemory memory;
    private final boolean privateCopy;
    private final boolean incoming;
    private final Optional<Path> replayed;
    private final Opened opened;

    /// What is open while a machine starts; all of it is given back when starting fails.
    private static final class Opened implements AutoCloseable {
        private final List<AutoCloseable> resources = new ArrayList<>();
        private boolean kept;

        <T extends AutoCloseable> T add(T resource) {
            resources.add(resource);
            return resource;
        }

        @Override
        public void close() {
            if (kept) {
                return;
            }
            for (AutoCloseable resource : resources.reversed()) {
                closeQuietly(resource);
            }
        }
    }

    private MachineStart(MachineSpec spec, SharedMemory memory, boolean privateCopy, boolean incoming,
            Optional<Path> replayed, Opened opened) {
        this.spec = spec;
        this.memory = memory;
        this.privateCopy = privateCopy;
        this.incoming = incoming;
        this.replayed = replayed;
        this.opened = opened;
    }

    /// Starts a machine.
    ///
    /// @param incoming whether it waits, paused, for a migration stream
    /// @param replayed the log that it is to be led by; otherwise a machine whose run can be replayed writes one of its own
    static Machine start(MachineSpec wanted, SharedMemory memory, boolean privateCopy, boolean incoming,
            Optional<Path> replayed) throws MachineException {
        MachineSpec spec = bootable(wanted.withAbsolutePaths());
        if (spec.profile().replay() && spec.detachable()) {
            throw new MachineException(
                    "a machine whose run is logged (\"replay\": true) cannot run on without this program,"
                            + " as its log would fill the disk; leave --detach out");
        }
        if (spec.profile().replay() && spec.accelerator() == Accelerator.KVM) {
            throw new MachineException(
                    "a machine whose run is logged (\"replay\": true) needs TCG; leave --accel kvm out");
        }
        Optional<String> memoryProblem = ProfileReader.memoryProblem(spec.memoryBytes(), spec.profile().bootSector());
        if (memoryProblem.isPresent()) {
            throw new MachineException("the machine cannot have this memory: " + memoryProblem.get());
        }
        List<BootFile> bootFiles = spec.currentBootFiles();
        List<MediaFile> media = spec.currentMedia();
        Path binary = Executables.find(spec.qemuBinary()).orElseThrow(() -> new MachineException("QEMU binary "
                + spec.qemuBinary() + " not found; " + QEMU_PACKAGE));
        Accelerator.Choice choice = spec.accelerator().resolve(spec.profile());
        LOG.info("starting {} with {}: {}", spec.profile().name(), choice.accelerator().text(), choice.reason());
        try (Opened opened = new Opened()) {
            Machine machine = new MachineStart(spec, memory, privateCopy, incoming, replayed, opened).start(binary,
                    choice
                            .accelerator(),
                    bootFiles, media);
            opened.kept = true;
            return machine;
        } catch (MachineException e) {
            throw e;
        } catch (IOException e) {
            throw new MachineException("cannot start QEMU for profile " + spec.profile().name() + ": " + e
                    .getMessage(), e);
        }
    }

    /// The spec to start with, after a look at the files that a recorded machine booted from.
    private static MachineSpec bootable(MachineSpec spec) throws MachineException {
        List<String> differences = spec.bootFileDifferences();
        if (differences.isEmpty()) {
            return spec;
        }
        if (!spec.acceptChangedBootFiles()) {
            throw MachineException.outside(String.join(", ", differences), spec.remedyForBootFiles(), null);
        }
        LOG.warn("{}; the guest runs on, but will not reboot as before", String.join(", ", differences));
        return spec.withoutUnreadableBootFiles();
    }

    private Machine start(Path binary, Accelerator accelerator, List<BootFile> bootFiles, List<MediaFile> media)
            throws IOException {
        OwnNames ownNames = opened.add(OwnNames.take(spec.profile().arguments(), incoming, spec.outside()
                .kept()));
        RunDirectory callFolder = opened.add(RunDirectory.create());
        Optional<RunDirectory> staying = spec.detachable()
                ? Optional.of(opened.add(RunDirectory.createStaying()))
                : Optional.empty();
        UnixListener qmpListener = opened.add(UnixListener.bind(callFolder.socket("qmp")));
        UnixListener captureListener = opened.add(UnixListener.bind(callFolder.socket("capture")));
        // Each session costs the pause some 0.1 ms: QEMU tells it of STOP and RESUME. So there is one for onlookers only where
        // there is a screen to look at.
        Optional<UnixListener> watchListener = spec.profile().display().equals("none")
                ? Optional.empty()
                : Optional.of(opened.add(UnixListener.bind(callFolder.socket("watch"))));
        // Likewise for the disks: their command in the pause is sent ahead, while another session's command is under way.
        Optional<UnixListener> diskListener = spec.servesDisks() || spec.profile().disks().stream().allMatch(
                Disk::readOnly)
                        ? Optional.empty()
                        : Optional.of(opened.add(UnixListener.bind(callFolder.socket("disks"))));
        Optional<UnixListener> consoleListener = staying.isPresent()
                ? Optional.empty()
                : Optional.of(opened.add(UnixListener.bind(callFolder.socket("console"))));
        Optional<SharedMemory> floppy = Optional.empty();
        if (spec.profile().bootSector().isPresent()) {
            floppy = Optional.of(opened.add(bootFloppy(spec.profile().bootSector().get())));
        }
        Map<String, UnnamedFile> overlays = overlays(binary);
        Optional<ServedDisks> served = spec.servesDisks()
                ? Optional.of(opened.add(new ServedDisks(spec.profile().disks(), spec.diskBackings())))
                : Optional.empty();
        Optional<ReplayLogFile> ownLog = spec.profile().replay() && replayed.isEmpty()
                ? Optional.of(opened.add(ReplayLogFile.create()))
                : Optional.empty();
        Optional<ReplayLog> replay = replayed.map(file -> new ReplayLog(ReplayLog.Mode.REPLAY, file)).or(() -> ownLog
                .map(file -> new ReplayLog(ReplayLog.Mode.RECORD, file.path())));

        QemuArguments.Socket consoleSocket = staying.isPresent()
                ? new QemuArguments.Socket(staying.get().socket("console"), true)
                : new QemuArguments.Socket(consoleListener.get().path(), false);
        Optional<QemuArguments.Socket> extraQmp = staying.isPresent()
                ? Optional.of(new QemuArguments.Socket(staying.get().socket("qmp"), true))
                : Optional.empty();
        List<String> commandLine = new ArrayList<>(prefix(staying.map(RunDirectory::processLock),
                spec.background()));
        commandLine.addAll(QemuArguments.of(spec.withArguments(ownNames.arguments()), binary, accelerator,
                memory.path(), !privateCopy,
                incoming, new QemuArguments.Socket(qmpListener.path(), false),
                new QemuArguments.Socket(captureListener.path(), false),
                watchListener.map(listener -> new QemuArguments.Socket(listener.path(), false)),
                diskListener.map(listener -> new QemuArguments.Socket(listener.path(), false)), consoleSocket, extraQmp,
                overlays.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, overlay -> overlay.getValue()
                        .path())),
                floppy.map(SharedMemory::path), replay, served.map(ServedDisks::socket)));
        LOG.debug("command line: {}", commandLine);

        QemuProcess process = QemuProcess.start(commandLine, staying.map(folder -> folder.path().resolve("qemu.log")));
        opened.add(process::kill);
        if (staying.isPresent()) {
            staying.get().belongsTo(process.handle().pid());
        }

        UnixConnection qmpConnection;
        UnixConnection captureConnection;
        UnixConnection watchConnection = null;
        UnixConnection diskConnection = null;
        UnixConnection consoleConnection = null;
        try {
            qmpConnection = opened.add(qmpListener.accept(process.handle(), process.exit(), START_TIMEOUT));
            captureConnection = opened.add(captureListener.accept(process.handle(), process.exit(), START_TIMEOUT));
            if (watchListener.isPresent()) {
                watchConnection = opened
                        .add(watchListener.get().accept(process.handle(), process.exit(), START_TIMEOUT));
            }
            if (diskListener.isPresent()) {
                diskConnection = opened.add(diskListener.get().accept(process.handle(), process.exit(), START_TIMEOUT));
            }
            if (consoleListener.isPresent()) {
                consoleConnection = opened
                        .add(consoleListener.get().accept(process.handle(), process.exit(), START_TIMEOUT));
            }
        } catch (IOException e) {
            throw notStarted(process, e.getMessage());
        }
        long pid = qmpConnection.peerPid();
        if (spec.background()) {
            yieldToOtherSessions(pid);
        }
        qmpListener.close();
        captureListener.close();
        for (Optional<UnixListener> each : List.of(watchListener, diskListener, consoleListener)) {
            if (each.isPresent()) {
                each.get().close();
            }
        }
        callFolder.close();
        LOG.debug("QEMU {} called on {}", pid, callFolder.path());

        QmpClient qmp;
        QmpClient captureQmp;
        QmpClient watchQmp;
        Optional<QmpClient> diskQmp;
        try {
            PeerFate fate = process::fate;
            qmp = opened.add(QmpClient.open(qmpConnection, fate, START_TIMEOUT));
            captureQmp = opened.add(QmpClient.open(captureConnection, fate, START_TIMEOUT));
            watchQmp = watchConnection == null
                    ? qmp
                    : opened.add(QmpClient.open(watchConnection, fate, START_TIMEOUT));
            diskQmp = diskConnection == null
                    ? Optional.empty()
                    : Optional.of(opened.add(QmpClient.open(diskConnection, fate, START_TIMEOUT)));
        } catch (QmpException e) {
            throw notStarted(process, e.getMessage());
        }
        if (staying.isPresent()) {
            if (pid != process.handle().pid()) {
                staying.get().belongsTo(pid); // the process was a script around QEMU
            }
            // QEMU opens its sockets before it greets, so this one is there by now.
            consoleConnection = opened.add(UnixConnection.connect(consoleSocket.path()));
        }
        MachineSessions sessions = new MachineSessions(qmp, captureQmp, watchQmp, diskQmp);
        Console console = opened.add(Console.on(consoleConnection));
        MachineFacts facts;
        try {
            facts = MachineFacts.ask(qmp, spec, START_TIMEOUT);
        } catch (QmpException e) {
            // what a firmware or a kernel is like QEMU finds out when it has greeted
            throw e.kind() == QmpException.Kind.DISCONNECTED ? notStarted(process, e.getMessage()) : e;
        }
        floppy.ifPresent(SharedMemory::close); // QEMU has it open
        return new Machine(
                new Machine.Parts(spec, accelerator, List.copyOf(commandLine), bootFiles, process, pid, sessions,
                        console, memory, privateCopy, staying, List.copyOf(overlays.values()), served, ownLog, ownNames,
                        opened.add(MediaHashes.of(
                                media)),
                        facts));
    }

    /// The kernel's parent-death signal for all that must not outlive us, and a session of its own for all: Ctrl-C in
    /// our terminal is for us.
    ///
    /// @param lock       for one that may outlive us: the file that it is to hold locked as long as it lives
    /// @param background whether all else goes first
    private static List<String> prefix(Optional<Path> lock, boolean background) throws MachineException {
        List<String> prefix = new ArrayList<>();
        if (lock.isEmpty()) {
            prefix.addAll(List.of(Executables.required("setpriv", "util-linux"), "--pdeathsig", "KILL", "--"));
        }
        if (background) {
            prefix.addAll(List.of(Executables.required("nice", "coreutils"), "-n", NICE));
        }
        prefix.addAll(List.of(Executables.required("setsid", "util-linux"), "--"));
        if (lock.isPresent()) {
            prefix.addAll(List.of(Executables.required("flock", "util-linux"), "--no-fork", lock.get().toString()));
        }
        return prefix;
    }

    /// Where the kernel groups processes by sessions, a process is nice only to those of its own, and QEMU has one to itself
    /// (sched(7), "The autogroup feature").
    private static void yieldToOtherSessions(long pid) {
        try {
            Files.writeString(Path.of("/proc", Long.toString(pid), "autogroup"), NICE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            LOG.debug("this kernel does not group by sessions", e);
        }
    }

    private static SharedMemory bootFloppy(BootProgram program) throws IOException {
        SharedMemory floppy = SharedMemory.allocate("freezeframe-boot", FLOPPY_BYTES);
        floppy.write(0, ByteBuffer.wrap(program.sector()));
        return floppy;
    }

    /// The files that the guest's writes to throw-away disks go to, by the disks' ids, after a look at all image files.
    private Map<String, UnnamedFile> overlays(Path binary)
            throws MachineException {
        Map<String, UnnamedFile> overlays = new LinkedHashMap<>();
        for (Disk disk : spec.profile().disks()) {
            DiskBacking backing = spec.diskBackings().get(disk.id());
            long sizeBytes = backing == null
                    ? DiskImage.sizeBytes(disk)
                    : DiskImage.roundedToSector(backing.sizeBytes());
            if (!disk.readOnly() && !spec.discardsWrites(disk)) {
                ScratchFolder.newFile().close(); // a checkpoint will need one
            }
            if (spec.discardsWrites(disk) && !spec.servesDisks()) {
                UnnamedFile file = opened.add(ScratchFolder.newFile());
                QemuImg.besides(binary).createQcow2(file.path(), sizeBytes);
                overlays.put(disk.id(), file);
            }
        }
        return overlays;
    }

    private MachineException notStarted(QemuProcess process, String why) {
        // who was interrupted does not wait
        Optional<ExitStatus> status = process.awaitEnd(Thread.currentThread().isInterrupted()
                ? Duration.ZERO
                : END_PATIENCE);
        return StartFailure.of(spec, status, process.log(), why, incoming
                ? OutsideArguments.remedy(spec.profile().arguments()).orElse(
                        "another QEMU may take this machine: --qemu BINARY")
                : "correct the profile's arguments");
    }

    private static void closeQuietly(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            LOG.warn("closing {}: {}", resource, e.toString());
        }
    }
}
