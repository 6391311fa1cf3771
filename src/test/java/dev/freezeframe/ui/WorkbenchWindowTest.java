package dev.freezeframe.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.suite.Await;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.profile.ProfilesModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javafx.event.ActionEvent;
import javafx.scene.Node;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.ListView;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.stage.Window;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The window as its user drives it, by its own controls, over the real engine and a real QEMU.
@Tag("qemu")
class WorkbenchWindowTest {
    private static final int CHECKPOINTS = 10;

    @TempDir
    private Path folder;
    private ShownWindow window;
    private WorkbenchModel workbench;

    @BeforeEach
    void openTheWindow() {
        window = new ShownWindow(folder.resolve("store"), 1440, 900);
        workbench = window.workbench();
        FxToolkit.await("the empty store's page is there",
                () -> FxToolkit.lookup(window.view(), "#record-demo") != null);
    }

    @AfterEach
    void closeTheWindow() {
        window.close();
    }

    private void press(String id) {
        FxToolkit.await(id + " can be pressed", () -> find(id) instanceof ButtonBase button && !button.isDisabled());
        FxToolkit.run(() -> ((ButtonBase) find(id)).fire());
    }

    /// Also in dialogs.
    private static Node find(String id) {
        return Window.getWindows().stream().map(window -> FxToolkit.lookup(window.getScene().getRoot(), "#" + id))
                .filter(
                        Objects::nonNull)
                .findFirst().orElse(null);
    }

    private static void key(String id, KeyCode code) {
        FxToolkit.run(() -> {
            Node node = find(id);
            node.requestFocus();
            node.fireEvent(new KeyEvent(KeyEvent.KEY_PRESSED, "", "", code, false, false, false, false));
        });
    }

    private MachineModel machine(int index) {
        return FxToolkit.call(() -> workbench.machines().machines().get(index));
    }

    private List<CheckpointRecord> checkpoints() {
        return FxToolkit.call(() -> List.copyOf(workbench.experiment().checkpoints()));
    }

    private static List<String> ticks(Machine machine) {
        String text = machine.console().text();
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().map(String::strip).filter(line -> line.startsWith(
                "tick ")).toList();
    }

