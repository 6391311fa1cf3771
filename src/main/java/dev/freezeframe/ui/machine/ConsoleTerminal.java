package dev.freezeframe.ui.machine;

import com.techsenger.jeditermfx.core.TerminalColor;
import com.techsenger.jeditermfx.core.TerminalExecutorServiceManager;
import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.emulator.ColorPalette;
import com.techsenger.jeditermfx.core.model.StyleState;
import com.techsenger.jeditermfx.core.model.TerminalTextBuffer;
import com.techsenger.jeditermfx.core.model.TerminalTypeAheadSettings;
import com.techsenger.jeditermfx.ui.JediTermFxWidget;
import com.techsenger.jeditermfx.ui.TerminalAction;
import com.techsenger.jeditermfx.ui.TerminalActionPresentation;
import com.techsenger.jeditermfx.ui.TerminalCopyPasteHandler;
import com.techsenger.jeditermfx.ui.TerminalPanel;
import com.techsenger.jeditermfx.ui.settings.DefaultSettingsProvider;
import com.techsenger.jeditermfx.ui.settings.SettingsProvider;
import dev.freezeframe.base.Closing;
import dev.freezeframe.qemu.machine.Console;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import javafx.application.Platform;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.text.Font;

/// A terminal on a guest's console: it shows what the guest printed before it was opened, then everything, in the theme's
/// colours. It costs threads and a timer, so it is opened while somebody looks and closed with [#close].
final class ConsoleTerminal extends StackPane implements AutoCloseable {
    private static final float FONT_SIZE = 13;
    private static final int HISTORY_LINES = 10_000;
    private static final int FRAMES_PER_SECOND = 30;
    private static final List<String> FONTS = List.of("DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono");

    /// The library tells of every sequence of a guest that it does not know; what a guest prints must not fill our log.
    private static final Logger LIBRARY = Logger.getLogger("com.techsenger.jeditermfx");

    static {
        LIBRARY.setLevel(Level.OFF);
    }

    private final JediTermFxWidget widget;
    private final ConsoleConnector connector;
    private final Runnable whenLeft;

    /// @param whenRefused told when the guest does not read what is typed
    /// @param whenLeft    told when the user gives the keyboard to something else, by Ctrl+Alt
    ConsoleTerminal(Console console, Runnable whenRefused, Runnable whenLeft) {
        this.whenLeft = whenLeft;
        getStyleClass().add("console-terminal");
        TerminalColors colors = new TerminalColors(this::repaint);
        widget = new Widget(new Settings(colors));
        connector = new ConsoleConnector(console, widget.getTerminalTextBuffer()::isUsingAlternateBuffer,
                () -> Platform.runLater(whenRefused));
        Region pane = widget.getPane();
        pane.setMinSize(0, 0);
        getChildren().addAll(colors, pane);
        widget.getTerminalPanel().getCanvas().setId("terminal");
        widget.getTerminalPanel().getCanvas().setAccessibleText("Serial console of the guest. Ctrl+Alt leaves it");
        widget.setTtyConnector(connector);
        // a canvas that is bound to its pane must not keep the pane from becoming smaller
        widget.getTerminalPanel().getPane().setMinSize(0, 0);
        ((Region) widget.getTerminalPanel().getCanvas().getParent()).setMinSize(0, 0);
        addEventFilter(KeyEvent.KEY_PRESSED, this::leave);
        connector.open();
        widget.start();
    }

    /// Every other key is the guest's, also the one that usually moves on.
    private void leave(KeyEvent event) {
        boolean both = (event.getCode() == KeyCode.ALT && event.isControlDown()) || (event
                .getCode() == KeyCode.CONTROL && event.isAltDown());
        if (both) {
            whenLeft.run();
            event.consume();
        }
    }

    private void repaint() {
        if (widget != null) {
            widget.getTerminalPanel().repaint();
        }
    }

    /// Takes the keyboard.
    void focus() {
        widget.getTerminalPanel().getCanvas().requestFocus();
    }

    /// All lines on its screen, for those who cannot see them.
    String screenText() {
        var buffer = widget.getTerminalTextBuffer();
        buffer.lock();
        try {
            return buffer.getScreenLines();
        } finally {
            buffer.unlock();
        }
    }

    @Override
    public void close() {
        Closing.each(connector::close, widget::close);
    }

    /// With threads that do not keep the program alive.
    private static final class Widget extends JediTermFxWidget {
        Widget(Settings settings) {
            super(80, 24, settings);
        }

        /// The settings' own default style would be black on white in every theme.
        @Override
        protected StyleState createDefaultStyle() {
            StyleState state = new StyleState();
            state.setDefaultStyle(new TextStyle(mySettingsProvider.getDefaultForeground(), mySettingsProvider
                    .getDefaultBackground()));
            state.reset();
            return state;
        }

        @Override
        protected TerminalPanel createTerminalPanel(SettingsProvider settings, StyleState style,
                TerminalTextBuffer buffer) {
            return new Panel(settings, buffer, style);
        }

        @Override
        protected TerminalExecutorServiceManager createExecutorServiceManager() {
            return new Threads();
        }
    }

    /// Without what would need AWT: its clipboard, and a web browser that is started from it.
    private static final class Panel extends TerminalPanel {
        Panel(SettingsProvider settings, TerminalTextBuffer buffer, StyleState style) {
            super(settings, buffer, style);
        }

