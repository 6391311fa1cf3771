package dev.freezeframe.qemu.machine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Closing;
import dev.freezeframe.base.Registration;
import dev.freezeframe.base.SizeText;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.linux.socket.PeerFate;
import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.linux.socket.UnixListener;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.image.DiskArguments;
import dev.freezeframe.qemu.image.DiskBacking;
import dev.freezeframe.qemu.image.DiskImage;
import dev.freezeframe.qemu.image.QemuImg;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.outside.BootFile;
import dev.freezeframe.qemu.outside.MovedFile;
import dev.freezeframe.qemu.outside.OutsideArguments;
import dev.freezeframe.qemu.outside.OwnNames;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.BootProgram;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.MediaFile;
import dev.freezeframe.qemu.profile.MediaHashes;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.ProfileReader;
import dev.freezeframe.qemu.profile.QemuArguments;
import dev.freezeframe.qemu.profile.RamBlock;
import dev.freezeframe.qemu.program.Executables;
import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.qemu.program.Launcher;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.program.TextTail;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.qemu.qmp.RunDirectory;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
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
    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    /// A QEMU that is killed has not written what it had in memory of a disk's image; a busy computer needs some time.
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(5);
    /// The end of its output comes with QEMU's own end; on a busy computer the thread that reads it may get to run later.
    private static final Duration LAST_WORDS_PATIENCE = Duration.ofSeconds(2);
    private static final Duration KILL_TIMEOUT = Duration.ofSeconds(10);
    /// A floppy of the usual size, which every firmware boots from without asking; all but its first sector is zero.
    private static final int FLOPPY_BYTES = 1_474_560;
    private static final String QEMU_PACKAGE = "install the package qemu-system-x86, or name a binary with --qemu";

    private final MachineSpec spec;
    private final Accelerator accelerator;
    private final List<String> commandLine;
    private final List<BootFile> bootFiles;
    private final Process process;
    private final long pid;
    private final CompletableFuture<ExitStatus> exit;
    private final LastWords lastWords;
    private final QmpClient qmp;
    private final QmpClient captureQmp;
    private final QmpClient watchQmp;
    private final Optional<QmpClient> diskQmp;
    private final StateWatch states;
    private final Instant startedAt = Instant.now();
    private final long startedNanos = System.nanoTime();
    private final Console console;
    private final SharedMemory memory;
    private final boolean privateCopy;
    private final Optional<RunDirectory> staying;
    /// What the guest writes to its throw-away disks.
    private final List<UnnamedFile> overlays;
    private final OwnNames ownNames;
    private final MediaHashes media;
    private final AtomicBoolean closed = new AtomicBoolean();
    private String machineType = "";
    private List<RamBlock> ramBlocks = List.of();
    private List<MachineDisk> disks = List.of();
    private boolean hasDisplay;

    /// Where QEMU's standard error goes: a pipe to us, or a file for a machine that may outlive us.
    private interface LastWords {
        String text();

        void awaitEnd(Duration patience);
    }

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

    /// How to start a QEMU.
    private record Start(MachineSpec spec, SharedMemory memory, boolean privateCopy, boolean incoming) {}

    private Machine(Start start, Accelerator accelerator, List<String> commandLine, List<BootFile> bootFiles,
            Process process, long pid, CompletableFuture<ExitStatus> exit, LastWords lastWords, QmpClient qmp,
            QmpClient captureQmp, QmpClient watchQmp, Optional<QmpClient> diskQmp, Console console,
            Optional<RunDirectory> staying,
            List<UnnamedFile> overlays, OwnNames ownNames, MediaHashes media) {
        this.spec = start.spec;
        this.memory = start.memory;
        this.privateCopy = start.privateCopy;
        this.accelerator = accelerator;
        this.commandLine = commandLine;
        this.bootFiles = bootFiles;
        this.process = process;
        this.pid = pid;
        this.exit = exit;
        this.lastWords = lastWords;
        this.qmp = qmp;
        this.captureQmp = captureQmp;
        this.watchQmp = watchQmp;
        this.diskQmp = diskQmp;
        this.console = console;
        this.staying = staying;
        this.overlays = overlays;
        this.ownNames = ownNames;
        this.media = media;
        states = new StateWatch(watchQmp, spec.profile().name(), event -> DiskError.line(event, spec));
        var _ = exit.thenAccept(status -> states.ended("QEMU " + status.describe()));
        var _ = exit.thenRun(ownNames::close);
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
            Machine machine = start(new Start(spec, memory, false, false));
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
        return start(new Start(spec, image, privateCopy, true));
    }

    private static Machine start(Start start) throws MachineException {
        MachineSpec spec = bootable(start.spec.withAbsolutePaths());
        Optional<String> memoryProblem = ProfileReader.memoryProblem(spec.memoryBytes(), spec.profile().bootSector());
        if (memoryProblem.isPresent()) {
            throw new MachineException("the machine cannot have this memory: " + memoryProblem.get());
        }
        List<BootFile> bootFiles = spec.currentBootFiles();
        List<MediaFile> media = spec.currentMedia();
        Path binary = Executables.find(spec.qemuBinary()).orElseThrow(() -> new MachineException("QEMU binary "
                + spec.qemuBinary() + " not found; " + QEMU_PACKAGE));
        Accelerator.Choice choice = spec.accelerator().resolve(spec.profile().arguments());
        LOG.info("starting {} with {}: {}", spec.profile().name(), choice.accelerator().text(), choice.reason());
        try (Opened opened = new Opened()) {
            Machine machine = start(new Start(spec, start.memory, start.privateCopy, start.incoming), opened, binary,
                    choice.accelerator(), bootFiles, media);
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

    private static Machine start(Start start, Opened opened, Path binary, Accelerator accelerator,
            List<BootFile> bootFiles, List<MediaFile> media) throws IOException {
        MachineSpec spec = start.spec;
        OwnNames ownNames = opened.add(OwnNames.take(spec.profile().arguments(), start.incoming, spec.outside()
                .kept()));
        Path calls = opened.add(RunDirectory.create()).path();
        RunDirectory callFolder = (RunDirectory) opened.resources.getLast();
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
        Optional<UnixListener> diskListener = spec.profile().disks().stream().allMatch(Disk::readOnly)
                ? Optional.empty()
                : Optional.of(opened.add(UnixListener.bind(callFolder.socket("disks"))));
        Optional<UnixListener> consoleListener = staying.isPresent()
                ? Optional.empty()
                : Optional.of(opened.add(UnixListener.bind(callFolder.socket("console"))));
        Optional<SharedMemory> floppy = Optional.empty();
        if (spec.profile().bootSector().isPresent()) {
            floppy = Optional.of(opened.add(bootFloppy(spec.profile().bootSector().get())));
        }
        Map<String, UnnamedFile> overlays = overlays(spec, binary, opened);

        QemuArguments.Socket console = staying.isPresent()
                ? new QemuArguments.Socket(staying.get().socket("console"), true)
                : new QemuArguments.Socket(consoleListener.get().path(), false);
        Optional<QemuArguments.Socket> extraQmp = staying.isPresent()
                ? Optional.of(new QemuArguments.Socket(staying.get().socket("qmp"), true))
                : Optional.empty();
        List<String> commandLine = new ArrayList<>(prefix(staying.map(RunDirectory::processLock)));
        commandLine.addAll(QemuArguments.of(spec.withArguments(ownNames.arguments()), binary, accelerator,
                start.memory.path(), !start.privateCopy,
                start.incoming, new QemuArguments.Socket(qmpListener.path(), false),
                new QemuArguments.Socket(captureListener.path(), false),
                watchListener.map(listener -> new QemuArguments.Socket(listener.path(), false)),
                diskListener.map(listener -> new QemuArguments.Socket(listener.path(), false)), console, extraQmp,
                overlays.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, overlay -> overlay.getValue()
                        .path())),
                floppy.map(SharedMemory::path)));
        LOG.debug("command line: {}", commandLine);

        ProcessBuilder builder = new ProcessBuilder(commandLine).redirectErrorStream(true).redirectInput(
                new File("/dev/null"));
        staying.ifPresent(folder -> builder.redirectOutput(ProcessBuilder.Redirect.appendTo(folder.path().resolve(
                "qemu.log").toFile())));
        Process process = Launcher.start(builder);
        opened.add(() -> kill(process));
        if (staying.isPresent()) {
            staying.get().belongsTo(process.pid());
        }
        CompletableFuture<ExitStatus> exit = process.onExit().thenApply(ended -> new ExitStatus(ended.exitValue()));
        LastWords lastWords = staying.isPresent()
                ? lastWordsOf(staying.get().path().resolve("qemu.log"))
                : lastWordsOf(TextTail.of(process.getInputStream()));

        UnixConnection qmpConnection;
        UnixConnection captureConnection;
        UnixConnection watchConnection = null;
        UnixConnection diskConnection = null;
        UnixConnection consoleConnection = null;
        try {
            qmpConnection = opened.add(qmpListener.accept(process.toHandle(), exit, START_TIMEOUT));
            captureConnection = opened.add(captureListener.accept(process.toHandle(), exit, START_TIMEOUT));
            if (watchListener.isPresent()) {
                watchConnection = opened.add(watchListener.get().accept(process.toHandle(), exit, START_TIMEOUT));
            }
            if (diskListener.isPresent()) {
                diskConnection = opened.add(diskListener.get().accept(process.toHandle(), exit, START_TIMEOUT));
            }
            if (consoleListener.isPresent()) {
                consoleConnection = opened.add(consoleListener.get().accept(process.toHandle(), exit, START_TIMEOUT));
            }
        } catch (IOException e) {
            throw notStarted(start, exit, lastWords, e.getMessage());
        }
        long pid = qmpConnection.peerPid();
        qmpListener.close();
        captureListener.close();
        for (Optional<UnixListener> each : List.of(watchListener, diskListener, consoleListener)) {
            if (each.isPresent()) {
                each.get().close();
            }
        }
        callFolder.close();
        LOG.debug("QEMU {} called on {}", pid, calls);

        QmpClient qmp;
        QmpClient captureQmp;
        QmpClient watchQmp;
        Optional<QmpClient> diskQmp;
        try {
            PeerFate fate = patience -> fate(process, exit, lastWords, patience);
            qmp = opened.add(QmpClient.open(qmpConnection, fate, START_TIMEOUT));
            captureQmp = opened.add(QmpClient.open(captureConnection, fate, START_TIMEOUT));
            watchQmp = watchConnection == null
                    ? qmp
                    : opened.add(QmpClient.open(watchConnection, fate, START_TIMEOUT));
            diskQmp = diskConnection == null
                    ? Optional.empty()
                    : Optional.of(opened.add(QmpClient.open(diskConnection, fate, START_TIMEOUT)));
        } catch (QmpException e) {
            throw notStarted(start, exit, lastWords, e.getMessage());
        }
        if (staying.isPresent()) {
            if (pid != process.pid()) {
                staying.get().belongsTo(pid); // the process was a script around QEMU
            }
            // QEMU opens its sockets before it greets, so this one is there by now.
            consoleConnection = opened.add(UnixConnection.connect(console.path()));
        }
        Machine machine = new Machine(start, accelerator, List.copyOf(commandLine), bootFiles, process, pid, exit,
                lastWords, qmp, captureQmp, watchQmp, diskQmp, opened.add(Console.on(consoleConnection)), staying,
                List.copyOf(overlays.values()), ownNames, opened.add(MediaHashes.of(media)));
        opened.add(machine.states);
        try {
            machine.look();
        } catch (QmpException e) {
            // what a firmware or a kernel is like QEMU finds out when it has greeted
            throw e.kind() == QmpException.Kind.DISCONNECTED ? notStarted(start, exit, lastWords, e.getMessage()) : e;
        }
        floppy.ifPresent(SharedMemory::close); // QEMU has it open
        return machine;
    }

    /// The kernel's parent-death signal for all that must not outlive us, and a session of its own for all: Ctrl-C in
    /// our terminal is for us.
    ///
    /// @param lock for one that may outlive us: the file that it is to hold locked as long as it lives
    private static List<String> prefix(Optional<Path> lock) throws MachineException {
        List<String> prefix = new ArrayList<>();
        if (lock.isEmpty()) {
            prefix.addAll(List.of(utility("setpriv"), "--pdeathsig", "KILL", "--"));
        }
        prefix.addAll(List.of(utility("setsid"), "--"));
        if (lock.isPresent()) {
            prefix.addAll(List.of(utility("flock"), "--no-fork", lock.get().toString()));
        }
        return prefix;
    }

    private static String utility(String name) throws MachineException {
        return Executables.find(Path.of(name)).orElseThrow(() -> new MachineException("program " + name
                + " not found; install the package util-linux")).toString();
    }

    private static SharedMemory bootFloppy(BootProgram program) throws IOException {
        SharedMemory floppy = SharedMemory.allocate("freezeframe-boot", FLOPPY_BYTES);
        floppy.write(0, ByteBuffer.wrap(program.sector()));
        return floppy;
    }

    /// The files that the guest's writes to throw-away disks go to, by the disks' ids, after a look at all image files.
    private static Map<String, UnnamedFile> overlays(MachineSpec spec, Path binary, Opened opened)
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
            if (spec.discardsWrites(disk)) {
                UnnamedFile file = opened.add(ScratchFolder.newFile());
                QemuImg.besides(binary).createQcow2(file.path(), sizeBytes);
                overlays.put(disk.id(), file);
            }
        }
        return overlays;
    }

    private static LastWords lastWordsOf(TextTail tail) {
        return new LastWords() {
            @Override
            public String text() {
                return tail.text();
            }

            @Override
            public void awaitEnd(Duration patience) {
                tail.awaitEnd(patience);
            }
        };
    }

    private static LastWords lastWordsOf(Path file) {
        return new LastWords() {
            @Override
            public String text() {
                return TextTail.ofFile(file);
            }

            @Override
            public void awaitEnd(Duration patience) {
                // A file has all that was written to it.
            }
        };
    }

    private static MachineException notStarted(Start start, CompletableFuture<ExitStatus> exit, LastWords lastWords,
            String why) {
        // A QEMU that refuses its arguments ends within milliseconds of its last word. Who was interrupted does not wait.
        int seconds = Thread.currentThread().isInterrupted() ? 0 : 5;
        Optional<ExitStatus> status = Optional.ofNullable(exit.copy().completeOnTimeout(null, seconds, TimeUnit.SECONDS)
                .join());
        if (status.isPresent()) {
            lastWords.awaitEnd(LAST_WORDS_PATIENCE);
        }
        Profile profile = start.spec.profile();
        return StartFailure.of(start.spec, status, lastWords.text(), why,
                start.incoming
                        ? OutsideArguments.remedy(profile.arguments()).orElse(
                                "another QEMU may take this machine: --qemu BINARY")
                        : "correct the profile's arguments");
    }

    /// What every waiting QMP call gets to hear when the connection ends.
    private static String fate(Process process, CompletableFuture<ExitStatus> exit, LastWords lastWords,
            Duration patience) {
        try {
            if (!process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                return "QEMU (process " + process.pid() + ") closed its QMP connection but runs on";
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        lastWords.awaitEnd(LAST_WORDS_PATIENCE);
        String words = TextTail.lastWords(lastWords.text());
        ExitStatus status = exit.getNow(new ExitStatus(process.isAlive() ? 0 : process.exitValue()));
        return "QEMU (process " + process.pid() + ") " + status.describe() + (words.isEmpty()
                ? ""
                : "; its last words: " + words);
    }

    /// Learns what the machine is, in one exchange.
    private void look() throws IOException {
        List<Disk> writable = spec.profile().disks().stream().filter(disk -> !disk.readOnly()).toList();
        List<PendingReply> replies = qmp.send(QmpCommand.of("qom-get").with("path", "/machine").with("property",
                "type"), QmpCommand.humanMonitor("info ramblock"), QmpCommand.of("query-migrate"),
                QmpCommand.of("qom-list").with("path", "/backend"),
                QmpCommand.of("query-named-block-nodes").with("flat",
                        true));
        machineType = replies.get(0).await(START_TIMEOUT).asText().replaceFirst("-machine$", "");
        ramBlocks = RamBlock.parse(replies.get(1).await(START_TIMEOUT).asText(), machineType);
        hasDisplay = hasConsole(replies.get(3));
        disks = disks(writable, replies.get(4).await(START_TIMEOUT));
        JsonNode blockers = replies.get(2).await(START_TIMEOUT).path("blocked-reasons");
        if (!blockers.isEmpty()) {
            throw new MachineException("profile " + spec.profile().name() + " cannot be checkpointed, says QEMU: "
                    + blockers.get(0).asText() + "; take the device or feature out of the profile");
        }
    }

    private static List<MachineDisk> disks(List<Disk> writable, JsonNode nodes) throws MachineException {
        Map<String, Long> sizes = new HashMap<>();
        for (JsonNode node : nodes) {
            sizes.put(node.path("node-name").asText(), node.path("image").path("virtual-size").asLong());
        }
        List<MachineDisk> disks = new ArrayList<>();
        for (Disk disk : writable) {
            Long sizeBytes = sizes.get(disk.id());
            if (sizeBytes == null) {
                throw new MachineException("QEMU does not know the block node " + disk.id()
                        + " that it was started with; look at its command line");
            }
            Optional<String> base = Optional.of(DiskArguments.baseNode(disk.id())).filter(sizes::containsKey);
            disks.add(new MachineDisk(disk.id(), disk.id(), base, disk.qomPath(), sizeBytes, disk.diskInterface()));
        }
        return List.copyOf(disks);
    }

    /// QEMU keeps its graphic consoles there (`graphic_console_init` in ui/console.c); without any there is no such folder.
    private static boolean hasConsole(PendingReply backends) throws QmpException {
        try {
            for (JsonNode child : backends.await(START_TIMEOUT)) {
                if (child.path("name").asText().startsWith("console[")) {
                    return true;
                }
            }
        } catch (QmpException e) {
            if (e.kind() != QmpException.Kind.REFUSED) {
                throw e;
            }
        }
        return false;
    }

    /// Our QMP session with QEMU; open as long as the machine is.
    public QmpClient qmp() {
        return qmp;
    }

    /// A second session with the same QEMU, for whoever captures it: the command that saves the devices is prepared on it
    /// while `stop` is prepared on the first, because a session can prepare one at a time.
    public QmpClient captureQmp() {
        return captureQmp;
    }

    /// A third session, for those who look on at a machine with a screen: nothing that is sent by it makes a checkpoint wait,
    /// or waits for one. Where the profile has no display it is the first session, and what is sent waits for a pause. Whoever
    /// stops the guest or lets it go must not use it, because a pause is safe from the commands of the first session only.
    QmpClient watchQmp() {
        return watchQmp;
    }

    /// Whether there is a screen to see, see [GuestScreen].
    public boolean hasDisplay() {
        return hasDisplay;
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
        return pid;
    }

    /// Guest RAM, live.
    ///
    /// @throws IllegalStateException for a private copy, whose RAM nobody outside QEMU sees
    public SharedMemory memory() {
        if (privateCopy) {
            throw new IllegalStateException("this machine runs on a private copy of its image; start it as recordable");
        }
        return memory;
    }

    /// Whether guest RAM is visible here, so that the machine can be recorded.
    public boolean sharesMemory() {
        return !privateCopy;
    }

    /// Size of main RAM, without a graphics card's and ROMs.
    public long ramBytes() {
        return spec.memoryBytes();
    }

    /// The versioned machine type, such as `pc-i440fx-7.2`; device state loads only into the same.
    public String machineType() {
        return machineType;
    }

    /// Such as `7.2.22`.
    public String qemuVersion() {
        return qmp.greeting().version();
    }

    /// What executes the guest: never `AUTO`.
    public Accelerator accelerator() {
        return accelerator;
    }

    /// All RAM blocks, main memory first or not, as they were at the start.
    public List<RamBlock> ramBlocks() {
        return ramBlocks;
    }

    /// Whether the guest can write memory that is not in main RAM, such as a graphics card's. ROMs do not count: a
    /// fresh QEMU has them by itself.
    public boolean hasOtherWritableRam() {
        return ramBlocks.stream().anyMatch(block -> block.writable() && !block.name().equals(RamBlock.MAIN));
    }

    /// A session of its own for the capture of the disks; empty for a machine without a disk that the guest can write.
    public Optional<QmpClient> diskQmp() {
        return diskQmp;
    }

    /// The disks that the guest can write, in the profile's order.
    public List<MachineDisk> disks() {
        return disks;
    }

    /// The guest's first serial port.
    public Console console() {
        return console;
    }

    /// What it was started from, without boot files that were accepted as missing.
    public MachineSpec spec() {
        return spec;
    }

    /// The whole command line, with what stands before QEMU.
    public List<String> commandLine() {
        return commandLine;
    }

    /// The files and sockets that it has under other names than its profile says, so that it takes nothing from another.
    public List<MovedFile> movedFiles() {
        return ownNames.moved();
    }

    /// Everything needed to start the same machine again, on another day.
    public ObjectNode toRecord() {
        return spec.toRecord(machineType, qemuVersion(), accelerator, bootFiles, media.now());
    }

    /// QEMU's run state, such as `running`, `paused`, `inmigrate` or `shutdown`.
    public String runState() throws QmpException {
        return qmp.execute(QmpCommand.of("query-status")).path("status").asText();
    }

    /// Stops the guest's processors. Harmless when they stand already.
    public void pause() throws QmpException {
        qmp.execute(QmpCommand.of("stop"));
        states.confirm();
    }

    /// Lets the guest's processors run. Harmless when they do already.
    public void resume() throws QmpException {
        qmp.execute(QmpCommand.of("cont"));
    }

    /// Presses the reset button.
    public void reset() throws QmpException {
        qmp.execute(QmpCommand.of("system_reset"));
    }

    /// Wakes a guest that has put itself to sleep (S3), as a key would.
    ///
    /// @throws QmpException also where it does not sleep, or cannot be woken
    public void wake() throws QmpException {
        qmp.execute(QmpCommand.of("system_wakeup"));
        states.confirm();
    }

    /// Presses the power button, which the guest may obey or not.
    public void powerdown() throws QmpException {
        qmp.execute(QmpCommand.of("system_powerdown"));
    }

    /// Ends QEMU: by its own command first, by force when the grace is over. Returns when the process is gone.
    public void quit(Duration grace) {
        if (process.isAlive()) {
            try {
                qmp.execute(QmpCommand.of("quit"), grace);
            } catch (QmpException e) {
                LOG.debug("quit", e); // dying is what it was asked for
            }
        }
        boolean interrupted = Thread.interrupted();
        try {
            if (!process.waitFor(grace.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.warn("QEMU {} did not quit within {} ms and is killed", pid, grace.toMillis());
                kill(process);
            }
        } catch (InterruptedException e) {
            interrupted = true;
            kill(process);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Completes when QEMU has ended, however it did. Completing it has no effect on the machine.
    public CompletableFuture<ExitStatus> onExit() {
        return exit.copy();
    }

    /// What QEMU wrote to its standard error and output, the last 16 KiB.
    public String qemuLog() {
        return lastWords.text();
    }

    /// Lets the machine run on without us: our connections end, QEMU and its folder stay. Nothing else can be done
    /// with this object afterwards.
    ///
    /// @throws IllegalStateException when it was not started as detachable, or is closed
    /// @throws MachineException when its folder cannot be written; the machine is as before
    public DetachedMachine detach() throws MachineException {
        RunDirectory folder = staying.orElseThrow(() -> new IllegalStateException(
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
        return new DetachedMachine(pid, folder.path(), folder.path().resolve("qmp"), folder.path().resolve("console"));
    }

    /// Ends QEMU and gives everything back. Idempotent.
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        // What is told last is that it has ended.
        Closing.each(() -> quit(CLOSE_GRACE), ownNames::close, () -> {
            var _ = exit.thenRun(states::close);
        }, this::closeConnections, () -> staying.ifPresent(RunDirectory::close));
    }

    private void closeConnections() {
        Closing.each(qmp::close, captureQmp::close, watchQmp::close, () -> diskQmp.ifPresent(QmpClient::close),
                console::close, () -> closeQuietly(process.getInputStream()),
                () -> Closing.each(overlays.stream().<Closing.Unchecked>map(overlay -> overlay::close).toArray(
                        Closing.Unchecked[]::new)),
                media::close, () -> {
                    if (!privateCopy) {
                        closeQuietly(memory);
                    }
                });
    }

    private static void kill(Process process) {
        process.destroyForcibly();
        boolean interrupted = Thread.interrupted();
        try {
            if (!process.waitFor(KILL_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                LOG.error("QEMU {} does not die", process.pid());
            }
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
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
        return spec.profile().name() + " (" + machineType + ", process " + pid + ")";
    }
}
