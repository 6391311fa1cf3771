package dev.freezeframe.base;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Command lines as people read and copy them: quoted for a shell, an option a line.
public final class ShellText {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");
    /// Those of the programs before QEMU have two dashes.
    private static final Pattern OPTION = Pattern.compile("-[A-Za-z][A-Za-z0-9-]*");

    private ShellText() {}

    /// One argument, so that a shell takes it as it is.
    public static String quoted(String argument) {
        return PLAIN.matcher(argument).matches() ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }

    /// The whole line for a shell, broken before every option of QEMU.
    public static String commandLine(List<String> arguments) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String argument : arguments) {
            if (!line.isEmpty() && OPTION.matcher(argument).matches()) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(quoted(argument));
        }
        lines.add(line.toString());
        return String.join(" \\\n  ", lines);
    }
}
