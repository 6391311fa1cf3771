package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a deletion would take and what it would leave, for the user to confirm. A value, as things stood when it was asked
/// for.
///
/// @param going    the checkpoints that go, by number
/// @param staying  those that were chosen as well and cannot go while they are being recorded on
/// @param children experiments whose machines were restored from one that goes; they stay whole and lose the link
public record CheckpointDeletion(List<CheckpointRecord> going, List<CheckpointRecord> staying,
        List<ExperimentRecord> children) {
    /// So many names are said in full.
    private static final int NAMES = 6;

    /// @param chosen      checkpoints of one experiment
    /// @param experiments all of the store
    /// @param recorded    those that are being recorded now
    /// @param newest      the newest checkpoint of the experiment that they are of
    static CheckpointDeletion of(List<CheckpointRecord> chosen, List<ExperimentRecord> experiments,
            List<ExperimentRecord> recorded, Optional<CheckpointRecord> newest) {
        Set<Long> running = new HashSet<>();
        Set<Long> bases = new HashSet<>();
        recorded.forEach(each -> {
            running.add(each.id());
            each.parentCheckpointId().ifPresent(bases::add);
        });
        List<CheckpointRecord> going = new ArrayList<>();
        List<CheckpointRecord> staying = new ArrayList<>();
        for (CheckpointRecord each : chosen) {
            boolean isNewest = newest.filter(last -> last.id() == each.id()).isPresent();
            boolean needed = bases.contains(each.id()) || (isNewest && running.contains(each.experimentId()));
            (needed ? staying : going).add(each);
        }
        Set<Long> ids = new HashSet<>();
        going.forEach(each -> ids.add(each.id()));
        List<ExperimentRecord> children = experiments.stream().filter(each -> each.parentCheckpointId().filter(
                ids::contains).isPresent()).toList();
        return new CheckpointDeletion(List.copyOf(going), List.copyOf(staying), children);
    }

    /// What is asked, such as `Delete 3 checkpoints of tiny-linux?`.
    public String question() {
        if (going.isEmpty()) {
            return "Nothing can be deleted now";
        }
        return going.size() == 1
                ? "Delete checkpoint " + going.getFirst().name() + "?"
                : "Delete " + Units.count(going.size(), "checkpoint") + " of " + going.getFirst().experimentName()
                        + "?";
    }

    /// What goes, what stays and what comes back, a sentence each.
    public List<String> sentences() {
        List<String> sentences = new ArrayList<>();
        if (going.size() > 1) {
            sentences.add(
                    "Checkpoints " + ranges() + " go, with their notes, tags and pictures. This cannot be undone.");
        } else if (!going.isEmpty()) {
            sentences.add("It goes with its note, tags and picture. This cannot be undone.");
        }
        if (!staying.isEmpty()) {
            sentences.add((staying.size() == 1
                    ? "Checkpoint " + staying.getFirst().number() + " stays"
                    : Units.count(
                            staying.size(), "checkpoint") + " stay")
                    + ": a running recording builds on it. Stop it first.");
        }
        if (!going.isEmpty()) {
            sentences.add("All other checkpoints stay whole and restorable.");
            if (!children.isEmpty()) {
                sentences.add("Restored from here: " + names(children.stream().map(ExperimentRecord::name).toList())
                        + ". " + (children.size() == 1 ? "It stays whole" : "They stay whole")
                        + " but will no longer say where from.");
            }
            sentences.add("Reclaiming space afterwards brings back up to " + Units.bytes(storedBytes())
                    + ", less what other checkpoints still use.");
        }
        return sentences;
    }

    /// Bytes that those which go added to the store: the most that can come back.
    public long storedBytes() {
        return going.stream().mapToLong(each -> each.metrics().storedBytes()).sum();
    }

    /// The numbers that go, runs of them as `first–last`.
    String ranges() {
        List<String> runs = new ArrayList<>();
        int first = 0;
        for (int i = 1; i <= going.size(); i++) {
            if (i == going.size() || going.get(i).number() != going.get(i - 1).number() + 1) {
                int from = going.get(first).number();
                int to = going.get(i - 1).number();
                runs.add(from == to ? Integer.toString(from) : from + "–" + to);
                first = i;
            }
        }
        return names(runs);
    }

    private static String names(List<String> all) {
        return all.size() <= NAMES
                ? String.join(", ", all)
                : String.join(", ", all.subList(0, NAMES)) + " and " + Units.count(all.size() - NAMES) + " more";
    }
}
