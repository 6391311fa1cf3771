package dev.freezeframe.host;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.linux.ComputerMemory;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.WrittenPages;
import dev.freezeframe.qemu.image.Guest;
import dev.freezeframe.qemu.image.QemuImg;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.ProfileException;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.record.BudgetKeeper;
import dev.freezeframe.record.MemoryNeed;
import dev.freezeframe.record.MemoryNeed.Likelihood;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Looks whether this computer has what recording needs, by trying where that is possible, and says what to do where it has
/// not. Changes nothing: it starts no machine, makes no store and leaves no file.
public final class Doctor {
    /// The profile that the first recording is made with.
    public static final String DEMO_PROFILE = "tiny-linux";

    private static final String KVM_DEVICE = "/dev/kvm";
    private static final int JDK = 25;
    private static final long MIB = 1 << 20;
    /// RAM of the demo guest.
    private static final long DEMO_BYTES = 256 * MIB;
    private static final long COMFORTABLE_MEMORY_BYTES = 2048 * MIB;
    /// An hour of the demo guest.
    private static final long COMFORTABLE_DISK_BYTES = 4096 * MIB;

    private final Path qemu;
    private final Path storeDirectory;
    private final Profiles profiles;
    private final LinuxFamily family;
    private final ComputerMemory computer;

    /// A doctor for this installation.
    ///
    /// @param qemu the QEMU to look at: a path, or a name that is looked up in `PATH`
    /// @param storeDirectory where checkpoints are to be kept; need not exist
    public Doctor(Path qemu, Path storeDirectory, Profiles profiles) {
        this(qemu, storeDirectory, profiles, LinuxFamily.ofThisComputer(), ComputerMemory.ofThisProcess());
    }

    /// The same on another distribution and computer.
    Doctor(Path qemu, Path storeDirectory, Profiles profiles, LinuxFamily family, ComputerMemory computer) {
        this.computer = computer;
        this.qemu = qemu;
        this.storeDirectory = storeDirectory.toAbsolutePath().normalize();
        this.profiles = profiles;
        this.family = family;
    }

    /// The same with the standard QEMU and profiles.
    public static Doctor standard(Path storeDirectory) {
        return new Doctor(QemuProgram.DEFAULT_BINARY, storeDirectory, Profiles.standard());
    }

    /// Looks at everything. Takes some tenths of a second; not for the thread of a user interface.
    public List<Finding> examine() {
        List<Finding> findings = new ArrayList<>(List.of(qemu(), diskTools(), starters(), kvm(), tracking(), tracing(),
                memory(), java(), demoGuest(), store()));
        ScratchFolder.problem().ifPresent(problem -> findings.add(Finding.degraded("scratch space", problem,
                "machines with a disk that the guest writes cannot be started", ScratchFolder.REMEDY, "")));
        ScratchFolder.logProblem().ifPresent(problem -> findings.add(Finding.degraded("scratch space", problem,
                "the log of a run that is recorded to be replayed stays there until its machine ends, beside what is"
                        + " stored of it",
                ScratchFolder.REMEDY, "")));
        return List.copyOf(findings);
    }

    /// Whether machines can be recorded here, as far as these findings tell.
    public static boolean isUsable(List<Finding> findings) {
        return count(findings, Finding.Severity.MISSING) == 0;
    }

    /// All of it in one sentence.
    public static String summary(List<Finding> findings) {
        long missing = count(findings, Finding.Severity.MISSING);
        long degraded = count(findings, Finding.Severity.DEGRADED);
        if (missing > 0) {
            return "Machines cannot be recorded yet: " + things(missing) + (missing == 1
                    ? " is missing."
                    : " are missing.");
        }
        return degraded == 0
                ? "Everything is here to record machines."
                : "Machines can be recorded; " + things(degraded) + " could be better.";
    }

    private static String things(long count) {
        return count == 1 ? "1 thing" : count + " things";
    }

    private static long count(List<Finding> findings, Finding.Severity severity) {
        return findings.stream().filter(finding -> finding.severity() == severity).count();
    }

    /// What to do where a part is missing, as a sentence's beginning.
    private String installing(LinuxFamily.Part part) {
        String name = family.packageOf(part);
        return "install " + (name.startsWith("/") ? "what brings " : "the package ") + name
                + (family == LinuxFamily.UNKNOWN ? " (so Debian calls it)" : "");
    }

