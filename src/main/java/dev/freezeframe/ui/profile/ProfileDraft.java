package dev.freezeframe.ui.profile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.freezeframe.qemu.profile.ProfileEntry;
import dev.freezeframe.qemu.profile.ProfileField;
import dev.freezeframe.qemu.profile.ProfileProblem;
import dev.freezeframe.ui.checkpoint.DiskRow;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javafx.animation.PauseTransition;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.util.Duration;

/// A profile while it is edited, as a form and as text at once. The text is what counts: a field of the form changes its
/// place in the text and nothing else, and what is wrong is told by the reader of profiles alone.
public final class ProfileDraft {
    /// The text that a new profile begins with.
    public static final String FIRST_TEXT = """
            {
              "description": "",
              "memory": "256 MiB",
              "kernel": "${guest}/vmlinuz",
              "initrd": "${guest}/initramfs.cpio.gz",
              "append": "console=ttyS0 quiet"
            }
            """;

    private static final String DISKS = "disks";
    private static final Pattern DISK_PATH = Pattern.compile("\\$\\.disks\\[(\\d+)](?:\\.(\\w+))?");
    private static final Duration TYPING_PAUSE = Duration.millis(200);

    private final BackgroundTasks tasks;
    private final ProfilesModel profiles;
    private final BackgroundTasks.Lane checks;
    private final PauseTransition typing = new PauseTransition(TYPING_PAUSE);
    private final ReadOnlyObjectWrapper<ProfileEntry> source = new ReadOnlyObjectWrapper<>(this, "source");
    private final ReadOnlyBooleanWrapper loading = new ReadOnlyBooleanWrapper(this, "loading", false);
    private final StringProperty name = new SimpleStringProperty(this, "name", "");
    private final StringProperty text = new SimpleStringProperty(this, "text", "");
    private final StringProperty savedName = new SimpleStringProperty(this, "savedName", "");
    private final StringProperty savedText = new SimpleStringProperty(this, "savedText", "");
    private final BooleanBinding dirty = Bindings.createBooleanBinding(() -> !text.get().equals(savedText.get())
            || !name.get().equals(savedName.get()), text, savedText, name, savedName);
    private final BooleanBinding unsaved = Bindings.createBooleanBinding(() -> dirty.get() && !(source.get() == null
            && text.get().equals(FIRST_TEXT)), dirty, source, text);
    private final ReadOnlyBooleanWrapper checked = new ReadOnlyBooleanWrapper(this, "checked", false);
    private final ObservableList<ProfileProblem> problems = FXCollections.observableArrayList();
    private final ObservableList<ProfileProblem> readOnlyProblems = FXCollections.unmodifiableObservableList(problems);
    private final ObservableList<String> warnings = FXCollections.observableArrayList();
    private final ReadOnlyObjectWrapper<List<String>> commandLine = new ReadOnlyObjectWrapper<>(this, "commandLine",
            List.of());
    private Optional<ProfileText> parsed = Optional.empty();
    private long opened;

    /// An empty draft; see [#open] and [#openNew].
    public ProfileDraft(BackgroundTasks tasks, ProfilesModel profiles) {
        this.tasks = tasks;
        this.profiles = profiles;
        checks = tasks.lane();
        typing.setOnFinished(_ -> check());
        text.addListener((_, _, now) -> {
            parsed = ProfileText.of(now);
            changed();
        });
        name.addListener((_, _, _) -> changed());
    }

    private void changed() {
        checked.set(false);
        typing.playFromStart();
    }

    /// Begins a new profile.
    public void openNew() {
        opened++;
        loading.set(false);
        source.set(null);
        begin(profiles.freeName("my-machine"), FIRST_TEXT, "");
    }

    /// Reads a profile's file and begins to edit it.
    public void open(ProfileEntry entry) {
        long mine = ++opened;
        loading.set(true);
        source.set(entry);
        begin(entry.name(), "", "");
        profiles.read(entry, read -> {
            if (mine == opened) {
                loading.set(false);
                // a text control has no carriage returns
                String lines = read.replace("\r\n", "\n");
                begin(entry.name(), lines, lines);
            }
        }, cause -> {
            if (mine == opened) {
                loading.set(false);
                tasks.report(Problem.of("Read profile " + entry.name(), cause));
            }
        });
    }

