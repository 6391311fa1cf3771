package dev.freezeframe.ui.library;

import dev.freezeframe.analyse.CheckpointCsv;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.bundle.BundleExport;
import dev.freezeframe.bundle.BundleImport;
import dev.freezeframe.bundle.BundleSummary;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.upkeep.GcReport;
import dev.freezeframe.ui.Navigation;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.task.Problem;
import dev.freezeframe.ui.task.SingleJob;
import dev.freezeframe.ui.task.Steps;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javafx.beans.property.ReadOnlyLongProperty;
import javafx.beans.property.ReadOnlyLongWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;

/// What can be done with the experiments of the library: show, lay over each other, export, delete, and give the space of
/// what was deleted back. Nothing asks the user here; views do before they call.
public final class LibraryWork {
    private final WorkbenchModel workbench;
    private final SingleJob reclaiming;
    private final SingleJob bundling;
    private final ReadOnlyStringWrapper lastDone = new ReadOnlyStringWrapper(this, "lastDone", "");
    private Optional<Path> lastFolder = Optional.empty();
    private final ReadOnlyLongWrapper deletedBytes = new ReadOnlyLongWrapper(this, "deletedBytes", 0);

    public LibraryWork(WorkbenchModel workbench) {
        this.workbench = workbench;
        reclaiming = new SingleJob(workbench.tasks());
        bundling = new SingleJob(workbench.tasks());
        bundling.problemProperty().addListener((_, _, problem) -> {
            // the library shows it by itself
            if (!problem.isEmpty()
                    && !(workbench.navigation().placeProperty().get() instanceof Navigation.Place.Library)) {
                workbench.tasks().report(new Problem("Bundle", problem));
            }
        });
        workbench.stores().stateProperty().addListener((_, _, _) -> {
            lastDone.set("");
            deletedBytes.set(0);
        });
    }

    /// What was done last and with what result, one line; empty at first.
    public ReadOnlyStringProperty lastDoneProperty() {
        return lastDone.getReadOnlyProperty();
    }

    /// What the experiments deleted here had added to the store, since space was reclaimed last.
    public ReadOnlyLongProperty deletedBytesProperty() {
        return deletedBytes.getReadOnlyProperty();
    }

    /// Where the last file was written; empty where that is not known, or is not there any more.
    Optional<Path> lastFolder() {
        return lastFolder.filter(Files::isDirectory);
    }

    /// Where a file is written now, so that the next one goes there too.
    void setLastFolder(Path folder) {
        lastFolder = Optional.ofNullable(folder);
    }

    /// Takes the last result off the screen.
    public void dismissLastDone() {
        lastDone.set("");
    }

    /// Shows an experiment in the middle of the window.
    public void show(LibraryEntry entry) {
        workbench.show(entry.experiment());
    }

    /// Lays two or more experiments over each other.
    public void overlay(Collection<LibraryEntry> entries) {
        if (entries.size() > 1) {
            workbench.navigation().go(new Navigation.Place.Overlay(entries.stream().map(LibraryEntry::id).toList()));
        }
    }

    /// Lays an experiment over the shown one.
    public void compareWithShown(LibraryEntry entry) {
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        if (shown != null && shown.id() != entry.id()) {
            workbench.navigation().go(new Navigation.Place.Overlay(List.of(shown.id(), entry.id())));
        }
    }

    /// What deleting these would mean.
    public LibraryDeletion deletion(Collection<LibraryEntry> entries) {
        return LibraryDeletion.of(entries, workbench.library().rows().stream().map(LibraryRow::entry).toList());
    }

    /// Deletes experiments. If one cannot be deleted, those before it are gone and those behind it are not touched.
    public void delete(LibraryDeletion deletion) {
        if (!deletion.possible()) {
            workbench.tasks().report(new Problem("Delete " + deletion.subject(), deletion.refusals().isEmpty()
                    ? "nothing is selected"
                    : deletion.refusals().getFirst()));
            return;
        }
        String title = "Delete " + deletion.subject();
        workbench.stores().store().ifPresent(store -> workbench.tasks().run(title, steps -> {
            int done = 0;
            for (LibraryEntry entry : deletion.entries()) {
                steps.at("Delete " + ShownText.oneLine(entry.name()), done++, deletion.entries().size());
                store.deleteExperiment(entry.name());
            }
            return deletion;
        }, _ -> {
            deletedBytes.set(deletedBytes.get() + deletion.storedBytes());
            lastDone.set("Deleted " + deletion.subject() + " with " + Units.count(deletion.checkpoints(), "checkpoint")
                    + "; Reclaim space gives the disk back what no other checkpoint uses");
            deleted(deletion);
        }, cause -> {
            deleted(deletion);
            workbench.tasks().report(Problem.of(title, cause));
        }));
    }

