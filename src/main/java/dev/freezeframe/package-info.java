/// Freezeframe checkpoints live QEMU machines, keeps every checkpoint deduplicated and restores any of them.
package dev.freezeframe;