    private void begin(String newName, String newText, String saved) {
        savedName.set(newName);
        savedText.set(saved);
        name.set(newName);
        text.set(newText);
        check();
    }

    private void check() {
        typing.stop();
        if (loading.get()) {
            return;
        }
        String askedName = name.get();
        String askedText = text.get();
        profiles.examine(checks, askedName, askedText, examined -> {
            if (!askedName.equals(name.get()) || !askedText.equals(text.get())) {
                return; // it was changed meanwhile, and that is checked next
            }
            problems.setAll(examined.problems());
            warnings.setAll(examined.warnings());
            commandLine.set(examined.commandLine());
            checked.set(true);
        });
    }

    /// The profile that is edited; null for a new one.
    public ReadOnlyObjectProperty<ProfileEntry> sourceProperty() {
        return source.getReadOnlyProperty();
    }

    /// Whether its file is being read.
    public ReadOnlyBooleanProperty loadingProperty() {
        return loading.getReadOnlyProperty();
    }

    /// The name to save it under.
    public StringProperty nameProperty() {
        return name;
    }

    /// The text of the file.
    public StringProperty textProperty() {
        return text;
    }

    /// Whether something would be lost by leaving.
    public BooleanBinding unsavedProperty() {
        return unsaved;
    }

    /// Whether there is something to save.
    public BooleanBinding dirtyProperty() {
        return dirty;
    }

    /// Whether problems, warnings and command line are those of the present text; not so while somebody types.
    public ReadOnlyBooleanProperty checkedProperty() {
        return checked.getReadOnlyProperty();
    }

    /// All that is wrong with the text. Not to be changed.
    public ObservableList<ProfileProblem> problems() {
        return readOnlyProblems;
    }

    /// What is well written but would keep a machine from starting on this computer. Not to be changed.
    public ObservableList<String> warnings() {
        return warnings;
    }

    /// What QEMU would be started with; empty while something is wrong.
    public ReadOnlyObjectProperty<List<String>> commandLineProperty() {
        return commandLine.getReadOnlyProperty();
    }

    /// Whether the text is a JSON object, so that it has fields to show and change.
    public boolean hasFields() {
        return parsed.isPresent();
    }

    /// What is written in a field, for a form: a list has an element a line. Empty where the field is left out.
    public String field(ProfileField field) {
        return parsed.flatMap(fields -> fields.value(field.name())).map(ProfileDraft::shown).orElse("");
    }

    private static String shown(JsonNode value) {
        if (!value.isArray()) {
            return value.isValueNode() ? value.asText() : value.toString();
        }
        List<String> lines = new ArrayList<>();
        value.forEach(element -> lines.add(element.isValueNode() ? element.asText() : element.toString()));
        return String.join("\n", lines);
    }

    /// Writes into a field what a form holds; nothing leaves the field out.
    public void setField(ProfileField field, String value) {
        if (parsed.isEmpty() || value.equals(field(field))) {
            return;
        }
        text.set(value.isBlank()
                ? parsed.get().without(field.name())
                : parsed.get().with(field.name(), json(field,
                        value)));
    }

    private static JsonNode json(ProfileField field, String value) {
        return switch (field.kind()) {
            case COUNT -> count(value.strip());
            case TEXT_LIST -> {
                ArrayNode list = JsonNodeFactory.instance.arrayNode();
                value.lines().filter(line -> !line.isBlank()).forEach(list::add);
                yield list;
            }
            case SWITCH -> BooleanNode.valueOf(Boolean.parseBoolean(value));
            case TEXT, SIZE, CHOICE, FILE -> TextNode.valueOf(value);
            case DISKS -> throw new IllegalArgumentException(field.name() + " is no text; see setDisk");
        };
    }

