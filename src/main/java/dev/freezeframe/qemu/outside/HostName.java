package dev.freezeframe.qemu.outside;

import java.nio.file.Path;

/// Something of this computer that an argument of a machine names: a file, a socket, a port.
///
/// @param option position of the option among all
/// @param setting position of the setting in it
/// @param label what the user calls it: the option's `id` where it has one, else its name, or `hostfwd`
/// @param use what QEMU does with it
/// @param before what stands before the name in the setting's value
/// @param text the name: a path, or an address
public record HostName(int option, int setting, String label, Use use, String before, String text) {
    /// What QEMU does with what is named.
    public enum Use {
        /// Reads a file that is to be the same at a restore.
        READS,
        /// Writes a file, and empties it first.
        WRITES,
        /// Writes a file that has the process's number in its name, or uses something that may be shared.
        SHARES,
        /// Makes a UNIX socket and takes calls there.
        LISTENS_AT_SOCKET,
        /// Takes calls, or datagrams, at a port.
        LISTENS_AT_PORT,
        /// Opens one or two FIFOs whose other end is somebody else's.
        PIPE,
        /// A path of which we do not know what becomes.
        UNKNOWN
    }

    boolean isPort() {
        return use == Use.LISTENS_AT_PORT;
    }

    /// The file that is named; not for ports.
    public Path path() {
        return Path.of(text).toAbsolutePath().normalize();
    }
}
