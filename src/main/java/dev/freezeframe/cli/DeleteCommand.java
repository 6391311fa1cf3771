package dev.freezeframe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.store.CheckpointName;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.ExperimentRecord;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreException;
import java.util.List;
import java.util.concurrent.Callable;
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
final class DeleteCommand implements Callable<Integer> {
    @ParentCommand
    private Freezeframe program;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "EXPERIMENT/NUMBER for a checkpoint, EXPERIMENT for all of it.")
    private List<String> names;

    @Override
    public Integer call() throws Exception {
        Screen screen = new Screen(program.surroundings());
        try (Store store = storeOption.openExisting(program)) {
            for (String name : names) {
                int checkpoints = delete(store, name);
                ObjectNode json = JsonLines.ofType("deleted").put("name", name).put("checkpoints", checkpoints);
                screen.line(format.json()
                        ? json.toString()
                        : "deleted " + name + " (" + Units.count(checkpoints,
                                "checkpoint") + ")");
            }
        }
        if (!format.json()) {
            screen.line("freezeframe gc" + storeOption.asGiven() + " gives the space back");
        }
        return 0;
    }

    private static int delete(Store store, String name) throws CommandFailure, StoreException {
        ExperimentRecord experiment = store.experiment(name).orElse(null);
        if (experiment != null) {
            int checkpoints = store.checkpoints(experiment.id()).size();
            store.deleteExperiment(name);
            return checkpoints;
        }
        if (!name.contains("/") && !name.equals("latest")) {
            // A checkpoint's name would be read from this as well, and the newest one of nothing be looked for.
            throw new CommandFailure("there is no experiment " + name + " in " + store.directory()
                    + "; freezeframe list shows what is, and EXPERIMENT/NUMBER names a checkpoint");
        }
        CheckpointRecord checkpoint = StoreOption.find(store, parse(name));
        store.delete(checkpoint.name());
        return 1;
    }

    private static CheckpointName parse(String name) throws CommandFailure {
        try {
            return CheckpointName.parse(name);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(e.getMessage());
        }
    }
}
