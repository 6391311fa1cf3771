/// The NBD protocol: a client that reads one export of a QEMU, and a server that serves ours for reading and writing.
/// Knows nothing of what the bytes are.
package dev.freezeframe.qemu.nbd;