    private String command(LinuxFamily.Part part) {
        return family.install(part).orElse("");
    }

    private Finding qemu() {
        String subject = "QEMU";
        try {
            QemuProgram program = QemuProgram.ask(qemu);
            String found = program.version() + ", " + program.path();
            return program.isAtLeast(7, 2)
                    ? Finding.good(subject, found)
                    : Finding.degraded(subject, found, "checkpoints were tested with 7.2, 10.0 and 11.1, not with this",
                            "get version 7.2 or newer, perhaps from a newer release of the distribution, and name it with"
                                    + " --qemu",
                            "");
        } catch (MachineException e) {
            return Finding.missing(subject, e.getMessage(), "no machine can be started",
                    installing(LinuxFamily.Part.QEMU) + (family == LinuxFamily.RED_HAT
                            ? ", and name /usr/libexec/qemu-kvm with --qemu"
                            : ", or name a binary with --qemu"),
                    command(LinuxFamily.Part.QEMU));
        }
    }

    private Finding diskTools() {
        String subject = "disk tools";
        try {
            return Finding.good(subject, QemuImg.besides(QemuProgram.find(qemu).orElse(qemu)).program().toString());
        } catch (MachineException e) {
            return Finding.degraded(subject, "qemu-img not found",
                    "machines with disks cannot be started, and disks cannot be exported as qcow2",
                    installing(LinuxFamily.Part.DISK_TOOLS), command(LinuxFamily.Part.DISK_TOOLS));
        }
    }

    private Finding starters() {
        String subject = "helper programs";
        List<String> absent = Stream.of("setpriv", "setsid").filter(name -> QemuProgram.find(Path.of(name)).isEmpty())
                .toList();
        return absent.isEmpty()
                ? Finding.good(subject, "setpriv and setsid")
                : Finding.missing(subject, String.join(" and ", absent) + " not found", "no machine can be started",
                        installing(LinuxFamily.Part.STARTERS), command(LinuxFamily.Part.STARTERS));
    }

    private static Finding kvm() {
        String subject = "KVM";
        Optional<String> obstacle = Accelerator.kvmObstacle();
        if (obstacle.isEmpty()) {
            return Finding.good(subject, "/dev/kvm opens and the processor has vmx or svm");
        }
        String cost = "guests run on TCG, ten times slower or more";
        if (!obstacle.get().contains(KVM_DEVICE)) {
            return Finding.degraded(subject, obstacle.get(), cost,
                    "switch virtualization on in the firmware, or nested virtualization in the host of this machine",
                    "");
        }
        return Files.exists(Path.of(KVM_DEVICE))
                ? Finding.degraded(subject, obstacle.get(), cost,
                        "become a member of the group kvm and log in again",
                        "sudo usermod -aG kvm $USER")
                : Finding.degraded(subject, KVM_DEVICE + " is not there", cost,
                        "load the kernel's module kvm_intel or kvm_amd; a container has to be given the device",
                        "sudo modprobe -a kvm_intel kvm_amd");
    }

    private static Finding tracking() {
        String subject = "exact dirty tracking";
        Optional<String> reason = WrittenPages.unsupportedReason();
        String cost = "pauses grow with all of the guest's memory, and the dirty rate is unknown between checkpoints";
        if (reason.isPresent() && reason.equals(WrittenPages.tracingForbiddenReason())) {
            return Finding.degraded(subject, "needs the tracing of child processes, which is forbidden", cost,
                    "allow it, as said next", "");
        }
        return reason.isEmpty()
                ? Finding.good(subject, "userfaultfd and PAGEMAP_SCAN work (Linux " + System.getProperty("os.version")
                        + ")")
                : Finding.degraded(subject, reason.get(), cost,
                        "run Linux 6.7 or newer on x86-64, outside a container that forbids userfaultfd", "");
    }

    private static Finding tracing() {
        String subject = "tracing of child processes";
        Optional<String> forbidden = WrittenPages.tracingForbiddenReason();
        if (forbidden.isEmpty()) {
            return Finding.good(subject, "ptrace of our own children is allowed");
        }
        boolean locked = forbidden.get().contains("ptrace_scope is 3");
        return Finding.degraded(subject, forbidden.get(), "the exact dirty tracker cannot be planted in QEMU", locked
                ? "the kernel takes 3 for good: set 1 under /etc/sysctl.d and start the computer anew"
                : "allow it until the next start of the computer",
                locked
                        ? ""
                        : "sudo sysctl kernel.yama.ptrace_scope=1");
    }

