package dev.freezeframe.ui.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.BundleExport;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.SyntheticExperiments;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.OpenedStore;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The library writes bundles and takes them in, asks before it does, and says what came of it.
@Tag("slow")
class BundlesInTheWindowTest {
    @TempDir
    private Path folder;

    private Path bundle;
    private OpenedStore opened;
    private LibraryPage page;
    private BundleDialogs dialogs;

    @BeforeEach
    void writeABundleAndOpenAnotherStore() throws Exception {
        bundle = folder.resolve("run.freezeframe");
        try (Store store = Store.open(folder.resolve("from"))) {
            SyntheticExperiments experiment = SyntheticExperiments.begin(store, "run", 4L << 20, Duration.ofSeconds(1),
                    Instant.parse("2026-11-20T10:15:00Z"), 1, Optional.empty());
            experiment.add(5);
            experiment.end("stopped");
            ExperimentRecord run = store.experiment("run").orElseThrow();
            new BundleExport(store).write(run, bundle, false, Progress.NONE);
        }
        try (Store store = Store.open(folder.resolve("to"))) {
            SyntheticExperiments.write(store, "other", 1, 2);
        }
        opened = new OpenedStore(folder.resolve("to"));
        FxToolkit.run(() -> {
            page = new LibraryPage(opened.workbench());
            Scene scene = new Scene(page, 1100, 700);
            Theme.LIGHT.apply(scene);
            Stage stage = new Stage();
            stage.setScene(scene);
            stage.show();
            dialogs = new BundleDialogs(page, opened.workbench().libraryWork());
        });
        opened.awaitIdle();
    }

    @AfterEach
    void close() throws Exception {
        FxToolkit.run(() -> List.copyOf(Window.getWindows()).forEach(Window::hide));
        opened.close();
    }

    private static <T extends Node> Optional<T> anywhere(String id, Class<T> type) {
        return FxToolkit.call(() -> List.copyOf(Window.getWindows()).stream()
                .map(window -> FxToolkit.lookup(window.getScene().getRoot(), "#" + id)).filter(type::isInstance)
                .map(type::cast).findFirst());
    }

    private LibraryWork work() {
        return opened.workbench().libraryWork();
    }

    private String notice() {
        return FxToolkit
                .call(() -> FxToolkit.lookup(page, "#library-notice") instanceof Label label ? label.getText() : "");
    }

    private void ask(Path file) {
        FxToolkit.run(() -> dialogs.askToImport(file));
        opened.awaitIdle();
    }

    @Test
    void whatTheUserAgreesToIsImportedAndShown() throws Exception {
        ask(bundle);
        Button ok = anywhere("bundle-import", Button.class).orElseThrow();
        TextField name = anywhere("bundle-name", TextField.class).orElseThrow();
        assertEquals("run", FxToolkit.call(name::getText));
        FxToolkit.run(() -> name.setText("other"));
        assertTrue(FxToolkit.call(ok::isDisabled), "the name is taken");
        FxToolkit.run(() -> name.setText("from a paper"));
        assertFalse(FxToolkit.call(ok::isDisabled));
        FxToolkit.run(ok::fire);
        FxToolkit.await("it is there", () -> !work().bundling().runningProperty().get() && notice().startsWith(
                "Imported 5 checkpoints as from a paper: "));
        opened.awaitIdle();
        assertEquals("from a paper", FxToolkit.call(() -> opened.workbench().experiment().experimentProperty().get()
                .name()));
        assertEquals(List.of(), opened.problems());
        // a second time there is nothing to ask
        ask(bundle);
        assertEquals(Optional.empty(), anywhere("bundle-import", Button.class));
        assertEquals("The store has what is in run.freezeframe already, as from a paper", notice());
        assertTrue(FxToolkit.call(() -> opened.workbench().navigation().placeProperty()
                .get()) instanceof Navigation.Place.Experiment);
    }

    @Test
    void whatIsNoBundleIsSaidAndNothingIsAsked() throws Exception {
        Files.writeString(bundle, "hello");
        ask(bundle);
        assertEquals(Optional.empty(), anywhere("bundle-import", Button.class));
        assertEquals(1, opened.problems().size());
    }

    @Test
    void aBundleThatTurnsOutToBeDamagedIsSaidAndNothingStays() throws Exception {
        byte[] bytes = Files.readAllBytes(bundle);
        bytes[bytes.length / 2]++;
        Files.write(bundle, bytes);
        ask(bundle);
        FxToolkit.run(anywhere("bundle-import", Button.class).orElseThrow()::fire);
        FxToolkit.await("it is said", () -> notice().contains("is damaged"));
        opened.awaitIdle();
        assertEquals(1, FxToolkit.call(() -> opened.workbench().library().rows().size()));
    }

    @Test
    void theLibraryWritesWhatTheCommandLineWrites() throws Exception {
        Path written = folder.resolve("other.freezeframe");
        FxToolkit.run(() -> work().exportBundle(opened.row("other").entry(), written, false));
        FxToolkit.await("it is written", () -> notice().startsWith("Wrote 1 checkpoint to " + written));
        opened.awaitIdle();
        opened.close();
        try (Store store = Store.open(folder.resolve("to"))) {
            assertTrue(store.find(CheckpointName.of("other", 1)).isPresent());
            Path again = folder.resolve("again.freezeframe");
            new BundleExport(store).write(store.experiment("other").orElseThrow(), again, false, Progress.NONE);
            assertEquals(-1, Files.mismatch(written, again));
        }
        opened = new OpenedStore(folder.resolve("to"));
    }
}
