package dev.freezeframe.ui.library;

import dev.freezeframe.ui.task.Steps;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/// Writes a text file that is there wholly or not at all. A new file is its owner's only; one that is replaced keeps who may
/// read it, and is replaced only where that was asked for.
public final class LibraryFile {
    private static final int LONGEST_NAME = 120;

    private LibraryFile() {}

    /// Something that is written into a file.
    @FunctionalInterface
    public interface Content {
        /// Writes it.
        void writeTo(Writer out) throws IOException;
    }

    /// Writes a file.
    ///
    /// @param replace whether a file that is there may go
    /// @throws IOException with one line for the user
    public static void write(Path file, boolean replace, Content content) throws IOException {
        Path target = file.toAbsolutePath();
        Path part = null;
        try {
            if (Files.exists(target) && !replace) {
                throw new FileAlreadyExistsException(target.toString());
            }
            // made for its owner only, in the same file system, so that it can take the name in one step
            part = Files.createTempFile(target.getParent(), ".freezeframe-", ".part");
            try (Writer out = Files.newBufferedWriter(part)) {
                content.writeTo(out);
            }
            if (Files.isRegularFile(target)) {
                Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(target);
                Files.setPosixFilePermissions(part, permissions);
            }
            move(part, target);
            part = null;
        } catch (FileAlreadyExistsException e) {
            throw new IOException(target + " exists and was not replaced; choose another name", e);
        } catch (FileSystemException e) {
            throw new IOException(target + " could not be written: " + (e.getReason() == null
                    ? e.getClass().getSimpleName()
                    : e.getReason()) + "; choose another folder", e);
        } finally {
            if (part != null) {
                Files.deleteIfExists(part);
            }
        }
    }

    private static void move(Path part, Path target) throws IOException {
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /// The name of a CSV file for an experiment, whatever letters its name has.
    static String nameFor(String experimentName) {
        return nameFor(experimentName, ".csv");
    }

    /// The same with another ending.
    public static String nameFor(String experimentName, String ending) {
        String name = experimentName.replaceAll("[^\\p{L}\\p{N}._-]", "_").replaceFirst("^\\.+", "_");
        return (name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name) + ending;
    }

    /// Tells how far writing has come, every so many lines.
    static void step(Steps steps, String what, int done, int total) {
        if (done % 500 == 0) {
            steps.at(what, done, total);
        }
    }
}
