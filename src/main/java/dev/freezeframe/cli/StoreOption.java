package dev.freezeframe.cli;

import dev.freezeframe.machine.CommandLine;
import dev.freezeframe.store.CheckpointName;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// The option `--store` and how commands come to their store and their checkpoint.
final class StoreOption {
    @Option(names = "--store", paramLabel = "DIR", description = "The store. Default: $${XDG_DATA_HOME:-~/.local/share}/freezeframe/store")
    private Path directory;

    Path directory(Freezeframe program) {
        return directory == null ? program.surroundings().defaultStore() : directory;
    }

    /// What a printed command needs to find the same store: the option as it was given, quoted for a shell, with a space before
    /// it; or nothing.
    String asGiven() {
        return directory == null ? "" : " --store " + CommandLine.quoted(directory.toString());
    }

    /// A checkpoint as a printed command names it, quoted for a shell.
    static String quoted(CheckpointName checkpoint) {
        return CommandLine.quoted(checkpoint.toString());
    }

    /// Opens the store, creating it where there is none.
    Store open(Freezeframe program) throws StoreException {
        return Store.open(directory(program));
    }

    /// Whether there is something in its place, or may be: nobody knows what is in a folder that cannot be read.
    boolean exists(Freezeframe program) {
        return !Files.notExists(directory(program));
    }

    /// Opens a store that must be there.
    Store openExisting(Freezeframe program) throws CommandFailure, StoreException {
        Path path = directory(program);
        if (!exists(program)) {
            throw new CommandFailure("there is no store at " + path
                    + "; record something first, or say where it is with --store");
        }
        return Store.open(path);
    }

    static CheckpointRecord find(Store store, CheckpointName name) throws CommandFailure, StoreException {
        return store.find(name).orElseThrow(() -> new CommandFailure(name.equals(CheckpointName.LATEST)
                ? "the store " + store.directory() + " holds no checkpoint yet; record something first"
                : "there is no checkpoint " + name + " in " + store.directory() + "; freezeframe list shows what is"));
    }
}
