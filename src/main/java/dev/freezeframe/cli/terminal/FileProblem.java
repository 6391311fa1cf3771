package dev.freezeframe.cli.terminal;

import dev.freezeframe.base.ShownText;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/// What the JDK's exceptions about files say, in words: several of them carry a path and nothing else.
final class FileProblem {
    private FileProblem() {}

    /// The file and what is wrong with it, or empty where the exception is not about a file.
    static Optional<String> of(IOException failure) {
        return switch (failure) {
            case NoSuchFileException missing -> Optional.of(missing.getFile() + " does not exist");
            case AccessDeniedException denied -> Optional.of(denied.getFile() + ": permission denied");
            case FileAlreadyExistsException there -> Optional.of(there.getFile()
                    + " is there already and is no folder, or not to be replaced");
            case FileSystemException other when other.getMessage() != null -> Optional.of(other.getMessage());
            default -> Optional.empty();
        };
    }

    static String of(InvalidPathException failure) {
        return "\"" + ShownText.oneLine(failure.getInput()) + "\" cannot be the path of a file: " + failure.getReason();
    }
}
