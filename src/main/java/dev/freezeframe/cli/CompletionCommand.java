package dev.freezeframe.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/// `freezeframe completion`: the script that has a shell complete this program's commands, options and profiles.
@Command(name = "completion", mixinStandardHelpOptions = true, header = "Print the completion script for bash and zsh.", description = {
        "The shell then completes commands, options, their values, files, and the names of the profiles that there are now.",
        "The installed packages bring it along; this is for the program in a folder of its own."}, footer = {
                "  In the shell that is open; a line for ~/.bashrc or ~/.zshrc as well:",
                "    source <(freezeframe completion)",
                "  In every bash that has bash-completion, without that line:",
                "    d=~/.local/share/bash-completion/completions && mkdir -p $d",
                "    freezeframe completion > $d/freezeframe"})
final class CompletionCommand implements Callable<Integer> {
    @ParentCommand
    private RootCommand program;

    @Override
    public Integer call() {
        program.surroundings().out().print(CompletionScript.of(RootCommand.commandLine(program.surroundings())));
        program.surroundings().out().flush();
        return 0;
    }
}
