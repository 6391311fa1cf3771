package dev.freezeframe.cli.run;

import dev.freezeframe.base.ShellText;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.SimulationText;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.record.Budget;
import dev.freezeframe.record.MemoryNeed;
import dev.freezeframe.record.RecordingListener;
import dev.freezeframe.simulate.LiveSimulation;
import dev.freezeframe.simulate.Simulation;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ExperimentRecord;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The option that has the intervals of a run executed again while it is recorded, and what it has to do when the recording ends.
/// Without the option nothing of it does anything.
final class LiveSimulationOption implements AutoCloseable {
    @Option(names = "--simulate", paramLabel = "NAME[,ARG=VALUE]", description = "Execute each interval again as soon as it is stored, with a TCG plugin as simulate takes it, and at the end what is left. The profile must say \"replay\": true.")
    private Optional<String> plugin;

    private Optional<LiveSimulation> live = Optional.empty();

    void check(CommandSpec spec, Budget.Rule rule) {
        if (plugin.isPresent() && rule == Budget.Rule.THIN) {
            throw new ParameterException(spec.commandLine(),
                    "--simulate and --budget-rule thin do not go together: the checkpoints between which it was executed would go");
        }
    }

    /// Refuses a machine whose run cannot be executed again, or a plugin that is not there.
    void prepare(Store store, MachineSpec machine) throws IOException {
        live = plugin.isPresent() ? Optional.of(LiveSimulation.of(store, plugin.get(), machine, (newest, workers) -> {
            Optional<String> _ = MemoryNeed.ofSimulation(store, newest, workers).require();
        })) : Optional.empty();
    }

    /// A listener for the recording that tells another one of everything.
    RecordingListener hearing(RecordingListener other) {
        return live.isPresent() ? other.after(live.get()::stored) : other;
    }

    void begin(ExperimentRecord experiment) {
        live.ifPresent(each -> each.begin(experiment));
    }

    /// Executes what is left of a run whose machine has ended.
    ///
    /// @param store as the user gave it
    /// @return the status of the command
    int finish(ExperimentRecord experiment, StoreOption store, TerminalOutput screen, StopRequest stop, boolean json)
            throws Exception {
        if (live.isEmpty()) {
            return 0;
        }
        String later = "freezeframe simulate " + ShellText.quoted(experiment.name()) + " --plugin "
                + ShellText.quoted(plugin
                        .orElseThrow())
                + store.asGiven() + " goes on with the rest";
        try {
            Optional<Simulation.Outcome> outcome = stop.requested()
                    ? finish(live.get(), screen, json, later)
                    : stop.starting(() -> finish(live.get(), screen, json, later));
            return outcome.isEmpty() || outcome.get().isSound() ? 0 : 1;
        } catch (IOException | CommandFailure e) {
            throw new CommandFailure(
                    "the run is recorded, but not all of it was simulated: " + (e instanceof CommandFailure
                            ? "interrupted"
                            : e.getMessage()) + "; " + later);
        }
    }

    private static Optional<Simulation.Outcome> finish(LiveSimulation live, TerminalOutput screen, boolean json,
            String later)
            throws IOException {
        screen.status("simulating the interval that was begun");
        LiveSimulation.Reached reached = live.end();
        if (!json && reached.executed() + reached.left() > 0) {
            screen.line(Units.count(reached.executed()) + " of "
                    + Units.count(reached.executed() + reached.left(), "interval")
                    + " were simulated while recording"
                    + (reached.left() > 0 ? "; the rest follows, or after Ctrl-C " + later : ""));
            screen.line(SimulationText.HEADING);
        }
        int workers = Math.clamp(reached.left(), 1, Runtime.getRuntime().availableProcessors());
        Optional<Simulation.Outcome> outcome = live.finish(workers, (interval, result) -> {
            screen.line(json
                    ? SimulationText.json(interval.number(), result).toString()
                    : SimulationText.line(interval.number(), result));
            screen.status("simulating what is left");
        });
        screen.status("");
        if (outcome.isPresent() && json) {
            // a recording has a summary of its own
            screen.line(SimulationText.json(outcome.get(), workers).put("type", "simulated").toString());
        } else if (outcome.isPresent()) {
            SimulationText.lines(outcome.get(), workers).forEach(screen::line);
        }
        return outcome;
    }

    @Override
    public void close() {
        live.ifPresent(LiveSimulation::close);
    }
}
