package dev.freezeframe.cli.library;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.analyse.CheckpointCsv;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CheckpointLines;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ExperimentTotals;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `freezeframe list`: the experiments of a store, or the checkpoints of one of them.
@Command(name = "list", mixinStandardHelpOptions = true, header = "List the experiments of a store, or the checkpoints of one experiment.", description = "Without EXPERIMENT: all experiments with what they take. With it: its checkpoints, their pauses, what their pages were, tags and notes. The marks under \"phases\" are tenths of the pause.", footer = {
        "  All experiments:",
        "    freezeframe list",
        "  The checkpoints of one of them:",
        "    freezeframe list tiny-linux-20260101-120000",
        "  All figures for a spreadsheet:",
        "    freezeframe list tiny-linux-20260101-120000 --csv"})
public final class ListCommand implements Callable<Integer> {
    /// A moment in the user's own time.
    static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId
            .systemDefault());

    @ParentCommand
    private Program program;

    @Spec
    private CommandSpec spec;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    @Option(names = "--csv", description = "Print the checkpoints as comma-separated values, for a spreadsheet.")
    private boolean csv;

    @Parameters(arity = "0..1", paramLabel = "EXPERIMENT", description = "Show the checkpoints of this experiment.")
    private Optional<String> experimentName;

    @Override
    public Integer call() throws Exception {
        if (csv && (experimentName.isEmpty() || format.json())) {
            throw new ParameterException(spec.commandLine(), experimentName.isEmpty()
                    ? "--csv is for the checkpoints of one experiment: name it"
                    : "--csv and --json exclude each other");
        }
        TerminalOutput screen = new TerminalOutput(program.surroundings());
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

    private void listCheckpoints(Store store, String name, TerminalOutput screen) throws CommandFailure, IOException {
        ExperimentRecord experiment = store.experiment(name).orElseThrow(() -> new CommandFailure(
                "there is no experiment " + name + " in " + store.directory() + "; freezeframe list shows what is"));
        List<CheckpointRecord> checkpoints = store.checkpoints(experiment.id());
        Map<Long, Annotation> annotations = store.annotations(experiment.id());
        if (csv) {
            CheckpointCsv table = new CheckpointCsv(program.surroundings().out(), CheckpointCsv.disksOf(checkpoints));
            for (CheckpointRecord checkpoint : checkpoints) {
                table.add(checkpoint, annotations.getOrDefault(checkpoint.id(), Annotation.NONE));
            }
            program.surroundings().out().flush();
            return;
        }
        if (format.json()) {
            for (CheckpointRecord checkpoint : checkpoints) {
                screen.line(JsonLines.checkpoint(checkpoint, annotations.getOrDefault(checkpoint.id(),
                        Annotation.NONE)).toString());
            }
            return;
        }
        CheckpointLines table = new CheckpointLines(screen.terminal(), screen.columns(), checkpoints.stream().anyMatch(
                each -> !each.metrics().disks().isEmpty()));
        screen.line(table.header());
        for (CheckpointRecord checkpoint : checkpoints) {
            screen.line(table.row(checkpoint));
            Annotation annotation = annotations.getOrDefault(checkpoint.id(), Annotation.NONE);
            if (!annotation.isEmpty()) {
                screen.line(table.below(AnnotateCommand.text(annotation)));
            }
        }
        screen.line(CheckpointLines.PHASE_KEY);
    }

    private void listExperiments(Store store, TerminalOutput screen) throws StoreException {
        List<ExperimentTotals> experiments = store.totals();
        Map<Long, ImportOrigin> imported = store.imported();
        Map<Long, CheckpointRecord> parents = store.parents();
        if (format.json()) {
            for (ExperimentTotals totals : experiments) {
                screen.line(
                        json(totals, parent(parents, totals.experiment()), Optional.ofNullable(imported.get(totals
                                .experiment().id()))).toString());
            }
            return;
        }
        int nameWidth = experiments.stream().mapToInt(each -> each.experiment().name().length()).max().orElse(10);
        String columns = "%-" + Math.max(10, nameWidth) + "s  %-19s %12s %8s %11s %10s  %s";
        screen.line(Units.text(columns, "experiment", "started", "length", "memory", "checkpoints", "stored", "ended"));
        for (ExperimentTotals totals : experiments) {
            ExperimentRecord experiment = totals.experiment();
            screen.line(Units.text(columns, experiment.name(), TIME.format(experiment.startedAt()), experiment.endedAt()
                    .map(end -> Units.duration(Duration.between(experiment.startedAt(), end))).orElse("-"),
                    Units.bytes(experiment.ramBytes()), Units.count(totals.checkpoints()),
                    Units.bytes(totals.addedBytes()),
                    ended(experiment) + parent(parents, experiment).map(name -> ", from " + name).orElse("")
                            + (imported.containsKey(experiment.id())
                                    ? ", imported from " + imported.get(experiment.id()).fileName()
                                    : "")));
        }
        screen.line(Units.count(experiments.size(), "experiment") + ", " + Units.bytes(store.sizeBytes()) + " in "
                + store.directory());
    }

    private static String ended(ExperimentRecord experiment) {
        return experiment.endReason().orElse("not properly: the recorder was killed");
    }

    private static Optional<CheckpointName> parent(Map<Long, CheckpointRecord> parents, ExperimentRecord experiment) {
        return experiment.parentCheckpointId().map(parents::get).map(CheckpointRecord::name);
    }

    private static ObjectNode json(ExperimentTotals totals, Optional<CheckpointName> parent,
            Optional<ImportOrigin> imported) {
        ExperimentRecord experiment = totals.experiment();
        ObjectNode json = JsonLines.ofType("experiment").put("experiment", experiment.name()).put("profile", experiment
                .profileName()).put("startedAt", experiment.startedAt().toString()).put("endedAt", experiment.endedAt()
                        .map(Object::toString).orElse(null))
                .put("endReason", experiment.endReason().orElse(null)).put(
                        "parent", parent.map(Object::toString).orElse(null))
                .put("importedFrom", imported.map(ImportOrigin::fileName).orElse(null))
                .put("originalName", imported.map(
                        ImportOrigin::originalName).orElse(null));
        return json.put("ramBytes", experiment.ramBytes()).put("checkpoints", totals.checkpoints()).put("storedBytes",
                totals.storedBytes()).put("logBytes", totals.logBytes());
    }
}
