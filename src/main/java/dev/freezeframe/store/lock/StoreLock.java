package dev.freezeframe.store.lock;

import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The lock that keeps a store to one process. The kernel frees it when its holder dies, however it dies; the file names
/// the holder for whoever finds it locked. Those who come by another mount or host do not see it, so its holder becomes
/// the store's [StoreOwner] as well.
public final class StoreLock implements AutoCloseable {
    public static final String FILE_NAME = "store.lock";
    /// The stores of this process. Looked at first, because closing a second channel on the lock file would free the lock
    /// of the first (that is how POSIX locks work).
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final FileChannel channel;
    private final Path key;
    private final StoreOwner owner;

    private StoreLock(FileChannel channel, Path key, StoreOwner owner) {
        this.channel = channel;
        this.key = key;
        this.owner = owner;
    }

    /// Knows those that the lock does not keep out.
    public StoreOwner owner() {
        return owner;
    }

    public static StoreLock acquire(Path directory) throws IOException {
        Path key = directory.toRealPath();
        if (!HELD_HERE.add(key)) {
            throw new StoreException(Reason.IN_USE,
                    "store " + directory + " is already open in this process (pid " + ProcessHandle.current().pid()
                            + "); use the Store object that has it open");
        }
        boolean acquired = false;
        try {
            StoreLock lock = lock(directory, key);
            acquired = true;
            return lock;
        } finally {
            if (!acquired) {
                HELD_HERE.remove(key);
            }
        }
    }

    private static StoreLock lock(Path directory, Path key) throws IOException {
        FileChannel channel = FileChannel.open(directory.resolve(FILE_NAME),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        boolean acquired = false;
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new StoreException(Reason.IN_USE, "store " + directory + " is in use by " + holder(channel)
                        + "; close it there, or use another --store");
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(("pid " + ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
            StoreLock held = new StoreLock(channel, key, StoreOwner.claim(directory));
            acquired = true;
            return held;
        } finally {
            if (!acquired) {
                channel.close();
            }
        }
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(64);
        channel.read(text, 0);
        String holder = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip();
        return holder.matches("pid [0-9]+") ? holder : "another process";
    }

    @Override
    public void close() throws IOException {
        try (channel; owner) {
            HELD_HERE.remove(key);
        }
    }
}
