package dev.freezeframe.qemu.image;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.UserFolders;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.qemu.program.MachineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/// Where files without a name have their room: what guests write to throw-away disks, and what a checkpoint keeps of a disk
/// while it is read. The folder is the owner's only, and always empty to look at.
public final class ScratchFolder {
    /// What to do about a file system that is of no use.
    public static final String REMEDY = "set XDG_CACHE_HOME to a folder on another file system";

    /// With less than this a file system cannot be written to any more.
    private static final long FULL_BYTES = 1 << 20;

    private ScratchFolder() {}

    /// Whether the file system of the folder has no room left. Nobody else can tell why QEMU gave up a view that is kept there.
    public static boolean isFull() {
        Path folder = path();
        return Files.isDirectory(folder) && folder.toFile().getUsableSpace() < FULL_BYTES;
    }

    /// The folder that the system property `freezeframe.scratch` names, else `freezeframe/scratch` in the user's cache.
    public static Path path() {
        String named = System.getProperty("freezeframe.scratch", "");
        return named.isEmpty() ? UserFolders.OWN.cache().resolve("scratch") : Path.of(named).toAbsolutePath();
    }

    /// The folder, or the nearest one above it that is there; null where there is none.
    private static Path existing() {
        Path existing = path();
        while (existing != null && !Files.isDirectory(existing)) {
            existing = existing.getParent();
        }
        return existing;
    }

    /// Why the log of a run takes more room there than it needs, without making the folder; empty where it does not, and where the
    /// folder cannot be used at all.
    public static Optional<String> logProblem() {
        Path existing = existing();
        if (existing == null) {
            return Optional.empty();
        }
        try (UnnamedFile file = UnnamedFile.create(existing)) {
            file.resize(2 * GuestPage.BYTES);
            return file.discard(0, GuestPage.BYTES)
                    ? Optional.empty()
                    : Optional.of("the file system of " + path() + " cannot give back the middle of a file");
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// Why the folder cannot be used, as far as can be told without making it; empty where it can.
    public static Optional<String> problem() {
        Path existing = existing();
        if (existing == null || !Files.isWritable(existing)) {
            return Optional.of("the folder " + path() + " cannot be written");
        }
        try {
            UnnamedFile.create(existing).close();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(e.getMessage());
        }
    }

    /// Refuses what would fill the file system of the folder.
    ///
    /// @param what  is to be kept there, the beginning of a sentence
    /// @param bytes it takes
    /// @throws MachineException one line for the user
    public static void requireRoom(String what, long bytes) throws MachineException {
        Path existing = existing();
        long free = existing == null ? 0 : existing.toFile().getUsableSpace();
        if (free - FULL_BYTES < bytes) {
            throw new MachineException(what + " needs " + (bytes >> 20) + " MiB in " + path()
                    + ", whose file system has " + (free >> 20)
                    + " MiB left; free some there, or set XDG_CACHE_HOME to a"
                    + " folder on another file system");
        }
    }

    private static MachineException unusable(UnnamedFile.NotForOthers e) {
        return new MachineException("no room for what the guest writes to its disks: " + e.getMessage() + "; " + REMEDY,
                e);
    }

    /// A new empty file without a name, in a folder that is made where it is missing.
    ///
    /// @throws MachineException one line for the user
    public static UnnamedFile newFile() throws MachineException {
        Path folder = path();
        try {
            Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(
                    "rwx------")));
            return UnnamedFile.create(folder);
        } catch (UnnamedFile.NotForOthers e) {
            throw unusable(e);
        } catch (IOException e) {
            throw new MachineException("no room for what the guest writes to its disks: " + e.getMessage()
                    + "; make the folder " + folder + " writable, or set XDG_CACHE_HOME to another one", e);
        }
    }
}
