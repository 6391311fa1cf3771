package dev.freezeframe.cli;

import java.io.IOException;
import java.io.PrintWriter;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// Turns whatever ends a command early into one line on standard error and an exit status.
/// The stack trace goes to the log, and to standard error only with `--verbose`.
final class OneLineErrors implements IExecutionExceptionHandler, IParameterExceptionHandler {
    private final Freezeframe program;

    OneLineErrors(Freezeframe program) {
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
        PrintWriter err = program.surroundings().err();
        String name = command.getCommandSpec().qualifiedName();
        LoggerFactory.getLogger(OneLineErrors.class).error("{} failed", name, failure);
        err.println(oneLine(name + ": " + reason(failure)));
        return ExitCode.SOFTWARE;
    }

    /// What we throw on purpose explains itself; anything else is a fault of ours, and the log is what helps.
    private String reason(Exception failure) {
        String message = failure.getMessage();
        return switch (failure) {
            case IOException _ when message != null && isOurs(failure.getClass()) -> message;
            case CommandFailure _ -> message;
            case IOException _ -> (message == null
                    ? failure.getClass().getSimpleName()
                    : failure.getClass()
                            .getSimpleName() + ": " + message)
                    + "; details are in " + program.surroundings().logFile();
            case InterruptedException _ -> "interrupted";
            default -> "a fault in Freezeframe (" + failure + "); please report it with "
                    + program.surroundings().logFile();
        };
    }

    /// The JDK's own exceptions are subclasses, and say little more than a path.
    private static boolean isOurs(Class<?> type) {
        return type == IOException.class || type.getName().startsWith("dev.freezeframe.");
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*[\\r\\n]+\\s*", " ");
    }
}