    private void deleted(LibraryDeletion deletion) {
        ExperimentRecord shown = workbench.experiment().experimentProperty().get();
        Set<Long> ids = deletion.entries().stream().map(LibraryEntry::id).collect(Collectors.toSet());
        if (shown != null && ids.contains(shown.id())) {
            workbench.experiment().show(null);
        }
        workbench.library().reload();
        workbench.stores().measure();
    }

    /// Deletes single checkpoints, such as those that are damaged.
    ///
    /// @param names     as `EXPERIMENT/NUMBER`
    /// @param whenEnded called when all or some of them are gone
    void deleteCheckpoints(List<CheckpointName> names, Runnable whenEnded) {
        String title = "Delete " + Units.count(names.size(), "checkpoint");
        Runnable after = () -> {
            workbench.experiment().reload();
            workbench.library().reload();
            whenEnded.run();
        };
        workbench.stores().store().ifPresent(store -> workbench.tasks().run(title, steps -> {
            int done = 0;
            for (CheckpointName name : names) {
                steps.at("Delete " + name, done++, names.size());
                store.delete(name);
            }
            return null;
        }, _ -> {
            lastDone.set("Deleted " + Units.count(names.size(), "checkpoint")
                    + "; Reclaim space gives the disk back what no other checkpoint uses");
            after.run();
        }, cause -> {
            after.run();
            workbench.tasks().report(Problem.of(title, cause));
        }));
    }

    /// Whether space is being reclaimed, and how far that is.
    public SingleJob reclaiming() {
        return reclaiming;
    }

    /// Gives the space of what no checkpoint uses back to the file system.
    public void reclaim() {
        workbench.stores().store().ifPresent(store -> reclaiming.start("Reclaim space", store::gc, report -> {
            lastDone.set(text(report));
            deletedBytes.set(0);
            workbench.stores().measure();
        }));
    }

    /// What reclaiming came to, one line.
    static String text(GcReport report) {
        if (report.chunksDropped() == 0 && report.packsDeleted() == 0 && report.bytesAfter() >= report.bytesBefore()) {
            return "Nothing to reclaim: every page in the store is used by a checkpoint";
        }
        return "Reclaimed " + Units.bytes(Math.max(0, report.bytesBefore() - report.bytesAfter())) + ": the store was "
                + Units.bytes(report.bytesBefore()) + ", is " + Units.bytes(report.bytesAfter())
                + report.notShrunk().map(why -> "; its file was not made shorter: " + why).orElse("");
    }

    /// Writes the checkpoints of an experiment as CSV, the same bytes as `freezeframe list --csv` prints.
    ///
    /// @param replace whether the user agreed that a file of this name goes
    public void exportCheckpoints(LibraryEntry entry, Path file, boolean replace) {
        export("Export " + ShownText.oneLine(entry.name()), List.of(file), (store, steps) -> LibraryFile.write(file,
                replace, out -> write(store, entry.experiment(), out, steps)));
    }

    /// Writes the checkpoints of several experiments into a folder, a CSV file each.
    ///
    /// @param replace whether the user agreed that files of these names go
    public void exportCheckpoints(Collection<LibraryEntry> entries, Path folder, boolean replace) {
        Map<LibraryEntry, Path> files = files(entries, folder);
        export("Export " + Units.count(entries.size(), "experiment"), files.values(), (store, steps) -> {
            int done = 0;
            for (Map.Entry<LibraryEntry, Path> each : files.entrySet()) {
                ExperimentRecord experiment = each.getKey().experiment();
                steps.at("Export " + ShownText.oneLine(experiment.name()), done++, files.size());
                LibraryFile.write(each.getValue(), replace, out -> write(store, experiment, out, steps));
            }
        });
    }

    /// Writes one line for each of these experiments as CSV.
    ///
    /// @param replace whether the user agreed that a file of this name goes
    public void exportTable(Collection<LibraryEntry> entries, Path file, boolean replace) {
        List<LibraryEntry> lines = List.copyOf(entries);
        export("Export the table of experiments", List.of(file), (_, _) -> LibraryFile.write(file, replace,
                out -> LibraryCsv.write(out, lines)));
    }

    /// What the file of an experiment is called unless the user wants otherwise.
    public static String fileName(LibraryEntry entry) {
        return LibraryFile.nameFor(entry.name());
    }

    private static Map<LibraryEntry, Path> files(Collection<LibraryEntry> entries, Path folder) {
        Map<LibraryEntry, Path> files = new LinkedHashMap<>();
        Set<Path> taken = new LinkedHashSet<>();
        for (LibraryEntry entry : entries) {
            Path file = folder.resolve(fileName(entry));
            // two names that differ only in letters that no file name has
            files.put(entry, taken.add(file) ? file : folder.resolve(entry.id() + "-" + fileName(entry)));
        }
        return files;
    }

    /// Looks which of the files that an export into a folder would write are there already.
    ///
    /// @param whenKnown gets their names
    public void existing(Collection<LibraryEntry> entries, Path folder, Consumer<List<String>> whenKnown) {
        Collection<Path> files = files(entries, folder).values();
        workbench.tasks().quietly("Look into " + folder, _ -> {
            List<String> there = new ArrayList<>();
            for (Path file : files) {
                if (Files.exists(file)) {
                    there.add(file.getFileName().toString());
                }
            }
            return there;
        }, whenKnown);
    }

