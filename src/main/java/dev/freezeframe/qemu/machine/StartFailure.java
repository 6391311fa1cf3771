package dev.freezeframe.qemu.machine;

import dev.freezeframe.base.ShellText;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.program.TextTail;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Says why a QEMU did not start: in one line, with QEMU's reason, the field of the profile that is wrong, and what to write
/// there. QEMU knows nothing of profiles, and speaks of options that the profile's author has never seen.
final class StartFailure {
    /// raw_apply_lock_bytes and raw_check_lock_bytes in block/file-posix.c.
    private static final Pattern LOCKED_IMAGE = Pattern.compile("Is another process using the image \\[(.*)]\\?");
    /// qdev_device_add in softmmu/qdev-monitor.c, for a disk or for the adapter of the SCSI disks.
    private static final Pattern NO_BUS = Pattern.compile(
            "-device [^\n]*\\bid=(disk\\d+|ff-scsi)\\b[^\n]*: No '(\\w+)' bus found");
    private static final Pattern IMAGE = Pattern.compile("-blockdev [^\n]*\"node-name\":\"(disk\\d+)[-\"]");

    /// What a field can be wrong about.
    ///
    /// @param words QEMU's
    private record Cause(Pattern words, String field, String remedy) {
        Cause(String words, String field, String remedy) {
            this(Pattern.compile(words), field, remedy);
        }
    }

    private static final List<Cause> CAUSES = List.of(
            new Cause("unsupported machine type", "machine",
                    "write a type that qemu-system-x86_64 -machine help lists, such as \"pc\" or \"q35\""),
            new Cause("Property '[^']*-machine\\.", "machine", "take that option of the machine type out"),
            new Cause("unknown vga type|no VGA|VGA not available|VGA requested but", "display",
                    "write \"none\", or another value of QEMU's -vga"),
            new Cause("SMP CPUs|maxcpus|number of cpus", "cpus", "write a smaller number"),
            new Cause("could not load PC BIOS|[Ff]irmware", "firmware",
                    "name one whole image, whose length is a multiple of 64 KiB; of a UEFI that is split in code and variables"
                            + " (OVMF_CODE.fd, OVMF_VARS.fd) the one that has both, which Debian has as /usr/share/ovmf/OVMF.fd"),
            new Cause(
                    "kernel header|kernel file|kernel too old|could not (?:open|load) kernel|error reading (?:kernel|initrd)",
                    "kernel", "name a Linux kernel for x86, such as /boot/vmlinuz"),
            new Cause("initrd", "initrd", "name an initramfs that fits into the guest's memory"),
            new Cause("-accel |KVM|kvm", "accelerator", "write \"auto\" or \"tcg\""),
            new Cause("cannot set up guest memory|[Aa]vailable memory|RAM size", "memory", "write less"));

    private StartFailure() {}

    /// @param status how QEMU ended, if it has
    /// @param log    all that it wrote
    /// @param why    what was seen from outside
    /// @param otherwise what to do where the profile's arguments are at fault
    static MachineException of(MachineSpec spec, Optional<ExitStatus> status, String log, String why,
            String otherwise) {
        Profile profile = spec.profile();
        Matcher locked = LOCKED_IMAGE.matcher(log);
        if (locked.find()) {
            return new MachineException("the disk image " + locked.group(1)
                    + " is in use by another machine or program,"
                    + " which writes it or must be its only user; end that one, or set writes to \"discard\" in both");
        }
        Matcher bus = NO_BUS.matcher(log);
        if (bus.find()) {
            return new MachineException(noBus(profile, bus.group(1), bus.group(2)));
        }
        if (profile.bootSector().isPresent() && log.contains("does not support if=floppy")) {
            return new MachineException("the machine type " + type(profile) + " of profile "
                    + profile.name()
                    + " has no floppy drive, from which its bootSector is started; set machine to \"pc\""
                    + " or \"q35\"");
        }
        String words = TextTail.lastWords(log);
        return new MachineException("QEMU did not start for profile " + profile.name() + ": " + status.map(
                ended -> "it " + ended.describe()).orElse(why) + (words.isEmpty() ? "" : ": " + words) + "; " + remedy(
                        profile, log, words, otherwise));
    }

    private static String noBus(Profile profile, String device, String bus) {
        Optional<Disk> disk = profile.disks().stream().filter(each -> device.equals("ff-scsi")
                ? each.diskInterface() == Disk.Interface.SCSI
                : each.id().equals(device)).findFirst();
        String type = type(profile);
        return "the machine type " + type + " of profile " + profile.name() + " has no " + bus + " bus, which "
                + disk.map(each -> each.id() + " with its interface " + each.diskInterface().text()).orElse(device)
                + " needs; " + (bus.equals("PCI")
                        ? "set machine to \"pc\" or \"q35\"" + (type.equals("microvm")
                                ? ", or to \"microvm,pcie=on\""
                                : "")
                        : "set the disk's interface to \"virtio\"");
    }

    private static String type(Profile profile) {
        return profile.machine().replaceFirst(",.*", "");
    }

    private static String remedy(Profile profile, String log, String words, String otherwise) {
        Matcher image = IMAGE.matcher(log);
        if (image.find()) {
            Optional<Disk> disk = profile.disks().stream().filter(each -> each.id().equals(image.group(1)))
                    .findFirst();
            if (disk.isPresent()) {
                return "QEMU cannot use the image of " + disk.get().id() + "; look at it: qemu-img check " + ShellText
                        .quoted(disk.get().file().toString());
            }
        }
        // what an argument of the profile's own says is that argument's fault
        Optional<Cause> cause = profile.arguments().stream().anyMatch(each -> each.length() > 1 && words.contains(each))
                ? Optional.empty()
                : CAUSES.stream().filter(each -> each.words.matcher(words).find()).findFirst();
        return cause.map(each -> "correct the profile's field " + each.field + ": " + each.remedy).orElse(
                profile.arguments().isEmpty()
                        ? "correct what it names in the profile"
                        : otherwise);
    }
}
