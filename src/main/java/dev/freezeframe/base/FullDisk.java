package dev.freezeframe.base;

import java.util.List;

/// Tells a file system that takes no more from other failures, for which Java has no type of its own.
public final class FullDisk {
    /// What the kernel says when a disk, a quota or a limit on file size is exhausted.
    private static final List<String> NO_ROOM = List.of("No space left", "Disk quota exceeded", "File too large");

    private FullDisk() {}

    /// Whether something failed because the file system is full.
    public static boolean isCauseOf(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = cause.getMessage();
            if (message != null && NO_ROOM.stream().anyMatch(message::contains)) {
                return true;
            }
        }
        return false;
    }
}
