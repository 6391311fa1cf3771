package dev.freezeframe.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What this system allows and forbids about ptrace, read from where the kernel tells. Only explains and predicts;
/// the kernel decides.
final class PtraceRules {

    private static final Path YAMA_SCOPE = Path.of("/proc/sys/kernel/yama/ptrace_scope");
    private static final int SCOPE_ADMINISTRATOR = 2;
    private static final int CAP_SYS_PTRACE = 19;

    private PtraceRules() {}

    /// Why no child may be traced at all, if so.
    static Optional<String> forbiddenBecause() {
        int scope = scope();
        if (scope < SCOPE_ADMINISTRATOR || (scope == SCOPE_ADMINISTRATOR && hasTraceCapability())) {
            return Optional.empty();
        }
        return Optional.of("Yama forbids tracing (kernel.yama.ptrace_scope is " + scope
                + "). Set it to 1 (sysctl kernel.yama.ptrace_scope=1), or use the scan tracker");
    }

    /// The likely reason for a refused attachment and what to do, as the end of a sentence.
    static String hint(long pid) {
        String tracer = statusField(pid, "TracerPid");
        if (!tracer.isEmpty() && !tracer.equals("0")) {
            return ". Process " + tracer + " (a debugger?) is attached to it: detach that and try again";
        }
        return forbiddenBecause().map(reason -> ". " + reason)
                .orElse(". It must be our own child, of the same user; a container must allow ptrace."
                        + " Otherwise use the scan tracker");
    }

    private static int scope() {
        try {
            return Integer.parseInt(Files.readString(YAMA_SCOPE).strip());
        } catch (IOException | NumberFormatException e) {
            return 0; // no Yama in this kernel
        }
    }

    private static boolean hasTraceCapability() {
        String effective = statusField(ProcessHandle.current().pid(), "CapEff");
        return !effective.isEmpty() && ((Long.parseUnsignedLong(effective, 16) >>> CAP_SYS_PTRACE) & 1) == 1;
    }

    private static String statusField(long pid, String name) {
        try {
            return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                    .filter(line -> line.startsWith(name + ":")).findFirst()
                    .map(line -> line.substring(name.length() + 1).strip()).orElse("");
        } catch (IOException e) {
            return "";
        }
    }
}
