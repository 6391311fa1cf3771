/// The files that a guest boots from and writes to: images of disks in all formats, scratch space, the prepared guests.
package dev.freezeframe.qemu.image;