    private Finding memory() {
        String subject = "shared memory";
        try (SharedMemory trial = SharedMemory.allocate("freezeframe-doctor", DEMO_BYTES)) {
            trial.write(0, ByteBuffer.wrap(new byte[]{1}));
        } catch (IOException e) {
            return Finding.missing(subject, "shared memory cannot be had: " + e.getMessage(),
                    "guest memory must be shared memory", "allow memfd_create, which a container may forbid", "");
        }
        Optional<ComputerMemory.Room> room = computer.room();
        if (room.isEmpty()) {
            return Finding.good(subject, "shared memory can be had; how much is free is unknown");
        }
        long available = room.get().availableBytes();
        String found = room.get().limitBytes().isPresent()
                ? room.get().describe() + " available for guests and this program together"
                : available / MIB + " MiB available for guests (memory files, whatever the size of /dev/shm)";
        if (available >= COMFORTABLE_MEMORY_BYTES) {
            return Finding.good(subject, found);
        }
        String remedy = "close other programs, or give the machine or container more memory";
        MemoryNeed demo = MemoryNeed.ofRecording(DEMO_BYTES, List.of(),
                CaptureOptions.DEFAULT.bufferBytesFor(DEMO_BYTES),
                false);
        String cost = "recording the demo machine needs " + demo.memoryBytes(Likelihood.LIKELY) / MIB
                + " MiB, and up to "
                + demo.memoryBytes(Likelihood.POSSIBLE) / MIB + " if its guest uses all that it has";
        return demo.memoryProblem(room.get()).isPresent()
                ? Finding.missing(subject, found, cost, remedy, "")
                : Finding.degraded(subject, found, "only small machines can be recorded: " + cost, remedy, "");
    }

    private static Finding java() {
        String found = Runtime.version() + ", heap up to " + Runtime.getRuntime().maxMemory() / MIB + " MiB";
        return Runtime.version().feature() >= JDK
                ? Finding.good("Java", found)
                : Finding.missing("Java", found, "this program needs Java " + JDK, "install JDK " + JDK, "");
    }

    private Finding demoGuest() {
        String subject = "demo machine";
        Profile profile;
        try {
            profile = profiles.find(DEMO_PROFILE);
        } catch (ProfileException e) {
            return Finding.degraded(subject, e.getMessage(), "the demo cannot be recorded; your own profiles can",
                    "start the program by its command freezeframe, or set the system property freezeframe.home", "");
        }
        List<String> absent = Stream.of(profile.kernel(), profile.initrd()).flatMap(Optional::stream)
                .filter(file -> !Files
                        .isReadable(file))
                .map(Path::toString).toList();
        return absent.isEmpty()
                ? Finding.good(subject, "profile " + DEMO_PROFILE + " with its kernel and initramfs")
                : Finding.degraded(subject, String.join(" and ", absent) + " cannot be read",
                        "the demo cannot be recorded; profiles that need no such guest can",
                        "have it prepared; that fetches a kernel of this distribution, without installing it",
                        Guest.TINY_LINUX.command());
    }

    private Finding store() {
        String subject = "store";
        Path existing = storeDirectory;
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        boolean there = storeDirectory.equals(existing);
        String where = storeDirectory + (there ? "" : " (to be made)");
        if (existing == null || !Files.isDirectory(existing) || !Files.isWritable(existing)) {
            return Finding.missing(subject, where + ": " + existing + " is no folder that you may write",
                    "nothing can be recorded", "change its permissions, or choose another store with --store", "");
        }
        long free = existing.toFile().getUsableSpace();
        String found = where + ", " + free / MIB + " MiB free";
        if (free < BudgetKeeper.DISK_RESERVE_BYTES) {
            return Finding.missing(subject, found, "recording keeps " + BudgetKeeper.DISK_RESERVE_BYTES / MIB
                    + " MiB free and would not begin", "free some space, or choose another store with --store", "");
        }
        return free < COMFORTABLE_DISK_BYTES
                ? Finding.degraded(subject, found, "long recordings will end when it is full",
                        "record with a budget, such as --budget-bytes 1G --budget-rule thin, or free some space", "")
                : Finding.good(subject, found);
    }
}
