package dev.freezeframe.ui.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.profile.ProfileField;
import dev.freezeframe.qemu.profile.ProfileFolders;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenWorkbench;
import dev.freezeframe.ui.theme.Theme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.DialogPane;
import javafx.scene.control.Label;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.layout.StackPane;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The editor in a real window, on real files.
@Tag("slow")
class ProfileEditorTest {
    private static final String MINE = """
            {
              // as much as the laptop has
              "memory": "64 MiB",
              "bootSector": "rounds"
            }
            """;

    @TempDir
    private Path folder;
    private Path mine;
    private Path other;
    private OpenWorkbench workbench;
    private ProfilesModel profiles;
    private ProfileEditor editor;
    private Stage stage;

    @BeforeEach
    void open() throws IOException {
        Path own = Files.createDirectories(folder.resolve("profiles"));
        mine = Files.writeString(own.resolve("mine.json"), MINE);
        other = Files.writeString(own.resolve("other.json"), "{\"memory\": \"32 MiB\", \"bootSector\": \"rounds\"}");
        workbench = new OpenWorkbench(folder.resolve("store"));
        FxToolkit.run(() -> {
            profiles = new ProfilesModel(workbench.model().tasks(), ProfileFolders.of(own));
            profiles.reload();
            editor = new ProfileEditor(workbench.model(), profiles);
            stage = new Stage();
            stage.setScene(new Scene(new StackPane(editor), 900, 700));
            Theme.LIGHT.apply(stage.getScene());
            stage.show();
        });
        FxToolkit.await("the profiles are read", () -> profiles.loadedProperty().get());
    }

    @AfterEach
    void close() {
        FxToolkit.run(() -> java.util.List.copyOf(Window.getWindows()).forEach(Window::hide));
        workbench.close();
    }

    private void edit(Path file) {
        FxToolkit.run(() -> editor.edit(Optional.of(file)));
        awaitChecked();
    }

    private void awaitChecked() {
        FxToolkit.await("it is checked", () -> !editor.draft().loadingProperty().get() && editor.draft()
                .checkedProperty().get());
    }

    private <T> T find(String id, Class<T> type) {
        return FxToolkit.call(() -> type.cast(FxToolkit.lookup(editor, "#" + id)));
    }

    private void write(String field, String value) {
        TextField input = find("field-" + field, TextField.class);
        FxToolkit.run(() -> input.setText(value));
        awaitChecked();
    }

    private boolean canSave() {
        return !find("save-profile", Button.class).isDisabled();
    }

    private void save() {
        Button button = find("save-profile", Button.class);
        FxToolkit.run(button::fire);
        FxToolkit.await("it is saved", () -> !editor.unsaved().get());
    }

    /// The dialog that is open, once it is.
    private static DialogPane dialog() {
        FxToolkit.await("a question is asked", () -> question().isPresent());
        return FxToolkit.call(() -> question().orElseThrow());
    }

    private static Optional<DialogPane> question() {
        return Window.getWindows().stream().map(window -> window.getScene().getRoot()).filter(
                DialogPane.class::isInstance).map(DialogPane.class::cast).findFirst();
    }

    private static void answer(String text) {
        DialogPane pane = dialog();
        FxToolkit.run(() -> ((Button) pane.lookupButton(pane.getButtonTypes().stream().filter(type -> type.getText()
                .equals(text)).findFirst().orElseThrow())).fire());
    }

    @Test
    void aFieldChangesItsPlaceInTheFileAndNothingElse() throws IOException {
        edit(mine);
        assertFalse(canSave(), "nothing to save");
        write("memory", "96 MiB");
        write("cpus", "2");
        assertTrue(canSave());
        save();
        assertEquals("""
                {
                  // as much as the laptop has
                  "memory": "96 MiB",
                  "bootSector": "rounds",
                  "cpus": 2
                }
                """, Files.readString(mine));
        FxToolkit.await("the list has it", () -> profiles.find("mine").orElseThrow().entry().profile().orElseThrow()
                .memoryBytes() == 96L << 20);
    }

