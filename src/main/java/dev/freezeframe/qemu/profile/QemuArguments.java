package dev.freezeframe.qemu.profile;

import dev.freezeframe.qemu.image.DiskArguments;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The argument list of one QEMU, in an order that a person can read in `ps`. It has only what checkpointing needs and
/// the profile names.
public final class QemuArguments {
    /// A socket that QEMU is to use as a character device.
    ///
    /// @param listens whether QEMU listens there; else it calls us
    public record Socket(Path path, boolean listens) {}

    /// Its state, once loaded, has a timer that the original had not: a replay would wait for it for ever.
    private static final String WITHOUT_HPET = ",hpet=off";

    private final List<String> arguments = new ArrayList<>();

    private QemuArguments(Path binary) {
        arguments.add(binary.toString());
    }

    /// The whole command line, the program first.
    ///
    /// @param accelerator decided, not auto
    /// @param memory the file that holds guest RAM
    /// @param share whether the guest's writes reach the file
    /// @param overlays by the disk's id, the file for what the guest writes to its throw-away disks
    /// @param floppy the image to boot from
    /// @param replay the log of a run that can be replayed
    /// @param served the socket of a server that has all disks under their ids; none where QEMU opens their images itself
    public static List<String> of(MachineSpec spec, Path binary, Accelerator accelerator, Path memory, boolean share,
            boolean incoming, Socket qmp, Socket captureQmp, Optional<Socket> watchQmp, Optional<Socket> diskQmp,
            Socket console,
            Optional<Socket> extraQmp, Map<String, Path> overlays, Optional<Path> floppy, Optional<ReplayLog> replay,
            Optional<Path> served) {
        QemuArguments qemu = new QemuArguments(binary);
        Profile profile = spec.profile();
        long bytes = spec.memoryBytes();
        // Named threads: the dirty tracker and people who look tell the processors from the rest.
        qemu.add("-name", "freezeframe-" + profile.name() + ",debug-threads=on");
        qemu.add("-nodefaults", "-no-user-config");
        // What cannot be migrated cannot be checkpointed: QEMU itself then refuses the device, by name.
        qemu.add("-only-migratable");
        qemu.add("-machine", machine(spec) + (profile.replay() ? WITHOUT_HPET : "") + ",memory-backend=" + RamBlock.MAIN
                + ",suppress-vmdesc=on");
        qemu.add("-accel", accelerator.text());
        replay.ifPresent(log -> qemu.add("-icount", "shift=2,rr=" + log.mode().text() + ",rrfile=" + escape(log
                .file())));
        if (profile.replay()) {
            qemu.add("-rtc", "base=2020-01-01,clock=vm", "-seed", "1");
        }
        qemu.add("-m", "size=" + bytes / 1024 + "k", "-smp", Integer.toString(profile.cpus()));
        qemu.add("-object", "memory-backend-file,id=" + RamBlock.MAIN + ",size=" + bytes + ",mem-path=" + escape(memory)
                + ",share=" + (share ? "on" : "off"));
        qemu.add("-display", "none", "-vga", profile.display());
        // not -mon, which QEMU 11.1 warns about
        qemu.chardev("ff-qmp", qmp).add("-qmp", "chardev:ff-qmp");
        qemu.chardev("ff-qmp-capture", captureQmp).add("-qmp", "chardev:ff-qmp-capture");
        watchQmp.ifPresent(socket -> qemu.chardev("ff-qmp-watch", socket).add("-qmp", "chardev:ff-qmp-watch"));
        diskQmp.ifPresent(socket -> qemu.chardev("ff-qmp-disks", socket).add("-qmp", "chardev:ff-qmp-disks"));
        extraQmp.ifPresent(socket -> qemu.chardev("ff-qmp-extra", socket).add("-qmp", "chardev:ff-qmp-extra"));
        qemu.chardev("ff-console", console).add("-serial", "chardev:ff-console");
        profile.firmware().ifPresent(path -> qemu.add("-bios", path.toString()));
        profile.kernel().ifPresent(path -> qemu.add("-kernel", path.toString()));
        profile.initrd().ifPresent(path -> qemu.add("-initrd", path.toString()));
        String append = append(spec);
        if (profile.kernel().isPresent() && !append.isEmpty()) {
            qemu.add("-append", append);
        }
        floppy.ifPresent(path -> qemu.add("-drive", "if=floppy,format=raw,readonly=on,file=" + escape(path)));
        if (floppy.isPresent() && !profile.disks().isEmpty()) {
            qemu.add("-global", "isa-fdc.bootindexA=0");
        }
        qemu.arguments.addAll(served.isPresent()
                ? DiskArguments.logged(profile.disks(), served.get())
                : DiskArguments.of(profile.disks(), spec.diskBackings(), overlays));
        qemu.arguments.addAll(profile.arguments());
        if (profile.replay()) {
            qemu.logNetworks(profile.arguments());
        }
        qemu.add("-S");
        if (incoming) {
            qemu.add("-incoming", "defer");
        }
        return List.copyOf(qemu.arguments);
    }

    /// What comes by a network is in the log only behind a filter.
    private void logNetworks(List<String> profileArguments) {
        for (int i = 0; i + 1 < profileArguments.size(); i++) {
            if (!profileArguments.get(i).matches("--?netdev")) {
                continue;
            }
            for (String setting : profileArguments.get(i + 1).split(",", -1)) {
                if (setting.startsWith("id=")) {
                    String id = setting.substring("id=".length());
                    add("-object", "filter-replay,id=ff-replay-" + id + ",netdev=" + id);
                }
            }
        }
    }

    /// The versioned type of a record replaces the profile's alias, but not the options behind it.
    private static String machine(MachineSpec spec) {
        String named = spec.profile().machine();
        if (spec.machineType().isEmpty()) {
            return named;
        }
        int comma = named.indexOf(',');
        return spec.machineType().get() + (comma < 0 ? "" : named.substring(comma));
    }

    private static String append(MachineSpec spec) {
        return (spec.profile().append() + " " + String.join(" ", spec.kernelArguments())).strip();
    }

    private QemuArguments add(String... more) {
        arguments.addAll(List.of(more));
        return this;
    }

    private QemuArguments chardev(String id, Socket socket) {
        return add("-chardev", "socket,id=" + id + ",path=" + escape(socket.path) + (socket.listens
                ? ",server=on,wait=off"
                : ""));
    }

    /// QEMU's option syntax: a comma inside a value is doubled.
    private static String escape(Path path) {
        return path.toString().replace(",", ",,");
    }
}
