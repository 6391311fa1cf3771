package dev.freezeframe.ui.task;

import dev.freezeframe.base.Progress;

/// How work in the background says how far it is, and learns that nobody wants it any more. Also fits where the store wants
/// a [Progress]. May be called from any thread.
public interface Steps extends Progress {

    /// Work has come a step further. Leaves the work by a [java.util.concurrent.CancellationException] once the user has
    /// cancelled it.
    @Override
    void at(String step, long done, long total);

    /// The same where no count is known.
    void at(String step);

    /// Leaves the work by a [java.util.concurrent.CancellationException] once the user has cancelled it.
    void check();

    /// Whether the user has cancelled, for work that ends in its own way.
    boolean cancelled();
}
