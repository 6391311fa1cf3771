/// The charts over the checkpoints of an experiment, and the memory map.
package dev.freezeframe.ui.chart;
