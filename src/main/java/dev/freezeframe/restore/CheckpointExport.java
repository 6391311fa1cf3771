package dev.freezeframe.restore;

import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.ChunkId;
import dev.freezeframe.store.NewCheckpoint;
import dev.freezeframe.store.PageMap;
import dev.freezeframe.store.Progress;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicReference;

/// Writes a checkpoint's RAM, or its device state, to a file of its own: the owner's only, zero pages as holes. The file is
/// there under its name when all of it has been written, and not before; whatever ends the work early leaves nothing behind
/// and an older file as it was.
///
/// The RAM file is the plain image, byte n of the file at guest RAM offset n, as QEMU's `memory-backend-file` maps it.
public final class CheckpointExport {
    private static final int PAGE_BYTES = ChunkId.CHUNK_BYTES;

    private final Store store;

    /// Exports from this store, which stays the caller's to close.
    public CheckpointExport(Store store) {
        this.store = store;
    }

    /// Fills a file.
    @FunctionalInterface
    private interface Content {
        void writeTo(FileChannel file) throws IOException;
    }

    /// Writes the RAM. Cancel it by throwing from `progress`, or by interrupting the thread.
    ///
    /// @param overwrite whether a file of this name may be replaced
    /// @param progress told of pages, from several threads but one after another; what it throws comes out of here
    /// @return bytes of RAM; the file takes less where pages are zero
    /// @throws IOException with one line for the user
    public long writeRam(CheckpointRecord checkpoint, Path file, boolean overwrite, Progress progress)
            throws IOException {
        PageMap map = store.pageMap(checkpoint.id(), NewCheckpoint.RAM);
        long bytes = (long) map.pages() * PAGE_BYTES;
        write(file, overwrite, bytes, channel -> new Ram(map, channel, progress).write());
        return bytes;
    }

    /// Writes the device state, as QEMU wrote it when the checkpoint was taken.
    ///
    /// @return its bytes
    /// @throws IOException with one line for the user
    public long writeDeviceState(CheckpointRecord checkpoint, Path file, boolean overwrite) throws IOException {
        byte[] state = store.readImageBytes(checkpoint.id(), NewCheckpoint.DEVICE_STATE);
        write(file, overwrite, state.length, channel -> writeAt(channel, 0, ByteBuffer.wrap(state)));
        return state.length;
    }

    /// The pages of one RAM image on their way to a file.
    private final class Ram {
        private final PageMap map;
        private final FileChannel file;
        private final Progress progress;
        private final AtomicReference<RuntimeException> cancelled = new AtomicReference<>();
        private final long total;
        private long done;

        Ram(PageMap map, FileChannel file, Progress progress) {
            this.map = map;
            this.file = file;
            this.progress = progress;
            long[] pages = {0};
            map.forEachNonZero((_, _) -> pages[0]++);
            total = pages[0];
        }

        void write() throws IOException {
            try {
                advance(0);
                store.readPages(map, Runtime.getRuntime().availableProcessors(), (firstPage, count, content) -> {
                    writeAt(file, (long) firstPage * PAGE_BYTES, content);
                    advance(count);
                });
            } catch (IOException | RuntimeException e) {
                RuntimeException why = cancelled.get();
                if (why != null) {
                    throw why;
                }
                throw e;
            }
        }

        private synchronized void advance(int pages) {
            done += pages;
            try {
                progress.at("pages", done, total);
            } catch (RuntimeException e) {
                cancelled.compareAndSet(null, e);
                throw e;
            }
        }
    }

    private static void write(Path file, boolean overwrite, long bytes, Content content) throws IOException {
        Path target = file.toAbsolutePath();
        refuse(target, overwrite);
        Path partial = target.resolveSibling("." + target.getFileName() + ".partial-" + ProcessHandle.current().pid()
                + "-" + Thread.currentThread().threadId());
        try {
            Files.createFile(partial, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(
                    "rw-------")));
            try {
                // the only way to make a file longer without writing to it
                try (RandomAccessFile sized = new RandomAccessFile(partial.toFile(), "rw")) {
                    sized.setLength(bytes);
                }
                try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
                    content.writeTo(channel);
                }
                refuse(target, overwrite);
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(partial);
            }
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(file + " cannot be written: " + reason(e), e);
        }
    }

    private static void refuse(Path target, boolean overwrite) throws IOException {
        if (Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
            if (!overwrite) {
                throw new FileAlreadyExistsException(target.toString(), null,
                        "it is there already; choose another name, or say that it may be replaced");
            }
        } else if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(target.toString(), null,
                    "something else than a plain file has that name; choose another");
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "its folder does not exist; create it first";
            case AccessDeniedException _ -> "its folder is not yours to write to; choose another";
            case FileSystemException named when named.getReason() != null -> named.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    private static void writeAt(FileChannel file, long position, ByteBuffer content) throws IOException {
        long at = position;
        while (content.hasRemaining()) {
            at += file.write(content, at);
        }
    }
}
