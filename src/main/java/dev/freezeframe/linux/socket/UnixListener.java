package dev.freezeframe.linux.socket;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import jnr.enxio.channels.NativeSelectorProvider;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;

/// A UNIX socket on which one child process of ours is expected to call. Waiting ends at once when that process has
/// ended, and callers that are not that process or a child of it are hung up on.
public final class UnixListener implements AutoCloseable {
    private final Path path;
    private final UnixServerSocketChannel channel;
    private final Selector selector;
    @GuardedBy("this")
    private boolean closed;

    private UnixListener(Path path, UnixServerSocketChannel channel, Selector selector) {
        this.path = path;
        this.channel = channel;
        this.selector = selector;
    }

    /// Listens on `path`, which must not exist yet.
    public static UnixListener bind(Path path) throws IOException {
        SocketPaths.checked(path);
        UnixServerSocketChannel channel = UnixServerSocketChannel.open();
        try {
            channel.socket().bind(new UnixSocketAddress(path.toString()), 4);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            channel.configureBlocking(false);
            Selector selector = NativeSelectorProvider.getInstance().openSelector();
            channel.register(selector, SelectionKey.OP_ACCEPT);
            return new UnixListener(path, channel, selector);
        } catch (IOException | RuntimeException e) {
            channel.close();
            Files.deleteIfExists(path);
            throw e;
        }
    }

    public Path path() {
        return path;
    }

    /// Waits for the process to call.
    ///
    /// @param gone completes when the process has ended, however; then there is nothing to wait for
    /// @throws IOException when it has ended or the time is over
    public UnixConnection accept(ProcessHandle caller, CompletionStage<?> gone, Duration timeout) throws IOException {
        CompletableFuture<?> ended = gone.handle((value, failure) -> "").toCompletableFuture();
        // only when it is done: woken before, we would see it undone and sleep until the time is over
        var _ = ended.thenRun(this::wakeUp);
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            boolean last = ended.isDone();
            UnixSocketChannel accepted = channel.accept();
            if (accepted != null) {
                UnixConnection connection = new UnixConnection(accepted);
                if (isOrDescendsFrom(connection.peerPid(), caller)) {
                    return connection;
                }
                connection.close();
                continue;
            }
            if (last) {
                throw new IOException("the process ended before it connected to " + path.getFileName());
            }
            long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                throw new IOException("the process did not connect to " + path.getFileName() + " within " + timeout
                        .toMillis() + " ms");
            }
            selector.select(leftMillis);
            selector.selectedKeys().clear();
        }
    }

    /// The process may end long after this is closed. A closed selector of jnr would still write its byte, to whatever has got
    /// the number of its descriptor by then: another machine's socket, a guest's memory, a file of the store.
    private synchronized void wakeUp() {
        if (!closed) {
            selector.wakeup();
        }
    }

    /// A QEMU behind a wrapper script is a child of the process that we started.
    private static boolean isOrDescendsFrom(long pid, ProcessHandle ancestor) {
        if (pid == ancestor.pid()) {
            return true; // also where it has connected and ended since
        }
        for (var handle = ProcessHandle.of(pid); handle.isPresent(); handle = handle.get().parent()) {
            if (handle.get().pid() == ancestor.pid()) {
                return true;
            }
        }
        return false;
    }

    /// Stops listening and removes the path.
    @Override
    public synchronized void close() throws IOException {
        closed = true;
        try (selector; channel) {
            Files.deleteIfExists(path);
        }
    }
}
