package dev.freezeframe.qemu.profile;

import dev.freezeframe.qemu.image.Guest;
import java.nio.file.Path;

/// Profiles whose user has a folder of his own for a test.
public final class ProfileFolders {
    private ProfileFolders() {}

    /// The program's profiles, and those of a user in this folder.
    public static Profiles of(Path userFolder) {
        return new Profiles(Path.of("qemu-profiles").toAbsolutePath(), userFolder, Guest.folder());
    }
}
