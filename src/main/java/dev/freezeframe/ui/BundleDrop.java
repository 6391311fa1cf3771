package dev.freezeframe.ui;

import dev.freezeframe.ui.library.BundleDialogs;
import dev.freezeframe.ui.library.LibraryWork;
import java.io.File;
import java.util.List;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.input.DragEvent;
import javafx.scene.input.TransferMode;

/// Takes a bundle that is dropped on the window. Other things are not taken, so that whatever else accepts them does.
final class BundleDrop {
    private final BundleDialogs dialogs;

    BundleDrop(BundleDialogs dialogs) {
        this.dialogs = dialogs;
    }

    void on(Scene scene) {
        scene.addEventHandler(DragEvent.DRAG_OVER, event -> {
            if (isBundle(event.getDragboard().getFiles())) {
                event.acceptTransferModes(TransferMode.COPY);
                event.consume();
            }
        });
        scene.addEventHandler(DragEvent.DRAG_DROPPED, event -> {
            List<File> files = event.getDragboard().getFiles();
            if (isBundle(files)) {
                // the desktop waits for the end of the drop, not for an answer
                Platform.runLater(() -> dialogs.askToImport(files.getFirst().toPath()));
                event.setDropCompleted(true);
                event.consume();
            }
        });
    }

    private static boolean isBundle(List<File> files) {
        return files != null && files.size() == 1 && files.getFirst().getName().endsWith(LibraryWork.BUNDLE_ENDING);
    }
}
