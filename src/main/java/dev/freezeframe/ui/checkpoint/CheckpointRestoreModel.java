package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.MediaFile;
import dev.freezeframe.restore.OutsideWishes;
import dev.freezeframe.restore.RecordedOutside;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.ui.machine.MachinesModel;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Cancellable;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.IntegerProperty;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleIntegerProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;

/// How a checkpoint is to be restored, as it is being chosen. Begins with the usual restore every time, so nothing dangerous
/// is left over from the last one.
public final class CheckpointRestoreModel {
    /// As many machines as one restore may make; the same as on the command line.
    public static final int MOST_MACHINES = 256;

    private final CheckpointRecord checkpoint;
    private final BackgroundTasks.Lane lane;
    private final IntegerProperty count = new SimpleIntegerProperty(this, "count", 1);
    private final BooleanProperty recordable = new SimpleBooleanProperty(this, "recordable", true);
    private final BooleanProperty leavePaused = new SimpleBooleanProperty(this, "leavePaused", false);
    private final BooleanProperty verifyRam = new SimpleBooleanProperty(this, "verifyRam", false);
    private final BooleanProperty acceptChangedBootFiles = new SimpleBooleanProperty(this, "acceptChangedBootFiles",
            false);
    private final ObjectProperty<Optional<Accelerator>> accelerator = new SimpleObjectProperty<>(this, "accelerator",
            Optional.empty());
    private final StringProperty qemuBinary = new SimpleStringProperty(this, "qemuBinary", "");
    private final StringProperty cpu = new SimpleStringProperty(this, "cpu", "");
    private final List<OtherFile> files = new ArrayList<>();
    private final BooleanProperty acceptChangedMedia = new SimpleBooleanProperty(this, "acceptChangedMedia", false);
    private final Map<String, BooleanProperty> leftOut = new LinkedHashMap<>();
    private String refusal = "";
    private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper(this, "problem", "");

    /// @param checkpoint what is to be restored
    public CheckpointRestoreModel(BackgroundTasks tasks, CheckpointRecord checkpoint) {
        this(tasks, checkpoint, RecordedOutside.NOTHING);
    }

    /// @param checkpoint what is to be restored
    /// @param outside    what its machine had outside the guest
    public CheckpointRestoreModel(BackgroundTasks tasks, CheckpointRecord checkpoint, RecordedOutside outside) {
        this.checkpoint = checkpoint;
        for (MediaFile file : outside.files()) {
            files.add(new OtherFile(file, new SimpleStringProperty("")));
        }
        for (String argument : outside.arguments()) {
            leftOut.put(argument, new SimpleBooleanProperty(false));
        }
        lane = tasks.lane();
        count.addListener((_, _, _) -> validate());
        qemuBinary.addListener((_, _, _) -> validate());
        files.forEach(file -> file.chosen().addListener((_, _, _) -> validate()));
        cpu.addListener((_, _, _) -> validate());
    }

    /// A restore that could not be, once more: begins with what was chosen then.
    ///
    /// @param refused why it could not be, and how it was asked for
    /// @param outside what its machine had outside the guest
    public static CheckpointRestoreModel again(BackgroundTasks tasks, MachinesModel.Refused refused,
            RecordedOutside outside) {
        CheckpointRestoreModel model = new CheckpointRestoreModel(tasks, refused.checkpoint(), outside);
        model.refusal = refused.why();
        RestoreOptions before = refused.options();
        model.count.set(before.count());
        model.recordable.set(before.recordable());
        model.leavePaused.set(before.leavePaused());
        model.verifyRam.set(before.verifyRam());
        model.acceptChangedBootFiles.set(before.acceptChangedBootFiles());
        model.accelerator.set(before.accelerator());
        model.cpu.set(before.cpu().orElse(""));
        model.qemuBinary.set(before.qemuBinary().map(Path::toString).orElse(""));
        model.acceptChangedMedia.set(before.outside().acceptChangedMedia());
        for (OtherFile file : model.files) {
            file.chosen().set(Optional.ofNullable(before.outside().files().get(file.recorded().role())).map(
                    Path::toString).orElse(""));
        }
        model.leftOut.forEach((argument, left) -> left.set(before.outside().without().contains(argument)));
        return model;
    }

    /// Why it could not be restored before; empty where it is asked for the first time.
    public String refusal() {
        return refusal;
    }

    /// What is to be restored.
    public CheckpointRecord checkpoint() {
        return checkpoint;
    }

    /// Which disks come back, and what becomes of what the guest writes to them; empty where there are none.
    public String aboutDisks() {
        List<DiskMetrics> disks = checkpoint.metrics().disks();
        return disks.isEmpty()
                ? ""
                : "With " + CheckpointFigures.disks(checkpoint.metrics()) + " as of that moment, read from the store as"
                        + " the guest asks for " + (disks.size() == 1 ? "it" : "them") + ". What a guest writes to "
                        + (disks.size() == 1 ? "the disk" : "a disk") + " is thrown away with its machine.";
    }

