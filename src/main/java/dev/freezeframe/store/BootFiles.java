package dev.freezeframe.store;

import dev.freezeframe.base.FullDisk;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// The kernels, initrds and firmware that came into the store with an experiment from elsewhere, each once, under its SHA-256.
/// Files and folder are the owner's only.
public final class BootFiles {
    private static final String FOLDER = "boot";
    private static final String HASH = "[0-9a-f]{64}";
    private static final String PARTIAL = ".partial-";

    private final Path folder;

    /// Writes the content of a file.
    @FunctionalInterface
    public interface Content {
        /// Writes all of it, and fails if it is not what its hash says.
        void writeTo(OutputStream out) throws IOException;
    }

    public BootFiles(Path store) {
        folder = store.resolve(FOLDER);
    }

    /// Whether a text is such a hash.
    public static boolean isHash(String text) {
        return text.matches(HASH);
    }

    /// The file with this hash, if it is kept here.
    ///
    /// @param sha256 in lower-case hexadecimal; anything else finds nothing
    public Optional<Path> find(String sha256) {
        return isHash(sha256)
                ? Optional.of(folder.resolve(sha256)).filter(file -> Files.isRegularFile(file,
                        LinkOption.NOFOLLOW_LINKS))
                : Optional.empty();
    }

    public void put(String sha256, Content content) throws StoreException {
        if (!isHash(sha256)) {
            throw new IllegalArgumentException("no hash: " + sha256);
        }
        Path partial = folder.resolve(PARTIAL + sha256 + "-" + Thread.currentThread().threadId());
        try {
            Files.createDirectories(folder,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.deleteIfExists(partial);
            try (FileChannel channel = FileChannel.open(partial,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                content.writeTo(Channels.newOutputStream(channel));
                channel.force(true);
            }
            Files.move(partial, folder.resolve(sha256), StandardCopyOption.ATOMIC_MOVE);
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw FullDisk.isCauseOf(e)
                    ? new StoreException(Reason.DISK_FULL,
                            "the file system of the store takes no more; free some space,"
                                    + " nothing stored is lost",
                            e)
                    : new StoreException(Reason.FAILED, "a boot file cannot be kept in the store: " + e.getMessage(),
                            e);
        } finally {
            try {
                Files.deleteIfExists(partial);
            } catch (IOException e) {
                // it goes with the next collection
            }
        }
    }

    /// Deletes those that nobody names any more, and what a crash left of others.
    public void retain(Predicate<String> named) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                String hash = name.startsWith(PARTIAL)
                        ? name.substring(PARTIAL.length()).replaceFirst("-.*", "")
                        : name;
                if (isHash(hash) && !named.test(hash)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (NoSuchFileException e) {
            // somebody else was quicker
        }
    }
}
