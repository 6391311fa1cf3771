package dev.freezeframe.bench;

import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachine;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/// Measures how long it takes from the call until a restored machine runs, and what each further machine of one restore
/// adds to that.
public final class RestoreBench {
    private RestoreBench() {}

    /// One restore.
    ///
    /// @param machines how many were asked for
    /// @param micros from the call until the last of them ran
    /// @param first the machine that ran first
    public record Sample(int machines, long micros, RestoredMachine first) {}

    /// Restores a checkpoint some times and ends the machines each time.
    public static List<Sample> run(Store store, CheckpointRecord checkpoint, int times, int machines,
            Consumer<Sample> each) throws IOException {
        List<Sample> samples = new ArrayList<>();
        RestoreOptions options = RestoreOptions.standard().withCount(machines);
        for (int i = 0; i < times; i++) {
            try (RestoredMachines restored = new Restorer(store).restore(checkpoint, options)) {
                List<RestoredMachine> byTime = new ArrayList<>(restored.machines());
                byTime.sort((a, b) -> Long.compare(a.totalMicros(), b.totalMicros()));
                Sample sample = new Sample(machines, byTime.getLast().totalMicros(), byTime.getFirst());
                samples.add(sample);
                each.accept(sample);
            }
        }
        return List.copyOf(samples);
    }

    /// The middle one by time.
    public static Sample median(List<Sample> samples) {
        List<Sample> sorted = new ArrayList<>(samples);
        Collections.sort(sorted, (a, b) -> Long.compare(a.micros(), b.micros()));
        return sorted.get(sorted.size() / 2);
    }
}
