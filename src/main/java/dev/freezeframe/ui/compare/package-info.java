/// Two checkpoints beside each other: page by page, block by block, byte by byte.
package dev.freezeframe.ui.compare;
