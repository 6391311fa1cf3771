package dev.freezeframe.machine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// QEMU's command lines as people read and copy them: quoted for a shell, an option a line; and as they would be, before
/// any QEMU is started.
public final class CommandLine {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");
    /// Those of the programs before QEMU have two dashes.
    private static final Pattern OPTION = Pattern.compile("-[A-Za-z][A-Za-z0-9-]*");
    private static final Path FOLDER = Path.of("/run/freezeframe");

    private CommandLine() {}

    /// The arguments that a machine of this profile would be started with; files and sockets that exist only while a machine
    /// runs have names that tell what they are.
    public static List<String> preview(Profile profile) {
        MachineSpec spec = MachineSpec.of(profile);
        return QemuArguments.of(spec, Executables.find(spec.qemuBinary()).orElse(spec.qemuBinary()), profile
                .accelerator().resolve(profile.arguments()).accelerator(), FOLDER.resolve("memory"), true, false,
                socket("qmp"), socket("capture"), profile.display().equals("none")
                        ? Optional.empty()
                        : Optional.of(
                                socket("watch")),
                profile.disks().stream().allMatch(Disk::readOnly) ? Optional.empty() : Optional.of(socket("disks")),
                socket("console"), Optional.empty(), overlays(spec), profile.bootSector().map(_ -> FOLDER.resolve(
                        "boot-sector")));
    }

    private static Map<String, Path> overlays(MachineSpec spec) {
        return spec.profile().disks().stream().filter(spec::discardsWrites).collect(Collectors.toMap(Disk::id,
                disk -> FOLDER.resolve(disk.id() + "-writes")));
    }

    private static QemuArguments.Socket socket(String name) {
        return new QemuArguments.Socket(FOLDER.resolve(name), false);
    }

    /// One argument, so that a shell takes it as it is.
    public static String quoted(String argument) {
        return PLAIN.matcher(argument).matches() ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }

    /// The whole line for a shell, broken before every option of QEMU.
    public static String text(List<String> arguments) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String argument : arguments) {
            if (!line.isEmpty() && OPTION.matcher(argument).matches()) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(quoted(argument));
        }
        lines.add(line.toString());
        return String.join(" \\\n  ", lines);
    }
}
