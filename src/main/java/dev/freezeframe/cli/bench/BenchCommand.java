package dev.freezeframe.cli.bench;

import dev.freezeframe.cli.terminal.Program;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `freezeframe bench`: the commands that show the project's figures, on this computer.
@Command(name = "bench", mixinStandardHelpOptions = true, header = "Measure recording and restoring on this computer.", synopsisSubcommandLabel = "COMMAND", subcommands = {
        BenchPauseCommand.class, BenchGuestWorkCommand.class,
        BenchStoreCommand.class, BenchPeersCommand.class, BenchRestoreCommand.class,
        BenchDisksCommand.class}, description = "Each measurement records guests of its own into a temporary store and takes minutes; leave the computer alone meanwhile. The store of your experiments is not touched.", footer = {
                "  How long a guest with 256 MiB stands still:",
                "    freezeframe bench pause --memory 256M --workload ticker",
                "  How fast machines come back:",
                "    freezeframe bench restore"})
public final class BenchCommand implements Callable<Integer> {
    @ParentCommand
    private Program program;

    @Spec
    private CommandSpec spec;

    Program program() {
        return program;
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "no measurement named");
    }
}
