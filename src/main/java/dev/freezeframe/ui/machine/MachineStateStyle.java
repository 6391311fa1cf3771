package dev.freezeframe.ui.machine;

import dev.freezeframe.base.Units;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineDisk;
import dev.freezeframe.qemu.machine.MachineState;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// The state of a machine in one word and one style class.
enum MachineStateStyle {
    STARTING("starting…", "starting"), RUNNING("running", "running"), RECORDING("recording", "recording"), PAUSED(
            "paused", "paused"), SUSPENDED("asleep", "paused"), OFF("powered off", "off"), PANICKED("panicked",
                    "failed"), FAULTY("stopped by an error", "failed"), ENDING("ending…", "off"), ENDED("ended",
                            "off"), FAILED("failed", "failed");

    private final String words;
    private final String styleClass;

    MachineStateStyle(String words, String styleClass) {
        this.words = words;
        this.styleClass = styleClass;
    }

    static MachineStateStyle of(MachineModel machine) {
        MachineState state = machine.stateProperty().get();
        if (machine.endingProperty().get()) {
            return ENDING;
        }
        if (state == null) {
            return STARTING;
        }
        return switch (state) {
            case RUNNING -> machine.recordingProperty().get() == null ? RUNNING : RECORDING;
            case PAUSED -> PAUSED;
            case SUSPENDED -> SUSPENDED;
            case SHUT_DOWN -> OFF;
            case PANICKED -> PANICKED;
            case FAULTY -> FAULTY;
            case ENDED -> machine.problemProperty().get().isEmpty() ? ENDED : FAILED;
        };
    }

    /// What a person calls it.
    String words() {
        return words;
    }

    /// The class of its dot in the style sheet.
    String styleClass() {
        return styleClass;
    }

    /// Such as `TCG`.
    static String accelerator(Machine qemu) {
        return qemu.accelerator().text().toUpperCase(Locale.ROOT);
    }

    /// Accelerator, memory, disks and uptime, as far as they are known.
    static String details(MachineModel machine) {
        Machine qemu = machine.machineProperty().get();
        if (qemu == null) {
            return of(machine).words();
        }
        MachineStateStyle look = of(machine);
        if (look == FAULTY && !qemu.stateDetail().isEmpty()) {
            return look.words() + ": " + qemu.stateDetail();
        }
        String words = look == RUNNING ? "" : look.words() + " · ";
        return words + accelerator(qemu) + " · " + Units.bytes(qemu.ramBytes()) + " · " + (qemu.disks()
                .isEmpty() ? "" : disks(qemu) + " · ") + uptime(machine.uptime());
    }

    /// The disks in few words, such as `disk 64.0 MiB` or `2 disks 2.06 GiB`; empty without any that the guest can write.
    static String disks(Machine qemu) {
        List<MachineDisk> disks = qemu.disks();
        String size = Units.bytes(disks.stream().mapToLong(MachineDisk::sizeBytes).sum());
        return disks.isEmpty() ? "" : (disks.size() == 1 ? "disk " : disks.size() + " disks ") + size;
    }

    /// Whether what the guest wrote to a disk goes with the machine.
    static boolean losesWrites(MachineModel machine) {
        Machine qemu = machine.machineProperty().get();
        return qemu != null && qemu.spec().profile().disks().stream().anyMatch(disk -> !disk.readOnly() && (machine
                .origin().isPresent() || disk.writes() == Disk.Writes.DISCARD));
    }

    /// A line for each disk: size, what the guest sees, the image, and where writes go; empty without disks.
    static String aboutDisks(MachineModel machine) {
        Machine qemu = machine.machineProperty().get();
        return qemu == null
                ? ""
                : qemu.spec().profile().disks().stream().map(disk -> about(disk, qemu, machine)).collect(Collectors
                        .joining("\n"));
    }

    private static String about(Disk disk, Machine qemu, MachineModel machine) {
        String size = qemu.disks().stream().filter(each -> each.id().equals(disk.id())).findFirst().map(
                each -> Units.bytes(each.sizeBytes()) + " · ").orElse("");
        boolean restored = machine.origin().isPresent() && !disk.readOnly();
        String image = restored
                ? "from " + machine.origin().get().name() + " · writes go with the machine"
                : disk.file() + " (" + disk.format().text() + ") · " + (disk.readOnly()
                        ? "read-only, in no checkpoint"
                        : switch (disk.writes()) {
                            case DISCARD -> "writes go with the machine";
                            case KEEP -> "writes go into the image";
                        });
        return disk.id() + " · " + size + disk.diskInterface().text() + " · " + image;
    }

    /// Whole seconds, so that figures do not flicker.
    static String uptime(Duration uptime) {
        long seconds = uptime.toSeconds();
        return seconds < 100 ? seconds + " s" : Units.duration(uptime);
    }
}
