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
/// the store still belongs to this process.
public final class OwnedFiles extends FilePathWrapper {
    private static final String SCHEME = "freezeframe";
    private static final String SUFFIX = ".mv.db";
    private static final Map<String, StoreOwner> OWNERS = new ConcurrentHashMap<>();

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

    static void unregister(String base, StoreOwner owner) {
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
        StoreOwner owner = OWNERS.get(path.substring(0, path.length() - SUFFIX.length()));
        if (owner == null) {
            channel.close();
            throw new IOException(path + " has no owner");
        }
        return new OwnedChannel(channel, owner);
    }

    /// Asks the owner before each change.
    private static final class OwnedChannel extends FileBaseDefault {
        private final FileChannel base;
        private final StoreOwner owner;

        OwnedChannel(FileChannel base, StoreOwner owner) {
            this.base = base;
            this.owner = owner;
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
            owner.require();
            return base.write(source, position);
        }

        @Override
        protected void implTruncate(long size) throws IOException {
            owner.require();
            base.truncate(size);
        }

        @Override
        public void force(boolean metaData) throws IOException {
            base.force(metaData);
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
