package dev.freezeframe.machine;

import java.io.IOException;
import java.io.InputStream;
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
/// @param role `firmware`, `kernel` or `initrd`
/// @param sha256 in lower-case hexadecimal
public record BootFile(String role, Path path, String sha256) {
    /// Hashing a kernel takes a tenth of a second; every machine of a series boots from the same.
    private static final Map<Stamp, String> HASHES = new ConcurrentHashMap<>();

    /// What tells that a file was not touched since it was hashed.
    private record Stamp(Path path, long bytes, FileTime modified, Object inode) {}

    /// Hashes the file as it is now.
    static BootFile of(String role, Path path) throws MachineException {
        try {
            return new BootFile(role, path, hash(path));
        } catch (IOException e) {
            throw new MachineException(missing(role, path), e);
        }
    }

    private static String missing(String role, Path path) {
        return "the " + role + " " + path + " cannot be read; " + Profiles.remedyForMissing(path);
    }

    /// Why the file is not the one that was recorded, or empty.
    public Optional<String> difference() {
        try {
            return hash(path).equals(sha256)
                    ? Optional.empty()
                    : Optional.of("the " + role + " " + path + " has changed since the machine was recorded");
        } catch (IOException e) {
            return Optional.of("the " + role + " " + path + " of the recorded machine cannot be read");
        }
    }

    private static String hash(Path path) throws IOException {
        Object inode = Files.getAttribute(path, "unix:ino");
        Stamp stamp = new Stamp(path, Files.size(path), Files.getLastModifiedTime(path), inode);
        String known = HASHES.get(stamp);
        if (known != null) {
            return known;
        }
        try (InputStream in = Files.newInputStream(path)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
            String hash = HexFormat.of().formatHex(digest.digest());
            HASHES.put(stamp, hash);
            return hash;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