        @Override
        protected TerminalCopyPasteHandler createCopyPasteHandler() {
            return new TerminalCopyPasteHandler() {
                @Override
                public void setContents(String text, boolean useSelection) {
                    ClipboardContent content = new ClipboardContent();
                    content.putString(text);
                    Clipboard.getSystemClipboard().setContent(content);
                }

                @Override
                public String getContents(boolean useSelection) {
                    return Clipboard.getSystemClipboard().getString();
                }
            };
        }

        @Override
        public boolean isSelectedTextUrl() {
            return false;
        }

        @Override
        public List<TerminalAction> getActions() {
            String withoutUrls = Settings.URL_ACTION;
            return super.getActions().stream().filter(action -> !action.getName().equals(withoutUrls)).toList();
        }
    }

    private static final class Threads implements TerminalExecutorServiceManager {
        private final ThreadFactory factory = Thread.ofPlatform().name("terminal-", 1).daemon().factory();
        private final ScheduledExecutorService single = Executors.newSingleThreadScheduledExecutor(factory);
        private final ExecutorService unbounded = Executors.newCachedThreadPool(factory);

        @Override
        public ScheduledExecutorService getSingleThreadScheduledExecutor() {
            return single;
        }

        @Override
        public ExecutorService getUnboundedExecutorService() {
            return unbounded;
        }

        @Override
        public void shutdownWhenAllExecuted() {
            if (!single.isShutdown()) {
                single.execute(single::shutdown);
            }
            unbounded.shutdown();
        }
    }

    private static final class Settings extends DefaultSettingsProvider {
        static final String URL_ACTION = "Open as URL";

        private final TerminalColors colors;
        private final ColorPalette palette;

        Settings(TerminalColors colors) {
            this.colors = colors;
            palette = colors.palette();
        }

        @Override
        public ColorPalette getTerminalColorPalette() {
            return palette;
        }

        @Override
        public TerminalColor getDefaultForeground() {
            return colors.foreground();
        }

        @Override
        public TerminalColor getDefaultBackground() {
            return colors.background();
        }

        @Override
        public boolean useInverseSelectionColor() {
            return false;
        }

        @Override
        public TextStyle getSelectionColor() {
            return new TextStyle(colors.selectionForeground(), colors.selectionBackground());
        }

        @Override
        public Font getTerminalFont() {
            return Font.font(FONTS.stream().filter(Font.getFamilies()::contains).findFirst().orElse("Monospaced"),
                    getTerminalFontSize());
        }

        @Override
        public float getTerminalFontSize() {
            return FONT_SIZE;
        }

        @Override
        public int getBufferMaxLinesCount() {
            return HISTORY_LINES;
        }

        @Override
        public int maxRefreshRate() {
            return FRAMES_PER_SECOND;
        }

        @Override
        public boolean audibleBell() {
            return false;
        }

        /// Guesses of what the guest will echo are wrong as often as not.
        @Override
        public TerminalTypeAheadSettings getTypeAheadSettings() {
            return new TerminalTypeAheadSettings(false, TimeUnit.MILLISECONDS.toNanos(100), TextStyle.EMPTY);
        }

        @Override
        public TerminalActionPresentation getOpenUrlActionPresentation() {
            return new TerminalActionPresentation(URL_ACTION, List.of());
        }

        /// Ctrl+F and Ctrl+L belong to the guest.
        @Override
        public TerminalActionPresentation getFindActionPresentation() {
            return new TerminalActionPresentation("Find…", new KeyCodeCombination(KeyCode.F,
                    KeyCombination.CONTROL_DOWN, KeyCombination.SHIFT_DOWN));
        }

        @Override
        public TerminalActionPresentation getClearBufferActionPresentation() {
            return new TerminalActionPresentation("Clear", new KeyCodeCombination(KeyCode.L,
                    KeyCombination.CONTROL_DOWN, KeyCombination.SHIFT_DOWN));
        }

        @Override
        public TerminalActionPresentation getPageUpActionPresentation() {
            return new TerminalActionPresentation("Page up", new KeyCodeCombination(KeyCode.PAGE_UP,
                    KeyCombination.SHIFT_DOWN));
        }

        @Override
        public TerminalActionPresentation getPageDownActionPresentation() {
            return new TerminalActionPresentation("Page down", new KeyCodeCombination(KeyCode.PAGE_DOWN,
                    KeyCombination.SHIFT_DOWN));
        }

        @Override
        public TerminalActionPresentation getLineUpActionPresentation() {
            return new TerminalActionPresentation("Line up", new KeyCodeCombination(KeyCode.UP,
                    KeyCombination.CONTROL_DOWN, KeyCombination.SHIFT_DOWN));
        }

        @Override
        public TerminalActionPresentation getLineDownActionPresentation() {
            return new TerminalActionPresentation("Line down", new KeyCodeCombination(KeyCode.DOWN,
                    KeyCombination.CONTROL_DOWN, KeyCombination.SHIFT_DOWN));
        }

        @Override
        public TerminalActionPresentation getSelectAllActionPresentation() {
            return new TerminalActionPresentation("Select all", List.of());
        }
    }
}
