package dev.freezeframe.ui.library;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.upkeep.VerifyReport;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.SingleJob;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;

/// Reads the whole store back on demand and keeps what came out, with its date, until the next time or until another store
/// is opened.
public final class VerificationModel {
    private final WorkbenchModel workbench;
    private final SingleJob job;
    private final ReadOnlyObjectWrapper<Result> result = new ReadOnlyObjectWrapper<>(this, "result");

    /// What a verification found.
    ///
    /// @param endedAt when it was done
    /// @param outdated whether something that it names was deleted since
    public record Result(Instant endedAt, VerifyReport report, boolean outdated) {
        /// What it came to, in few words.
        public String headline() {
            if (report.isSound()) {
                return "The store is sound";
            }
            List<String> lost = new ArrayList<>();
            if (!report.damages().isEmpty()) {
                lost.add(Units.count(damagedCheckpoints().size(), "checkpoint"));
            }
            if (!report.logDamages().isEmpty()) {
                lost.add(Units.count(report.logDamages().size(), "log"));
            }
            return "The store is damaged: " + String.join(" and ", lost) + " cannot be read back whole";
        }

        /// How much was looked at, one sentence.
        public String detail() {
            return Units.count(report.checkpoints(), "checkpoint") + ", " + Units.count(report.chunks(), "page")
                    + " in " + Units.count(report.packs(), "pack") + " were read back" + (report.isSound()
                            ? ", and each equals its hash."
                            : ".");
        }

        /// What to do about it; empty where nothing is to be done.
        public String remedy() {
            if (report.isSound()) {
                return "";
            }
            return (report.damages().isEmpty()
                    ? "All checkpoints are whole, but these runs cannot be executed again where their log is lost"
                    : "Delete the damaged checkpoints, all others are whole")
                    + "; or close the program and put a backup of the store in its place.";
        }

        /// The logs that cannot be read back whole, one line each.
        public List<String> damagedLogs() {
            return report.logDamages().stream().map(damage -> "The log of " + damage.experiment() + ": " + Units.count(
                    damage.pieces(), "piece") + " lost, " + damage.cause()).toList();
        }

        /// The checkpoints that cannot be restored, as `EXPERIMENT/NUMBER`.
        public List<String> damagedCheckpoints() {
            return report.damages().stream().map(VerifyReport.Damage::checkpoint).distinct().toList();
        }
    }

    public VerificationModel(WorkbenchModel workbench) {
        this.workbench = workbench;
        job = new SingleJob(workbench.tasks());
        workbench.stores().stateProperty().addListener((_, _, _) -> result.set(null));
    }

    /// Whether it is under way, and how far.
    public SingleJob job() {
        return job;
    }

    /// The last result, null before the first.
    public ReadOnlyObjectProperty<Result> resultProperty() {
        return result.getReadOnlyProperty();
    }

    /// Verifies the store. Recordings may go on beside it.
    public void verify() {
        workbench.stores().store().ifPresent(store -> job.start("Verify the store", store::verify,
                report -> result.set(new Result(Instant.now(), report, false))));
    }

    /// Deletes the checkpoints that cannot be read back whole.
    ///
    /// @param work what deletes
    public void deleteDamaged(LibraryWork work) {
        Result now = result.get();
        if (now != null && !now.report().damages().isEmpty()) {
            work.deleteCheckpoints(now.damagedCheckpoints().stream().map(CheckpointName::parse).toList(), () -> {
                if (now.equals(result.get())) {
                    result.set(new Result(now.endedAt(), now.report(), true));
                }
            });
        }
    }
}
