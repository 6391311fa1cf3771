package dev.freezeframe.base;

import java.nio.file.Path;
import java.util.function.UnaryOperator;

/// Where a user's files of Freezeframe are, as the XDG base directory specification has it.
///
/// @param environment looks up an environment variable, null where it is not set
public record UserFolders(UnaryOperator<String> environment) {
    /// Of the user of this process.
    public static final UserFolders OWN = new UserFolders(System::getenv);

    /// What the user wrote: profiles, and how the window is liked.
    public Path configuration() {
        return xdg("XDG_CONFIG_HOME", ".config");
    }

    /// Where everything is that can be made anew.
    public Path cache() {
        return xdg("XDG_CACHE_HOME", ".cache");
    }

    /// What was recorded: the store.
    public Path data() {
        return xdg("XDG_DATA_HOME", ".local/share");
    }

    /// What tells of the past and nobody misses: the log.
    public Path state() {
        return xdg("XDG_STATE_HOME", ".local/state");
    }

    private Path xdg(String variable, String inHome) {
        String value = environment.apply(variable);
        // a relative path is invalid and to be ignored
        Path base = value != null && Path.of(value).isAbsolute()
                ? Path.of(value)
                : Path.of(System.getProperty("user.home"), inHome);
        return base.resolve("freezeframe");
    }
}
