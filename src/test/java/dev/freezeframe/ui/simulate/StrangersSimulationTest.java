package dev.freezeframe.ui.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.BundleExport;
import dev.freezeframe.bundle.BundleImport;
import dev.freezeframe.restore.ArrayGuest;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.OpenedStore;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A simulation that came with a bundle is shown as it is, and names no program that a click on *Run* would start.
class StrangersSimulationTest {
    @TempDir
    private Path folder;

    @Test
    void aProgramThatAStrangerNamedIsNotPlanned() throws Exception {
        Path bundle = folder.resolve("run.freezeframe");
        ExperimentRecord imported;
        try (Store from = Store.open(folder.resolve("from")); Store to = Store.open(folder.resolve("to"))) {
            ExperimentRecord run = ArrayGuest.record(from, "run", 4, 1);
            for (String plugin : List.of("count,x=1", "command=/bin/false {ram}", "/somewhere/theirs.so")) {
                ArrayGuest.addSimulation(from, run, plugin, 3, true);
            }
            new BundleExport(from).write(run, bundle, false, Progress.NONE);
            imported = new BundleImport(to).run(bundle, BundleImport.Options.DEFAULT, Progress.NONE).experiment();
        }
        try (OpenedStore opened = new OpenedStore(folder.resolve("to"))) {
            SimulationModel model = opened.workbench().simulation();
            FxToolkit.run(() -> {
                opened.workbench().show(imported);
                model.look(true);
            });
            opened.awaitIdle();
            List<SimulationRecord> kept = FxToolkit.call(() -> List.copyOf(model.records())).reversed();
            assertEquals(3, kept.size());
            for (SimulationRecord each : kept) {
                FxToolkit.run(() -> model.choose(each));
                opened.awaitIdle();
                assertTrue(FxToolkit.call(() -> model.isForeign(each)));
                assertEquals(each.equals(kept.getFirst()) ? "count,x=1" : "", FxToolkit.call(
                        () -> model.planProperty().get().plugin()), each.plugin());
                assertEquals(3, FxToolkit.call(() -> model.ended().size()));
            }
        }
    }
}
