package dev.freezeframe.store.catalog;

import dev.freezeframe.base.FullDisk;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Set;
import org.h2.api.ErrorCode;

/// What H2's errors mean, in one line for the user: what failed, why, and what to do.
public final class StoreFaults {
    /// H2's own error codes that tell of something else than damage.
    private static final Set<Integer> NOT_DAMAGE = Set.of(ErrorCode.DATABASE_IS_CLOSED, ErrorCode.IO_EXCEPTION_1,
            ErrorCode.IO_EXCEPTION_2, ErrorCode.OUT_OF_MEMORY, ErrorCode.OBJECT_CLOSED, ErrorCode.CONNECTION_BROKEN_1,
            ErrorCode.REFERENTIAL_INTEGRITY_VIOLATED_PARENT_MISSING_1, ErrorCode.LOCK_TIMEOUT_1);

    private StoreFaults() {}

    /// Refuses a folder whose path H2 would cut: what is behind a semicolon is a setting to it.
    public static void requireNoSemicolon(Path folder) throws StoreException {
        if (folder.toString().indexOf(';') >= 0) {
            throw new StoreException(Reason.REFUSED,
                    "store path " + folder + " contains a semicolon, which H2 cannot take; choose another --store");
        }
    }

    /// The error of work that was to be done; `what` goes behind "cannot".
    static StoreException explained(String what, SQLException e) {
        if (FullDisk.isCauseOf(e)) {
            return new StoreException(Reason.DISK_FULL, "cannot " + what
                    + ": the file system of the store takes no more; free some space, nothing stored is lost", e);
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            // H2 calls that a failure to read, and tries its other way of opening a file before it says so
            if (cause instanceof EOFException) {
                return damaged(what, "it ends too early", e);
            }
        }
        String why = e.getMessage() == null
                ? e.toString()
                : e.getMessage().lines().findFirst().orElse("")
                        .replace(OwnedFiles.SCHEME + ":" + StoreFile.FILE_SYSTEM, ""); // no part of a path that the user knows
        String brief = why.length() > 200 ? why.substring(0, 200) + "…" : why;
        return switch (e.getErrorCode()) {
            case ErrorCode.DUPLICATE_KEY_1 ->
                new StoreException(Reason.REFUSED, "cannot " + what + ": the name or number is taken", e);
            case ErrorCode.DATABASE_ALREADY_OPEN_1 -> new StoreException(Reason.IN_USE, "cannot " + what
                    + ": its H2 file is locked; close the program that reads it, or start Freezeframe anew if opening it failed just now",
                    e);
            case ErrorCode.FILE_CORRUPTED_1, ErrorCode.GENERAL_ERROR_1, ErrorCode.DATA_CONVERSION_ERROR_1,
                    ErrorCode.SERIALIZATION_FAILED_1, ErrorCode.DESERIALIZATION_FAILED_1 ->
                damaged(what, brief, e);
            // our SQL is right, so a syntax error or a missing column means that H2 reads a damaged catalog
            default -> e.getSQLState() != null && (e.getSQLState().startsWith("42") || e.getSQLState().startsWith("90"))
                    && !NOT_DAMAGE.contains(e.getErrorCode())
                            ? damaged(what, brief, e)
                            : new StoreException(Reason.FAILED, "cannot " + what + ": " + brief, e);
        };
    }

    private static StoreException damaged(String what, String brief, SQLException e) {
        return new StoreException(Reason.DAMAGED, "cannot " + what + ": its H2 file is damaged (" + brief
                + "); put a backup in its place, or let H2's tool org.h2.tools.Recover write out what it can read", e);
    }

    /// The error of a folder or file that cannot be used; never a program's name for it.
    public static StoreException cannotOpen(Path directory, IOException e) {
        if (e instanceof StoreException known) {
            return known.getMessage().startsWith("store ")
                    ? known
                    : new StoreException(known.reason(), "store " + directory + " cannot be opened: " + known
                            .getMessage().replaceFirst("^cannot open: ", ""), known);
        }
        String why = e instanceof FileSystemException named && named.getReason() != null
                ? named.getReason()
                : String.valueOf(e.getMessage());
        Path nearest = nearestThere(directory);
        boolean refused = e instanceof AccessDeniedException || e instanceof NoSuchFileException || why.contains(
                "Permission denied");
        if (refused && !nearest.equals(directory.toAbsolutePath())) {
            return new StoreException(Reason.FAILED, "store " + directory + " cannot be opened: " + nearest
                    + " is no folder that you may write; change its permissions, or choose another --store", e);
        }
        if (e instanceof AccessDeniedException || why.contains("Permission denied")) {
            return new StoreException(Reason.FAILED, "store " + directory + " is not yours to read and write" + owner(
                    directory) + "; work as that user, or choose another --store", e);
        }
        if (why.contains("Read-only file system")) {
            return new StoreException(Reason.FAILED, "store " + directory
                    + " is on a file system that cannot be written, and a store that is open is written to;"
                    + " copy the folder to a disk of your own and name the copy with --store", e);
        }
        if (e instanceof FileAlreadyExistsException) {
            return new StoreException(Reason.FAILED, "store " + directory
                    + " is a file, and a store is a folder; choose another --store", e);
        }
        return new StoreException(Reason.FAILED, "store " + directory + " cannot be opened: " + why
                + "; check its folder, or choose another --store", e);
    }

    /// The store's folder, or of those that it would be in the nearest that is to be seen.
    private static Path nearestThere(Path directory) {
        Path nearest = directory.toAbsolutePath();
        while (!Files.exists(nearest) && nearest.getParent() != null) {
            nearest = nearest.getParent();
        }
        return nearest;
    }

    private static String owner(Path directory) {
        try {
            return ": it belongs to " + Files.getOwner(directory).getName();
        } catch (IOException | RuntimeException e) {
            return "";
        }
    }
}
