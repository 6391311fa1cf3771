/// From a profile to a QEMU command line to a running process: lifecycle, console, guest memory.
package dev.freezeframe.qemu.machine;
