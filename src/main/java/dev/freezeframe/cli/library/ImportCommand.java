package dev.freezeframe.cli.library;

import dev.freezeframe.base.Progress;
import dev.freezeframe.base.ShellText;
import dev.freezeframe.bundle.BundleImport.Options;
import dev.freezeframe.bundle.BundleImport.Report;
import dev.freezeframe.bundle.BundleImport;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StatusProgress;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/// `freezeframe import`: takes a bundle into the store.
@Command(name = "import", mixinStandardHelpOptions = true, sortOptions = false, header = "Take an experiment from a bundle into the store.", description = "What the store has already is shared, not stored again. Either the whole experiment is there in the end, or nothing of it.", footer = {
        "  Into the usual store, under the name that it had:",
        "    freezeframe import paper.freezeframe",
        "  Under another name, because that one is taken:",
        "    freezeframe import paper.freezeframe --name paper-run",
        "  Into another store, for a script:",
        "    freezeframe import paper.freezeframe --store /srv/checkpoints --json"})
public final class ImportCommand implements Callable<Integer> {
    @ParentCommand
    private Program program;

    @Parameters(paramLabel = "FILE", description = "A bundle, as freezeframe export writes it.")
    private Path file;

    @Option(names = "--name", paramLabel = "NAME", description = "What the experiment is to be called here. Default: as it was called")
    private Optional<String> name;

    @Option(names = "--trust-machine", description = "Import it also if its machine uses files, programs or networks of this computer when it is restored. Only if you trust who made it.")
    private boolean trustMachine;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    /// Thrown through the import to end it.
    private static final class Interrupted extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Override
    public Integer call() throws Exception {
        try {
            name.ifPresent(BundleImport::checkName);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(e.getMessage());
        }
        // before a store is made for what is no bundle
        BundleImport.look(file);
        try (StopRequest stop = StopRequest.onSignals();
                Store store = storeOption.open(program);
                TerminalOutput screen = new TerminalOutput(program.surroundings())) {
            Progress bar = StatusProgress.on(screen);
            Report report = new BundleImport(store).run(file, new Options(name, trustMachine), (step, done, total) -> {
                if (stop.requested()) {
                    throw new Interrupted();
                }
                bar.at(step, done, total);
            });
            screen.status("");
            screen.line(format.json()
                    ? JsonLines.ofType("imported").put("experiment", report.experiment().name()).put("file", file
                            .toString()).put("checkpoints", report.checkpoints()).put("newPages", report.newChunks())
                            .put("sharedPages", report.sharedChunks()).put("newBytes", report.newBytes()).put(
                                    "sharedBytes", report.sharedBytes())
                            .put("logBytes", report.logBytes()).put("simulations", report.simulations()).toString()
                    : "imported " + report.text());
            if (!format.json()) {
                screen.line("restore   freezeframe restore " + ShellText.quoted(report.experiment().name())
                        + storeOption.asGiven());
            }
        } catch (Interrupted e) {
            throw new CommandFailure("interrupted; nothing of " + file + " was imported");
        }
        return 0;
    }
}
