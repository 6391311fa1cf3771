package dev.freezeframe.cli.terminal;

import dev.freezeframe.base.ShellText;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.StoreException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// The option `--store` and how commands come to their store and their checkpoint.
public final class StoreOption {
    @Option(names = "--store", paramLabel = "DIR", description = "The store. Default: $${XDG_DATA_HOME:-~/.local/share}/freezeframe/store")
    private Path directory;

    public Path directory(Program program) {
        return directory == null ? program.surroundings().defaultStore() : directory;
    }

    /// What a printed command needs to find the same store: the option as it was given, quoted for a shell, with a space before
    /// it; or nothing.
    public String asGiven() {
        return directory == null ? "" : " --store " + ShellText.quoted(directory.toString());
    }

    /// A checkpoint as a printed command names it, quoted for a shell.
    public static String quoted(CheckpointName checkpoint) {
        return ShellText.quoted(checkpoint.toString());
    }

    /// Opens the store, creating it where there is none.
    public Store open(Program program) throws StoreException {
        return told(Store.open(directory(program)), program);
    }

    /// Whether there is a store to open.
    ///
    /// @throws CommandFailure if there is something else in its place
    public boolean exists(Program program) throws CommandFailure {
        Path path = directory(program);
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(path)) {
            throw new CommandFailure("store " + path + " is a file, and a store is a folder; choose another --store");
        }
        // A folder that cannot be read, or is in one, says so when it is opened.
        return Files.isDirectory(path) ? Store.isIn(path) || !Files.isExecutable(path) : !Files.notExists(path);
    }

    /// Opens a store that must be there; nothing is made where there is none.
    public Store openExisting(Program program) throws CommandFailure, StoreException {
        if (!exists(program)) {
            throw new CommandFailure("there is no store at " + directory(program)
                    + "; record something first, or say where it is with --store");
        }
        return open(program);
    }

    /// What is missing is said when it is noticed, as the next opening takes what is there for all.
    private static Store told(Store store, Program program) {
        store.rolledBack().ifPresent(how -> {
            program.surroundings().err().println("store " + ShownText.marked(store.directory().toString()) + ": " + how
                    + "; if there is a backup, put it in its place");
            program.surroundings().err().flush();
        });
        return store;
    }

    public static CheckpointRecord find(Store store, CheckpointName name) throws CommandFailure, StoreException {
        return store.find(name).orElseThrow(() -> new CommandFailure(name.equals(CheckpointName.LATEST)
                ? "the store " + store.directory() + " holds no checkpoint yet; record something first"
                : "there is no checkpoint " + name + " in " + store.directory() + "; freezeframe list shows what is"));
    }
}
