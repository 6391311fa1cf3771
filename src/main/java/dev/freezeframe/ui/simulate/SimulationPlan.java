package dev.freezeframe.ui.simulate;

import dev.freezeframe.simulate.Interval;
import dev.freezeframe.simulate.PluginText;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.SimulationRecord;
import java.util.List;
import java.util.Optional;

/// What is to be executed again, and how. Immutable.
///
/// @param first   the number of the checkpoint to begin with
/// @param last    of the one to end with
/// @param every   how many of the recorded intervals become one
/// @param plugin  who looks on, as the command line takes it; empty for nobody
/// @param warmUp  how many recorded intervals each is begun earlier, for who looks on; 0 for nobody
/// @param proof   whether the ends are compared
/// @param workers how many intervals at a time
public record SimulationPlan(int first, int last, int every, String plugin, int warmUp, boolean proof, int workers) {
    /// As many as the command line takes.
    public static final int MOST_WORKERS = 1024;

    /// Takes a warm-up that is among the plugin's arguments, as the store has it, for what it is.
    public SimulationPlan {
        PluginText named = PluginText.of(plugin);
        if (named.warmUp() > 0) {
            warmUp = named.warmUp();
            plugin = named.plugin();
        }
        warmUp = plugin.isEmpty() ? 0 : warmUp;
    }

    /// All of a run, by as many workers as there are processors.
    static SimulationPlan of(List<CheckpointRecord> checkpoints) {
        int first = checkpoints.isEmpty() ? 1 : checkpoints.getFirst().number();
        int last = checkpoints.isEmpty() ? 1 : checkpoints.getLast().number();
        return new SimulationPlan(first, last, 1, "", 0, true, Math.min(MOST_WORKERS, Runtime.getRuntime()
                .availableProcessors()));
    }

    /// That of a simulation that is kept.
    SimulationPlan like(SimulationRecord kept) {
        return new SimulationPlan(kept.first(), kept.last(), kept.every(), kept.plugin(), 0, kept.proof(), workers);
    }

    /// Whether a simulation that is kept is of the same intervals in the same way.
    boolean isOf(SimulationRecord kept) {
        return like(kept).equals(this);
    }

    SimulationPlan withRange(int from, int to) {
        return new SimulationPlan(from, to, every, plugin, warmUp, proof, workers);
    }

    SimulationPlan withEvery(int count) {
        return new SimulationPlan(first, last, count, plugin, warmUp, proof, workers);
    }

    SimulationPlan withPlugin(String text) {
        return new SimulationPlan(first, last, every, text.strip(), warmUp, proof, workers);
    }

    SimulationPlan withWarmUp(int intervals) {
        return new SimulationPlan(first, last, every, plugin, intervals, proof, workers);
    }

    /// Who looks on, with the warm-up.
    Optional<String> pluginText() {
        return PluginText.wanted(plugin, warmUp);
    }

    SimulationPlan withProof(boolean wanted) {
        return new SimulationPlan(first, last, every, plugin, warmUp, wanted, workers);
    }

    SimulationPlan withWorkers(int count) {
        return new SimulationPlan(first, last, every, plugin, warmUp, proof, count);
    }

    /// What there is to do.
    List<Interval> intervals(List<CheckpointRecord> checkpoints) {
        return Interval.between(
                checkpoints.stream().filter(each -> each.number() >= first && each.number() <= last).toList(),
                every);
    }
}
