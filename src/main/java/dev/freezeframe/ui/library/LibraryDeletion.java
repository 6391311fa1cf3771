package dev.freezeframe.ui.library;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What deleting some experiments would mean, before anything is deleted. Immutable.
///
/// @param entries    what goes
/// @param dependents experiments that stay and whose machines were restored from a checkpoint that goes
/// @param refusals   why nothing may be deleted, one line for each experiment that cannot go; empty where all can
public record LibraryDeletion(List<LibraryEntry> entries, List<LibraryEntry> dependents, List<String> refusals) {

    /// Looks at the experiments of the library and what builds on them.
    ///
    /// @param chosen what is to go
    /// @param all    all that there are
    static LibraryDeletion of(Collection<LibraryEntry> chosen, Collection<LibraryEntry> all) {
        Set<Long> going = chosen.stream().map(LibraryEntry::id).collect(Collectors.toSet());
        List<LibraryEntry> dependents = new ArrayList<>();
        Map<Long, String> refusals = new LinkedHashMap<>();
        for (LibraryEntry entry : chosen) {
            if (entry.recording()) {
                refusals.put(entry.id(), entry.name() + " is being recorded; stop the recording first");
            }
        }
        for (LibraryEntry entry : all) {
            Optional<Long> parent = entry.parent().map(checkpoint -> checkpoint.experimentId()).filter(going::contains);
            if (parent.isPresent() && !going.contains(entry.id())) {
                dependents.add(entry);
                if (entry.recording()) {
                    refusals.putIfAbsent(parent.get(), entry.parent().get().experimentName()
                            + " is what the running recording " + entry.name() + " builds on; stop that first");
                }
            }
        }
        return new LibraryDeletion(List.copyOf(chosen), List.copyOf(dependents), List.copyOf(refusals.values()));
    }

    /// Whether all of it can be deleted.
    public boolean possible() {
        return refusals.isEmpty() && !entries.isEmpty();
    }

    /// Checkpoints that go.
    public long checkpoints() {
        return entries.stream().mapToLong(entry -> entry.totals().checkpoints()).sum();
    }

    /// What they added to the store. What other checkpoints use of it stays.
    public long storedBytes() {
        return entries.stream().mapToLong(entry -> entry.totals().addedBytes()).sum();
    }

    /// What goes, such as `tiny-linux-20261122-101500` or `3 experiments`.
    public String subject() {
        return entries.size() == 1
                ? ShownText.oneLine(entries.getFirst().name())
                : Units.count(entries.size(), "experiment");
    }
}
