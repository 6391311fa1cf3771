/// The view models: all state and logic of the window as JavaFX properties, without a control in sight, so that they are
/// tested without a window. They are used on the JavaFX thread only; what they read from the engine, they read through
/// [dev.freezeframe.ui.task.BackgroundTasks].
package dev.freezeframe.ui.model;