    @Test
    void recordSelectRestoreDeleteAndReclaimByTheControlsAlone() throws Exception {
        try (Watch watch = new Watch()) {
            // start
            FxToolkit.await("the profiles are listed", () -> profiles().getItems().stream().anyMatch(
                    profile -> profile.name().equals("tiny-linux")));
            FxToolkit.run(() -> profiles().getSelectionModel().select(profiles().getItems().stream().filter(
                    profile -> profile.name().equals("tiny-linux")).findFirst().orElseThrow()));
            key("profiles", KeyCode.ENTER);
            FxToolkit.await("QEMU runs", () -> workbench.machines().machines().size() == 1 && workbench.machines()
                    .machines().getFirst().stateProperty().get() == MachineState.RUNNING);
            Machine original = machine(0).machineProperty().get();
            original.console().awaitLine(line -> line.contains("tick 1 "), Await.PATIENCE);

            // record, at one interval and then at another
            press("record");
            FxToolkit.await("it is recorded", () -> workbench.experiment().checkpoints().size() >= 3);
            FxToolkit.run(() -> {
                TextField interval = (TextField) find("interval");
                interval.setText("200ms");
                interval.fireEvent(new ActionEvent());
            });
            FxToolkit.await("ten checkpoints are there", () -> workbench.experiment().checkpoints()
                    .size() >= CHECKPOINTS);
            press("checkpoint-now");
            press("record");
            FxToolkit.await("the recording has ended", () -> machine(0).recordingProperty().get() == null);
            List<CheckpointRecord> recorded = checkpoints();
            assertEquals(1000, recorded.getFirst().metrics().intervalMillis());
            assertEquals(200, recorded.getLast().metrics().intervalMillis());
            // a busy machine ticks late: the original is to be further than what is restored will look at
            int ticksSoFar = ticks(original).size();
            Await.until("it has ticked on", () -> ticks(original).size() > ticksSoFar + 1);
            original.pause();
            List<String> originals = ticks(original);

            // select the fifth by the keyboard
            key("film-strip", KeyCode.HOME);
            for (int i = 0; i < 4; i++) {
                key("film-strip", KeyCode.RIGHT);
            }
            CheckpointRecord fifth = recorded.get(4);
            FxToolkit.await("the fifth is selected", () -> fifth.equals(workbench.experiment().selection()
                    .checkpoint()));

            // restore it: the new guest goes on as the original went on
            press("details-restore");
            FxToolkit.await("it runs again", () -> workbench.machines().machines().size() == 2 && workbench.machines()
                    .machines().get(1).stateProperty().get() == MachineState.RUNNING);
            Machine restored = machine(1).machineProperty().get();
            assertEquals(fifth, machine(1).origin().orElseThrow());
            restored.console().awaitLine(line -> line.startsWith("tick "), Await.PATIENCE);
            FxToolkit.await("it has printed a whole line", () -> !ticks(restored).isEmpty());
            assertTrue(originals.contains(ticks(restored).getFirst()), ticks(restored).getFirst() + " not in "
                    + originals);
            FxToolkit.run(() -> machine(1).forceOff());
            FxToolkit.await("it has ended", () -> !machine(1).alive());

            // delete it
            press("details-delete");
            press("delete-confirm");
            FxToolkit.await("it is gone", () -> workbench.experiment().checkpoints().stream().noneMatch(
                    checkpoint -> checkpoint.id() == fifth.id()));
            assertTrue(FxToolkit.call(() -> workbench.stores().store().orElseThrow()).checkpoint(fifth.id()).isEmpty());

            // delete the experiment and reclaim its space
            FxToolkit.run(() -> workbench.navigation().go(new Navigation.Place.Library()));
            long before = FxToolkit.call(() -> workbench.stores().store().orElseThrow()).sizeBytes();
            FxToolkit.await("the experiment is listed", () -> find("experiment-table") instanceof TableView<?> table
                    && table.getItems().size() == 1);
            FxToolkit.run(() -> ((TableView<?>) find("experiment-table")).getSelectionModel().selectFirst());
            key("experiment-table", KeyCode.DELETE);
            press("library-dialog-ok");
            FxToolkit.await("the experiment is gone", () -> workbench.library().experiments().isEmpty());
            press("library-reclaim");
            Store store = FxToolkit.call(() -> workbench.stores().store().orElseThrow());
            Await.until("its space has come back", () -> store.sizeBytes() < before / 2);
            assertFalse(workbench.machines().anyRecording());
            assertEquals(List.of(), window.problems());
            assertEquals(List.of(), window.asked());
            assertEquals(Set.of(), watch.seen());
        }
    }

    @SuppressWarnings("unchecked")
    private static ListView<ProfilesModel.Listed> profiles() {
        return (ListView<ProfilesModel.Listed>) find("profiles");
    }

    /// Looks at the JavaFX thread all the time, and notes when it is at something that may block: the store, QEMU's
    /// monitor, or a file. Loading a class or a picture of the program itself is no such thing, nor is making a path.
    private static final class Watch implements AutoCloseable {
        private static final List<String> BLOCKING = List.of("org.h2.", "dev.freezeframe.store.catalog.Database",
                "dev.freezeframe.linux.socket.UnixConnection", "dev.freezeframe.qemu.qmp.PendingReply",
                "dev.freezeframe.linux.",
                "sun.nio.fs.UnixNativeDispatcher", "sun.nio.fs.LinuxNativeDispatcher", "sun.nio.ch.FileChannelImpl",
                "java.lang.ProcessImpl", "jnr.");
        private static final List<String> LOADING = List.of("java.lang.ClassLoader", "jdk.internal.loader.",
                "java.lang.invoke.MethodHandleNatives");

        private final AtomicBoolean over = new AtomicBoolean();
        private final Set<String> seen = ConcurrentHashMap.newKeySet();
        private final Thread watched = FxToolkit.call(Thread::currentThread);
        private final Thread thread = Thread.ofPlatform().name("watch").start(this::look);

        private void look() {
            while (!over.get()) {
                StackTraceElement[] stack = watched.getStackTrace();
                if (within(stack, BLOCKING) && !within(stack, LOADING)) {
                    seen.add(Stream.of(stack).map(StackTraceElement::toString).limit(40).collect(Collectors.joining(
                            "\n    ")));
                }
                LockSupport.parkNanos(1_000_000);
            }
        }

        private static boolean within(StackTraceElement[] stack, List<String> packages) {
            return Stream.of(stack).anyMatch(frame -> packages.stream().anyMatch(frame.getClassName()::startsWith));
        }

        Set<String> seen() {
            return seen;
        }

        @Override
        public void close() {
            over.set(true);
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
