package dev.freezeframe.experiment;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.WrittenPages;
import dev.freezeframe.machine.Accelerator;
import dev.freezeframe.machine.Guest;
import dev.freezeframe.machine.MachineException;
import dev.freezeframe.machine.MachineSpec;
import dev.freezeframe.machine.Profile;
import dev.freezeframe.machine.ProfileException;
import dev.freezeframe.machine.Profiles;
import dev.freezeframe.machine.QemuProgram;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// Looks whether this computer has what recording needs, by trying where that is possible, and says what to do where it has
/// not. Changes nothing: it starts no machine, makes no store and leaves no file.
public final class Doctor {
    /// The profile that the first recording is made with.
    public static final String DEMO_PROFILE = "tiny-linux";

    private static final int JDK = 25;
    private static final long MIB = 1 << 20;
    /// A demo guest, this program and QEMU itself.
    private static final long FEWEST_MEMORY_BYTES = 768 * MIB;
    private static final long COMFORTABLE_MEMORY_BYTES = 2048 * MIB;
    /// An hour of the demo guest.
    private static final long COMFORTABLE_DISK_BYTES = 4096 * MIB;
    private static final String QEMU_COMMAND = "sudo apt-get install qemu-system-x86";

    private final Path qemu;
    private final Path storeDirectory;
    private final Profiles profiles;

    /// A doctor for this installation.
    ///
    /// @param qemu the QEMU to look at: a path, or a name that is looked up in `PATH`
    /// @param storeDirectory where checkpoints are to be kept; need not exist
    public Doctor(Path qemu, Path storeDirectory, Profiles profiles) {
        this.qemu = qemu;
        this.storeDirectory = storeDirectory.toAbsolutePath().normalize();
        this.profiles = profiles;
    }

    /// The same with the standard QEMU and profiles.
    public static Doctor standard(Path storeDirectory) {
        return new Doctor(MachineSpec.DEFAULT_QEMU, storeDirectory, Profiles.standard());
    }

    /// Looks at everything. Takes some tenths of a second; not for the thread of a user interface.
    public List<Finding> examine() {
        return List.of(qemu(), tools(), kvm(), tracking(), tracing(), memory(), java(), demoGuest(), store());
    }

    /// Whether machines can be recorded here, as far as these findings tell.
    public static boolean isUsable(List<Finding> findings) {
        return findings.stream().noneMatch(finding -> finding.severity() == Finding.Severity.MISSING);
    }

    private Finding qemu() {
        String subject = "QEMU";
        try {
            QemuProgram program = QemuProgram.ask(qemu);
            String found = program.version() + ", " + program.path();
            return program.isAtLeast(7, 2)
                    ? Finding.good(subject, found)
                    : Finding.degraded(subject, found, "checkpoints were tested with 7.2, 10.0 and 11.1, not with this",
                            "install version 7.2 or newer, or name one with --qemu", QEMU_COMMAND);
        } catch (MachineException e) {
            return Finding.missing(subject, e.getMessage(), "no machine can be started",
                    "install the package qemu-system-x86, or name a binary with --qemu", QEMU_COMMAND);
        }
    }

    private static Finding tools() {
        String subject = "helper programs";
        List<String> absent = Stream.of("setpriv", "setsid").filter(name -> QemuProgram.find(Path.of(name)).isEmpty())
                .toList();
        return absent.isEmpty()
                ? Finding.good(subject, "setpriv and setsid")
                : Finding.missing(subject, String.join(" and ", absent) + " not found", "no machine can be started",
                        "install the package util-linux", "sudo apt-get install util-linux");
    }

    private static Finding kvm() {
        String subject = "KVM";
        Optional<String> obstacle = Accelerator.kvmObstacle();
        if (obstacle.isEmpty()) {
            return Finding.good(subject, "/dev/kvm opens and the processor has vmx or svm");
        }
        boolean device = Files.exists(Path.of("/dev/kvm"));
        boolean permission = device && obstacle.get().contains("does not open");
        return Finding.degraded(subject, obstacle.get(), "guests run on TCG, ten times slower or more",
                permission
                        ? "become a member of the group kvm and log in again"
                        : "switch virtualization on in the firmware, or nested virtualization in the host of this machine",
                permission ? "sudo usermod -aG kvm $USER" : "");
    }

    private static Finding tracking() {
        String subject = "exact dirty tracking";
        Optional<String> reason = WrittenPages.unsupportedReason();
        return reason.isEmpty()
                ? Finding.good(subject, "userfaultfd and PAGEMAP_SCAN work (Linux " + System.getProperty("os.version")
                        + ")")
                : Finding.degraded(subject, reason.get(),
                        "pauses grow with all of the guest's memory, and the dirty rate is unknown between checkpoints",
                        "run Linux 6.7 or newer on x86-64, outside a container that forbids userfaultfd", "");
    }

    private static Finding tracing() {
        String subject = "tracing of child processes";
        Optional<String> forbidden = WrittenPages.tracingForbiddenReason();
        return forbidden.isEmpty()
                ? Finding.good(subject, "ptrace of our own children is allowed")
                : Finding.degraded(subject, forbidden.get(), "the exact dirty tracker cannot be planted in QEMU",
                        "allow it until the next start of the computer", "sudo sysctl kernel.yama.ptrace_scope=1");
    }

    private static Finding memory() {
        String subject = "memory";
        try (SharedMemory trial = SharedMemory.allocate("freezeframe-doctor", 256 * MIB)) {
            trial.write(0, ByteBuffer.wrap(new byte[]{1}));
        } catch (IOException e) {
            return Finding.missing(subject, "shared memory cannot be had: " + e.getMessage(),
                    "guest memory must be shared memory", "allow memfd_create, which a container may forbid", "");
        }
        OptionalLong available = availableMemoryBytes();
        if (available.isEmpty()) {
            return Finding.good(subject, "shared memory can be had; how much is free is unknown");
        }
        String found = (available.getAsLong() / MIB) + " MiB available, shared memory can be had";
        if (available.getAsLong() >= COMFORTABLE_MEMORY_BYTES) {
            return Finding.good(subject, found);
        }
        String remedy = "close other programs, or give the machine or container more memory";
        return available.getAsLong() < FEWEST_MEMORY_BYTES
                ? Finding.missing(subject, found,
                        "the demo machine with 256 MiB needs about " + FEWEST_MEMORY_BYTES / MIB
                                + " MiB with everything",
                        remedy, "")
                : Finding.degraded(subject, found, "only small machines can be recorded", remedy, "");
    }

    /// What programs can still have, as the kernel estimates it, within a container's limit.
    private static OptionalLong availableMemoryBytes() {
        OptionalLong available = number(Path.of("/proc/meminfo"), "MemAvailable:");
        OptionalLong limit = number(Path.of("/sys/fs/cgroup/memory.max"), "");
        OptionalLong used = number(Path.of("/sys/fs/cgroup/memory.current"), "");
        if (available.isEmpty()) {
            return available;
        }
        long kernel = 1024 * available.getAsLong();
        return OptionalLong.of(limit.isPresent() && used.isPresent()
                ? Math.min(kernel, Math.max(0, limit.getAsLong() - used.getAsLong()))
                : kernel);
    }

    private static OptionalLong number(Path file, String label) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(label)).map(line -> line.substring(label.length()).replaceAll(
                    "[^0-9]", "")).filter(digits -> !digits.isEmpty()).mapToLong(Long::parseLong).findFirst();
        } catch (IOException | java.io.UncheckedIOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
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
                    "run the program by installer/freezeframe, or set the system property freezeframe.home", "");
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