    @Test
    void whatTheReaderRefusesIsToldAtItsFieldAndNotSaved() throws IOException {
        edit(mine);
        write("memory", "2 Gib");
        Label error = find("error-memory", Label.class);
        assertTrue(FxToolkit.call(() -> error.isVisible() && error.getText().contains("is not a size")), error
                .getText());
        assertFalse(canSave());
        assertEquals("", find("profile-command-line", TextArea.class).getText());
        write("memory", "2 MiB");
        assertTrue(FxToolkit.call(() -> error.getText().contains("the boot sector writes")), error.getText());
        write("memory", "128 MiB");
        assertFalse(FxToolkit.call(error::isVisible));
        assertTrue(canSave());
        assertTrue(find("profile-command-line", TextArea.class).getText().contains("-m size=131072k"));
        assertEquals(MINE, Files.readString(mine));
    }

    @Test
    void formAndJsonAreAlwaysTheSame() {
        edit(mine);
        FxToolkit.run(() -> editor.draft().textProperty().set(MINE.replace("64 MiB", "80 MiB")));
        assertEquals("80 MiB", find("field-memory", TextField.class).getText());
        FxToolkit.run(() -> editor.draft().textProperty().set("{ \"memory\": "));
        awaitChecked();
        assertFalse(canSave());
        assertTrue(FxToolkit.call(() -> editor.draft().otherProblems().getFirst().message()).contains(
                "is not valid JSON"));
        FxToolkit.run(() -> editor.draft().textProperty().set(MINE));
        awaitChecked();
        assertFalse(FxToolkit.call(() -> editor.unsaved().get()), "as it was");
    }

    @Test
    void theFormHasEveryFieldOfTheReader() {
        edit(mine);
        for (ProfileField field : ProfileField.ALL) {
            assertTrue(FxToolkit.call(() -> FxToolkit.lookup(editor, "#field-" + field.name()) != null), field.name());
        }
    }

    @SuppressWarnings("unchecked") // a combo box here is one of strings
    private void choose(String id, String value) {
        ComboBox<String> box = find(id, ComboBox.class);
        FxToolkit.run(() -> box.setValue(value));
        awaitChecked();
    }

    private void press(String id) {
        Button button = find(id, Button.class);
        FxToolkit.run(button::fire);
        awaitChecked();
    }

    @Test
    void disksAreAddedChangedAndRemovedInTheForm() throws IOException {
        Path image = Files.createFile(folder.resolve("debian.img"));
        edit(mine);
        press("add-disk");
        Label error = find("error-disks", Label.class);
        assertTrue(FxToolkit.call(error::getText).startsWith("disk0, file: is empty"), error::getText);
        assertFalse(canSave());
        TextField file = find("disk0-file", TextField.class);
        FxToolkit.run(() -> file.setText(image.toString()));
        awaitChecked();
        assertEquals("", FxToolkit.call(error::getText));
        press("add-disk");
        TextField second = find("disk1-file", TextField.class);
        FxToolkit.run(() -> second.setText(folder.resolve("none.qcow2").toString()));
        choose("disk1-interface", "scsi");
        choose("disk1-writes", "read only");
        assertTrue(FxToolkit.call(() -> editor.draft().warnings().toString()).contains("its image of disk1"));
        choose("disk0-writes", "keep");
        choose("disk0-format", "raw");
        save();
        assertTrue(Files.readString(mine).contains("""
                "disks": [
                    {"file":"%s","writes":"keep","format":"raw"},
                    {"file":"%s","interface":"scsi","readOnly":true}
                  ]""".formatted(image, folder.resolve("none.qcow2"))), Files.readString(mine));
        press("disk1-remove");
        choose("disk0-writes", "discard");
        assertFalse(FxToolkit.call(() -> editor.draft().textProperty().get()).contains("keep"));
        assertEquals("qcow2", FxToolkit.call(() -> {
            editor.draft().textProperty()
                    .set(MINE.replace("\"bootS", "\"disks\": [{\"file\": \"a\", \"format\": \"qcow2\"}], \"bootS"));
            return find("disk0-format", ComboBox.class).getValue();
        }));
        press("disk0-remove");
        assertFalse(FxToolkit.call(() -> editor.draft().textProperty().get()).contains("disks"));
    }

