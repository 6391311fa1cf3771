/// Recording: the bar with its settings, its budget and its figures.
package dev.freezeframe.ui.recording;
