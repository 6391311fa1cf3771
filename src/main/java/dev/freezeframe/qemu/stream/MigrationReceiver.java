package dev.freezeframe.qemu.stream;

import dev.freezeframe.linux.socket.UnixConnection;
import dev.freezeframe.linux.socket.UnixListener;
import dev.freezeframe.qemu.qmp.RunDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Takes in one migration stream of one QEMU: listens in a folder that only we may enter, lets only that process in, and
/// reads as fast as it sends, up to a limit. Nothing stays in the file system, whatever happens.
final class MigrationReceiver implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);
    private static final int BUFFER_BYTES = 1 << 20;

    private final RunDirectory directory;
    private final UnixListener listener;
    private final CompletableFuture<byte[]> stream = new CompletableFuture<>();
    private final CompletableFuture<Void> abandoned = new CompletableFuture<>();
    private volatile UnixConnection connection;

    private MigrationReceiver(RunDirectory directory, UnixListener listener) {
        this.directory = directory;
        this.listener = listener;
    }

    static MigrationReceiver listen(ProcessHandle qemu) throws IOException {
        RunDirectory directory = RunDirectory.create();
        try {
            MigrationReceiver receiver = new MigrationReceiver(directory,
                    UnixListener.bind(directory.socket("migration")));
            Thread.ofPlatform().name("migration-receiver").daemon().start(() -> receiver.receive(qemu));
            return receiver;
        } catch (IOException | RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    Path socket() {
        return listener.path();
    }

    private void receive(ProcessHandle qemu) {
        try {
            CompletableFuture<?> gone = CompletableFuture.anyOf(qemu.onExit(), abandoned);
            try (directory; listener; UnixConnection accepted = listener.accept(qemu, gone, CONNECT_TIMEOUT)) {
                connection = accepted;
                if (abandoned.isDone())
                    throw new IOException("nobody waits for the migration stream any more");
                stream.complete(readAll(accepted));
            }
        } catch (IOException | RuntimeException e) {
            stream.completeExceptionally(e);
        }
    }

    private static byte[] readAll(UnixConnection from) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(BUFFER_BYTES);
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        byte[] part = new byte[BUFFER_BYTES];
        while (from.read(buffer.clear()) >= 0) {
            buffer.flip();
            int count = buffer.remaining();
            if (bytes.size() + count > StreamFormat.MAX_STREAM_BYTES)
                throw new DeviceStateException("QEMU sent more than " + StreamFormat.MAX_STREAM_BYTES
                        + " bytes of device state; the machine's RAM is not shared, or it has too much other memory");
            buffer.get(part, 0, count);
            bytes.write(part, 0, count);
        }
        return bytes.toByteArray();
    }

    /// The whole stream, after QEMU has closed its end.
    byte[] await(Duration timeout) throws IOException {
        try {
            return stream.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new IOException("QEMU did not end its migration stream within " + timeout.toMillis() + " ms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while waiting for the migration stream")
                    .initCause(e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof DeviceStateException refused
                    ? refused
                    : new IOException("the migration stream did not arrive: " + e.getCause().getMessage(),
                            e.getCause());
        }
    }

    @Override
    public void close() {
        abandoned.complete(null);
        UnixConnection open = connection;
        if (open != null)
            open.close();
    }
}