    /// How many machines.
    public IntegerProperty countProperty() {
        return count;
    }

    /// Whether the machine can be recorded; of no meaning for more than one.
    public BooleanProperty recordableProperty() {
        return recordable;
    }

    /// Whether the guests do not run yet.
    public BooleanProperty leavePausedProperty() {
        return leavePaused;
    }

    /// Whether all RAM is compared with the store first.
    public BooleanProperty verifyRamProperty() {
        return verifyRam;
    }

    /// Whether a kernel or firmware that is not the recorded one is taken.
    public BooleanProperty acceptChangedBootFilesProperty() {
        return acceptChangedBootFiles;
    }

    /// Another accelerator than the recorded one.
    public ObjectProperty<Optional<Accelerator>> acceleratorProperty() {
        return accelerator;
    }

    /// Another QEMU than the recorded one: a path, or a name on the PATH; blank for the recorded one.
    public StringProperty qemuBinaryProperty() {
        return qemuBinary;
    }

    /// Another processor model than the recorded one, as of QEMU's `-cpu`; blank for the recorded one.
    public StringProperty cpuProperty() {
        return cpu;
    }

    /// A file that the recorded guest read, and where it is to be taken from.
    ///
    /// @param chosen a path; blank for the recorded one
    public record OtherFile(MediaFile recorded, StringProperty chosen) {}

    /// The files that the recorded guest read and could not write.
    public List<OtherFile> files() {
        return List.copyOf(files);
    }

    /// Whether such files are taken although they are not the recorded ones.
    public BooleanProperty acceptChangedMediaProperty() {
        return acceptChangedMedia;
    }

    /// The arguments that write or listen outside the guest, and whether that is left out.
    public Map<String, BooleanProperty> leftOut() {
        return Collections.unmodifiableMap(leftOut);
    }

    private OutsideWishes outsideWishes() {
        Map<String, Path> chosen = new LinkedHashMap<>();
        for (OtherFile file : files) {
            if (!file.chosen().get().isBlank()) {
                chosen.put(file.recorded().role(), Path.of(file.chosen().get().strip()));
            }
        }
        Set<String> without = leftOut.entrySet().stream().filter(each -> each.getValue().get()).map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        return new OutsideWishes(chosen, without, Set.of(), acceptChangedMedia.get());
    }

    /// One line about what cannot be done as it is chosen, empty when it can.
    public ReadOnlyStringProperty problemProperty() {
        return problem.getReadOnlyProperty();
    }

    private void validate() {
        lane.cancel();
        if (count.get() < 1 || count.get() > MOST_MACHINES) {
            problem.set("from 1 to " + MOST_MACHINES + " machines can be restored at once");
            return;
        }
        if (!cpu.get().isBlank()) {
            try {
                MachineSpec.checkCpu(cpu.get().strip());
            } catch (IllegalArgumentException e) {
                problem.set(e.getMessage());
                return;
            }
        }
        try {
            OutsideWishes _ = outsideWishes();
        } catch (InvalidPathException e) {
            problem.set("this is no path: " + e.getReason());
            return;
        }
        String typed = qemuBinary.get().strip();
        problem.set("");
        if (typed.isEmpty()) {
            return;
        }
        try {
            Path binary = Path.of(typed);
            // a bare name is looked up on the PATH by the start itself
            if (binary.getNameCount() > 1 || binary.isAbsolute()) {
                Cancellable _ = lane.run("Look for " + typed, _ -> Files.isRegularFile(binary) && Files
                        .isExecutable(binary), good -> problem.set(
                                good
                                        ? ""
                                        : typed + " is no program that can be started; choose a QEMU binary"));
            }
        } catch (InvalidPathException e) {
            problem.set("this is no path: " + e.getReason());
        }
    }

    /// The choice; to be asked for only while there is no problem.
    public RestoreOptions options() {
        RestoreOptions options = RestoreOptions.standard().withCount(count.get())
                .withRecordable(count.get() == 1 && recordable.get()).withLeavePaused(leavePaused.get())
                .withVerifyRam(verifyRam.get()).withAcceptChangedBootFiles(acceptChangedBootFiles.get())
                .withOutside(outsideWishes());
        if (accelerator.get().isPresent()) {
            options = options.withAccelerator(accelerator.get().get());
        }
        if (!cpu.get().isBlank()) {
            options = options.withCpu(cpu.get().strip());
        }
        String typed = qemuBinary.get().strip();
        return typed.isEmpty() ? options : options.withQemuBinary(Path.of(typed));
    }
}
