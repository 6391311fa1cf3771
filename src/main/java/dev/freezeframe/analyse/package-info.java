/// What checkpoints come to: statistics of a run, comparison of two checkpoints, series for charts, CSV.
package dev.freezeframe.analyse;
