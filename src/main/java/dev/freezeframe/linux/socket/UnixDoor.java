package dev.freezeframe.linux.socket;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import jnr.enxio.channels.Native;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;

/// A UNIX socket on which any process of its owner may call, and nobody else. One thread waits in [#accept]; the other methods
/// are for any.
public final class UnixDoor implements AutoCloseable {
    private static final int SHUT_RDWR = 2;

    private final UnixServerSocketChannel channel;
    private final int ownerId;

    private UnixDoor(UnixServerSocketChannel channel, int ownerId) {
        this.channel = channel;
        this.ownerId = ownerId;
    }

    /// Listens on a path that must not exist yet.
    ///
    /// @param backlog how many may wait to be let in
    public static UnixDoor open(Path path, int backlog) throws IOException {
        SocketPaths.checked(path);
        UnixServerSocketChannel channel = UnixServerSocketChannel.open();
        boolean bound = false;
        boolean done = false;
        try {
            channel.socket().bind(new UnixSocketAddress(path.toString()), backlog);
            bound = true;
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            UnixDoor door = new UnixDoor(channel, (Integer) Files.getAttribute(path, "unix:uid"));
            done = true;
            return door;
        } finally {
            if (!done) {
                channel.close();
                if (bound) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }

    /// Waits for somebody to call.
    ///
    /// @return empty where another user called, who is hung up on, or the door was shut
    public Optional<UnixConnection> accept() throws IOException {
        UnixSocketChannel caller = channel.accept();
        if (caller == null) {
            return Optional.empty();
        }
        boolean welcome = false;
        try {
            // Between bind and chmod the path was open to whoever may enter the folder.
            welcome = caller.getOption(UnixSocketOptions.SO_PEERCRED).getUid() == ownerId;
            return welcome ? Optional.of(new UnixConnection(caller)) : Optional.empty();
        } finally {
            if (!welcome) {
                caller.close();
            }
        }
    }

    /// Wakes who waits in [#accept]; nobody comes in any more. The socket must not lose its number while someone still waits on
    /// it, so [#close] it afterwards.
    public void shut() throws IOException {
        Native.shutdown(channel.getFD(), SHUT_RDWR);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
