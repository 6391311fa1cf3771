package dev.freezeframe.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.freezeframe.restore.ArrayGuest;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ExperimentRecord;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a plugin writes is bounded, also before anybody reads it.
class PluginOutputTest {
    private static final int MOST_BYTES = 16 << 20;

    @TempDir
    private Path folder;

    private PluginOutput output(Optional<Path> kept) throws IOException {
        try (Store store = Store.open(folder.resolve("store"))) {
            ExperimentRecord run = ArrayGuest.record(store, "run", 2, 1);
            return PluginOutput.create(kept, Interval.between(store.checkpoints(run.id()), 1).getFirst(), "the plugin");
        }
    }

    private static void grow(Path file, long bytes) throws IOException {
        try (RandomAccessFile written = new RandomAccessFile(file.toFile(), "rw")) {
            written.setLength(bytes);
        }
    }

    @Test
    void whatAPluginPrintsWithoutAnEndIsNoticedWhileItPrints() throws Exception {
        try (PluginOutput output = output(Optional.empty())) {
            output.requireShort();
            grow(output.text(), MOST_BYTES);
            output.requireShort();
            grow(output.text(), MOST_BYTES + 1);
            assertEquals("the plugin wrote more than 16 MiB to plugin.log; have it write less", assertThrows(
                    IOException.class, output::requireShort).getMessage());
        }
    }

    @Test
    void aResultIsBoundedAsWell() throws Exception {
        Path kept = Files.createDirectory(folder.resolve("kept"));
        try (PluginOutput output = output(Optional.of(kept))) {
            grow(output.object(), MOST_BYTES + 1);
            assertEquals("the plugin wrote more than 16 MiB to 1-2.json; have it write less", assertThrows(
                    IOException.class, output::requireShort).getMessage());
        }
    }
}