    /// The disks that are written, for a form; empty where they are none that a form could show.
    public Optional<List<DiskRow>> disks() {
        List<DiskRow> rows = new ArrayList<>();
        Optional<JsonNode> written = written(DISKS);
        if (written.isPresent() && !written.get().isArray()) {
            return Optional.empty();
        }
        for (JsonNode element : diskArray()) {
            DiskRow row = element instanceof ObjectNode json ? DiskRow.of(json) : null;
            if (row == null) {
                return Optional.empty();
            }
            rows.add(row);
        }
        return Optional.of(rows);
    }

    /// Writes what a form holds for a disk.
    ///
    /// @param index its position in [#disks]
    public void setDisk(int index, DiskRow row) {
        changeDisks(array -> row.into((ObjectNode) array.get(index)));
    }

    /// Adds an empty disk behind the others.
    public void addDisk() {
        changeDisks(array -> DiskRow.EMPTY.into(array.addObject()));
    }

    /// Removes a disk.
    public void removeDisk(int index) {
        changeDisks(array -> array.remove(index));
    }

    private Optional<JsonNode> written(String name) {
        return parsed.flatMap(fields -> fields.value(name));
    }

    private ArrayNode diskArray() {
        return written(DISKS).filter(JsonNode::isArray).map(array -> (ArrayNode) array.deepCopy()).orElseGet(
                JsonNodeFactory.instance::arrayNode);
    }

    private void changeDisks(Consumer<ArrayNode> change) {
        if (parsed.isEmpty()) {
            return;
        }
        ArrayNode array = diskArray();
        change.accept(array);
        text.set(array.isEmpty() ? parsed.get().without(DISKS) : parsed.get().with(DISKS, array));
    }

    /// What is no number stays text, and the reader of profiles tells that it should be one.
    private static JsonNode count(String value) {
        try {
            return IntNode.valueOf(Integer.parseInt(value));
        } catch (NumberFormatException e) {
            return TextNode.valueOf(value);
        }
    }

    /// What is wrong with a field, empty for nothing.
    public String problemOf(ProfileField field) {
        return problems.stream().filter(problem -> isAbout(problem, field.name())).map(problem -> place(problem, field)
                + problem.message()).collect(Collectors.joining("\n"));
    }

    /// Of several disks, which one and what of it.
    private static String place(ProfileProblem problem, ProfileField field) {
        Matcher disk = DISK_PATH.matcher(problem.jsonPath());
        return field.kind() == ProfileField.Kind.DISKS && disk.matches()
                ? "disk" + disk.group(1) + (disk.group(2) == null ? "" : ", " + disk.group(2)) + ": "
                : "";
    }

    /// What is wrong with no field of the form: the name, the JSON itself, a field that does not exist.
    public List<ProfileProblem> otherProblems() {
        return problems.stream().filter(problem -> ProfileField.ALL.stream().noneMatch(field -> isAbout(problem, field
                .name()))).toList();
    }

    private static boolean isAbout(ProfileProblem problem, String field) {
        String path = "$." + field;
        return problem.jsonPath().equals(path) || problem.jsonPath().startsWith(path + "[") || problem.jsonPath()
                .startsWith(path + ".");
    }

    /// Goes back to what was saved last.
    public void revert() {
        if (source.get() == null) {
            openNew();
        } else {
            name.set(savedName.get());
            text.set(savedText.get());
            check();
        }
    }

    /// The user's profile that saving would write over, other than the one that is edited.
    public Optional<ProfileEntry> overwrites() {
        return profiles.find(name.get()).map(ProfilesModel.Listed::entry).filter(ProfileEntry::own).filter(
                entry -> source.get() == null || !entry.file().equals(source.get().file()));
    }

    /// Writes it among the user's profiles, under its name. What the reader refuses is not written, and told.
    public void save(Consumer<ProfileEntry> whenSaved) {
        String written = text.get();
        String writtenName = name.get();
        long mine = opened;
        profiles.save(writtenName, written, saved -> {
            if (mine == opened) {
                source.set(saved);
                savedName.set(writtenName);
                savedText.set(written);
            }
            whenSaved.accept(saved);
        }, cause -> {
            check();
            tasks.report(Problem.of("Save profile " + writtenName, cause));
        });
    }
}
