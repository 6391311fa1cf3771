package dev.freezeframe.qemu.profile;

import java.nio.file.Path;
import java.util.Locale;

/// QEMU's log of all that comes to a guest from outside its processor (`rrfile` of `-icount`), with which a run can be executed
/// again, instruction by instruction.
///
/// @param mode whether QEMU writes it or is led by it
/// @param file where it is
public record ReplayLog(Mode mode, Path file) {
    /// What QEMU does with its log.
    public enum Mode {
        /// It writes what happens. A log that was there is lost.
        RECORD,
        /// It has the same happen again, and nothing else.
        REPLAY;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
