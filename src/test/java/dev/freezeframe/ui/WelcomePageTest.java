package dev.freezeframe.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.host.PackageSource;
import dev.freezeframe.suite.Await;
import dev.freezeframe.ui.machine.GuestModel;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The welcome page on a computer without the demo's guest: consent, progress, cancel, failure, and the first recording.
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("qemu")
class WelcomePageTest {
    @TempDir
    private static Path shared;
    private static PackageSource source;
    private static Map<String, String> environment;

    @TempDir
    private Path folder;
    private OpenWorkbench workbench;
    private GuestModel guest;
    private Stage stage;

    @BeforeAll
    static void openTheSource() throws Exception {
        source = new PackageSource(shared);
        environment = source.environmentWithLists();
    }

    @AfterAll
    static void closeTheSource() {
        source.close();
    }

    @BeforeEach
    void showThePage() {
        source.deliver();
        workbench = new OpenWorkbench(folder.resolve("store"));
        stage = FxToolkit.call(() -> {
            guest = new GuestModel(workbench.model().tasks(), source.preparation(folder.resolve("cache"), environment));
            WelcomePage page = new WelcomePage(workbench.model(), guest);
            Scene scene = new Scene(page, 1000, 640);
            Theme.LIGHT.apply(scene);
            Stage window = new Stage();
            window.setScene(scene);
            window.show();
            page.examine();
            return window;
        });
    }

    @AfterEach
    void closeThePage() {
        FxToolkit.run(stage::hide);
        workbench.close();
    }

    private Node find(String id) {
        return FxToolkit.lookup(stage.getScene().getRoot(), "#" + id);
    }

    private void press(String id) {
        FxToolkit.await(id + " is there", () -> find(id) instanceof Button button && !button.isDisabled());
        FxToolkit.run(() -> ((Button) find(id)).fire());
    }

    private List<Path> guestFiles() throws Exception {
        try (Stream<Path> files = Files.list(folder.resolve("cache/freezeframe/guest"))) {
            return files.map(Path::getFileName).sorted().toList();
        }
    }

    @Test
    void nothingIsFetchedBeforeTheButtonAndThenTheDemoIsRecordedByItself() throws Exception {
        int requests = source.requests();
        FxToolkit.await("the page says what it takes", () -> find("prepare-demo") != null);
        assertTrue(FxToolkit.call(() -> ((Button) find("prepare-demo")).isDefaultButton()));
        String plan = FxToolkit.call(() -> ((Label) find("prepare-plan")).getText());
        assertTrue(plan.contains("linux-image-6.1.0-1-cloud-amd64") && plan.contains("127.0.0.1") && plan.contains(
                "Nothing is installed"), plan);
        assertNull(FxToolkit.call(() -> find("record-demo")));
        assertEquals(requests, source.requests());
        press("prepare-demo");
        FxToolkit.await("the demo is recorded", () -> workbench.model().experiment().checkpoints().size() >= 2);
        assertInstanceOf(GuestModel.State.Ready.class, FxToolkit.call(() -> guest.stateProperty().get()));
        assertTrue(Files.size(guest.folder().resolve("initramfs.cpio.gz")) > 0);
        assertEquals(List.of(), workbench.problems());
    }

    @Test
    void cancelEndsThePreparationAndOffersItAgain() throws Exception {
        source.stall();
        press("prepare-demo");
        source.awaitStall();
        FxToolkit.await("progress is shown", () -> find("prepare-step") instanceof Label step && step.getText()
                .startsWith("Fetching linux-image"));
        assertEquals(1, FxToolkit.call(() -> workbench.model().tasks().listed().size()));
        press("prepare-cancel");
        FxToolkit.await("it is offered again", () -> find("prepare-demo") != null);
        FxToolkit.await("nothing is at work", () -> workbench.model().tasks().runningProperty().get() == 0);
        // the script tidies up after the task has ended
        Await.untilAsserted(() -> assertEquals(List.of(Path.of("lock")), guestFiles()));
        assertEquals(List.of(), workbench.problems());
        assertTrue(workbench.model().machines().machines().isEmpty());
    }

    @Test
    void aFailureSaysWhyAndTheNextTryWorks() {
        source.goDown();
        press("prepare-demo");
        FxToolkit.await("it has failed", () -> find("prepare-problem") != null);
        String why = FxToolkit.call(() -> ((Label) find("prepare-problem")).getText());
        assertTrue(why.startsWith("Cannot fetch linux-image") && why.contains("check the network"), why);
        source.deliver();
        press("prepare-again");
        FxToolkit.await("it is offered again", () -> find("prepare-demo") != null);
    }

    @Test
    void theSmallestMachineNeedsNoGuest() {
        press("record-smallest");
        FxToolkit.await("it is recorded", () -> !workbench.model().experiment().checkpoints().isEmpty());
        assertEquals("boot-sector", FxToolkit.call(() -> workbench.model().machines().machines().getFirst().name()));
    }
}
