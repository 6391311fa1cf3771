package dev.freezeframe.cli.run;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.outside.MovedFile;
import dev.freezeframe.restore.OutsideWishes;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Option;

/// The options about what a restored machine has outside its guest, alike for all commands that restore, and the lines about
/// what it has under another name.
final class OutsideOptions {
    @Option(names = "--with", paramLabel = "NAME=FILE", description = "Take a recorded file from elsewhere: disk1 for a read-only disk, cdrom or an id for one that an argument names, kernel, initrd, firmware. Its content has to be the recorded one. May be given several times.")
    private Map<String, Path> files = new LinkedHashMap<>();

    @Option(names = "--without", paramLabel = "ARGUMENT", description = "Leave out what an argument of the profile has outside the guest: such as hostfwd, serial, gdb, s, vnc, pidfile or D, or an id. May be given several times.")
    private Set<String> without = new LinkedHashSet<>();

    @Option(names = "--keep", paramLabel = "ARGUMENT", description = "Let an argument have the file or socket that it names, although that may be another machine's; it is overwritten. May be given several times.")
    private Set<String> kept = new LinkedHashSet<>();

    @Option(names = "--accept-changed-media", description = "Restore also when the file of a read-only disk or CD is not the recorded one any more.")
    private boolean acceptChangedMedia;

    OutsideWishes wishes() {
        return new OutsideWishes(files, without, kept, acceptChangedMedia);
    }

    /// Those that concern a machine that is booted anew.
    Set<String> without() {
        return without;
    }

    Set<String> kept() {
        return kept;
    }

    /// Whether there is one that concerns restored machines only.
    boolean hasRestoresOnly() {
        return !files.isEmpty() || acceptChangedMedia;
    }

    /// What a person is told about files that are not where the profile says.
    static List<String> lines(Machine machine) {
        return machine.movedFiles().stream().map(MovedFile::describe).toList();
    }
}
