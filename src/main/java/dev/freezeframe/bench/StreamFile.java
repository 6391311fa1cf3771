package dev.freezeframe.bench;

import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.linux.socket.UnixListener;
import dev.freezeframe.qemu.qmp.RunDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Writes the migration stream of one QEMU to a file, as fast as it comes. Nobody else is let in, and no socket stays in the
/// file system.
final class StreamFile implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);
    private static final int BUFFER_BYTES = 1 << 20;

    private final RunDirectory directory;
    private final UnixListener listener;
    private final CompletableFuture<Void> abandoned = new CompletableFuture<>();
    private final CompletableFuture<Void> written = new CompletableFuture<>();

    private StreamFile(RunDirectory directory, UnixListener listener) {
        this.directory = directory;
        this.listener = listener;
    }

    /// @param file made, or replaced
    static StreamFile listen(ProcessHandle qemu, Path file) throws IOException {
        RunDirectory directory = RunDirectory.create();
        StreamFile made = null;
        try {
            StreamFile stream = new StreamFile(directory, UnixListener.bind(directory.socket("migration")));
            Thread.ofPlatform().name("stream-file").daemon().start(() -> stream.receive(qemu, file));
            made = stream;
            return stream;
        } finally {
            if (made == null) {
                directory.close();
            }
        }
    }

    /// Where QEMU is to send it.
    Path socket() {
        return listener.path();
    }

    private void receive(ProcessHandle qemu, Path file) {
        CompletableFuture<?> gone = CompletableFuture.anyOf(qemu.onExit(), abandoned);
        try (UnixConnection from = listener.accept(qemu, gone, CONNECT_TIMEOUT);
                FileChannel to = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            var _ = abandoned.thenRun(from::close);
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
            while (from.read(buffer.clear()) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
            }
            written.complete(null);
        } catch (IOException | RuntimeException e) {
            written.completeExceptionally(e);
        }
    }

    /// Waits until QEMU has closed its end and all is in the file.
    void awaitEnd(Duration timeout) throws IOException {
        try {
            written.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a migration was written", e);
        } catch (TimeoutException e) {
            throw new IOException("QEMU did not end its migration stream within " + timeout.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw new IOException("the migration stream was not written: " + e.getCause().getMessage(), e.getCause());
        }
    }

    /// Ends it, complete or not.
    @Override
    public void close() throws IOException {
        abandoned.complete(null);
        try (directory) {
            listener.close();
        }
    }
}
