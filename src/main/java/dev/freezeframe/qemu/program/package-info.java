/// QEMU's programs on this computer: found, started, asked for their version, and their last words.
package dev.freezeframe.qemu.program;
