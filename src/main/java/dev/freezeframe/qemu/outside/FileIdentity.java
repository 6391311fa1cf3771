package dev.freezeframe.qemu.outside;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.UserFolders;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What tells a regular file's content from another's, at a cost that a start can bear. A file that was only touched, moved or
/// copied is the same; one whose content is another is found out, always if all of it was hashed, else if its length is
/// another or one of the samples is.
///
/// An untouched file is known by its inode's stamp, without a read. A file of up to 32 MiB is hashed at once. Of a larger one
/// 64 blocks are hashed at once, and all of it by [#whole], which takes a second for some hundred megabytes and is done at most
/// once for a file: the cache folder remembers it.
///
/// @param bytes its length
/// @param stamp device, inode, and the times of the last change of content and of inode
/// @param samples SHA-256 of 64 blocks; empty for a file that was hashed at once
/// @param sha256 of all of it, where that was made
public record FileIdentity(long bytes, String stamp, Optional<String> samples, Optional<String> sha256) {
    private static final Logger LOG = LoggerFactory.getLogger(FileIdentity.class);
    static final long HASHED_AT_ONCE_BYTES = 32L << 20;
    /// Reading more than this would hold up other work for minutes.
    static final long MOST_HASHED_BYTES = 8L << 30;
    private static final int SAMPLES = 64;
    private static final int SAMPLE_BYTES = 64 << 10;
    private static final String HASH = "[0-9a-f]{64}";

    /// Looks at a file as it is now.
    public static FileIdentity of(Path file) throws IOException {
        Stamp stamp = Stamp.of(file);
        Optional<String> known = remembered(stamp);
        if (stamp.bytes <= HASHED_AT_ONCE_BYTES) {
            return new FileIdentity(stamp.bytes, stamp.text, Optional.empty(), Optional.of(known.isPresent()
                    ? known.get()
                    : hash(file)));
        }
        return new FileIdentity(stamp.bytes, stamp.text, Optional.of(sample(file, stamp.bytes)), known);
    }

    /// The same with a hash of all of the file, unless it has one, is very large, or changes meanwhile. Takes its time.
    public FileIdentity whole(Path file) {
        if (sha256.isPresent() || bytes > MOST_HASHED_BYTES) {
            return this;
        }
        try {
            String hash = hash(file);
            Stamp after = Stamp.of(file);
            if (!after.text.equals(stamp)) {
                return this;
            }
            remember(after, hash);
            return new FileIdentity(bytes, stamp, samples, Optional.of(hash));
        } catch (IOException e) {
            LOG.debug("{} was not hashed", file, e);
            return this;
        }
    }

    /// What a file has that this one had not, in words; empty if it is the same. Reads all of it only if it was touched.
    public Optional<String> difference(Path file) throws IOException {
        Stamp now = Stamp.of(file);
        if (now.bytes != bytes) {
            return Optional.of("it has " + now.bytes + " bytes instead of " + bytes);
        }
        if (now.text.equals(stamp)) {
            return Optional.empty();
        }
        boolean same;
        if (sha256.isPresent()) {
            Optional<String> known = remembered(now);
            String hash = known.isPresent() ? known.get() : hash(file);
            if (known.isEmpty() && bytes > HASHED_AT_ONCE_BYTES && Stamp.of(file).text.equals(now.text)) {
                remember(now, hash);
            }
            same = sha256.get().equals(hash);
        } else {
            same = samples.isPresent() && samples.get().equals(sample(file, now.bytes));
        }
        return same ? Optional.empty() : Optional.of("its content is another");
    }

    /// Whether a file is untouched since this was made.
    public boolean isStampOf(Path file) {
        try {
            return Stamp.of(file).text.equals(stamp);
        } catch (IOException e) {
            return false;
        }
    }

    public void writeTo(ObjectNode json) {
        json.put("bytes", bytes).put("stamp", stamp);
        samples.ifPresent(hash -> json.put("samplesSha256", hash));
        sha256.ifPresent(hash -> json.put("sha256", hash));
    }

    /// Reads what [#writeTo] wrote; empty where that is not there or is none.
    public static Optional<FileIdentity> from(JsonNode json) {
        Optional<String> samples = hash(json.path("samplesSha256"));
        Optional<String> whole = hash(json.path("sha256"));
        return json.path("bytes").asLong(-1) < 0 || (samples.isEmpty() && whole.isEmpty())
                ? Optional.empty()
                : Optional
                        .of(new FileIdentity(json.path("bytes").asLong(), json.path("stamp").asText(), samples, whole));
    }

    private static Optional<String> hash(JsonNode json) {
        return Optional.ofNullable(json.textValue()).filter(text -> text.matches(HASH));
    }

    /// What the file system says about a file without reading it.
    private record Stamp(long bytes, String text) {
        static Stamp of(Path file) throws IOException {
            if (!Files.isRegularFile(file)) {
                throw new IOException(Files.exists(file) ? "it is no regular file" : "it is not there");
            }
            Map<String, Object> all = Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,ctime");
            long bytes = (Long) all.get("size");
            return new Stamp(bytes, all.get("dev") + "-" + all.get("ino") + "-" + bytes + "-" + nanos(all.get(
                    "lastModifiedTime")) + "-" + nanos(all.get("ctime")));
        }

        private static long nanos(Object time) {
            return ((FileTime) time).to(TimeUnit.NANOSECONDS);
        }
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String hash(Path file) throws IOException {
        MessageDigest digest = digest();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[1 << 18];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String sample(Path file, long bytes) throws IOException {
        MessageDigest digest = digest();
        ByteBuffer block = ByteBuffer.allocate(SAMPLE_BYTES);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (int i = 0; i < SAMPLES; i++) {
                // the first and the last block are among them
                long at = i == SAMPLES - 1 ? bytes - SAMPLE_BYTES : (bytes - SAMPLE_BYTES) / (SAMPLES - 1) * i;
                block.clear();
                while (block.hasRemaining() && channel.read(block, at + block.position()) >= 0) {
                    // until it is full, or the file was cut
                }
                digest.update(block.flip());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    // --- hashes of large files, for other starts of this program

    private static Path memory(Stamp stamp) {
        return UserFolders.OWN.cache().resolve("hashes").resolve(stamp.text);
    }

    private static Optional<String> remembered(Stamp stamp) {
        if (stamp.bytes <= HASHED_AT_ONCE_BYTES) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readString(memory(stamp)).strip()).filter(text -> text.matches(HASH));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// Has a file's hash forgotten.
    static void forget(Path file) throws IOException {
        Files.deleteIfExists(memory(Stamp.of(file)));
    }

    private static void remember(Stamp stamp, String hash) {
        Path file = memory(stamp);
        try {
            Files.createDirectories(file.getParent(), PosixFilePermissions.asFileAttribute(PosixFilePermissions
                    .fromString("rwx------")));
            Path draft = Files.createTempFile(file.getParent(), ".", ".draft");
            Files.writeString(draft, hash + "\n");
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.debug("the hash of a file is not remembered", e); // it is made again
        }
    }
}
