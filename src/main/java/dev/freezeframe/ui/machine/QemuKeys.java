package dev.freezeframe.ui.machine;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javafx.scene.input.KeyCode;

/// QEMU's names of the keys of a keyboard (`QKeyCode` in qapi/ui.json) by JavaFX's. Keys are places on the keyboard: which
/// letter one makes is up to the guest's own layout.
final class QemuKeys {
    private static final Map<KeyCode, String> NAMES = new EnumMap<>(KeyCode.class);

    static {
        for (char letter = 'A'; letter <= 'Z'; letter++) {
            NAMES.put(KeyCode.valueOf(String.valueOf(letter)), String.valueOf(letter).toLowerCase(Locale.ROOT));
        }
        for (int digit = 0; digit <= 9; digit++) {
            NAMES.put(KeyCode.valueOf("DIGIT" + digit), String.valueOf(digit));
            NAMES.put(KeyCode.valueOf("NUMPAD" + digit), "kp_" + digit);
        }
        for (int number = 1; number <= 12; number++) {
            NAMES.put(KeyCode.valueOf("F" + number), "f" + number);
        }
        NAMES.putAll(Map.of(KeyCode.ENTER, "ret", KeyCode.SPACE, "spc", KeyCode.BACK_SPACE, "backspace", KeyCode.TAB,
                "tab", KeyCode.ESCAPE, "esc", KeyCode.INSERT, "insert", KeyCode.DELETE, "delete", KeyCode.HOME, "home",
                KeyCode.END, "end"));
        NAMES.putAll(Map.of(KeyCode.PAGE_UP, "pgup", KeyCode.PAGE_DOWN, "pgdn", KeyCode.UP, "up", KeyCode.DOWN, "down",
                KeyCode.LEFT, "left", KeyCode.RIGHT, "right", KeyCode.KP_UP, "kp_8", KeyCode.KP_DOWN, "kp_2",
                KeyCode.KP_LEFT, "kp_4", KeyCode.KP_RIGHT, "kp_6"));
        NAMES.putAll(Map.of(KeyCode.SHIFT, "shift", KeyCode.CONTROL, "ctrl", KeyCode.ALT, "alt", KeyCode.ALT_GRAPH,
                "alt_r", KeyCode.WINDOWS, "meta_l", KeyCode.META, "meta_l", KeyCode.COMMAND, "meta_l",
                KeyCode.CONTEXT_MENU, "menu", KeyCode.CAPS, "caps_lock", KeyCode.NUM_LOCK, "num_lock"));
        NAMES.putAll(Map.of(KeyCode.SCROLL_LOCK, "scroll_lock", KeyCode.PRINTSCREEN, "print", KeyCode.PAUSE, "pause",
                KeyCode.MINUS, "minus", KeyCode.EQUALS, "equal", KeyCode.OPEN_BRACKET, "bracket_left",
                KeyCode.CLOSE_BRACKET, "bracket_right", KeyCode.BACK_SLASH, "backslash", KeyCode.SEMICOLON, "semicolon",
                KeyCode.QUOTE, "apostrophe"));
        NAMES.putAll(Map.of(KeyCode.BACK_QUOTE, "grave_accent", KeyCode.COMMA, "comma", KeyCode.PERIOD, "dot",
                KeyCode.SLASH, "slash", KeyCode.LESS, "less", KeyCode.ADD, "kp_add", KeyCode.SUBTRACT, "kp_subtract",
                KeyCode.MULTIPLY, "kp_multiply", KeyCode.DIVIDE, "kp_divide", KeyCode.DECIMAL, "kp_decimal"));
    }

    private QemuKeys() {}

    /// QEMU's name of a key; empty for one that no PC keyboard has.
    static Optional<String> name(KeyCode key) {
        return Optional.ofNullable(NAMES.get(key));
    }
}