    // --- bundles

    /// How the names of bundles end.
    public static final String BUNDLE_ENDING = ".freezeframe";

    /// Whether a bundle is being written or read, and how far that is.
    public SingleJob bundling() {
        return bundling;
    }

    /// What the bundle of an experiment is called unless the user wants otherwise.
    public static String bundleName(LibraryEntry entry) {
        return LibraryFile.nameFor(entry.name(), BUNDLE_ENDING);
    }

    /// Writes an experiment to a bundle.
    ///
    /// @param replace whether the user agreed that a file of this name goes
    public void exportBundle(LibraryEntry entry, Path file, boolean replace) {
        workbench.stores().store().ifPresent(store -> bundling.start("Export " + ShownText.oneLine(entry.name()),
                steps -> new BundleExport(store).write(entry.experiment(), file, replace, steps),
                written -> lastDone
                        .set("Wrote " + Units.count(written.checkpoints(), "checkpoint") + " to " + file + ", "
                                + Units.bytes(written.fileBytes())
                                + written.leftOut().stream().map(line -> "; " + line).collect(
                                        Collectors.joining()))));
    }

    /// Reads the header of a bundle.
    ///
    /// @param whenKnown gets it; what is no bundle is reported as a problem
    public void look(Path file, Consumer<BundleSummary> whenKnown) {
        workbench.tasks().quietly("Import " + file.getFileName(), _ -> BundleImport.look(file), whenKnown);
    }

    /// The experiment of the store that a bundle holds too, whatever it is called here.
    public Optional<LibraryEntry> held(BundleSummary bundle) {
        return workbench.library().rows().stream().map(LibraryRow::entry).filter(entry -> bundle.isSameAs(entry
                .experiment())).findFirst();
    }

    /// Goes to an experiment that did not have to be imported.
    public void showHeld(BundleSummary bundle, LibraryEntry entry) {
        lastDone.set(
                "The store has what is in " + bundle.file().getFileName() + " already, as " + ShownText.oneLine(entry
                        .name()));
        show(entry);
    }

    /// What is wrong with a name for an experiment to import; empty if nothing is.
    public String nameProblem(String name) {
        if (workbench.library().rows().stream().anyMatch(row -> row.entry().name().equals(name))) {
            return "The store has an experiment of this name";
        }
        try {
            BundleImport.checkName(name);
            return "";
        } catch (IllegalArgumentException e) {
            return "A name is 1 to 200 letters, digits and the like, and begins with a letter or digit";
        }
    }

    /// A name that an experiment to import can have: its own, or one like it.
    public String freeName(BundleSummary bundle) {
        String name = bundle.name();
        for (int i = 2; !nameProblem(name).isEmpty(); i++) {
            String ending = "-" + i;
            name = bundle.name().substring(0, Math.min(bundle.name().length(), 200 - ending.length())) + ending;
        }
        return name;
    }

    /// Takes a bundle into the open store and shows what came.
    ///
    /// @param trust whether the user agreed to what its machine reaches of this computer
    public void importBundle(BundleSummary bundle, String name, boolean trust) {
        // where its progress is, and the way to cancel it
        workbench.navigation().go(new Navigation.Place.Library());
        workbench.stores().store().ifPresent(store -> bundling.start("Import " + ShownText.oneLine(bundle.name()),
                steps -> new BundleImport(store).run(bundle.file(), new BundleImport.Options(Optional.of(name), trust),
                        steps),
                report -> {
                    lastDone.set("Imported " + report.text());
                    workbench.library().reload();
                    workbench.stores().measure();
                    workbench.show(report.experiment());
                }));
    }

    private interface Export {
        void run(Store store, Steps steps) throws IOException;
    }

    private void export(String title, Collection<Path> files, Export export) {
        workbench.stores().store().ifPresent(store -> workbench.tasks().run(title, steps -> {
            export.run(store, steps);
            return files;
        }, written -> lastDone.set("Wrote " + (written.size() == 1
                ? written.iterator().next()
                : Units.count(written.size(), "file") + " into " + written.iterator().next().getParent()))));
    }

    private static void write(Store store, ExperimentRecord experiment, Writer out, Steps steps) throws IOException {
        List<CheckpointRecord> checkpoints = store.checkpoints(experiment.id());
        Map<Long, Annotation> annotations = store.annotations(experiment.id());
        CheckpointCsv table = new CheckpointCsv(out, CheckpointCsv.disksOf(checkpoints));
        int done = 0;
        for (CheckpointRecord checkpoint : checkpoints) {
            LibraryFile.step(steps, "Export " + ShownText.oneLine(experiment.name()), done++, checkpoints.size());
            table.add(checkpoint, annotations.getOrDefault(checkpoint.id(), Annotation.NONE));
        }
    }
}
