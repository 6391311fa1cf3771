package dev.freezeframe.cli.terminal;

import dev.freezeframe.base.Progress;
import dev.freezeframe.base.Units;

/// Shows how far the store has come, as a bar in the status line.
public final class StatusProgress {
    private static final int BAR_WIDTH = 30;

    private StatusProgress() {}

    public static Progress on(TerminalOutput screen) {
        return (step, done, total) -> {
            int filled = total <= 0 ? 0 : Math.clamp(BAR_WIDTH * done / total, 0, BAR_WIDTH);
            screen.status(Units.text("%s [%s%s] %,d of %,d", step, "=".repeat(filled), " ".repeat(BAR_WIDTH - filled),
                    done, total));
        };
    }
}
