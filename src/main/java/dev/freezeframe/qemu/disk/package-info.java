/// Disks that we serve to a QEMU ourselves, so that what they held at one moment is a matter of our own memory.
/// Nothing here knows of QEMU's monitor or of a store.
package dev.freezeframe.qemu.disk;
