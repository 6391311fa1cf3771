package dev.freezeframe.cli.library;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.analyse.SimulationCsv;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.SimulationText;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.simulate.FigureError;
import dev.freezeframe.simulate.Interval;
import dev.freezeframe.simulate.PluginText;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/// `freezeframe simulations`: what came of the simulations of a recorded run, which the store keeps.
@Command(name = "simulations", mixinStandardHelpOptions = true, header = "Show, export or delete what simulations found.", footer = {
        "  All simulations of an experiment:",
        "    freezeframe simulations replay-linux-20260101-120000",
        "  The intervals of the second one, for a spreadsheet:",
        "    freezeframe simulations replay-linux-20260101-120000 2 --csv intervals.csv",
        "  How far its figures are from those of the first one:",
        "    freezeframe simulations replay-linux-20260101-120000 2 --compare 1"})
public final class SimulationsCommand implements Callable<Integer> {
    @ParentCommand
    private Program program;

    @Parameters(index = "0", paramLabel = "EXPERIMENT", description = "The recording.")
    private String name;

    @Parameters(index = "1", arity = "0..1", paramLabel = "NUMBER", description = "One of its simulations, whose intervals are shown. A number stays as it is, whatever is deleted.")
    private Optional<Long> number;

    @ArgGroup
    private Deed deed;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    /// What is done with one.
    private static final class Deed {
        @Option(names = "--csv", paramLabel = "FILE", required = true, description = "Write the intervals of simulation NUMBER to a new file.")
        private Path csv;

        @Option(names = "--compare", paramLabel = "OTHER", required = true, description = "Show how far the figures of simulation NUMBER are from those of OTHER, which had the same plugin and checkpoints.")
        private Long other;

        @Option(names = "--delete", required = true, description = "Delete simulation NUMBER.")
        private boolean delete;
    }

    @Override
    public Integer call() throws Exception {
        try (TerminalOutput screen = new TerminalOutput(program.surroundings());
                Store store = storeOption.openExisting(program)) {
            ExperimentRecord experiment = store.experiment(name).orElseThrow(() -> new CommandFailure(
                    "there is no experiment " + name + " in " + store.directory()
                            + "; freezeframe list shows what is"));
            List<SimulationRecord> simulations = store.simulations().of(experiment.id());
            Optional<ImportOrigin> origin = Optional.ofNullable(store.imported().get(experiment.id()));
            if (number.isEmpty()) {
                if (deed != null) {
                    throw new CommandFailure(
                            "which simulation? freezeframe simulations " + name + " shows their numbers");
                }
                list(screen, store, simulations, origin);
                return 0;
            }
            SimulationRecord simulation = find(simulations, number.get());
            if (origin.filter(each -> !each.isBefore(simulation)).isPresent()) {
                screen.remark(
                        "simulation " + simulation.id() + " came with the bundle: it is what somebody else found");
            }
            if (deed == null) {
                show(screen, store.simulations().intervals(simulation), numbering(store, simulation));
            } else if (deed.delete) {
                store.simulations().delete(simulation);
                screen.line(format.json()
                        ? JsonLines.ofType("deleted").put("simulation", number.get()).toString()
                        : "deleted simulation " + number.get() + " of " + name);
            } else if (deed.other != null) {
                compare(screen, FigureError.of(store, simulation, find(simulations, deed.other)));
            } else {
                write(screen, store.simulations().intervals(simulation), numbering(store, simulation));
            }
        }
        return 0;
    }

    private static ToIntFunction<SimulatedInterval> numbering(Store store, SimulationRecord simulation)
            throws StoreException {
        return Interval.numbering(Interval.between(store.checkpoints(simulation.experimentId()).stream().filter(
                each -> each.number() >= simulation.first() && each.number() <= simulation.last()).toList(), simulation
                        .every()));
    }

