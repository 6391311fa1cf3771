package dev.freezeframe.bundle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Progress;
import dev.freezeframe.qemu.image.DiskBacking;
import dev.freezeframe.qemu.image.QemuImg;
import dev.freezeframe.restore.DiskServer;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ImageReader;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes a checkpoint's RAM, its device state, or one of its disks to a file of its own: the owner's only, zero pages as holes. The file is
/// there under its name when all of it is on disk, and not before; whatever ends the work early leaves nothing behind
/// and an older file as it was.
///
/// The RAM file is the plain image, byte n of the file at guest RAM offset n, as QEMU's `memory-backend-file` maps it.
public final class CheckpointExport {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointExport.class);

    private final Store store;
    private final Optional<Batch> batch;

    /// Files that come all together, once [#commit] is called, or not at all.
    public static final class Batch implements AutoCloseable {
        private final List<Pending> pending = new ArrayList<>();

        private record Pending(Path file, Path partial, boolean overwrite) {}

        /// Gives all files their names.
        ///
        /// @throws IOException with one line for the user
        public void commit() throws IOException {
            for (Pending each : pending) {
                refuse(each.file.toAbsolutePath(), each.overwrite);
            }
            while (!pending.isEmpty()) {
                Pending first = pending.getFirst();
                publish(first.file, first.partial, first.overwrite);
                pending.removeFirst();
            }
        }

        /// Removes what was not committed.
        @Override
        public void close() throws IOException {
            for (Pending each : pending) {
                Files.deleteIfExists(each.partial);
            }
            pending.clear();
        }
    }

    /// What a disk's file is to be.
    public enum DiskFormat {
        /// Byte for byte, zero blocks as holes.
        RAW,
        /// QEMU's own sparse format.
        QCOW2;

        /// As QEMU calls it.
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// What a file is to be by its name, where nobody says.
        public static DiskFormat of(Path file) {
            return file.toString().toLowerCase(Locale.ROOT).endsWith(".qcow2") ? QCOW2 : RAW;
        }
    }

    /// Exports from this store, which stays the caller's to close.
    public CheckpointExport(Store store) {
        this(store, Optional.empty());
    }

    /// Exports from this store to files that come together.
    public CheckpointExport(Store store, Batch batch) {
        this(store, Optional.of(batch));
    }

    private CheckpointExport(Store store, Optional<Batch> batch) {
        this.store = store;
        this.batch = batch;
    }

    private void put(Path file, boolean overwrite, Content content) throws IOException {
        if (batch.isEmpty()) {
            write(file, overwrite, content);
        } else {
            Path partial = writePartial(file, overwrite, content);
            batch.get().pending.add(new Batch.Pending(file, partial, overwrite));
        }
    }

    /// Fills a file that is there and empty.
    @FunctionalInterface
    interface Content {
        void writeTo(Path file) throws IOException;
    }

    /// Writes an image of this length; zero pages become holes.
    private void fill(Path file, long bytes, PageMap map, Progress progress) throws IOException {
        // the only way to make a file longer without writing to it
        try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
            sized.setLength(bytes);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            new Pages(map, bytes, channel, progress).write();
        }
    }

    /// Writes the RAM. Cancel it by throwing from `progress`, or by interrupting the thread.
    ///
    /// @param overwrite whether a file of this name may be replaced
    /// @param progress told of pages, from several threads but one after another; what it throws comes out of here
    /// @return bytes of RAM; the file takes less where pages are zero
    /// @throws IOException with one line for the user
    public long writeRam(CheckpointRecord checkpoint, Path file, boolean overwrite, Progress progress)
            throws IOException {
        try (ImageReader image = store.openImage(checkpoint, NewCheckpoint.RAM)) {
            PageMap map = image.map();
            long bytes = (long) map.pages() * GuestPage.BYTES;
            put(file, overwrite, partial -> fill(partial, bytes, map, progress));
            return bytes;
        }
    }

    /// Writes a disk, as the guest would find it. Cancel it by throwing from `progress`, or by interrupting the thread.
    ///
    /// @param diskId such as `disk0`
    /// @param overwrite whether a file of this name may be replaced
    /// @param progress told of blocks, or of bytes
    /// @return bytes of the disk; the file takes less where blocks are zero
    /// @throws IOException with one line for the user
    public long writeDisk(CheckpointRecord checkpoint, String diskId, Path file, DiskFormat format, boolean overwrite,
            Progress progress) throws IOException {
        try (ImageReader image = store.openImage(checkpoint, NewCheckpoint.disk(diskId))) {
            long bytes = image.sizeBytes();
            switch (format) {
                case RAW -> put(file, overwrite, partial -> fill(partial, bytes, image.map(), progress));
                case QCOW2 -> put(file, overwrite, partial -> convert(checkpoint, diskId, partial, progress));
            }
            return bytes;
        }
    }

    /// Writes a disk, as the guest would find it, into a file that is there and empty; zero blocks become holes.
    ///
    /// @param diskId such as `disk0`
    /// @throws IOException with one line for the user; the file is of no use then
    public void fillDisk(CheckpointRecord checkpoint, String diskId, Path file) throws IOException {
        try (ImageReader image = store.openImage(checkpoint, NewCheckpoint.disk(diskId))) {
            fill(file, image.sizeBytes(), image.map(), Progress.NONE);
        }
    }

    /// `qemu-img` reads the disk from our own server.
    private void convert(CheckpointRecord checkpoint, String diskId, Path file, Progress progress) throws IOException {
        QemuImg images = QemuImg.ofDefault();
        try (DiskServer server = new DiskServer(store, checkpoint, List.of(diskId))) {
            DiskBacking source = server.backings().get(diskId);
            long total = server.bytesWithContent();
            images.copyToQcow2(source, file, () -> progress.at("bytes", Math.min(server.bytesServed(), total), total));
        }
    }

    /// Writes the device state, as QEMU wrote it when the checkpoint was taken.
    ///
    /// @return its bytes
    /// @throws IOException with one line for the user
    public long writeDeviceState(CheckpointRecord checkpoint, Path file, boolean overwrite) throws IOException {
        byte[] state = store.readImageBytes(checkpoint.id(), NewCheckpoint.DEVICE_STATE);
        put(file, overwrite, partial -> {
            try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
                writeAt(channel, 0, ByteBuffer.wrap(state));
            }
        });
        return state.length;
    }

    /// The pages of one image on their way to a file.
    private final class Pages {
        private final long lengthBytes;
        private final PageMap map;
        private final FileChannel file;
        private final Progress progress;
        private final AtomicReference<RuntimeException> cancelled = new AtomicReference<>();
        private final long total;
        @GuardedBy("this")
        private long done;

        Pages(PageMap map, long lengthBytes, FileChannel file, Progress progress) {
            this.map = map;
            this.lengthBytes = lengthBytes;
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
                    long offset = (long) firstPage * GuestPage.BYTES;
                    // The last block of a disk may be longer than what there is of it.
                    writeAt(file, offset, content.slice(content.position(), (int) Math.min(content.remaining(), lengthBytes
                            - offset)));
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

    /// Writes a file that is there under its name when all of it has been written.
    static void write(Path file, boolean overwrite, Content content) throws IOException {
        publish(file, writePartial(file, overwrite, content), overwrite);
    }

    /// Writes a file under a name of its own beside its place. If that fails nothing is left.
    private static Path writePartial(Path file, boolean overwrite, Content content) throws IOException {
        Path target = file.toAbsolutePath();
        refuse(target, overwrite);
        Path partial = target.resolveSibling("." + target.getFileName() + ".partial-" + ProcessHandle.current().pid()
                + "-" + Thread.currentThread().threadId());
        boolean done = false;
        try {
            Files.createFile(partial, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(
                    "rw-------")));
            try {
                content.writeTo(partial);
                force(partial, StandardOpenOption.WRITE);
                done = true;
                return partial;
            } finally {
                if (!done) {
                    Files.deleteIfExists(partial);
                }
            }
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(file + " cannot be written: " + reason(e), e);
        }
    }

    private static void publish(Path file, Path partial, boolean overwrite) throws IOException {
        Path target = file.toAbsolutePath();
        try {
            try {
                refuse(target, overwrite);
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
                forceFolder(target.getParent());
            } finally {
                Files.deleteIfExists(partial);
            }
        } catch (IOException e) {
            throw new IOException(file + " cannot be written: " + reason(e), e);
        }
    }

    private static void force(Path file, StandardOpenOption mode) throws IOException {
        try (FileChannel channel = FileChannel.open(file, mode)) {
            channel.force(true);
        }
    }

    private static void forceFolder(Path folder) {
        try {
            force(folder, StandardOpenOption.READ);
        } catch (IOException e) {
            // not every file system can; the file itself is whole under either name
            LOG.debug("the name of a new file in {} is not on disk for certain", folder, e);
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
