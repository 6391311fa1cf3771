package dev.freezeframe.cli;

import dev.freezeframe.cli.bench.BenchCommand;
import dev.freezeframe.cli.library.AnnotateCommand;
import dev.freezeframe.cli.library.CompareCommand;
import dev.freezeframe.cli.library.DeleteCommand;
import dev.freezeframe.cli.library.ExportCommand;
import dev.freezeframe.cli.library.GcCommand;
import dev.freezeframe.cli.library.ImportCommand;
import dev.freezeframe.cli.library.ListCommand;
import dev.freezeframe.cli.library.SimulationsCommand;
import dev.freezeframe.cli.library.VerifyCommand;
import dev.freezeframe.cli.run.DemoCommand;
import dev.freezeframe.cli.run.GuestCommand;
import dev.freezeframe.cli.run.RecordCommand;
import dev.freezeframe.cli.run.RestoreCommand;
import dev.freezeframe.cli.run.SimulateCommand;
import dev.freezeframe.cli.terminal.CliEnvironment;
import dev.freezeframe.cli.terminal.OneLineErrors;
import dev.freezeframe.cli.terminal.Program;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine;

/// The command `freezeframe`: holds what all its commands share and does nothing by itself.
@Command(name = "freezeframe", mixinStandardHelpOptions = true, versionProvider = RootCommand.Version.class, header = "Checkpoints live QEMU machines every second, keeps them deduplicated, restores any of them.", synopsisSubcommandLabel = "COMMAND", description = {
        "CHECKPOINT is EXPERIMENT/NUMBER, EXPERIMENT for its newest, or latest.",
        "With --json every line on standard output is one JSON object with a field \"type\".",
        "freezeframe COMMAND --help tells more of a command, with examples."}, footer = {
                "  See the whole of it in half a minute:",
                "    freezeframe demo",
                "  Record until Ctrl-C, see what there is, bring the newest checkpoint back:",
                "    freezeframe record tiny-linux",
                "    freezeframe list",
                "    freezeframe restore latest --console --run 10s",
                "  The same in a window:",
                "    freezeframe app"})
public final class RootCommand implements Runnable, Program {
    /// By name, in the order of the help.
    private static final Map<String, Class<?>> COMMANDS = commands();

    /// In the help of every command that names no others.
    private static final Map<String, String> EXIT_STATUS = exitStatus();

    private final CliEnvironment surroundings;

    @Spec
    private CommandSpec spec;

    private boolean verbose;

    private RootCommand(CliEnvironment surroundings) {
        this.surroundings = surroundings;
    }

    /// The command line that these arguments need, ready to execute them.
    ///
    /// Only the command that is named is taken in, because reading the annotations of all of them takes a third of a
    /// second; where none is, all are, for the help and for the error.
    static CommandLine commandLine(CliEnvironment surroundings, String... arguments) {
        RootCommand program = new RootCommand(surroundings);
        OneLineErrors errors = new OneLineErrors(program);
        CommandLine commandLine = new CommandLine(program);
        String name = Stream.of(arguments).filter(word -> !word.startsWith("-")).findFirst().orElse("");
        COMMANDS.forEach((each, command) -> {
            if (each.equals(name) || !COMMANDS.containsKey(name)) {
                commandLine.addSubcommand(each, command);
            }
        });
        explain(commandLine);
        CommandGroups.showIn(commandLine);
        // these reach only the commands that are there by now
        return commandLine.setOut(surroundings.out()).setErr(surroundings.err()).setExecutionExceptionHandler(errors)
                .setParameterExceptionHandler(errors).setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true).setAbbreviatedOptionsAllowed(false);
    }

    /// Executes a command line.
    ///
    /// @return the exit status
    static int execute(CliEnvironment surroundings, String... arguments) {
        CommandLine commandLine = commandLine(surroundings, arguments);
        try {
            return commandLine.execute(arguments);
        } catch (Error e) {
            // What picocli takes for nobody's to handle: no memory, a native library that does not load.
            return new OneLineErrors(commandLine.getCommand()).report(e, "freezeframe");
        }
    }

    /// Gives a command and those below it the parts of the help that are the same for all.
    private static void explain(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        spec.versionProvider(new Version());
        UsageMessageSpec usage = spec.usageMessage();
        usage.synopsisHeading("%nUsage: ").descriptionHeading("%n").parameterListHeading("%nArguments:%n")
                .optionListHeading("%nOptions:%n").exitCodeListHeading("%nExit status:%n").footerHeading(
                        "%nExamples:%n");
        usage.commandListHeading(spec.parent() == null ? "" : "%nCommands:%n"); // of the program they are in groups
        if (usage.exitCodeList().isEmpty()) {
            usage.exitCodeList(EXIT_STATUS);
        }
        command.getSubcommands().values().forEach(RootCommand::explain);
    }

    private static Map<String, Class<?>> commands() {
        Map<String, Class<?>> commands = new LinkedHashMap<>();
        commands.put("app", AppCommand.class);
        commands.put("demo", DemoCommand.class);
        commands.put("guest", GuestCommand.class);
        commands.put("profiles", ProfilesCommand.class);
        commands.put("record", RecordCommand.class);
        commands.put("list", ListCommand.class);
        commands.put("annotate", AnnotateCommand.class);
        commands.put("compare", CompareCommand.class);
        commands.put("export", ExportCommand.class);
        commands.put("import", ImportCommand.class);
        commands.put("restore", RestoreCommand.class);
        commands.put("simulate", SimulateCommand.class);
        commands.put("simulations", SimulationsCommand.class);
        commands.put("verify", VerifyCommand.class);
        commands.put("delete", DeleteCommand.class);
        commands.put("gc", GcCommand.class);
        commands.put("doctor", DoctorCommand.class);
        commands.put("completion", CompletionCommand.class);
        commands.put("bench", BenchCommand.class);
        return commands;
    }

    private static Map<String, String> exitStatus() {
        Map<String, String> meanings = new LinkedHashMap<>();
        meanings.put("0", "Done.");
        meanings.put("1", "Failed; one line on standard error says what, why and what to do.");
        meanings.put("2", "Wrong usage.");
        return meanings;
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

    @Override
    public boolean verbose() {
        return verbose;
    }

    @Override
    public CliEnvironment surroundings() {
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
            String version = RootCommand.class.getPackage().getImplementationVersion();
            return new String[]{"freezeframe " + (version == null ? "(not built into a jar)" : version)};
        }
    }
}
