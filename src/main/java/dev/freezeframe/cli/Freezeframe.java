package dev.freezeframe.cli;

import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The command `freezeframe`: holds what all its commands share and does nothing by itself.
@Command(name = "freezeframe", mixinStandardHelpOptions = true, versionProvider = Freezeframe.Version.class, header = "Checkpoints live QEMU machines every second, keeps them deduplicated, restores any of them.", synopsisSubcommandLabel = "COMMAND", subcommands = {
        ProfilesCommand.class, RecordCommand.class,
        ListCommand.class, RestoreCommand.class, VerifyCommand.class, DeleteCommand.class, GcCommand.class,
        DemoCommand.class, BenchCommand.class}, footer = {
                "", "CHECKPOINT is EXPERIMENT/NUMBER, EXPERIMENT for its newest, or latest.",
                "With --json every line on standard output is one JSON object with a field \"type\".",
                "Exit status: 0 done, 1 failed, 2 wrong usage."})
final class Freezeframe implements Runnable {
    private final Surroundings surroundings;

    @Spec
    private CommandSpec spec;

    private boolean verbose;

    private Freezeframe(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /// The whole command line, ready to execute.
    static CommandLine commandLine(Surroundings surroundings) {
        Freezeframe program = new Freezeframe(surroundings);
        OneLineErrors errors = new OneLineErrors(program);
        return new CommandLine(program).setOut(surroundings.out()).setErr(surroundings.err())
                .setExecutionExceptionHandler(errors).setParameterExceptionHandler(errors)
                .setCaseInsensitiveEnumValuesAllowed(true).setUsageHelpAutoWidth(true)
                .setAbbreviatedOptionsAllowed(false);
    }

    @Option(names = {"-v",
            "--verbose"}, scope = ScopeType.INHERIT, description = "Print the log and the stack traces of errors on standard error.")
    void setVerbose(boolean wanted) {
        if (wanted && !verbose) {
            verbose = true;
            ConsoleHandler handler = new ConsoleHandler();
            handler.setLevel(Level.FINE);
            Logger.getLogger("").addHandler(handler);
        }
    }

    boolean verbose() {
        return verbose;
    }

    Surroundings surroundings() {
        return surroundings;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    /// The version that the jar was built with.
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Freezeframe.class.getPackage().getImplementationVersion();
            return new String[]{"freezeframe " + (version == null ? "(not built into a jar)" : version)};
        }
    }
}
