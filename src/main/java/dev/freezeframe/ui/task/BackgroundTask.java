package dev.freezeframe.ui.task;

import java.util.concurrent.CancellationException;
import javafx.concurrent.Task;

/// Work in the background with a title, progress and cancel. Its properties change on the JavaFX thread only.
///
/// Cancelling never interrupts the thread: an interrupt closes the file channel that it hits, and with it the store. The
/// work learns of it from [Steps#check], which every progress report calls.
public final class BackgroundTask<T> extends Task<T> {

    /// What is done in the background.
    @FunctionalInterface
    public interface Work<T> {
        /// Does it.
        ///
        /// @throws Exception its message is one line for the user
        T run(Steps steps) throws Exception;
    }

    private final class OwnSteps implements Steps {
        @Override
        public void at(String step, long done, long total) {
            check();
            updateMessage(step);
            updateProgress(done, total);
        }

        @Override
        public void at(String step) {
            check();
            updateMessage(step);
            updateProgress(-1, -1);
        }

        @Override
        public void check() {
            if (isCancelled()) {
                throw new CancellationException();
            }
        }

        @Override
        public boolean cancelled() {
            return isCancelled();
        }
    }

    private final Work<T> work;

    BackgroundTask(String title, Work<T> work) {
        this.work = work;
        updateTitle(title);
    }

    @Override
    protected T call() throws Exception {
        return work.run(new OwnSteps());
    }

    @Override
    public boolean cancel(boolean mayInterrupt) {
        return super.cancel(false);
    }
}
