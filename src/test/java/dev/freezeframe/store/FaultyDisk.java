package dev.freezeframe.store;

import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.StoreVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/// A disk under one store that may lose power or fill up at a chosen step. What was not forced to it before it lost power is
/// there in part, in blocks, in any order, or not at all; one that is full takes only what lies inside the file.
public final class FaultyDisk {
    private static final int BLOCK = 4096;

    private final Path directory;
    private final Path file;
    private final Random random;
    private long steps;
    private long powerFailsAt = Long.MAX_VALUE;
    private boolean full;
    /// What a power failure leaves for certain, and what may or may not be there.
    private byte[] durable = new byte[0];
    private Object fileKey;
    private final List<Pending> pending = new ArrayList<>();
    private String versionThen = "";

    /// A write, or a truncation if there is no content.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Pending(long position, byte[] content) {}

    /// @param seed decides what a power failure leaves
    public FaultyDisk(Path directory, long seed) throws IOException {
        this.directory = directory;
        this.file = directory.toRealPath().resolve(Database.FILE_NAME);
        this.random = new Random(seed);
    }

    /// Opens the store on this disk.
    public Store open() throws IOException {
        FilePath.register(new DiskFiles());
        DiskFiles.DISKS.put(file.toString(), this);
        return Store.open(directory, DiskFiles.SCHEME + ":");
    }

    /// Lets the power fail after so many more writes, truncations and forced writes.
    public synchronized void failPowerIn(int more) {
        powerFailsAt = Math.min(powerFailsAt, steps + more);
    }

    /// Whether the power failed already.
    public synchronized boolean isDark() {
        return steps >= powerFailsAt;
    }

    /// Whether nothing more fits behind the end of the file.
    public synchronized void setFull(boolean isFull) {
        full = isFull;
    }

    /// Puts into a folder what the power failure left.
    public synchronized void restartIn(Path fresh) throws IOException {
        DiskFiles.DISKS.remove(file.toString());
        byte[] left = durable.clone();
        List<Pending> shuffled = new ArrayList<>(pending);
        Collections.shuffle(shuffled, random);
        int mode = random.nextInt(3);
        for (Pending each : shuffled) {
            left = switch (mode) {
                case 0 -> left;
                case 1 -> random.nextBoolean() ? apply(left, each, 1) : left;
                default -> apply(left, each, random.nextDouble());
            };
        }
        Files.write(fresh.resolve(Database.FILE_NAME), left);
        Files.writeString(fresh.resolve(StoreVersion.FILE_NAME), versionThen);
    }

    private byte[] apply(byte[] onto, Pending write, double share) {
        if (write.content == null) {
            return Arrays.copyOf(onto, (int) Math.min(onto.length, write.position));
        }
        byte[] result = onto.length < write.position + write.content.length
                ? Arrays.copyOf(onto, (int) write.position + write.content.length)
                : onto;
        for (int from = 0; from < write.content.length; from += BLOCK) {
            if (share >= 1 || random.nextDouble() < share) {
                System.arraycopy(write.content, from, result, (int) write.position + from, Math.min(BLOCK,
                        write.content.length - from));
            }
        }
        return result;
    }

    private void step() throws IOException {
        if (++steps >= powerFailsAt) {
            if (steps == powerFailsAt) {
                versionThen = Files.readString(directory.resolve(StoreVersion.FILE_NAME));
            }
            throw new IOException("the power failed");
        }
    }

    private synchronized void opened() throws IOException {
        Object key = Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class).fileKey();
        if (!key.equals(fileKey)) {
            fileKey = key;
            pending.clear();
            durable = Files.readAllBytes(file);
        }
    }

    private synchronized int write(FileChannel base, ByteBuffer source, long position) throws IOException {
        if (full && position + source.remaining() > base.size()) {
            throw new IOException("No space left on device");
        }
        byte[] content = new byte[source.remaining()];
        source.duplicate().get(content);
        pending.add(new Pending(position, content));
        step();
        return base.write(source, position);
    }

    private synchronized void truncate(FileChannel base, long size) throws IOException {
        pending.add(new Pending(size, null));
        step();
        base.truncate(size);
    }

    private synchronized void force() throws IOException {
        step();
        for (Pending each : pending) {
            durable = apply(durable, each, 1);
        }
        pending.clear();
    }

    /// The disk's file system in H2.
    public static final class DiskFiles extends FilePathWrapper {
        private static final String SCHEME = "faulty";
        private static final Map<String, FaultyDisk> DISKS = new ConcurrentHashMap<>();

        /// For H2, which makes one for each path.
        public DiskFiles() {}

        @Override
        public String getScheme() {
            return SCHEME;
        }

        @Override
        public FileChannel open(String mode) throws IOException {
            FileChannel base = super.open(mode);
            FaultyDisk disk = DISKS.get(getBase().toString());
            if (disk == null || mode.equals("r")) {
                return base;
            }
            disk.opened();
            return new FileBaseDefault() {
                @Override
                public long size() throws IOException {
                    return base.size();
                }

                @Override
                public synchronized int read(ByteBuffer target, long position) throws IOException {
                    return base.read(target, position);
                }

                @Override
                public synchronized int write(ByteBuffer source, long position) throws IOException {
                    return disk.write(base, source, position);
                }

                @Override
                protected void implTruncate(long size) throws IOException {
                    disk.truncate(base, size);
                }

                @Override
                public void force(boolean metaData) throws IOException {
                    disk.force();
                }

                @Override
                public FileLock tryLock(long position, long size, boolean shared) throws IOException {
                    return base.tryLock(position, size, shared);
                }

                @Override
                public void implCloseChannel() throws IOException {
                    base.close();
                }
            };
        }
    }
}
