/// Going back: the film strip, one checkpoint's details, restore, compare and export.
package dev.freezeframe.ui.checkpoint;
