package dev.freezeframe.qemu.program;

import java.util.Map;

/// How a QEMU process ended.
///
/// @param code what it passed to exit(3), or 128 plus the signal that ended it
public record ExitStatus(int code) {
    private static final int SIGNALLED = 128;
    private static final Map<Integer, String> NAMES = Map.of(1, "SIGHUP", 2, "SIGINT", 6, "SIGABRT", 7, "SIGBUS", 9,
            "SIGKILL", 11, "SIGSEGV", 13, "SIGPIPE", 15, "SIGTERM", 31, "SIGSYS");

    /// Whether a signal ended it.
    public boolean isSignal() {
        return code > SIGNALLED;
    }

    /// One clause, such as "was killed by signal 9 (SIGKILL)".
    public String describe() {
        if (!isSignal()) {
            return "ended with exit status " + code;
        }
        int signal = code - SIGNALLED;
        return "was killed by signal " + signal + (NAMES.containsKey(signal) ? " (" + NAMES.get(signal) + ")" : "");
    }
}
