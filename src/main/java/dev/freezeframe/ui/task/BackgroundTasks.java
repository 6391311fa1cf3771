package dev.freezeframe.ui.task;

import dev.freezeframe.base.Closing;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import javafx.application.Platform;
import javafx.beans.property.ReadOnlyIntegerProperty;
import javafx.beans.property.ReadOnlyIntegerWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.concurrent.Worker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs all work that must not block the window, and hands its results back on the JavaFX thread. Every failure reaches
/// either the caller's handler or the one place where the window shows problems; none is lost.
///
/// All methods are for the JavaFX thread.
public final class BackgroundTasks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundTasks.class);
    private static final long SECONDS_TO_END = 20;

    private final ExecutorService threads;
    private final ObservableList<BackgroundTask<?>> listed = FXCollections.observableArrayList();
    /// The same for whoever closes this, in another thread.
    private final Set<BackgroundTask<?>> cancellable = ConcurrentHashMap.newKeySet();
    private final ReadOnlyIntegerWrapper running = new ReadOnlyIntegerWrapper(this, "running", 0);
    private Consumer<Problem> problems = problem -> LOG.warn("{}: {}", problem.title(), problem.message());

    /// Threads that do not keep the program alive.
    public BackgroundTasks() {
        AtomicLong count = new AtomicLong();
        threads = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, "background-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /// The tasks that the user sees, oldest first.
    public ObservableList<BackgroundTask<?>> listed() {
        return listed;
    }

    /// How many tasks are at work, listed or not.
    public ReadOnlyIntegerProperty runningProperty() {
        return running.getReadOnlyProperty();
    }

    /// Where failures without a handler of their own go.
    public void onProblem(Consumer<Problem> handler) {
        problems = handler;
    }

    /// Shows a problem that did not come out of a task.
    public void report(Problem problem) {
        problems.accept(problem);
    }

    /// Runs work that the user sees in the list of tasks and may cancel.
    ///
    /// @param title    what is done, for people
    /// @param whenDone gets the result on the JavaFX thread, unless it was cancelled
    public <T> Cancellable run(String title, BackgroundTask.Work<T> work, Consumer<? super T> whenDone) {
        return run(title, work, whenDone, cause -> report(Problem.of(title, cause)));
    }

    /// The same, with a handler for its failure.
    public <T> Cancellable run(String title, BackgroundTask.Work<T> work, Consumer<? super T> whenDone,
            Consumer<? super Throwable> whenFailed) {
        return run(title, work, whenDone, whenFailed, () -> {});
    }

    /// The same, with a handler for its being cancelled: the work may have begun then, and go on for a while.
    public <T> Cancellable run(String title, BackgroundTask.Work<T> work, Consumer<? super T> whenDone,
            Consumer<? super Throwable> whenFailed, Runnable whenCancelled) {
        BackgroundTask<T> task = new BackgroundTask<>(title, work);
        task.setOnCancelled(_ -> whenCancelled.run());
        listed.add(task);
        cancellable.add(task);
        task.stateProperty().addListener((_, _, state) -> {
            // a task that is cancelled before it begins is never running
            if (state == Worker.State.SUCCEEDED || state == Worker.State.FAILED || state == Worker.State.CANCELLED) {
                listed.remove(task);
                cancellable.remove(task);
            }
        });
        return start(task, whenDone, whenFailed);
    }

    /// Runs work that takes milliseconds as a rule, such as reading what was just selected; it is not in the list.
    public <T> Cancellable quietly(String title, BackgroundTask.Work<T> work, Consumer<? super T> whenDone) {
        return quietly(title, work, whenDone, cause -> report(Problem.of(title, cause)));
    }

    /// The same, with a handler for its failure.
    public <T> Cancellable quietly(String title, BackgroundTask.Work<T> work, Consumer<? super T> whenDone,
            Consumer<? super Throwable> whenFailed) {
        return start(new BackgroundTask<>(title, work), whenDone, whenFailed);
    }

    /// A lane of its own: of what is run in it, only the newest result is delivered.
    public Lane lane() {
        return new Lane();
    }

    private <T> Cancellable start(BackgroundTask<T> task, Consumer<? super T> whenDone,
            Consumer<? super Throwable> whenFailed) {
        if (threads.isShutdown()) {
            LOG.debug("{} is not begun: the program ends", task.getTitle());
            listed.remove(task);
            cancellable.remove(task);
            return () -> {};
        }
        running.set(running.get() + 1);
        task.stateProperty().addListener((_, _, state) -> {
            if (state == Worker.State.SUCCEEDED || state == Worker.State.FAILED || state == Worker.State.CANCELLED) {
                running.set(running.get() - 1);
            }
        });
        task.setOnSucceeded(_ -> whenDone.accept(task.getValue()));
        task.setOnFailed(_ -> {
            LOG.info("{} failed", task.getTitle(), task.getException());
            whenFailed.accept(task.getException());
        });
        try {
            threads.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("{} is not begun: the program has just ended", task.getTitle(), e);
            task.cancel();
        }
        return task::cancel;
    }

    /// Runs reads that replace each other, such as of the selected checkpoint while the selection moves on.
    public final class Lane {
        private Cancellable newest;
        private long turn;

        private Lane() {}

        /// Cancels what this lane still works on, and runs this.
        public <T> Cancellable run(String title, BackgroundTask.Work<T> work, Consumer<? super T> whenDone) {
            return run(title, work, whenDone, cause -> report(Problem.of(title, cause)));
        }

        /// The same, with a handler for its failure.
        public <T> Cancellable run(String title, BackgroundTask.Work<T> work, Consumer<? super T> whenDone,
                Consumer<? super Throwable> whenFailed) {
            cancel();
            // A task that has just ended cannot be cancelled any more, and its answer is already on the way here.
            long mine = ++turn;
            newest = quietly(title, work, result -> {
                if (turn == mine) {
                    whenDone.accept(result);
                }
            }, cause -> {
                if (turn == mine) {
                    whenFailed.accept(cause);
                }
            });
            return newest;
        }

        /// Drops what this lane still works on.
        public void cancel() {
            turn++;
            if (newest != null) {
                newest.giveUp();
                newest = null;
            }
        }
    }

    /// Runs something on the JavaFX thread, at once where this is it.
    public static void onFxThread(Runnable work) {
        if (Platform.isFxApplicationThread()) {
            work.run();
        } else {
            Platform.runLater(work);
        }
    }

    /// Cancels everything and waits a while for it to end. For any thread but JavaFX's, which would wait for itself.
    @Override
    public void close() {
        Closing.each(() -> Closing.each(cancellable.stream().<Closing.Unchecked>map(task -> task::cancel).toArray(
                Closing.Unchecked[]::new)), threads::shutdown, this::awaitEnd);
    }

    private void awaitEnd() {
        try {
            if (!threads.awaitTermination(SECONDS_TO_END, TimeUnit.SECONDS)) {
                LOG.warn("some background work did not end in {} s", SECONDS_TO_END);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
