/// Which pages were written since the last look: one interface, and the ways in which this kernel can tell.
package dev.freezeframe.capture.dirty;
