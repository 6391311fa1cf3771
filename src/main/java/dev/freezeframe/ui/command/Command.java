package dev.freezeframe.ui.command;

import java.util.Optional;
import javafx.beans.binding.Bindings;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.beans.value.ObservableBooleanValue;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCombination;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.javafx.FontIcon;

/// Something the user can do, said once: its words, its icon, its key, when it can be done, and the deed. Menu items, buttons
/// and the palette are made of it, so that no two of them differ. On the JavaFX thread only.
///
/// An icon is a node and can be in one place only; each control that is made gets one of its own.
public final class Command {
    private final StringProperty text;
    private final StringProperty help = new SimpleStringProperty(this, "help", "");
    private final BooleanProperty disabled = new SimpleBooleanProperty(this, "disabled");
    private final Runnable deed;
    private Ikon icon;
    private KeyCombination key;
    private String id;

    /// @param text as a menu shows it: with `_` before its mnemonic, and `…` where it asks something first
    /// @param deed what is done
    public Command(String text, Runnable deed) {
        this.text = new SimpleStringProperty(this, "text", text);
        this.deed = deed;
    }

    /// Gives it an icon.
    public Command icon(Ikon ikon) {
        icon = ikon;
        return this;
    }

    /// Gives it a sentence about what it does.
    public Command help(String sentence) {
        help.set(sentence);
        return this;
    }

    /// Gives it a key, such as `Shortcut+K`.
    public Command key(String combination) {
        key = KeyCombination.valueOf(combination);
        return this;
    }

    /// Gives the controls that are made of it an id.
    public Command id(String name) {
        id = name;
        return this;
    }

    /// Has it disabled while this is false.
    public Command when(ObservableBooleanValue enabled) {
        disabled.bind(Bindings.not(enabled));
        return this;
    }

    /// As a menu shows it.
    public StringProperty textProperty() {
        return text;
    }

    /// The sentence about what it does; empty for none.
    public StringProperty helpProperty() {
        return help;
    }

    /// Whether it cannot be done now.
    public ReadOnlyBooleanProperty disabledProperty() {
        return disabled;
    }

    /// Disables or enables it, where [#when] does not.
    public void setDisabled(boolean cannotBeDone) {
        disabled.set(cannotBeDone);
    }

    /// Whether it cannot be done now.
    public boolean isDisabled() {
        return disabled.get();
    }

    /// Its key.
    public Optional<KeyCombination> key() {
        return Optional.ofNullable(key);
    }

    /// Its icon.
    public Optional<Ikon> icon() {
        return Optional.ofNullable(icon);
    }

    /// Its text without the mark of a mnemonic.
    public String words() {
        return text.get().replace("_", "");
    }

    /// Does it, unless it is disabled.
    public void run() {
        if (!isDisabled()) {
            deed.run();
        }
    }

    /// A menu item for it, without its key: a context menu.
    public MenuItem menuItem() {
        MenuItem item = new MenuItem();
        item.setId(id);
        item.textProperty().bind(text);
        item.disableProperty().bind(disabled);
        item.setGraphic(newIcon());
        item.setOnAction(_ -> run());
        return item;
    }

    /// A menu item for it with its key, which works from then on in the window of the menu.
    public MenuItem menuItemWithKey() {
        MenuItem item = menuItem();
        item.setAccelerator(key);
        return item;
    }

    /// A button with its text and icon, and its help as a tooltip.
    public Button button() {
        Button button = new Button();
        button.textProperty().bind(Bindings.createStringBinding(this::words, text));
        button.setGraphic(newIcon());
        button.setOnAction(_ -> run());
        describe(button, help);
        return button;
    }

    /// A button that is its icon, with its words for those who hover and those who listen.
    public Button iconButton() {
        Button button = new Button();
        button.setGraphic(newIcon());
        button.getStyleClass().addAll("button-icon", "flat");
        button.setOnAction(_ -> run());
        explain(button);
        return button;
    }

    /// A small button with its icon that is pressed while something holds, for those commands that make it hold or not. It
    /// explains itself as [#iconButton] does.
    ///
    /// @param holds what pressing it changes, instead of the deed
    public ToggleButton toggleButton(BooleanProperty holds) {
        ToggleButton button = new ToggleButton(null, newIcon());
        button.getStyleClass().addAll("flat", "small");
        button.selectedProperty().bindBidirectional(holds);
        explain(button);
        return button;
    }

    private String plain() {
        return words().replace("…", "");
    }

    /// Of a button without words.
    private void explain(ButtonBase button) {
        button.accessibleTextProperty().bind(Bindings.createStringBinding(this::plain, text));
        StringProperty explanation = new SimpleStringProperty();
        explanation
                .bind(Bindings.createStringBinding(() -> help.get().isEmpty() ? plain() : plain() + ": " + help.get(),
                        text, help));
        describe(button, explanation);
    }

    private void describe(ButtonBase button, StringProperty explanation) {
        button.setId(id);
        button.disableProperty().bind(disabled);
        Tooltip tooltip = new Tooltip();
        String keyText = key == null ? "" : " (" + key.getDisplayText() + ")";
        tooltip.textProperty().bind(explanation.concat(keyText));
        button.tooltipProperty().bind(Bindings.when(tooltip.textProperty().isEmpty()).then((Tooltip) null).otherwise(
                tooltip));
    }

    private FontIcon newIcon() {
        return icon == null ? null : new FontIcon(icon);
    }
}
