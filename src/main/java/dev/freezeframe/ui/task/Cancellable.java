package dev.freezeframe.ui.task;

/// Work that was handed to [BackgroundTasks] and may be given up.
@FunctionalInterface
public interface Cancellable {
    /// Gives it up: its result is not delivered, and it ends at its next step.
    void giveUp();
}
