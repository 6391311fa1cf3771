package dev.freezeframe.ui;

import dev.freezeframe.cli.WindowLauncher;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import javafx.application.Application;

/// Starts the toolkit with the window, and waits for its end.
public final class DesktopWindow implements WindowLauncher {
    /// How it ended; JavaFX makes the application object itself, so that there is no other way between the two.
    private static final CompletableFuture<Integer> END = new CompletableFuture<>();
    private static volatile Opening opening;

    /// Found by the service loader.
    public DesktopWindow() {}

    @Override
    public int open(Opening wanted) throws Exception {
        boolean display = System.getenv("DISPLAY") != null || System.getenv("WAYLAND_DISPLAY") != null;
        boolean headless = "Headless".equals(System.getProperty("glass.platform"));
        if (wanted.screenshot().isEmpty() && !display && !headless) {
            throw new IOException(
                    "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); log in to a desktop, "
                            + "use ssh -X, or work without a window: freezeframe record, list, restore");
        }
        if (wanted.screenshot().isPresent()) {
            System.setProperty("glass.platform", "Headless");
            System.setProperty("prism.order", "sw");
        }
        opening = wanted;
        try {
            Application.launch(WorkbenchApplication.class);
        } catch (UnsupportedOperationException e) {
            // What the toolkit throws before there is an application; faults of ours come wrapped.
            throw new IOException(whyNoWindow(String.valueOf(e.getMessage())), e);
        }
        return END.getNow(0);
    }

    private static String whyNoWindow(String reason) {
        String instead = ", or work without a window: freezeframe record, list, restore";
        return reason.contains("DISPLAY")
                ? "the display " + System.getenv("DISPLAY") + " cannot be opened; see that it is there and that you may"
                        + " use it (xhost, xauth)" + instead
                : "the window cannot be opened (" + reason + "); install the GTK 3 library (Debian: libgtk-3-0, from"
                        + " Debian 13 on libgtk-3-0t64)" + instead;
    }

    static Opening opening() {
        return opening;
    }

    static void ended(int status) {
        END.complete(status);
    }
}
