package dev.freezeframe.cli.terminal;

import dev.freezeframe.base.ShownText;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// Turns whatever ends a command early into one line on standard error and an exit status.
/// The stack trace goes to the log, and to standard error only with `--verbose`. Never fails itself.
public final class OneLineErrors implements IExecutionExceptionHandler, IParameterExceptionHandler {
    private final Program program;

    public OneLineErrors(Program program) {
        this.program = program;
    }

    @Override
    public int handleParseException(ParameterException wrong, String[] arguments) {
        String command = wrong.getCommandLine().getCommandSpec().qualifiedName();
        program.surroundings().err().println(oneLine(command + ": " + wrong.getMessage()) + "; see " + command
                + " --help");
        return ExitCode.USAGE;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        return report(failure, command.getCommandSpec().qualifiedName());
    }

    /// Prints why a command ended early.
    ///
    /// @param command its name
    /// @return the exit status
    public int report(Throwable failure, String command) {
        try {
            LoggerFactory.getLogger(OneLineErrors.class).error("{} failed", command, failure);
        } catch (RuntimeException | LinkageError _) {
            // The line below matters more than the log.
        }
        program.surroundings().err().println(oneLine(command + ": " + reason(failure) + withoutLog()));
        return ExitCode.SOFTWARE;
    }

    /// What we throw on purpose explains itself; anything else is a fault of ours, and the log is what helps.
    private String reason(Throwable failure) {
        String message = failure.getMessage();
        return switch (failure) {
            case CommandFailure _ -> message;
            case IOException _ when message != null && isOurs(failure.getClass()) -> message;
            case IOException e -> FileProblem.of(e).orElse(message == null
                    ? failure.getClass().getSimpleName()
                    : failure.getClass().getSimpleName() + ": " + message) + "; details are in " + log();
            case InvalidPathException e -> FileProblem.of(e);
            case InterruptedException _ -> "interrupted";
            case OutOfMemoryError _ -> {
                long mebibytes = Runtime.getRuntime().maxMemory() >> 20;
                yield "Java's memory of " + mebibytes + " MiB is used up (" + message + "); FREEZEFRAME_JAVA_OPTS=-Xmx"
                        + 2 * mebibytes + "m gives it more";
            }
            default -> "a fault in Freezeframe (" + failure + "); please report it with " + log();
        };
    }

    private String log() {
        try {
            return program.surroundings().logFile().toString();
        } catch (InvalidPathException _) {
            return "the log";
        }
    }

    private static String withoutLog() {
        return LogFile.problem().map(why -> "; there is no log (" + why + "), --verbose prints what it would have")
                .orElse("");
    }

    /// The JDK's own exceptions are subclasses, and say little more than a path.
    private static boolean isOurs(Class<?> type) {
        return type == IOException.class || type.getName().startsWith("dev.freezeframe.");
    }

    private static String oneLine(String text) {
        return ShownText.marked(text.strip().replaceAll("\\s*[\\r\\n]+\\s*", " "));
    }
}
