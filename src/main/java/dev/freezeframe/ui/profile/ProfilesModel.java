package dev.freezeframe.ui.profile;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.qemu.image.Guest;
import dev.freezeframe.qemu.profile.CommandLinePreview;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.ProfileEntry;
import dev.freezeframe.qemu.profile.ProfileProblem;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;

/// The profiles that machines can be started from, read and written in the background.
public final class ProfilesModel {
    private final BackgroundTasks tasks;
    private final BackgroundTasks.Lane lane;
    private final Profiles profiles;
    private final ObservableList<Listed> list = FXCollections.observableArrayList();
    private final ObservableList<Listed> readOnly = FXCollections.unmodifiableObservableList(list);
    private final ReadOnlyBooleanWrapper loaded = new ReadOnlyBooleanWrapper(this, "loaded", false);

    /// A profile with what would keep a machine from starting.
    ///
    /// @param problem one line with what to do; empty where a machine can be started
    public record Listed(ProfileEntry entry, Optional<String> problem) {
        /// Its name.
        public String name() {
            return entry.name();
        }
    }

    /// The profiles of these folders; nothing is read yet.
    public ProfilesModel(BackgroundTasks tasks, Profiles profiles) {
        this.tasks = tasks;
        this.profiles = profiles;
        lane = tasks.lane();
    }

    /// The profiles by name, as last read. Not to be changed.
    public ObservableList<Listed> list() {
        return readOnly;
    }

    /// Whether the list was read at all.
    public ReadOnlyBooleanProperty loadedProperty() {
        return loaded.getReadOnlyProperty();
    }

    /// The profile of this name, where the list has it.
    public Optional<Listed> find(String name) {
        return list.stream().filter(listed -> listed.name().equals(name)).findFirst();
    }

    /// The profile in this file, where the list has it.
    public Optional<Listed> find(Path file) {
        return list.stream().filter(listed -> listed.entry().file().equals(file)).findFirst();
    }

    /// Reads them again.
    public void reload() {
        lane.run("Read the profiles", _ -> profiles.list().stream().map(ProfilesModel::examine).toList(), read -> {
            list.setAll(read);
            loaded.set(true);
        });
    }

    private static Listed examine(ProfileEntry entry) {
        return new Listed(entry, entry.profile().isEmpty()
                ? entry.problem().map(problem -> withoutFile(problem, entry))
                : entry.profile().flatMap(ProfilesModel::missingFile));
    }

    /// A list says beside the problem whose it is.
    private static String withoutFile(String problem, ProfileEntry entry) {
        String file = "profile " + entry.file().getFileName() + ": ";
        return problem.startsWith(file) ? problem.substring(file.length()) : problem;
    }

    /// What the machine would boot from and is not there, with what to do about it: the guest, or else the first file.
    static Optional<String> missingFile(Profile profile) {
        return profile.missingGuest().map(guest -> "not prepared on this computer yet; " + guest.command()
                + " does it").or(() -> missing("kernel", profile.kernel()))
                .or(() -> missing("initial RAM disk", profile.initrd())).or(
                        () -> missing("firmware", profile.firmware()))
                .or(
                        () -> profile.disks().stream().map(
                                disk -> missing("image of " + disk.id(), Optional.of(disk.file())))
                                .flatMap(Optional::stream)
                                .findFirst());
    }

    private static Optional<String> missing(String role, Optional<Path> file) {
        return file.filter(path -> !Files.isReadable(path)).map(path -> "its " + role + " " + path
                + " cannot be read; " + Guest.remedyForMissing(path));
    }

    /// A name that no profile has yet, made from another.
    public String freeName(String wanted) {
        String name = wanted;
        for (int again = 2; find(name).isPresent(); again++) {
            name = wanted + "-" + again;
        }
        return name;
    }

    /// Makes a copy of a profile under a new name.
    public void duplicate(String name, String newName, Consumer<ProfileEntry> whenDone) {
        change("Duplicate " + name, () -> profiles.duplicate(name, newName), whenDone);
    }

