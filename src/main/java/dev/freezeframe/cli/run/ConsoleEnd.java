package dev.freezeframe.cli.run;

import dev.freezeframe.qemu.machine.TextMarks;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options that end a command by what a guest prints: `--until` and `--lines`.
final class ConsoleEnd {
    @Option(names = "--until", paramLabel = "TEXT", description = "End when the guest has printed TEXT on its serial console. Status 1 if it does not come to that.")
    private Optional<String> until;

    @Option(names = "--lines", paramLabel = "N", description = "End when the guest has printed N lines. Status 1 if it does not come to that.")
    private Optional<Long> lines;

    Optional<String> until() {
        return until;
    }

    OptionalLong lines() {
        return lines.map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    /// Refuses what no guest can do.
    void check(CommandSpec spec) {
        if (lines.isPresent() && lines.get() < 1) {
            throw new ParameterException(spec.commandLine(), "--lines must be at least 1");
        }
        until.ifPresent(text -> check(spec, "--until", text));
    }

    static void check(CommandSpec spec, String option, String text) {
        String problem = TextMarks.problem(text);
        if (problem != null) {
            throw new ParameterException(spec.commandLine(), option + ": " + problem);
        }
    }
}
