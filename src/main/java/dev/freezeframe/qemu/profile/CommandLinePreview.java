package dev.freezeframe.qemu.profile;

import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.program.Executables;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// QEMU's command lines as they would be, before any QEMU is started.
public final class CommandLinePreview {
    private static final Path FOLDER = Path.of("/run/freezeframe");

    private CommandLinePreview() {}

    /// The arguments that a machine of this profile would be started with; files and sockets that exist only while a machine
    /// runs have names that tell what they are.
    public static List<String> of(Profile profile) {
        MachineSpec spec = MachineSpec.of(profile);
        return QemuArguments.of(spec, Executables.find(spec.qemuBinary()).orElse(spec.qemuBinary()), profile
                .accelerator().resolve(profile).accelerator(), FOLDER.resolve("memory"), true, false,
                socket("qmp"), socket("capture"), profile.display().equals("none")
                        ? Optional.empty()
                        : Optional.of(
                                socket("watch")),
                spec.servesDisks() || profile.disks().stream().allMatch(Disk::readOnly)
                        ? Optional.empty()
                        : Optional.of(socket("disks")),
                socket("console"), Optional.empty(), overlays(spec), profile.bootSector().map(_ -> FOLDER.resolve(
                        "boot-sector")),
                profile.replay()
                        ? Optional.of(new ReplayLog(ReplayLog.Mode.RECORD, FOLDER.resolve("replay-log")))
                        : Optional.empty(),
                spec.servesDisks() ? Optional.of(FOLDER.resolve("served-disks")) : Optional.empty());
    }

    private static Map<String, Path> overlays(MachineSpec spec) {
        return spec.profile().disks().stream().filter(spec::discardsWrites).collect(Collectors.toMap(Disk::id,
                disk -> FOLDER.resolve(disk.id() + "-writes")));
    }

    private static QemuArguments.Socket socket(String name) {
        return new QemuArguments.Socket(FOLDER.resolve(name), false);
    }
}
