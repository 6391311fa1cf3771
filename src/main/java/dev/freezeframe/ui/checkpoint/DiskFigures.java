package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.ui.checkpoint.SegmentBar.Part;
import dev.freezeframe.ui.checkpoint.SegmentBar.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import javafx.geometry.Pos;
import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

/// The disks of a checkpoint: for each what was written, what became of it, and what reading it took. Takes no room where
/// there are no disks; its nodes are made anew only when there are more disks than before.
final class DiskFigures extends VBox {
    private final List<Figures> made = new ArrayList<>();

    /// One disk.
    private static final class Figures extends VBox {
        private final Label name = new Label();
        private final Label dirty = new Label();
        private final Label read = new Label();
        private final Label saved = new Label();
        private final SegmentBar classes = new SegmentBar(List.of(new Part("class-new", "new"),
                new Part("class-duplicate-disk", "duplicate of disk"), new Part("class-duplicate-stored",
                        "duplicate of RAM"),
                new Part("class-zero", "zero"), new Part("class-unchanged", "unchanged")));

        Figures() {
            super(4);
            getStyleClass().add("disk-figures");
            name.getStyleClass().add("text-strong");
            name.setMinWidth(Region.USE_PREF_SIZE);
            dirty.getStyleClass().addAll("text-small", "text-muted");
            read.getStyleClass().addAll("text-small", "text-muted");
            saved.getStyleClass().add("text-small");
            saved.setMinWidth(Region.USE_PREF_SIZE);
            dirty.setTooltip(
                    new Tooltip("Blocks that the guest wrote since the last checkpoint, or of a first one all that"
                            + " the disk holds, and the size of the disk"));
            read.setTooltip(new Tooltip("What was read from QEMU, while the guest ran"));
            saved.setTooltip(
                    new Tooltip("Dirty blocks that took no new chunk, and those whose content RAM had brought into"
                            + " the store"));
            HBox first = new HBox(8, name, dirty);
            first.setAlignment(Pos.BASELINE_LEFT);
            getChildren().addAll(first, classes, classes.legend(), saved, read);
        }

        void show(DiskMetrics disk) {
            setId("details-" + disk.disk());
            name.setText(disk.disk());
            dirty.setText(Units.count(disk.dirtyBlocks(), "dirty block") + ", " + Units.bytes(disk.dirtyBlocks()
                    * GuestPage.BYTES) + " of " + Units.bytes(disk.sizeBytes()));
            classes.show("Dirty blocks of " + disk.disk() + " by class", LongStream.of(disk.newBlocks(), disk
                    .duplicateDiskBlocks(), disk.duplicateRamBlocks(), disk.zeroBlocks(), disk.unchangedBlocks())
                    .mapToObj(blocks -> new Value(blocks, Units.count(blocks))).toList(), disk.dirtyBlocks(), -1);
            saved.setText("saved " + CheckpointFigures.saved(disk) + " · against RAM " + CheckpointFigures
                    .savedAgainstRam(disk));
            read.setText(
                    "read " + Units.bytes(disk.readBytes()) + " in " + Units.millis(disk.readMicros()) + " · added "
                            + Units.bytes(disk.storedBytes()) + " to the store");
        }
    }

    DiskFigures() {
        super(4);
        setId("details-disks");
        managedProperty().bind(visibleProperty());
    }

    void show(List<DiskMetrics> disks) {
        setVisible(!disks.isEmpty());
        while (made.size() < disks.size()) {
            made.add(new Figures());
        }
        for (int i = 0; i < disks.size(); i++) {
            made.get(i).show(disks.get(i));
        }
        if (getChildren().size() != disks.size() + 1) {
            getChildren().setAll(made.subList(0, disks.size()));
            getChildren().addFirst(CheckpointDetails.section("DISKS"));
        }
    }
}
