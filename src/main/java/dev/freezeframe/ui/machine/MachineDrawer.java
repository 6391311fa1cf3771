package dev.freezeframe.ui.machine;

import dev.freezeframe.base.ShellText;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.outside.MovedFile;
import dev.freezeframe.ui.WorkbenchModel;
import java.util.stream.Collectors;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.PauseTransition;
import javafx.animation.Timeline;
import javafx.beans.InvalidationListener;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.control.TextArea;
import javafx.scene.control.Tooltip;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.util.Duration;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The drawer of the selected machine: console, screen, QEMU's command line and its log. What nobody looks at is not kept up
/// to date: a hidden drawer has no terminal and asks QEMU nothing.
public final class MachineDrawer extends StackPane {
    private final TabPane tabs = new TabPane();
    private final Tab consoleTab = tab("Console", "console-tab", Feather.TERMINAL);
    private final Tab screenTab = tab("Screen", "screen-tab", Feather.MONITOR);
    private final Tab commandTab = tab("Command line", "command-tab", Feather.CODE);
    private final Tab logTab = tab("Log", "log-tab", Feather.FILE_TEXT);
    private final Label placeholder = new Label();
    private final TextArea command = text("command-line", "QEMU's command line");
    private final TextArea log = text("qemu-log", "What QEMU wrote to its standard error");
    private final Label consoleNote = new Label();
    private final BorderPane consolePane = new BorderPane();
    private final Timeline logClock = new Timeline(new KeyFrame(Duration.seconds(1), _ -> readLog()));
    private final InvalidationListener onChange = _ -> refresh();
    private final ReadOnlyBooleanProperty shown = Visibility.of(this);
    private MachineModel machine;
    private Machine opened;
    private ConsoleTerminal terminal;
    private GuestScreenView screen;

    /// The drawer; it follows the selected machine.
    public MachineDrawer(WorkbenchModel workbench) {
        getStyleClass().add("machine-drawer");
        tabs.setTabClosingPolicy(TabPane.TabClosingPolicy.UNAVAILABLE);
        tabs.getTabs().addAll(consoleTab, commandTab, logTab);
        tabs.setMinSize(0, 0);
        placeholder.getStyleClass().add("text-muted");
        placeholder.setWrapText(true);
        getChildren().addAll(tabs, placeholder);

        consoleNote.getStyleClass().addAll("text-small", "drawer-note");
        consoleNote.setMaxWidth(Double.MAX_VALUE);
        consoleNote.setWrapText(true);
        consoleNote.setMinHeight(Region.USE_PREF_SIZE);
        consolePane.setBottom(consoleNote);
        consolePane.setMinSize(0, 0);
        note("");
        consoleTab.setContent(consolePane);
        commandTab.setContent(commandPane());
        logTab.setContent(log);
        logClock.setCycleCount(Animation.INDEFINITE);

        workbench.machines().selectedProperty().addListener((_, _, now) -> select(now));
        tabs.getSelectionModel().selectedItemProperty().addListener((_, _, _) -> refresh());
        shown.addListener((_, _, _) -> refresh());
        select(workbench.machines().selectedProperty().get());
    }

    private static Tab tab(String text, String id, Feather icon) {
        Tab tab = new Tab(text);
        tab.setId(id);
        tab.setGraphic(new FontIcon(icon));
        return tab;
    }

    private static TextArea text(String id, String accessible) {
        TextArea area = new TextArea();
        area.setId(id);
        area.setEditable(false);
        area.setWrapText(true);
        area.getStyleClass().addAll("monospace", "drawer-text");
        area.setAccessibleText(accessible);
        area.setMinSize(0, 0);
        return area;
    }

    private Node commandPane() {
        Button copy = new Button("Copy", new FontIcon(Feather.COPY));
        copy.setId("copy-command-line");
        copy.getStyleClass().add("small");
        copy.setTooltip(new Tooltip("Copy the command line, quoted for a shell"));
        Label copied = new Label();
        copied.getStyleClass().addAll("text-small", "text-muted");
        PauseTransition fade = new PauseTransition(Duration.seconds(2));
        fade.setOnFinished(_ -> copied.setText(""));
        copy.setOnAction(_ -> {
            ClipboardContent content = new ClipboardContent();
            content.putString(command.getText());
            Clipboard.getSystemClipboard().setContent(content);
            copied.setText("Copied");
            fade.playFromStart();
        });
        Label about = MachineButtons.label("text-small", "text-muted");
        about.setText("As it runs: memory and sockets are this machine's and cannot be used a second time");
        Region space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        HBox bar = new HBox(8, copy, copied, space, about);
        bar.setAlignment(Pos.CENTER_LEFT);
        bar.getStyleClass().add("drawer-bar");
        BorderPane pane = new BorderPane(command);
        pane.setBottom(bar);
        pane.setMinSize(0, 0);
        return pane;
    }

