package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenedStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The window and the command line say the same about the same store.
class WindowExportTest {
    @TempDir
    private Path directory;

    @Test
    void theWindowsCsvEqualsTheCommandLines() throws Exception {
        Path storeDirectory = directory.resolve("store");
        try (Store store = Store.open(storeDirectory)) {
            SyntheticExperiments experiment = SyntheticExperiments.begin(store, "run, with a comma", 4L << 20, Duration
                    .ofSeconds(1), Instant.parse("2026-11-22T10:15:00Z"), 5, Optional.empty());
            experiment.add(7);
            CheckpointRecord noted = experiment.next();
            store.annotate(noted.id(), Annotation.of("=1+1, \"quoted\"", List.of("boot", "keep")));
            experiment.end("stopped");
        }
        Path file = directory.resolve("window.csv");
        try (OpenedStore opened = new OpenedStore(storeDirectory)) {
            FxToolkit.run(
                    () -> opened.workbench().libraryWork().exportCheckpoints(opened.row("run, with a comma").entry(),
                            file, false));
            opened.awaitIdle();
            assertEquals(List.of(), opened.problems());
        }
        Invocation commandLine = Invocation.of(directory, "list", "--csv", "--store", storeDirectory.toString(),
                "run, with a comma");
        assertEquals(0, commandLine.status(), commandLine.err());
        assertEquals(commandLine.out(), Files.readString(file));
    }
}