    /// Takes profile files from elsewhere in, each under its own name. One that is refused does not keep the others out.
    public void importFiles(List<Path> files, Consumer<ProfileEntry> whenEachIsDone) {
        files.forEach(file -> change("Import " + file.getFileName(), () -> profiles.importFile(file), whenEachIsDone));
    }

    /// Deletes a profile of the user.
    public void delete(String name) {
        change("Delete profile " + name, () -> {
            profiles.delete(name);
            return name;
        }, _ -> {});
    }

    private interface Change<T> {
        T apply() throws Exception;
    }

    private <T> void change(String title, Change<T> change, Consumer<? super T> whenDone) {
        tasks.quietly(title, _ -> change.apply(), done -> {
            reload();
            whenDone.accept(done);
        }, cause -> {
            reload();
            tasks.report(Problem.of(title, cause));
        });
    }

    /// What a user wants otherwise for one start.
    ///
    /// @param memory      as a profile has it, such as `512 MiB`
    /// @param accelerator as a profile has it
    /// @param qemu        a path, or a name that is looked up in `PATH`; empty for the usual one
    public record StartOptions(String memory, String accelerator, String qemu, boolean paused) {}

    /// Makes the machine of a profile with other options, after the reader of profiles has checked them and QEMU has answered.
    public void spec(Profile profile, StartOptions options, Consumer<MachineSpec> whenGood,
            Consumer<String> whenRefused) {
        tasks.quietly("Check the options for " + profile.name(), _ -> {
            ObjectNode json = profile.toJson().put("memory", options.memory.strip()).put("accelerator",
                    options.accelerator);
            List<ProfileProblem> problems = profiles.problems(profile.name(), json.toString());
            if (!problems.isEmpty()) {
                throw new IOException(problems.getFirst().message());
            }
            Profile changed = profiles.parse(profile.name(), json.toString());
            MachineSpec spec = MachineSpec.of(profile).withMemoryBytes(changed.memoryBytes()).withAccelerator(changed
                    .accelerator()).withStartPaused(options.paused);
            return options.qemu.isBlank()
                    ? spec
                    : spec.withQemuBinary(QemuProgram.ask(Path.of(options.qemu.strip())).path());
        }, whenGood, cause -> whenRefused.accept(Problem.of("", cause).message()));
    }

    /// Writes a profile of the user.
    void save(String name, String json, Consumer<ProfileEntry> whenDone, Consumer<Throwable> whenFailed) {
        tasks.quietly("Save profile " + name, _ -> profiles.save(name, json), saved -> {
            reload();
            whenDone.accept(saved);
        }, whenFailed);
    }

    /// Reads the file of a profile, which need not be a good one.
    void read(ProfileEntry entry, Consumer<String> whenRead, Consumer<Throwable> whenFailed) {
        tasks.quietly("Read profile " + entry.name(), _ -> profiles.text(entry), whenRead, whenFailed);
    }

    /// What a text would make.
    ///
    /// @param problems what is wrong with it, nothing for a good one
    /// @param warnings what would keep a machine from starting here and now
    /// @param commandLine QEMU's arguments for such a machine; empty where something is wrong
    record Examined(List<ProfileProblem> problems, List<String> warnings, List<String> commandLine) {}

    /// Examines the text of a profile in a lane of the caller's.
    void examine(BackgroundTasks.Lane own, String name, String json, Consumer<Examined> whenDone) {
        own.run("Check profile " + name, _ -> {
            List<ProfileProblem> problems = profiles.problems(name, json);
            if (!problems.isEmpty()) {
                return new Examined(problems, List.of(), List.of());
            }
            Profile profile = profiles.parse(name, json);
            List<String> warnings = new ArrayList<>();
            missingFile(profile).ifPresent(warnings::add);
            return new Examined(problems, warnings, CommandLinePreview.of(profile));
        }, whenDone);
    }
}
