package dev.freezeframe.ui.simulate;

import dev.freezeframe.analyse.SimulationCsv;
import dev.freezeframe.cli.terminal.SimulationText;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.library.LibraryFile;
import dev.freezeframe.ui.task.Cancellable;
import java.io.File;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Writes the intervals of the simulation that is shown to files, in the background.
final class SimulationFiles {
    private final WorkbenchModel workbench;

    SimulationFiles(WorkbenchModel workbench) {
        this.workbench = workbench;
    }

    /// As comma-separated values. A file that is there is replaced: the user was asked for its name.
    void writeCsv(File file) {
        Map<SimulatedInterval, Integer> ended = new LinkedHashMap<>();
        workbench.simulation().rows().forEach(row -> row.result().ifPresent(each -> ended.put(each, row.number())));
        write(file, out -> out.append(SimulationCsv.of(List.copyOf(ended.keySet()), ended::get)));
    }

    /// As the lines of JSON that the command line prints.
    void writeJson(File file) {
        List<IntervalRow> rows = List.copyOf(workbench.simulation().rows());
        write(file, out -> {
            for (IntervalRow row : rows) {
                if (row.result().isPresent()) {
                    out.append(SimulationText.json(row.number(), row.result().get()).toString()).append('\n');
                }
            }
        });
    }

    private void write(File file, LibraryFile.Content content) {
        Cancellable _ = workbench.tasks().run("Export the intervals to " + file.getName(), _ -> {
            LibraryFile.write(file.toPath(), true, content);
            return file;
        }, _ -> {});
    }
}
