package dev.freezeframe.ui.profile;

import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.ui.checkpoint.DiskRow;
import dev.freezeframe.ui.machine.MachineButtons;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.IntConsumer;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The disks of a profile, a line each, with a button to add one. It shows what it is given and tells what the user wants
/// otherwise; it keeps nothing itself.
final class DisksForm extends VBox {
    private final List<Line> lines = new ArrayList<>();
    private final VBox list = new VBox(4);
    private final Label noForm = new Label("This is no list of disks with text fields. Correct it as JSON.");
    private final Button add = new Button("Add a _disk", new FontIcon(Feather.PLUS));
    private final BiConsumer<Integer, DiskRow> onChange;
    private final IntConsumer onRemove;
    private boolean showing;

    /// @param onChange the position of a disk and what it is to be
    /// @param onAdd    one more is wanted
    /// @param onRemove the position of a disk that is to go
    DisksForm(BiConsumer<Integer, DiskRow> onChange, Runnable onAdd, IntConsumer onRemove) {
        super(4);
        this.onChange = onChange;
        this.onRemove = onRemove;
        noForm.setWrapText(true);
        noForm.getStyleClass().addAll("text-small", "text-muted");
        add.setId("add-disk");
        add.setMnemonicParsing(true);
        add.setOnAction(_ -> {
            onAdd.run();
            if (!lines.isEmpty()) {
                lines.getLast().file.requestFocus();
            }
        });
        getChildren().setAll(list, noForm, add);
    }

    /// Shows these disks.
    ///
    /// @param disks empty where what is written cannot be shown
    void show(Optional<List<DiskRow>> disks) {
        showing = true;
        try {
            List<DiskRow> rows = disks.orElse(List.of());
            while (lines.size() > rows.size()) {
                lines.removeLast();
            }
            for (int i = 0; i < rows.size(); i++) {
                if (i == lines.size()) {
                    lines.add(new Line(i));
                }
                lines.get(i).show(rows.get(i));
            }
            list.getChildren().setAll(lines.stream().map(line -> line.box).toList());
            noForm.setVisible(disks.isEmpty());
            noForm.setManaged(disks.isEmpty());
            add.setDisable(disks.isEmpty() || rows.size() >= Disk.MOST);
        } finally {
            showing = false;
        }
    }

    /// A disk.
    private final class Line {
        private final int index;
        private final TextField file = new TextField();
        private final ComboBox<String> attachment;
        private final ComboBox<String> format;
        private final ComboBox<String> writes;
        private final HBox box;

        Line(int index) {
            this.index = index;
            String id = "disk" + index;
            file.setId(id + "-file");
            file.setPromptText("disk.qcow2");
            file.setAccessibleText("Image file of " + id);
            file.textProperty().addListener((_, _, _) -> changed());
            attachment = choice(id, "interface", "virtio", Arrays.stream(Disk.Interface.values()).map(
                    Disk.Interface::text).toList());
            format = choice(id, "format", "by name", Arrays.stream(Disk.Format.values()).map(Disk.Format::text)
                    .toList());
            List<String> kinds = new ArrayList<>(Arrays.stream(Disk.Writes.values()).map(Disk.Writes::text).toList());
            kinds.add(DiskRow.READ_ONLY);
            writes = choice(id, "writes", "discard", kinds);
            Button browse = MachineButtons.icon(Feather.FOLDER, "Choose the image of " + id, this::browse);
            Button remove = MachineButtons.icon(Feather.TRASH_2, "Remove " + id, () -> onRemove.accept(index));
            remove.setId(id + "-remove");
            Label name = new Label(id);
            name.setLabelFor(file);
            name.setMinWidth(Region.USE_PREF_SIZE);
            HBox.setHgrow(file, Priority.ALWAYS);
            box = new HBox(4, name, file, browse, attachment, format, writes, remove);
            box.setAlignment(Pos.CENTER_LEFT);
        }

        private ComboBox<String> choice(String disk, String field, String otherwise, List<String> choices) {
            ComboBox<String> choice = new ComboBox<>();
            choice.setId(disk + "-" + field);
            choice.setPromptText(otherwise);
            choice.setAccessibleText("The field " + field + " of " + disk);
            choice.getItems().addAll(choices);
            choice.setMinWidth(Region.USE_PREF_SIZE);
            choice.setPrefWidth(110);
            choice.valueProperty().addListener((_, _, _) -> changed());
            return choice;
        }

        void show(DiskRow row) {
            if (!file.getText().equals(row.file())) {
                file.setText(row.file());
            }
            show(attachment, row.attachment());
            show(format, row.format());
            show(writes, row.writes());
        }

        /// Nothing chosen shows what holds then.
        private static void show(ComboBox<String> choice, String text) {
            choice.setValue(text.isEmpty() ? null : text);
        }

        private void changed() {
            if (!showing) {
                onChange.accept(index, new DiskRow(file.getText(), text(format), text(attachment), text(writes)));
            }
        }

        private static String text(ComboBox<String> choice) {
            return choice.getValue() == null ? "" : choice.getValue();
        }

        private void browse() {
            FileChooser chooser = new FileChooser();
            chooser.setTitle("Image of disk" + index);
            File chosen = chooser.showOpenDialog(getScene().getWindow());
            if (chosen != null) {
                file.setText(chosen.toString());
            }
        }
    }
}
