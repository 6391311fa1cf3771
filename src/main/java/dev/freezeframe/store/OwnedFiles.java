package dev.freezeframe.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/// The file system through which H2 writes a store's file. Whatever H2 writes, in whatever thread, is written only while
/// the store still belongs to this process. And it is written so that a power failure finds a whole state of the file,
/// whatever part of the last writes is on the disk:
///
/// - Each state is one piece (a *chunk*, in H2's words), and H2 takes one for whole whose first and last block are. So the
///   first block is written when all others are on disk.
/// - The file's header names the newest state. H2 writes it now and then and follows a chain of chunks from there, whose links
///   may have been written over; so it is made to write the header with each chunk.
/// - H2 writes to a place again when no state after a certain one needs it. So nothing is written over before that one is
///   on disk. H2 itself waits 45 seconds and hopes; meanwhile the file would grow with each checkpoint.
public final class OwnedFiles extends FilePathWrapper {
    private static final String SCHEME = "freezeframe";
    private static final String SUFFIX = ".mv.db";
    /// Two blocks; see MVStore's file format.
    private static final int BLOCK_BYTES = 4096;
    private static final int HEADER_BYTES = 2 * BLOCK_BYTES;
    private static final Map<String, StoreOwner> OWNERS = new ConcurrentHashMap<>();
    private static final Map<String, Runnable> WRITTEN = new ConcurrentHashMap<>();

    /// For H2, which makes one for each path.
    public OwnedFiles() {}

    /// Tells who may write the files with this name.
    ///
    /// @param base the path as H2 takes it, without a scheme of ours
    /// @return the path to give to H2
    static String register(String base, StoreOwner owner) {
        FilePath.register(new OwnedFiles());
        OWNERS.put(Path.of(plain(base)).toString(), owner);
        return SCHEME + ":" + base;
    }

    /// Says whom to tell after each chunk, in the thread that writes it.
    ///
    /// @param path as [#register] gave it
    static void whenChunkWritten(String path, Runnable written) {
        WRITTEN.put(plain(path), written);
    }

    static void unregister(String base, StoreOwner owner) {
        WRITTEN.remove(plain(base));
        OWNERS.remove(Path.of(plain(base)).toString(), owner);
    }

    /// Without the schemes in front.
    private static String plain(String base) {
        return base.substring(base.indexOf('/'));
    }

    @Override
    public String getScheme() {
        return SCHEME;
    }

    @Override
    public FileChannel open(String mode) throws IOException {
        FileChannel channel = super.open(mode);
        if (mode.equals("r")) {
            return channel;
        }
        String path = plain(getBase().toString());
        if (!path.endsWith(SUFFIX)) {
            // what H2 has no room for in memory
            return channel;
        }
        String key = path.substring(0, path.length() - SUFFIX.length());
        StoreOwner owner = OWNERS.get(key);
        if (owner == null) {
            channel.close();
            throw new IOException(path + " has no owner");
        }
        return new OwnedChannel(channel, owner, () -> WRITTEN.getOrDefault(key, () -> {}).run());
    }

    /// Asks the owner before each change.
    private static final class OwnedChannel extends FileBaseDefault {
        private final FileChannel base;
        private final StoreOwner owner;
        private final Runnable chunkWritten;
        /// How far the file was ever written. This and the next are guarded by the channel, which H2 writes to from one
        /// thread at a time.
        private long end;
        private boolean unforced;

        OwnedChannel(FileChannel base, StoreOwner owner, Runnable chunkWritten) throws IOException {
            this.base = base;
            this.owner = owner;
            this.chunkWritten = chunkWritten;
            end = base.size();
        }

        @Override
        public long size() throws IOException {
            return base.size();
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return base.read(target, position);
        }

        @Override
        public synchronized int write(ByteBuffer source, long position) throws IOException {
            owner.require();
            boolean isHeader = position < HEADER_BYTES;
            // the header is there twice, and no state depends on it
            if (unforced && !isHeader && position < end) {
                force(false);
            }
            int length = source.remaining();
            unforced = true;
            if (!isHeader && length > BLOCK_BYTES) {
                ByteBuffer rest = source.slice(source.position() + BLOCK_BYTES, length - BLOCK_BYTES);
                writeFully(rest, position + BLOCK_BYTES);
                base.force(false);
                writeFully(source.slice(source.position(), BLOCK_BYTES), position);
            } else {
                writeFully(source.duplicate(), position);
            }
            source.position(source.limit());
            end = Math.max(end, position + length);
            if (!isHeader) {
                chunkWritten.run();
            }
            return length;
        }

        private void writeFully(ByteBuffer source, long position) throws IOException {
            for (long at = position; source.hasRemaining();) {
                at += base.write(source, at);
            }
        }

        @Override
        protected synchronized void implTruncate(long size) throws IOException {
            owner.require();
            base.truncate(size);
            end = Math.min(end, size);
        }

        @Override
        public synchronized void force(boolean metaData) throws IOException {
            // a length that has changed is forced with the content
            base.force(false);
            unforced = false;
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) throws IOException {
            return base.tryLock(position, size, shared);
        }

        @Override
        public void implCloseChannel() throws IOException {
            base.close();
        }
    }
}
