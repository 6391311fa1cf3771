package dev.freezeframe.bundle;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.outside.BootFile;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Tells what a machine that a stranger has recorded could reach of this computer: files, programs, devices, networks. What
/// is not known to be harmless counts as reaching out.
///
/// QEMU runs as the user, and its arguments name files to read and write; without this, a bundle could have a guest send
/// the user's files away.
final class MachineReach {
    /// Options that stand alone and concern the guest only.
    private static final Set<String> FLAGS = Set.of("no-shutdown", "no-reboot", "no-acpi", "no-hpet", "no-fd-bootchk",
            "only-migratable", "nodefaults", "no-user-config", "usb");
    /// Options that concern the guest only, where their value does.
    private static final Set<String> OPTIONS = Set.of("cpu", "icount", "seed", "rtc", "uuid", "name", "boot", "global",
            "device");
    /// No slash, no quote, no brace: neither a path nor JSON.
    private static final Pattern HARMLESS_VALUE = Pattern.compile("[A-Za-z0-9_.,=+:-]*");
    /// Words in a setting's name that stand for something outside the guest.
    private static final Pattern OUTSIDE_KEY = Pattern.compile(
            "(?i).*(file|path|fd|host|splash|script|cmd|exec|chardev|netdev|drive|audiodev|sysfs|dump|dtb|log).*");
    /// Devices that are not emulated, or that read files.
    private static final Pattern OUTSIDE_DEVICE = Pattern.compile(
            "(?i).*(host|pass|vfio|vhost|loader|pvpanic-ext|u2f-emu|ccid|mtp|smartcard|tpm|generic|block).*");
    /// The types of x86 machines that QEMU emulates itself, of whatever version and distribution. Others talk to a hypervisor
    /// or to another process.
    private static final Pattern MACHINE = Pattern.compile(
            "(pc|q35|isapc|microvm|pc-i440fx-[A-Za-z0-9_.-]+|pc-q35-[A-Za-z0-9_.-]+)(,[a-z0-9_.-]+=[A-Za-z0-9_.-]*)*");

    private MachineReach() {}

    /// What the machine reaches, one line each; empty if it keeps to itself.
    static List<String> of(MachineSpec spec) {
        List<String> reached = new ArrayList<>();
        Profile profile = spec.profile();
        List<String> arguments = profile.arguments();
        for (int i = 0; i < arguments.size(); i++) {
            String option = arguments.get(i).replaceFirst("^--?", "");
            boolean hasValue = !FLAGS.contains(option) && i + 1 < arguments.size() && !arguments.get(i + 1).startsWith(
                    "-");
            String value = hasValue ? arguments.get(++i) : "";
            if (!isHarmless(option, hasValue, value)) {
                reached.add(("-" + option + " " + value).strip());
            }
        }
        for (String machine : List.of(profile.machine(), spec.machineType().orElse(""))) {
            if (!machine.isEmpty() && (!MACHINE.matcher(machine).matches() || keys(machine).stream().anyMatch(
                    key -> OUTSIDE_KEY.matcher(key).matches()))) {
                reached.add("-machine " + machine);
            }
        }
        for (Disk disk : profile.disks()) {
            if (disk.readOnly()) {
                reached.add("the disk image " + disk.file());
            }
        }
        namesUnhashed(spec, "firmware", profile.firmware()).ifPresent(reached::add);
        namesUnhashed(spec, "kernel", profile.kernel()).ifPresent(reached::add);
        namesUnhashed(spec, "initrd", profile.initrd()).ifPresent(reached::add);
        return reached.stream().map(ShownText::marked).toList();
    }

    /// A file whose hash is recorded is opened only if it has that; another could be any file of the user's.
    private static Optional<String> namesUnhashed(MachineSpec spec, String role, Optional<Path> path) {
        return path.filter(file -> spec.bootFiles().stream().noneMatch(each -> isThat(each, role, file))).map(
                file -> "the " + role + " " + file + ", whatever is in it");
    }

    private static boolean isThat(BootFile recorded, String role, Path file) {
        return recorded.role().equals(role) && recorded.path().equals(file);
    }

    private static boolean isHarmless(String option, boolean hasValue, String value) {
        if (!hasValue) {
            return FLAGS.contains(option);
        }
        if (!OPTIONS.contains(option) || !HARMLESS_VALUE.matcher(value).matches()) {
            return false;
        }
        if (option.equals("device")) {
            String driver = value.replaceFirst(",.*", "").replaceFirst("^driver=", "");
            if (OUTSIDE_DEVICE.matcher(driver).matches() || value.contains(",driver=")) {
                return false;
            }
        }
        return keys(value).stream().noneMatch(key -> OUTSIDE_KEY.matcher(key).matches());
    }

    private static List<String> keys(String value) {
        List<String> keys = new ArrayList<>();
        for (String part : value.split(",", -1)) {
            keys.add(part.replaceFirst("=.*", ""));
        }
        return keys.subList(keys.getFirst().contains("=") ? 0 : Math.min(1, keys.size()), keys.size());
    }
}
