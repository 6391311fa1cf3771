/// The family tree: which experiment began at which checkpoint.
package dev.freezeframe.ui.lineage;
