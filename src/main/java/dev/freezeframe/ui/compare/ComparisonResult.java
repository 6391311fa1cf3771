package dev.freezeframe.ui.compare;

import dev.freezeframe.analyse.CheckpointComparison;
import dev.freezeframe.analyse.ImageComparison;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.ui.task.Steps;
import java.util.ArrayList;
import java.util.List;

/// Two checkpoints, compared: RAM and each of their disks. Immutable once made.
///
/// @param images RAM, then the disks
public record ComparisonResult(CheckpointComparison comparison, List<ComparedImage> images) {

    /// Reads and compares. Takes as long as reading the page maps of both.
    static ComparisonResult of(Store store, CheckpointRecord first, CheckpointRecord second, Steps steps)
            throws StoreException {
        steps.at("read the page maps of both");
        CheckpointComparison comparison = CheckpointComparison.of(store, first, second);
        List<ComparedImage> images = new ArrayList<>();
        for (ImageComparison image : comparison.images()) {
            steps.check();
            images.add(ComparedImage.of(image, steps));
        }
        return new ComparisonResult(comparison, List.copyOf(images));
    }

    /// RAM, which there always is.
    public ComparedImage ram() {
        return images.getFirst();
    }
}
