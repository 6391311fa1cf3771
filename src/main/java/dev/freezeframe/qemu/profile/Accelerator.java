package dev.freezeframe.qemu.profile;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// What executes the guest's instructions.
public enum Accelerator {
    /// KVM where it can be expected to work, else TCG.
    AUTO,
    /// The processor itself, through the kernel.
    KVM,
    /// QEMU's translator: slower, works everywhere, and the only one for `-icount` and `-plugin`.
    TCG;

    private static final Path KVM_DEVICE = Path.of("/dev/kvm");
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Set<String> TCG_ONLY = Set.of("icount", "plugin");

    /// The name in profiles and on QEMU's command line.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Accelerator> parse(String text) {
        return Stream.of(values()).filter(a -> a.text().equals(text)).findFirst();
    }

    /// A decided accelerator and why it was chosen.
    public record Choice(Accelerator accelerator, String reason) {
    }

    /// Decides what `auto` means for a machine of this profile.
    public Choice resolve(Profile profile) {
        if (profile.replay()) {
            return new Choice(TCG, "a run that can be replayed needs TCG");
        }
        return resolve(profile.arguments());
    }

    /// Decides what `auto` means for a machine with these QEMU arguments.
    Choice resolve(List<String> arguments) {
        if (this != AUTO) {
            return new Choice(this, "as asked for");
        }
        Optional<String> tcgOnly = arguments.stream().filter(a -> a.startsWith("-")).map(a -> a.replaceFirst("^--?",
          "")).filter(TCG_ONLY::contains).findFirst();
        if (tcgOnly.isPresent()) {
            return new Choice(TCG, "-" + tcgOnly.get() + " needs TCG");
        }
        return kvmObstacle().map(why -> new Choice(TCG, why)).orElseGet(() -> new Choice(KVM, "KVM is usable"));
    }

    /// Why KVM cannot be expected to work here, or empty. A device that opens is not enough: where the processor
    /// shows neither vmx nor svm, a Linux guest hangs under KVM.
    public static Optional<String> kvmObstacle() {
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            boolean capable = lines.filter(line -> line.startsWith("flags")).limit(1).flatMap(line -> Stream.of(line
              .split("\\s+", -1))).anyMatch(flag -> flag.equals("vmx") || flag.equals("svm"));
            if (!capable) {
                return Optional.of("the processor shows neither vmx nor svm");
            }
        } catch (IOException | java.io.UncheckedIOException e) {
            return Optional.of("cannot read " + CPU_INFO);
        }
        return kvmDeviceProblem();
    }

    /// Why KVM's device cannot be used, or empty. That it opens does not mean that KVM works for every guest, see
    /// [#kvmObstacle].
    public static Optional<String> kvmDeviceProblem() {
        try (FileChannel device = FileChannel.open(KVM_DEVICE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return device.isOpen() ? Optional.empty() : Optional.of(KVM_DEVICE + " does not open");
        } catch (IOException e) {
            return Optional.of(KVM_DEVICE + " does not open");
        }
    }
}
