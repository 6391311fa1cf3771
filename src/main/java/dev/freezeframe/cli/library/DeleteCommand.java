package dev.freezeframe.cli.library;

import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/// `freezeframe delete`: takes checkpoints or whole experiments out of a store. The others stay whole.
@Command(name = "delete", mixinStandardHelpOptions = true, header = "Delete checkpoints or experiments.", description = "What other checkpoints share stays. The space is given back by freezeframe gc.", footer = {
        "  One checkpoint:",
        "    freezeframe delete tiny-linux-20260101-120000/3",
        "  Two experiments with all of their checkpoints:",
        "    freezeframe delete tiny-linux-20260101-120000 boot-sector-20260101-130000"})
public final class DeleteCommand implements Callable<Integer> {
    @ParentCommand
    private Program program;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "EXPERIMENT/NUMBER for a checkpoint, EXPERIMENT for all of it.")
    private List<String> names;

    @Override
    public Integer call() throws Exception {
        TerminalOutput screen = new TerminalOutput(program.surroundings());
        List<Deleted> deleted = new ArrayList<>();
        try (Store store = storeOption.openExisting(program)) {
            for (String name : names) {
                // before anything is gone: a name that is wrong deletes nothing
                require(store, name);
            }
            for (String name : names) {
                Deleted now = delete(store, name);
                deleted.add(now);
                if (format.json()) {
                    screen.line(JsonLines.ofType("deleted").put("name", name).put("checkpoints", now.checkpoints)
                            .toString());
                }
            }
        } finally {
            if (!format.json()) {
                // also what was deleted before one that could not be
                summary(deleted).forEach(screen::line);
            }
        }
        if (!format.json()) {
            screen.line("freezeframe gc" + storeOption.asGiven() + " gives the space back");
        }
        return 0;
    }

    /// What is gone.
    ///
    /// @param number of the checkpoint, where it was one of the experiment's and not all
    private record Deleted(String experiment, Optional<Integer> number, int checkpoints) {}

    /// A line for each experiment, however many of its checkpoints were named.
    private static List<String> summary(List<Deleted> deleted) {
        Map<String, List<Deleted>> byExperiment = deleted.stream().collect(Collectors.groupingBy(Deleted::experiment,
                LinkedHashMap::new, Collectors.toList()));
        return byExperiment.entrySet().stream().map(each -> {
            Deleted last = each.getValue().getLast();
            int checkpoints = each.getValue().stream().mapToInt(Deleted::checkpoints).sum();
            return last.number.isPresent() && checkpoints > 1
                    ? "deleted " + Units.count(checkpoints, "checkpoint") + " of " + each.getKey()
                    : "deleted " + each.getKey() + last.number.map(number -> "/" + number).orElse("") + " (" + Units
                            .count(checkpoints, "checkpoint") + ")";
        }).toList();
    }

    private static Deleted delete(Store store, String name) throws CommandFailure, StoreException {
        ExperimentRecord experiment = store.experiment(name).orElse(null);
        if (experiment != null) {
            int checkpoints = store.checkpoints(experiment.id()).size();
            store.deleteExperiment(name);
            return new Deleted(name, Optional.empty(), checkpoints);
        }
        CheckpointRecord checkpoint = checkpoint(store, name);
        store.delete(checkpoint.name());
        return new Deleted(checkpoint.experimentName(), Optional.of(checkpoint.number()), 1);
    }

    private static void require(Store store, String name) throws CommandFailure, StoreException {
        if (store.experiment(name).isEmpty()) {
            CheckpointRecord _ = checkpoint(store, name);
        }
    }

    private static CheckpointRecord checkpoint(Store store, String name) throws CommandFailure, StoreException {
        if (!name.contains("/") && !name.equals("latest")) {
            // A checkpoint's name would be read from this as well, and the newest one of nothing be looked for.
            throw new CommandFailure("there is no experiment " + name + " in " + store.directory()
                    + "; freezeframe list shows what is, and EXPERIMENT/NUMBER names a checkpoint");
        }
        return StoreOption.find(store, parse(name));
    }

    private static CheckpointName parse(String name) throws CommandFailure {
        try {
            return CheckpointName.parse(name);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(e.getMessage());
        }
    }
}
