package dev.freezeframe.ui;

import dev.freezeframe.store.Store;
import dev.freezeframe.ui.library.LibraryRow;
import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A workbench without a window on a real store, and the problems that it reported.
public final class OpenedStore implements AutoCloseable {
    private final BackgroundTasks tasks = FxToolkit.call(BackgroundTasks::new);
    private final List<Problem> problems = new CopyOnWriteArrayList<>();
    private final WorkbenchModel workbench;

    /// Opens it and waits until the list of experiments has been read.
    public OpenedStore(Path directory) {
        workbench = FxToolkit.call(() -> new WorkbenchModel(tasks, directory));
        FxToolkit.run(() -> {
            tasks.onProblem(problems::add);
            workbench.stores().open(directory);
        });
        FxToolkit.await("the list of experiments is read", () -> workbench.library().loadedProperty().get());
    }

    public WorkbenchModel workbench() {
        return workbench;
    }

    public Store store() {
        return FxToolkit.call(() -> workbench.stores().store().orElseThrow());
    }

    public List<Problem> problems() {
        return problems;
    }

    /// The row of an experiment.
    public LibraryRow row(String name) {
        return FxToolkit.call(() -> workbench.library().rows().stream().filter(row -> row.entry().name().equals(name))
                .findFirst().orElseThrow());
    }

    /// Waits until nothing is at work.
    public void awaitIdle() {
        FxToolkit.await("nothing is at work", () -> tasks.runningProperty().get() == 0);
    }

    /// Spoils four bytes in the middle of each pack of a closed store, as a bad disk would.
    public static void damagePacks(Path directory) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:h2:" + directory.resolve("store"), "sa", "");
                Statement each = connection.createStatement()) {
            each.execute("UPDATE pack SET content = SUBSTRING(content FROM 1 FOR 5000) || X'00112233'"
                    + " || SUBSTRING(content FROM 5005)");
        }
    }

    @Override
    public void close() throws IOException {
        StoreState last = FxToolkit.call(() -> workbench.stores().stateProperty().get());
        tasks.close();
        StoreModel.close(last);
    }
}
