package dev.freezeframe.cli.run;

import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.host.GuestPlan;
import dev.freezeframe.host.GuestPreparation;
import dev.freezeframe.qemu.image.Guest;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `freezeframe guest`: fetches and builds what the program's own profiles boot, after saying what that takes and asking.
/// What is there already is left alone.
@Command(name = "guest", mixinStandardHelpOptions = true, header = "Prepare the demo machine: fetch a Linux kernel, build what it boots.", description = {
        "Fetches packages of this computer's distribution and unpacks them into the cache; nothing is installed and no root is needed. Says what it will fetch and asks before.",
        "Ctrl-C ends it; no file is left half made."}, footer = {
                "  See what it takes, agree, and record the demo machine:",
                "    freezeframe guest",
                "    freezeframe record tiny-linux --checkpoints 10",
                "  In a script, also the Debian on a disk that debian-build boots:",
                "    freezeframe guest debian --yes"})
public final class GuestCommand implements Callable<Integer> {
    @ParentCommand
    private Program program;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "debian", completionCandidates = Names.class, description = "Also the disk of the profile debian-build.")
    private Optional<String> name;

    @Option(names = {"-y", "--yes"}, description = "Do not ask.")
    private boolean yes;

    @Mixin
    private JsonOption format;

    /// What can be written after the command.
    static final class Names implements Iterable<String> {
        @Override
        public java.util.Iterator<String> iterator() {
            return Stream.of(Guest.values()).flatMap(guest -> guest.argument().stream()).iterator();
        }
    }

    @Override
    public Integer call() throws Exception {
        GuestPreparation preparation = GuestPreparation.of(guest());
        GuestDialog dialog = new GuestDialog(program.surroundings(), format.json());
        GuestPlan plan = dialog.plan(preparation);
        if (!plan.fetches().isEmpty() && !yes && !dialog.agrees()) {
            throw new CommandFailure("nothing was fetched, because nobody agreed to it; --yes agrees");
        }
        dialog.prepare(preparation, plan);
        return 0;
    }

    private Guest guest() {
        return name.isEmpty()
                ? Guest.TINY_LINUX
                : Stream.of(Guest.values()).filter(guest -> guest.argument().equals(name)).findFirst().orElseThrow(
                        () -> new ParameterException(spec.commandLine(), "there is no guest " + name.get()
                                + "; it is debian, or nothing for the one of tiny-linux"));
    }
}
