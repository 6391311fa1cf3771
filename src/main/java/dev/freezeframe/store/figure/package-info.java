/// Everything that is measured of a checkpoint and of its disks: each figure one line of a table, and the values.
package dev.freezeframe.store.figure;
