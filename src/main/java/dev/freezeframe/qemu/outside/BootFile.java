package dev.freezeframe.qemu.outside;

import dev.freezeframe.base.SizeText;
import dev.freezeframe.linux.RegularFile;
import dev.freezeframe.qemu.program.MachineException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// A file that a machine boots from, with its content's hash, so that a restore years later notices when another file
/// is in its place. The running guest does not need it, but QEMU opens it, and the guest reads it again when it
/// reboots.
///
/// A record may be a stranger's, and then its paths are, too: only a regular file of a bounded length is ever read, and one
/// that must not be opened is not even looked at. Hashing ends when its thread is interrupted.
///
/// @param role `firmware`, `kernel` or `initrd`
/// @param sha256 in lower-case hexadecimal
/// @param mayOpen whether the path is one of this computer's user, and not just what a stranger's record says
public record BootFile(String role, Path path, String sha256, boolean mayOpen) {
    /// No kernel can load an initrd that is larger (the boot protocol's 32-bit addresses), and all else is smaller.
    private static final long MOST_BYTES = 1L << 32;

    /// One of this computer's.
    public BootFile(String role, Path path, String sha256) {
        this(role, path, sha256, true);
    }
    /// Hashing a kernel takes a tenth of a second; every machine of a series boots from the same.
    private static final Map<Stamp, String> HASHES = new ConcurrentHashMap<>();

    /// What tells that a file was not touched since it was hashed.
    private record Stamp(Path path, long bytes, FileTime modified, Object inode) {}

    /// Hashes the file as it is now.
    ///
    /// @param remedy what to do where it cannot be read
    public static BootFile of(String role, Path path, String remedy) throws MachineException {
        try {
            return new BootFile(role, path, hash(path), true);
        } catch (IOException e) {
            throw new MachineException("the " + role + " " + path + " cannot be read" + why(e) + "; " + remedy, e);
        }
    }

    /// What a look at the file would not tell at once.
    private static String why(IOException e) {
        if (e instanceof ClosedByInterruptException) {
            return ": interrupted";
        }
        return e instanceof FileSystemException named && named.getReason() != null && named.getReason().startsWith(
                "is ") ? ": it " + named.getReason() : "";
    }

    /// Why the file is not the one that was recorded, or empty.
    public Optional<String> difference() {
        if (!mayOpen) {
            return Optional.of("the " + role + " " + path + " did not come with the imported experiment");
        }
        try {
            return hash(path).equals(sha256)
                    ? Optional.empty()
                    : Optional.of("the " + role + " " + path + " has changed since the machine was recorded");
        } catch (IOException e) {
            return Optional.of("the " + role + " " + path + " of the recorded machine cannot be read" + why(e));
        }
    }

    private static String hash(Path path) throws IOException {
        Object inode = Files.getAttribute(path, "unix:ino");
        Stamp stamp = new Stamp(path, Files.size(path), Files.getLastModifiedTime(path), inode);
        String known = HASHES.get(stamp);
        if (known != null) {
            return known;
        }
        try (FileChannel file = RegularFile.open(path)) {
            long bytes = file.size();
            if (bytes > MOST_BYTES) {
                throw new FileSystemException(path.toString(), null, "is larger than " + SizeText.of(MOST_BYTES));
            }
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            // no more than its length: a file of the kernel's has none and may never end
            for (long at = 0; at < bytes
                    && file.read(buffer.clear().limit((int) Math.min(buffer.capacity(), bytes - at)),
                            at) > 0; at += buffer.position()) {
                digest.update(buffer.flip());
            }
            String hash = HexFormat.of().formatHex(digest.digest());
            HASHES.put(stamp, hash);
            return hash;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
