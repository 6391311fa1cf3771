package dev.freezeframe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.store.CheckpointName;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.ExperimentRecord;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/// `freezeframe list`: the experiments of a store, or the checkpoints of one of them.
@Command(name = "list", mixinStandardHelpOptions = true, header = "List the experiments of a store, or the checkpoints of one experiment.")
final class ListCommand implements Callable<Integer> {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId
            .systemDefault());

    @ParentCommand
    private Freezeframe program;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    @Parameters(arity = "0..1", paramLabel = "EXPERIMENT", description = "Show the checkpoints of this experiment.")
    private Optional<String> experimentName;

    @Override
    public Integer call() throws Exception {
        Screen screen = new Screen(program.surroundings());
        if (experimentName.isEmpty() && !storeOption.exists(program)) {
            if (!format.json()) {
                screen.line("no experiments yet in " + storeOption.directory(program));
            }
            return 0;
        }
        try (Store store = storeOption.openExisting(program)) {
            if (experimentName.isPresent()) {
                listCheckpoints(store, experimentName.get(), screen);
            } else {
                listExperiments(store, screen);
            }
        }
        return 0;
    }

    private void listCheckpoints(Store store, String name, Screen screen) throws CommandFailure, StoreException {
        ExperimentRecord experiment = store.experiment(name).orElseThrow(() -> new CommandFailure(
                "there is no experiment " + name + " in " + store.directory() + "; freezeframe list shows what is"));
        CheckpointTable table = new CheckpointTable(screen.terminal(), screen.columns());
        if (!format.json()) {
            screen.line(table.header());
        }
        for (CheckpointRecord checkpoint : store.checkpoints(experiment.id())) {
            screen.line(format.json() ? JsonLines.checkpoint(checkpoint).toString() : table.row(checkpoint));
        }
        if (!format.json()) {
            screen.line(CheckpointTable.PHASE_KEY);
        }
    }

    private void listExperiments(Store store, Screen screen) throws StoreException {
        List<ExperimentRecord> experiments = store.experiments();
        if (format.json()) {
            for (ExperimentRecord experiment : experiments) {
                screen.line(json(store, experiment).toString());
            }
            return;
        }
        int nameWidth = experiments.stream().mapToInt(e -> e.name().length()).max().orElse(10);
        String columns = "%-" + Math.max(10, nameWidth) + "s  %-19s %12s %8s %11s %10s  %s";
        screen.line(Units.text(columns, "experiment", "started", "length", "memory", "checkpoints", "stored", "ended"));
        for (ExperimentRecord experiment : experiments) {
            List<CheckpointRecord> checkpoints = store.checkpoints(experiment.id());
            screen.line(Units.text(columns, experiment.name(), TIME.format(experiment.startedAt()), experiment.endedAt()
                    .map(end -> Units.duration(Duration.between(experiment.startedAt(), end))).orElse("-"),
                    Units.bytes(
                            experiment.ramBytes()),
                    Units.count(checkpoints.size()), Units.bytes(storedBytes(checkpoints)),
                    ended(experiment) + parent(store, experiment).map(name -> ", from " + name).orElse("")));
        }
        screen.line(Units.count(experiments.size(), "experiment") + ", " + Units.bytes(store.sizeBytes()) + " in "
                + store.directory());
    }

    private static String ended(ExperimentRecord experiment) {
        return experiment.endReason().orElse("not properly: the recorder was killed");
    }

    private static long storedBytes(List<CheckpointRecord> checkpoints) {
        return checkpoints.stream().mapToLong(checkpoint -> checkpoint.metrics().storedBytes()).sum();
    }

    private static Optional<CheckpointName> parent(Store store, ExperimentRecord experiment) throws StoreException {
        return experiment.parentCheckpointId().isEmpty()
                ? Optional.empty()
                : store.checkpoint(experiment.parentCheckpointId().get()).map(CheckpointRecord::name);
    }

    private static ObjectNode json(Store store, ExperimentRecord experiment) throws StoreException {
        List<CheckpointRecord> checkpoints = store.checkpoints(experiment.id());
        ObjectNode json = JsonLines.ofType("experiment").put("experiment", experiment.name()).put("profile", experiment
                .profileName()).put("startedAt", experiment.startedAt().toString()).put("endedAt", experiment.endedAt()
                        .map(Object::toString).orElse(null))
                .put("endReason", experiment.endReason().orElse(null)).put(
                        "parent", parent(store, experiment).map(Object::toString).orElse(null));
        return json.put("ramBytes", experiment.ramBytes()).put("checkpoints", checkpoints.size()).put("storedBytes",
                storedBytes(checkpoints));
    }
}
