package dev.freezeframe.qemu.profile;

import java.util.List;
import java.util.Optional;

/// A field of a profile file, with what a form needs to ask for it. [#ALL] is what the reader takes, no more and no less;
/// a test keeps it so.
///
/// @param name the field's name in the JSON
/// @param kind what is written there
/// @param title a label, in sentence case
/// @param help what it does and what may be written, one or two sentences
/// @param defaultText what holds where it is left out, as it would be written; empty for nothing
/// @param required whether the file must have it
/// @param choices what may be written, where that is a short list; otherwise empty. A choice may be one of [Kind#TEXT], where
///     other values are possible as well
public record ProfileField(String name, Kind kind, String title, String help, String defaultText, boolean required,
        List<String> choices) {

    /// What is written in a field.
    public enum Kind {
        /// A string on one line.
        TEXT,
        /// A string with a number and its unit, such as `256 MiB`.
        SIZE,
        /// A number without a unit.
        COUNT,
        /// A string that is one of the choices.
        CHOICE,
        /// `true` or `false`.
        SWITCH,
        /// A string with the path of a file; placeholders and `~/` are allowed.
        FILE,
        /// An array of strings.
        TEXT_LIST,
        /// An array of objects with the fields of a [dev.freezeframe.qemu.image.Disk].
        DISKS
    }

    /// All fields, in the order of a form.
    public static final List<ProfileField> ALL = List.of(
            required("memory", Kind.SIZE, "Memory",
                    "Guest RAM with its unit, such as 256 MiB or 2 GiB: 1 MiB to 1 TiB, a multiple of 8 KiB."),
            optional("description", Kind.TEXT, "Description", "One line for lists.", ""),
            optional("cpus", Kind.COUNT, "Processors", "Number of virtual processors, 1 to 255.", "1"),
            optional("machine", Kind.TEXT, "Machine type",
                    "QEMU's machine type, with its options behind commas, such as q35,hpet=off. The versioned type behind an"
                            + " alias is recorded.",
                    "pc", "pc", "q35"),
            optional("accelerator", Kind.CHOICE, "Accelerator",
                    "What executes the guest: kvm, tcg (slower, everywhere), or auto for KVM where it is usable.", "auto",
                    "auto", "kvm", "tcg"),
            optional("firmware", Kind.FILE, "Firmware", "A firmware image (-bios) instead of QEMU's own.", ""),
            optional("kernel", Kind.FILE, "Kernel", "A Linux kernel to boot (-kernel). ${guest} is the folder of the"
                    + " demo guest, ${profile} that of this file.", ""),
            optional("initrd", Kind.FILE, "Initial RAM disk", "The kernel's initramfs (-initrd); needs a kernel.", ""),
            optional("append", Kind.TEXT, "Kernel command line", "Arguments for the kernel (-append); needs a kernel.",
                    ""),
            optional("bootSector", Kind.CHOICE, "Boot sector",
                    "A built-in 512-byte guest, for tests: rounds writes known pages, disk-records also writes what it does to"
                            + " every disk, disk-writes does so in rounds of 16 blocks. Not with a kernel; needs 4 MiB.",
                    "", BootProgram.names().toArray(String[]::new)),
            optional("disks", Kind.DISKS, "Disks",
                    "Disk images. What the guest writes is discarded with the machine, the image stays as it is; keep writes"
                            + " into the image.",
                    ""),
            optional("display", Kind.TEXT, "Graphics card",
                    "A value of QEMU's -vga. A card makes the guest's screen visible, and each checkpoint's pause some"
                            + " milliseconds longer.",
                    "none", "none", "std", "virtio", "qxl", "cirrus", "vmware"),
            optional("replay", Kind.SWITCH, "Replay",
                    "Whether the run can be executed again, instruction by instruction, for freezeframe simulate. The guest has"
                            + " one processor and a clock of its own, and is two to three times as slow.",
                    "", "true", "false"),
            optional("arguments", Kind.TEXT_LIST, "More QEMU arguments",
                    "One string each, such as -cpu and max. What would break checkpoints is refused with the reason.", ""));

    public ProfileField {
        choices = List.copyOf(choices);
    }

    private static ProfileField required(String name, Kind kind, String title, String help) {
        return new ProfileField(name, kind, title, help, "", true, List.of());
    }

    private static ProfileField optional(String name, Kind kind, String title, String help, String defaultText,
            String... choices) {
        return new ProfileField(name, kind, title, help, defaultText, false, List.of(choices));
    }

    /// The field of this name, if there is one.
    public static Optional<ProfileField> named(String name) {
        return ALL.stream().filter(field -> field.name.equals(name)).findFirst();
    }
}
