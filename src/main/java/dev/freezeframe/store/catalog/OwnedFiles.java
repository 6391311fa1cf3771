package dev.freezeframe.store.catalog;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.lock.StoreOwner;
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
/// the store still belongs to this process; and after a power failure the file opens in the last state that was forced to
/// disk, or a newer one, whole.
///
/// Each state is a *chunk* in H2's words, and H2 finds the newest by the file's header, or by searching the file for whatever
/// looks like one, torn or not. So the header is written here, not by H2: only when the chunk it names is on disk, and with
/// the mark of a file that was closed, which H2 does not search. One rule makes that right, and the numbers hold it:
///
/// - What the header's state needs is not written over. H2 gives a place free when no state of the last
///   [#VERSIONS_KEPT] needs it, and the header is never further behind than [#MOST_BEHIND] chunks and those that H2 has in its
///   queues (nine). The difference is what H2 reads to believe the mark: the first and last block of the twenty newest chunks
///   that the state lists, some of which it may not need.
public final class OwnedFiles extends FilePathWrapper {
    /// For [org.h2.mvstore.MVStore#setVersionsToKeep].
    static final int VERSIONS_KEPT = 48;
    private static final int MOST_BEHIND = 8;
    static final String SCHEME = "freezeframe";
    private static final String SUFFIX = ".mv.db";
    private static final Map<String, Owned> OWNED = new ConcurrentHashMap<>();

    /// A file that was registered.
    private static final class Owned {
        private final StoreOwner owner;
        /// The state that its header names.
        private volatile long confirmed;

        Owned(StoreOwner owner) {
            this.owner = owner;
        }
    }

    /// For H2, which makes one for each path.
    public OwnedFiles() {}

    /// Tells who may write the files with this name.
    ///
    /// @param base the path as H2 takes it, without a scheme of ours
    /// @return the path to give to H2
    static String register(String base, StoreOwner owner) {
        FilePath.register(new OwnedFiles());
        OWNED.put(plain(base), new Owned(owner));
        return SCHEME + ":" + base;
    }

    static void unregister(String path) {
        OWNED.remove(plain(path));
    }

    /// The version of the state that a power failure leaves at least, 0 if the file was written without us.
    ///
    /// @param path as [#register] gave it
    static long confirmedVersion(String path) {
        Owned owned = OWNED.get(plain(path));
        return owned == null ? 0 : owned.confirmed;
    }

    /// Without the schemes in front.
    private static String plain(String path) {
        return Path.of(path.substring(path.indexOf('/'))).toString();
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
        boolean done = false;
        try {
            Owned owned = OWNED.get(path.substring(0, path.length() - SUFFIX.length()));
            if (owned == null) {
                throw new IOException(path + " has no owner");
            }
            OwnedChannel opened = new OwnedChannel(channel, owned);
            done = true;
            return opened;
        } finally {
            if (!done) {
                channel.close();
            }
        }
    }

    /// Asks the owner before each change, and writes the header.
    private static final class OwnedChannel extends FileBaseDefault {
        private final FileChannel base;
        private final Owned owned;
        /// What the next header says; the chunk that it names is written, perhaps not on disk.
        @GuardedBy("this")
        private FileHeader header;
        @GuardedBy("this")
        private boolean named;

        OwnedChannel(FileChannel base, Owned owned) throws IOException {
            this.base = base;
            this.owned = owned;
            owned.owner.require();
            header = FileHeader.mended(base);
            // it may be there only because this computer has not lost power yet
            base.force(false);
            owned.confirmed = header.wasConfirmed() ? header.version() : 0;
        }

        @Override
        public long size() throws IOException {
            return base.size();
        }

        @Override
        @SuppressWarnings("UnsynchronizedOverridesSynchronized") // readers do not wait for each other
        public int read(ByteBuffer target, long position) throws IOException {
            return base.read(target, position);
        }

        @Override
        public synchronized int write(ByteBuffer source, long position) throws IOException {
            owned.owner.require();
            int length = source.remaining();
            if (position < FileHeader.BYTES) {
                // names the last chunk, which may not be on disk yet
                name(FileHeader.parse(source));
                if (!header.namesChunk()) {
                    writeFully(source, position);
                }
                source.position(source.limit());
                return length;
            }
            if (named && header.version() - owned.confirmed >= MOST_BEHIND) {
                force(false);
            }
            FileHeader next = header.naming(source, position);
            writeFully(source, position);
            name(next);
            return length;
        }

        @GuardedBy("this")
        private void name(FileHeader next) {
            named |= next.version() != owned.confirmed;
            header = next;
        }

        private void writeFully(ByteBuffer source, long position) throws IOException {
            for (long at = position; source.hasRemaining();) {
                at += base.write(source, at);
            }
        }

        @Override
        protected synchronized void implTruncate(long size) throws IOException {
            owned.owner.require();
            base.truncate(size);
        }

        @Override
        public synchronized void force(boolean metaData) throws IOException {
            // a length that has changed is forced with the content
            base.force(false);
            if (named) {
                owned.owner.require();
                writeFully(header.confirming(), 0);
                base.force(false);
                owned.confirmed = header.version();
                named = false;
            }
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
