package dev.freezeframe.ui.library;

import dev.freezeframe.base.Units;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.upkeep.VerifyReport;
import dev.freezeframe.ui.WorkbenchModel;
import java.time.Instant;
import java.util.List;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;

/// Reads the whole store back on demand and keeps what came out, with its date, until the next time or until another store
/// is opened.
public final class VerificationModel {
    private final WorkbenchModel workbench;
    private final LibraryJob job;
    private final ReadOnlyObjectWrapper<Result> result = new ReadOnlyObjectWrapper<>(this, "result");

    /// What a verification found.
    ///
    /// @param endedAt when it was done
    /// @param outdated whether something that it names was deleted since
    public record Result(Instant endedAt, VerifyReport report, boolean outdated) {
        /// What it came to, in few words.
        public String headline() {
            return report.isSound()
                    ? "The store is sound"
                    : "The store is damaged: " + Units.count(damagedCheckpoints().size(), "checkpoint")
                            + " cannot be read back whole";
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
            return report.isSound()
                    ? ""
                    : "Delete the damaged checkpoints, all others are whole; or close the program and put a backup of the "
                            + "store in its place.";
        }

        /// The checkpoints that cannot be restored, as `EXPERIMENT/NUMBER`.
        public List<String> damagedCheckpoints() {
            return report.damages().stream().map(VerifyReport.Damage::checkpoint).distinct().toList();
        }
    }

    public VerificationModel(WorkbenchModel workbench) {
        this.workbench = workbench;
        job = new LibraryJob(workbench.tasks());
        workbench.stores().stateProperty().addListener((_, _, _) -> result.set(null));
    }

    /// Whether it is under way, and how far.
    public LibraryJob job() {
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
        if (now != null && !now.report().isSound()) {
            work.deleteCheckpoints(now.damagedCheckpoints().stream().map(CheckpointName::parse).toList(), () -> {
                if (now.equals(result.get())) {
                    result.set(new Result(now.endedAt(), now.report(), true));
                }
            });
        }
    }
}
