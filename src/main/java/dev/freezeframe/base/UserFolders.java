package dev.freezeframe.base;

import java.nio.file.Path;

/// Where this user's files of Freezeframe are, as the XDG base directory specification has it.
public final class UserFolders {
    private UserFolders() {}

    /// What the user wrote: profiles.
    public static Path configuration() {
        return xdg("XDG_CONFIG_HOME", ".config").resolve("freezeframe");
    }

    /// Where everything is that can be made anew.
    public static Path cache() {
        return xdg("XDG_CACHE_HOME", ".cache").resolve("freezeframe");
    }

    private static Path xdg(String variable, String inHome) {
        String value = System.getenv(variable);
        // a relative path is invalid and to be ignored
        return value != null && Path.of(value).isAbsolute()
                ? Path.of(value)
                : Path.of(System.getProperty("user.home"), inHome);
    }
}
