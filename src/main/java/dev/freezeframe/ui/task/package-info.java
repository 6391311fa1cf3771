/// The one way in which the window runs anything that may take longer than a frame.
package dev.freezeframe.ui.task;