    private SimulationRecord find(List<SimulationRecord> simulations, long wanted) throws CommandFailure {
        return simulations.stream().filter(each -> each.id() == wanted).findFirst().orElseThrow(
                () -> new CommandFailure(name + " has no simulation " + wanted + (simulations.isEmpty()
                        ? "; freezeframe simulate " + name + " makes one"
                        : "; it has " + simulations.stream().map(each -> Long.toString(each.id())).collect(
                                Collectors.joining(", ")))));
    }

    private void compare(TerminalOutput screen, List<FigureError> errors) {
        if (!format.json()) {
            screen.line(SimulationText.errorHeading(number.orElseThrow(), deed.other));
        }
        for (FigureError each : errors) {
            screen.line(format.json()
                    ? SimulationText.json(number.orElseThrow(), deed.other, each).toString()
                    : SimulationText.line(each));
        }
    }

    private void list(TerminalOutput screen, Store store, List<SimulationRecord> simulations,
            Optional<ImportOrigin> origin) throws StoreException {
        for (SimulationRecord each : simulations) {
            List<SimulatedInterval> intervals = store.simulations().intervals(each);
            PluginText plugin = PluginText.of(each.plugin());
            long sound = intervals.stream().filter(interval -> interval.state().isSound()).count();
            boolean foreign = origin.filter(from -> !from.isBefore(each)).isPresent();
            if (format.json()) {
                ObjectNode json = JsonLines.ofType("simulation").put("simulation", each.id())
                        .put("plugin", plugin.plugin())
                        .put("warmUp", plugin.warmUp()).put("from", each.first())
                        .put("to", each.last()).put("every", each.every()).put("proof", each.proof()).put(
                                "startedAt", each.startedAt().toString())
                        .put("endedAt", each.endedAt().map(Object::toString)
                                .orElse(null))
                        .put("imported", foreign).put("intervals", intervals.size());
                for (EndState state : EndState.values()) {
                    json.put(state.json(), intervals.stream().filter(interval -> interval.state() == state).count());
                }
                screen.line(json.toString());
            } else {
                screen.line(Units.text("%3d  %s  checkpoints %d to %d  %s, %s sound%s", each.id(),
                        ListCommand.TIME.format(each.startedAt()),
                        each.first(), each.last(), Units.count(intervals.size(), "interval"), Units.count(sound), (each
                                .plugin().isEmpty() ? "" : ", " + ShownText.oneLine(each.plugin()))
                                + (each.endedAt().isEmpty()
                                        ? ", interrupted"
                                        : foreign ? ", came with the bundle" : "")));
            }
        }
        if (simulations.isEmpty() && !format.json()) {
            screen.line("no simulations; freezeframe simulate " + name + " makes one");
        }
    }

    private void show(TerminalOutput screen, List<SimulatedInterval> intervals,
            ToIntFunction<SimulatedInterval> numberOf)
            throws Exception {
        if (!format.json()) {
            screen.line(SimulationText.HEADING);
        }
        for (SimulatedInterval each : intervals) {
            int own = numberOf.applyAsInt(each);
            screen.line(format.json() ? SimulationText.json(own, each).toString() : SimulationText.line(own, each));
        }
        if (!format.json() && intervals.stream().anyMatch(each -> numberOf.applyAsInt(each) == 0)) {
            screen.line(
                    SimulationText.NO_NUMBER + " is no interval of the run any more, as a checkpoint was deleted since;"
                            + " what came of it is kept");
        }
    }

    private void write(TerminalOutput screen, List<SimulatedInterval> intervals,
            ToIntFunction<SimulatedInterval> numberOf) throws Exception {
        if (Files.exists(deed.csv)) {
            throw new CommandFailure(deed.csv + " is there already; choose another name");
        }
        Files.writeString(deed.csv, SimulationCsv.of(intervals, numberOf), StandardCharsets.UTF_8,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE);
        screen.line(format.json()
                ? JsonLines.ofType("exported").put("file", deed.csv.toString()).put("intervals", intervals.size())
                        .toString()
                : "wrote " + Units.count(intervals.size(), "interval") + " to " + deed.csv);
    }
}
