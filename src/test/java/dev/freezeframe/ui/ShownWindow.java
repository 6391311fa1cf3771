package dev.freezeframe.ui;

import dev.freezeframe.ui.task.BackgroundTasks;
import dev.freezeframe.ui.task.Problem;
import dev.freezeframe.ui.theme.Theme;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javafx.scene.Scene;
import javafx.stage.Stage;

/// The whole content of the window on a store, shown, for tests. Closing it ends the machines and closes the store.
final class ShownWindow implements AutoCloseable {
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<Problem> problems = new CopyOnWriteArrayList<>();
    private final BackgroundTasks tasks;
    private final WorkbenchModel workbench;
    private final MainView view;
    private final Stage stage;

    /// Shows it and opens the store in this folder, which takes a while.
    ShownWindow(Path folder, int width, int height) {
        tasks = FxToolkit.call(BackgroundTasks::new);
        workbench = FxToolkit.call(() -> new WorkbenchModel(tasks, folder));
        view = FxToolkit.call(() -> new MainView(workbench, actions(), Map.of()));
        stage = FxToolkit.call(() -> {
            tasks.onProblem(problems::add);
            Stage shown = new Stage();
            Scene scene = new Scene(view, width, height);
            Theme.LIGHT.apply(scene);
            shown.setScene(scene);
            shown.show();
            workbench.stores().open(folder);
            return shown;
        });
    }

    private WindowActions actions() {
        return new WindowActions() {
            @Override
            public void openStore() {
                asked.add("open store");
            }

            @Override
            public void toggleTheme() {
                asked.add("theme");
            }

            @Override
            public void close() {
                asked.add("close");
            }
        };
    }

    /// What it was asked for that only the real window can do: "open store", "theme", "close".
    List<String> asked() {
        return asked;
    }

    /// What was reported so far.
    List<Problem> problems() {
        return problems;
    }

    WorkbenchModel workbench() {
        return workbench;
    }

    MainView view() {
        return view;
    }

    Stage stage() {
        return stage;
    }

    @Override
    public void close() {
        StoreState state = FxToolkit.call(() -> {
            stage.hide();
            return workbench.stores().stateProperty().get();
        });
        WorkbenchModel.shutDown(tasks, FxToolkit.call(() -> List.copyOf(workbench.machines().machines())), state);
    }
}
