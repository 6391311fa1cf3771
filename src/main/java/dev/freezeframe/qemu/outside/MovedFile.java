package dev.freezeframe.qemu.outside;

import java.nio.file.Path;

/// A file or socket that a machine has under another name than its profile says, because the one of that name is another
/// machine's.
///
/// @param argument the argument that names it, by its `id` or its option
/// @param named what the profile says
/// @param used what this machine has
public record MovedFile(String argument, Path named, Path used) {
    /// For a person, in one line.
    public String describe() {
        return argument + " is at " + used + ", since " + named + " is not this machine's";
    }
}
