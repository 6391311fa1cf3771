package dev.freezeframe.qemu.profile;

import java.nio.file.Path;
import java.util.Optional;

/// A profile file that was found, usable or not, so that a list can show both.
///
/// @param profile empty where the file is refused
/// @param problem why it is refused, one line; empty where it is not
/// @param own whether it is in the user's own folder rather than in the program's
public record ProfileEntry(String name, Path file, Optional<Profile> profile, Optional<String> problem, boolean own) {}
