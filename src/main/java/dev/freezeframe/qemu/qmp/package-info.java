/// The QEMU Machine Protocol: transport, commands, events. Knows nothing of what the commands are for.
package dev.freezeframe.qemu.qmp;
