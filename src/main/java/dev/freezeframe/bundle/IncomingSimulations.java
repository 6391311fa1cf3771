package dev.freezeframe.bundle;

import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.BundleFormat.SimulationPart;
import dev.freezeframe.bundle.BundleFormat.SimulationText;
import dev.freezeframe.store.ImportChecks;
import dev.freezeframe.store.model.ImportedIntervals;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/// The simulations in a bundle, one part behind the other. What a stranger found is shown as such and never gone on with, and a
/// program that it names is called by nobody. For one thread.
final class IncomingSimulations {
    private final BundleReader bundle;
    private final Progress progress;
    private final String step;
    /// No simulation of a stranger's began later than this.
    private final Instant now;
    private int ordinal;
    private int begun;

    /// @param bundle whose header has been checked
    /// @param step   what the progress is told
    IncomingSimulations(BundleReader bundle, Progress progress, String step, Instant now) {
        this.bundle = bundle;
        this.progress = progress;
        this.step = step;
        this.now = now;
    }

    /// Looks at all of them.
    void check(ImportChecks rules) throws IOException {
        for (Optional<ImportedIntervals> next = next(); next.isPresent(); next = next()) {
            try {
                rules.check(next.get());
            } catch (StoreException e) {
                throw bundle.damaged(e.getMessage(), e);
            }
        }
    }

    /// The next part, empty behind the last.
    Optional<ImportedIntervals> next() throws IOException {
        if (ordinal == bundle.header().simulations()) {
            return Optional.empty();
        }
        progress.at(step, ordinal, bundle.header().simulations());
        String entry = BundleFormat.simulationEntry(ordinal++);
        SimulationPart part = BundleImport.entry(bundle, entry, SimulationPart.class);
        begun += part.simulation() == null ? 0 : 1;
        requireText(entry,
                part.simulation() == null || BundleImport.LINE.matcher(part.simulation().plugin()).matches());
        for (SimulatedInterval each : part.intervals()) {
            requireText(entry, BundleImport.LINE.matcher(each.reason()).matches() && each.devicesDiffering().stream()
                    .allMatch(device -> BundleImport.LINE.matcher(device).matches()));
        }
        return Optional.of(new ImportedIntervals(Optional.ofNullable(part.simulation()).map(this::record), part
                .intervals()));
    }

    /// How many simulations the parts given so far are of.
    int begun() {
        return begun;
    }

    private SimulationRecord record(SimulationText text) {
        return new SimulationRecord(0, 0, text.plugin(), text.proof(), text.first(), text.last(), text.every(), text
                .startedAt().isAfter(now) ? now : text.startedAt(), Optional.of(text.endedAt()));
    }

    private void requireText(String entry, boolean holds) throws BundleException {
        if (!holds) {
            throw bundle.damaged("a text in its entry " + entry + " is no line");
        }
    }
}
