package dev.freezeframe.restore;

import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.program.MachineException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/// What a restored machine is to have outside its guest otherwise than it was recorded. A value.
///
/// @param files              other places of recorded files, by their roles such as `disk1` or `cdrom`; the content is to be the
///                           recorded one
/// @param without            arguments to leave out, such as `hostfwd`
/// @param kept               arguments whose files are used as they are named, whoever else has them
/// @param acceptChangedMedia restore also when a file that the guest only reads is not the recorded one
public record OutsideWishes(Map<String, Path> files, Set<String> without, Set<String> kept,
        boolean acceptChangedMedia) {
    /// Everything as recorded.
    public static final OutsideWishes NONE = new OutsideWishes(Map.of(), Set.of(), Set.of(), false);

    public OutsideWishes {
        files = Map.copyOf(files);
        without = Set.copyOf(without);
        kept = Set.copyOf(kept);
    }

    MachineSpec applyTo(MachineSpec recorded) throws MachineException {
        MachineSpec spec = recorded.withAcceptChangedMedia(acceptChangedMedia);
        for (Map.Entry<String, Path> each : files.entrySet()) {
            spec = spec.withFile(each.getKey(), each.getValue());
        }
        return spec.without(without).withKept(kept);
    }
}