    private void select(MachineModel now) {
        if (machine != null) {
            machine.machineProperty().removeListener(onChange);
            machine.stateProperty().removeListener(onChange);
            machine.problemProperty().removeListener(onChange);
        }
        machine = now;
        if (machine != null) {
            machine.machineProperty().addListener(onChange);
            machine.stateProperty().addListener(onChange);
            machine.problemProperty().addListener(onChange);
        }
        refresh();
    }

    private void refresh() {
        Machine qemu = machine == null ? null : machine.machineProperty().get();
        if (qemu != opened) {
            closeTerminal();
            closeScreen();
            opened = qemu;
            command.setText(qemu == null ? "" : ShellText.commandLine(qemu.commandLine()));
            log.clear();
            offerScreen(qemu != null && qemu.hasDisplay());
        }
        tabs.setVisible(qemu != null);
        placeholder.setVisible(qemu == null);
        placeholder.setText(whyNothing());
        boolean visible = qemu != null && shown.get();
        Tab chosen = tabs.getSelectionModel().getSelectedItem();
        showTerminal(visible && consoleTab.equals(chosen));
        showScreen(visible && screenTab.equals(chosen));
        boolean reads = visible && logTab.equals(chosen);
        if (reads) {
            readLog();
        }
        if (reads && machine.alive()) {
            logClock.play();
        } else {
            logClock.stop();
        }
        if (qemu != null && !machine.alive()) {
            note("The machine has ended. This is the last that it printed.");
        } else if (terminal == null || !isRefusal()) {
            note(moved());
        }
    }

    private String whyNothing() {
        if (machine == null) {
            return "No machine is selected. Console, screen and command line of the selected machine are shown here.";
        }
        return machine.stateProperty().get() == null
                ? "QEMU is being started…"
                : machine.problemProperty().get();
    }

    private void offerScreen(boolean offered) {
        if (!offered) {
            tabs.getTabs().remove(screenTab);
        } else if (!tabs.getTabs().contains(screenTab)) {
            tabs.getTabs().add(1, screenTab);
        }
    }

    private void showTerminal(boolean wanted) {
        if (!wanted) {
            closeTerminal();
        } else if (terminal == null) {
            terminal = new ConsoleTerminal(opened.console(), () -> note(REFUSED), tabs::requestFocus);
            consolePane.setCenter(terminal);
        }
    }

    private static final String REFUSED = "The guest does not read its console: what is typed is dropped.";

    /// What the machine has under other names than its profile says.
    private String moved() {
        return opened == null
                ? ""
                : opened.movedFiles().stream().map(MovedFile::describe).collect(Collectors.joining("\n"));
    }

    private boolean isRefusal() {
        return consoleNote.getText().equals(REFUSED);
    }

    private void note(String text) {
        consoleNote.setText(text);
        consoleNote.setVisible(!text.isEmpty());
        consoleNote.setManaged(!text.isEmpty());
    }

    private void closeTerminal() {
        if (terminal != null) {
            terminal.close();
            terminal = null;
            consolePane.setCenter(null);
        }
    }

    private void showScreen(boolean wanted) {
        if (wanted && screen == null && machine.alive()) {
            screen = new GuestScreenView(opened);
            screenTab.setContent(screen);
        } else if (!wanted) {
            closeScreen();
        }
        if (wanted && screen == null) {
            Label over = new Label("The machine has ended and has no screen any more.");
            over.getStyleClass().addAll("text-muted", "drawer-text");
            screenTab.setContent(new StackPane(over));
        }
    }

    private void closeScreen() {
        if (screen != null) {
            screen.close();
            screen = null;
            screenTab.setContent(null);
        }
    }

    private void readLog() {
        Machine asked = opened;
        machine.ask("Read QEMU's log", Machine::qemuLog, text -> {
            if (asked == opened) {
                String shownText = text.isBlank() ? "QEMU has written nothing." : text;
                if (!shownText.equals(log.getText())) {
                    log.setText(shownText);
                    log.positionCaret(shownText.length());
                }
            }
        });
    }

    /// Shows the console and gives it the keyboard.
    public void showConsole() {
        tabs.getSelectionModel().select(consoleTab);
        if (terminal != null) {
            terminal.focus();
        }
    }

    /// Shows the guest's screen, where it has one, and gives it the keyboard.
    public void showScreen() {
        if (tabs.getTabs().contains(screenTab)) {
            tabs.getSelectionModel().select(screenTab);
            if (screen != null) {
                screen.focus();
            }
        }
    }

    /// Shows QEMU's command line.
    public void showCommandLine() {
        tabs.getSelectionModel().select(commandTab);
    }

    /// The terminal while the console is shown, else null.
    ConsoleTerminal terminal() {
        return terminal;
    }

    /// The screen while it is shown, else null.
    GuestScreenView screen() {
        return screen;
    }
}
