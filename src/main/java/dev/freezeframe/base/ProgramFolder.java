package dev.freezeframe.base;

import java.nio.file.Path;

/// Where this program is with what belongs to it: a checkout, or the folder that it is installed in. The start script says so by the
/// system property `freezeframe.home`; without it, it is the working folder.
public final class ProgramFolder {
    private ProgramFolder() {}

    /// As an absolute path.
    public static Path path() {
        return Path.of(System.getProperty("freezeframe.home", "")).toAbsolutePath();
    }
}
