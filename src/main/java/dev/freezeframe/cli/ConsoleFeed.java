package dev.freezeframe.cli;

import dev.freezeframe.machine.Console;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Gives out what a guest prints, line by line, from the machine's start and without gaps as long as it is asked often
/// enough. Control characters are taken out: what a guest prints must not move the cursor of our terminal.
final class ConsoleFeed {
    /// A guest that prints all the time leaves no moment in which both answers fit together; the next call may find one.
    private static final int ATTEMPTS = 10;

    private final Console console;
    private long taken;
    private final StringBuilder unfinished = new StringBuilder();

    ConsoleFeed(Console console) {
        this.console = console;
    }

    /// The lines that were completed since the last call.
    ///
    /// @param all also give out a line that is not complete
    List<String> newLines(boolean all) {
        take();
        int end = all ? unfinished.length() : unfinished.lastIndexOf("\n") + 1;
        List<String> lines = unfinished.substring(0, end).lines().map(ConsoleFeed::withoutControls).toList();
        unfinished.delete(0, end);
        return lines;
    }

    private void take() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long printed = console.printedBytes();
            byte[] kept = printed == taken ? new byte[0] : console.bytes();
            if (console.printedBytes() == printed) {
                int fresh = (int) Math.min(kept.length, printed - taken);
                unfinished.append(new String(kept, kept.length - fresh, fresh, StandardCharsets.UTF_8));
                taken = printed;
                return;
            }
        }
    }

    static String withoutControls(String line) {
        return line.replaceAll("\u001b\\[[0-9;?]*[ -/]*[@-~]", "").replaceAll("\\p{Cntrl}", "");
    }
}
