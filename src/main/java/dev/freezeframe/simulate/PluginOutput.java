package dev.freezeframe.simulate;

import dev.freezeframe.qemu.qmp.RunDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// The files that a plugin, or a simulator, writes for one interval, in a folder that only we may enter, and gone with this, also
/// where we crash; or in one of the user's, to stay.
final class PluginOutput implements AutoCloseable {
    /// What a plugin says is a few numbers; a trace it keeps in a file of its own.
    private static final int MOST_BYTES = 1 << 24;

    private final RunDirectory folder;
    private final Path object;
    private final String who;

    private PluginOutput(RunDirectory folder, Path object, String who) {
        this.folder = folder;
        this.object = object;
        this.who = who;
    }

    /// @param kept a folder for what is to stay, in files that begin with the numbers of the interval's checkpoints
    /// @param who  writes them, for a line that says so
    static PluginOutput create(Optional<Path> kept, Interval interval, String who) throws IOException {
        RunDirectory folder = RunDirectory.create();
        return new PluginOutput(folder,
                kept.orElse(folder.path()).resolve(interval.from().number() + "-" + interval.to()
                        .number() + ".json"),
                who);
    }

    /// Where one of ours writes what it counted, and beside it what is longer.
    Path object() {
        return object;
    }

    /// Where what any plugin prints goes.
    Path text() {
        return folder.path().resolve("plugin.log");
    }

    /// A file that goes with this.
    Path file(String name) {
        return folder.path().resolve(name);
    }

    /// Sees that a plugin that still writes has not written too much. What it prints is in memory, so this is to be asked often.
    ///
    /// @throws IOException if it is too long to be believed, with a line for the user
    void requireShort() throws IOException {
        requireShort(text());
        requireShort(object);
    }

    private void requireShort(Path file) throws IOException {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw tooLong(who, file);
            }
        } catch (NoSuchFileException e) {
            // it has not begun
        }
    }

    private static IOException tooLong(String who, Path file) {
        return new IOException(who + " wrote more than " + (MOST_BYTES >> 20) + " MiB to " + file.getFileName()
                + "; have it write less");
    }

    /// What was written; empty where nothing was.
    ///
    /// @throws IOException if that is too long to be believed
    String read(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return "";
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw tooLong(who, file);
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        folder.close();
    }
}