    @Test
    void whatIsNoListOfDisksIsLeftToTheJson() {
        edit(mine);
        for (String wrong : new String[]{"7", "[7]", "[{\"file\": 7}]", "{}"}) {
            FxToolkit.run(() -> editor.draft().textProperty().set(MINE.replace("\"bootS", "\"disks\": " + wrong
                    + ", \"bootS")));
            awaitChecked();
            assertTrue(find("add-disk", Button.class).isDisabled(), wrong);
            assertFalse(canSave(), wrong);
            assertFalse(FxToolkit.call(() -> find("error-disks", Label.class).getText()).isEmpty(), wrong);
        }
    }

    @Test
    void aProfileOfTheProgramStaysAndBecomesOnesOwn() throws IOException {
        Path program = Path.of("qemu-profiles/boot-sector.json").toAbsolutePath();
        String before = Files.readString(program);
        edit(program);
        write("memory", "24 MiB");
        save();
        assertEquals(before, Files.readString(program));
        assertTrue(Files.readString(folder.resolve("profiles/boot-sector.json")).contains("24 MiB"));
        FxToolkit.await("it is the user's now", () -> profiles.find("boot-sector").orElseThrow().entry().own());
    }

    @Test
    void anotherNameMakesACopyAndAsksBeforeItWritesOver() throws IOException {
        edit(mine);
        TextField name = find("profile-name", TextField.class);
        FxToolkit.run(() -> name.setText("second"));
        awaitChecked();
        save();
        assertEquals(MINE, Files.readString(folder.resolve("profiles/second.json")));
        assertEquals(MINE, Files.readString(mine));
        FxToolkit.await("the list has it", () -> profiles.find("second").isPresent());
        FxToolkit.run(() -> name.setText("other"));
        awaitChecked();
        Button button = find("save-profile", Button.class);
        FxToolkit.run(button::fire);
        answer("Cancel");
        assertTrue(Files.readString(other).contains("32 MiB"));
        FxToolkit.run(button::fire);
        answer("Write over");
        FxToolkit.await("it is saved", () -> !editor.unsaved().get());
        assertEquals(MINE, Files.readString(other));
        FxToolkit.run(() -> name.setText("../outside"));
        awaitChecked();
        assertFalse(canSave());
    }

    @Test
    void changesAreAskedForBeforeAnotherProfileTakesTheirPlace() throws IOException {
        edit(mine);
        write("memory", "96 MiB");
        FxToolkit.run(() -> editor.edit(Optional.of(other)));
        answer("Cancel");
        assertEquals("96 MiB", find("field-memory", TextField.class).getText());
        FxToolkit.run(() -> editor.edit(Optional.of(other)));
        answer("Save");
        FxToolkit.await("the other is shown", () -> editor.draft().nameProperty().get().equals("other"));
        assertTrue(Files.readString(mine).contains("96 MiB"));
        awaitChecked();
        write("memory", "48 MiB");
        FxToolkit.run(() -> editor.edit(Optional.of(mine)));
        answer("Discard");
        FxToolkit.await("mine is shown", () -> editor.draft().nameProperty().get().equals("mine"));
        assertTrue(Files.readString(other).contains("32 MiB"));
    }

    @Test
    void revertGoesBackToWhatWasSaved() {
        edit(mine);
        write("memory", "96 MiB");
        Button revert = find("revert-profile", Button.class);
        FxToolkit.run(revert::fire);
        answer("Revert");
        FxToolkit.await("it is as before", () -> editor.draft().textProperty().get().equals(MINE));
        assertEquals("64 MiB", find("field-memory", TextField.class).getText());
    }

    @Test
    void aNewProfileIsAFileOnceItIsSaved() {
        FxToolkit.run(() -> editor.edit(Optional.empty()));
        awaitChecked();
        assertFalse(FxToolkit.call(() -> editor.unsaved().get()), "nothing would be lost");
        write("memory", "512 MiB");
        assertTrue(FxToolkit.call(() -> editor.unsaved().get()));
        save();
        assertTrue(Files.isRegularFile(folder.resolve("profiles/my-machine.json")));
    }
}
