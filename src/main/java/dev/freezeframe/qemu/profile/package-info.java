/// A machine's description: from a JSON file, checked, to QEMU's command line.
package dev.freezeframe.qemu.profile;
