package dev.freezeframe.bundle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.bundle.BundleFormat.BootText;
import dev.freezeframe.bundle.BundleFormat.Chunks;
import dev.freezeframe.bundle.BundleFormat.Header;
import dev.freezeframe.bundle.BundleFormat.LogText;
import dev.freezeframe.qemu.machine.ReplayLogFile;
import dev.freezeframe.store.BootFiles;
import dev.freezeframe.store.ImportChecks;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// A bundle that is being read, taken for a stranger's: no byte of it is believed before it has been compared with its
/// SHA-256, no name in it ever becomes a path, and no length in it is allocated before as much has come.
///
/// ZIP is read by the JDK. It keeps the archive's directory in memory, so how long that may be is looked at before.
final class BundleReader implements AutoCloseable {
    /// Of about 300,000 entries.
    static final long MAX_DIRECTORY_BYTES = 32 << 20;
    static final int MAX_SUMS_BYTES = 32 << 20;
    private static final int BUFFER_BYTES = 1 << 16;

    /// PKWARE's APPNOTE.TXT 6.3.10, 4.3.7 and 4.3.14 to 4.3.16.
    private static final int LOCAL_HEADER = 0x04034b50;
    private static final int LOCAL_NAME_AT = 30;
    private static final int END = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int END_DIRECTORY_BYTES_AT = 12;
    private static final int END_COMMENT_LENGTH_AT = 20;
    private static final int LOCATOR_64 = 0x07064b50;
    private static final int LOCATOR_64_BYTES = 20;
    private static final int LOCATOR_64_END_AT = 8;
    private static final int END_64 = 0x06064b50;
    private static final int END_64_BYTES = 56;
    private static final int END_64_DIRECTORY_BYTES_AT = 40;
    private static final long IN_64 = 0xffff_ffffL;

    private final Path file;
    private final ZipFile zip;
    private final Header header;
    private final Map<String, byte[]> sums = new HashMap<>();
    private String contentsSum = "";

    private BundleReader(Path file, ZipFile zip) throws IOException {
        this.file = file;
        this.zip = zip;
        this.header = readHeader();
    }

    /// Opens a bundle and reads its header, nothing else.
    ///
    /// @throws BundleException if it is none, was cut off, or was written by a newer program
    static BundleReader open(Path file) throws IOException {
        try {
            checkEnds(file);
        } catch (NoSuchFileException e) {
            throw new BundleException("there is no file " + file, e);
        } catch (AccessDeniedException e) {
            throw new BundleException(file + " is not yours to read", e);
        }
        ZipFile zip;
        try {
            zip = new ZipFile(file.toFile(), StandardCharsets.UTF_8);
        } catch (IOException | IllegalArgumentException e) {
            throw new BundleException(file + " is damaged or was cut off: " + e.getMessage(), e);
        }
        BundleReader opened = null;
        try {
            opened = new BundleReader(file, zip);
            return opened;
        } finally {
            if (opened == null) {
                zip.close();
            }
        }
    }

    /// Looks at the first bytes and the last.
    private static void checkEnds(Path path) throws IOException {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new BundleException(path + " is no file that could be a bundle");
        }
        // for the exceptions that it throws
        Files.newInputStream(path).close();
        try (RandomAccessFile in = new RandomAccessFile(path.toFile(), "r")) {
            String mark = BundleFormat.MIME_ENTRY + BundleFormat.MIME_TYPE;
            ByteBuffer first = read(in, 0, LOCAL_NAME_AT + mark.length());
            if (first.limit() < LOCAL_NAME_AT + mark.length() || first.getInt(0) != LOCAL_HEADER
                    || !StandardCharsets.ISO_8859_1.decode(first.slice(LOCAL_NAME_AT, mark.length())).toString().equals(
                            mark)) {
                throw new BundleException(path + " is no bundle: freezeframe export writes those");
            }
            long endAt = in.length() - END_BYTES;
            ByteBuffer end = read(in, endAt, END_BYTES);
            if (end.limit() < END_BYTES || end.getInt(0) != END || end.getShort(END_COMMENT_LENGTH_AT) != 0) {
                throw new BundleException(path + " was cut off, or something was added to it: its end is missing;"
                        + " copy it anew");
            }
            requireReadable(path, Integer.toUnsignedLong(end.getInt(END_DIRECTORY_BYTES_AT)), true);
            ByteBuffer locator = read(in, Math.max(0, endAt - LOCATOR_64_BYTES), LOCATOR_64_BYTES);
            if (locator.limit() == LOCATOR_64_BYTES && locator.getInt(0) == LOCATOR_64) {
                ByteBuffer end64 = read(in, locator.getLong(LOCATOR_64_END_AT), END_64_BYTES);
                if (end64.limit() < END_64_BYTES || end64.getInt(0) != END_64) {
                    throw new BundleException(path + " is damaged at its end; copy it anew");
                }
                requireReadable(path, end64.getLong(END_64_DIRECTORY_BYTES_AT), false);
            }
        }
    }

    private static void requireReadable(Path path, long directoryBytes, boolean mayBeIn64) throws BundleException {
        if ((directoryBytes < 0 || directoryBytes > MAX_DIRECTORY_BYTES) && !(mayBeIn64 && directoryBytes == IN_64)) {
            throw new BundleException(path + " is no bundle or damaged: it lists more entries than a bundle has");
        }
    }

    /// As many bytes as are there.
    private static ByteBuffer read(RandomAccessFile in, long at, int length) throws IOException {
        byte[] bytes = new byte[length];
        int filled = 0;
        if (at >= 0 && at < in.length()) {
            in.seek(at);
            for (int count = in.read(bytes); count > 0; count = in.read(bytes, filled, length - filled)) {
                filled += count;
            }
        }
        return ByteBuffer.wrap(bytes, 0, filled).order(ByteOrder.LITTLE_ENDIAN);
    }

    private Header readHeader() throws IOException {
        byte[] content;
        try (InputStream in = stream(BundleFormat.HEADER_ENTRY)) {
            content = bounded(in, BundleFormat.MAX_HEADER_BYTES, BundleFormat.HEADER_ENTRY);
        }
        try {
            JsonNode tree = BundleFormat.JSON.readTree(content);
            JsonNode format = tree.path("format");
            if (!format.isIntegralNumber() || !format.canConvertToInt() || format.intValue() < 1) {
                throw damaged("its header has no format");
            }
            if (format.intValue() > BundleFormat.VERSION) {
                throw new BundleException(file + " was written by a newer Freezeframe (format " + format.intValue()
                        + "); this one reads up to " + BundleFormat.VERSION);
            }
            Header read = BundleFormat.header((ObjectNode) tree);
            check(read);
            return read;
        } catch (JsonProcessingException e) {
            throw damaged("its header cannot be read: " + firstLine(e.getOriginalMessage()), e);
        }
    }

    private void check(Header read) throws BundleException {
        Chunks chunks = read.chunks();
        if (read.checkpoints() < 1 || read.checkpoints() > ImportChecks.MAX_CHECKPOINTS || chunks.ram() < 0
                || read.simulations() < 0 || read.simulations() > BundleFormat.MAX_SIMULATION_PARTS
                || chunks.disk() < 0 || chunks.ram() > BundleFormat.MAX_CHUNKS
                || chunks.disk() > BundleFormat.MAX_CHUNKS) {
            throw damaged("the counts in its header are out of range");
        }
        LogText log = read.log();
        // what is before the start of a log is QEMU's header, which no stranger writes
        if (log != null && (log.start() < ReplayLogFile.HEADER_BYTES || log.bytes() < 1
                || log.start() > ImportChecks.MAX_LOG_BYTES
                || log.bytes() > ImportChecks.MAX_LOG_BYTES - log.start())) {
            throw damaged("the log in its header is out of range: " + log.bytes() + " bytes from " + log.start()
                    + " on");
        }
        Set<String> hashes = new HashSet<>();
        for (BootText boot : read.bootFiles()) {
            if (!BootFiles.isHash(boot.sha256()) || !hashes.add(boot.sha256()) || boot.bytes() < 0
                    || boot.bytes() > BundleFormat.MAX_BOOT_FILE_BYTES) {
                throw damaged("the boot files in its header cannot be");
            }
        }
        if (read.bootFiles().size() > BundleFormat.MAX_BOOT_FILES || read.entryCount() != zip.size()) {
            throw damaged("its entries are not those that its header tells of");
        }
    }

    Path file() {
        return file;
    }

    Header header() {
        return header;
    }

    /// SHA-256 of the list of contents: equal for bundles of equal contents. After [#readSums].
    String contentsSum() {
        return contentsSum;
    }

    /// Reads the list of contents, and sees that just these entries are there.
    void readSums() throws IOException {
        List<String> names = header.entries();
        byte[] list;
        try (InputStream in = stream(BundleFormat.SUMS_ENTRY)) {
            list = bounded(in, MAX_SUMS_BYTES, BundleFormat.SUMS_ENTRY);
        }
        // the JDK does not look at it when it reads this way
        CRC32 crc = new CRC32();
        crc.update(list);
        if (crc.getValue() != entry(BundleFormat.SUMS_ENTRY).getCrc()) {
            throw damaged("its list of contents does not have the checksum that it had");
        }
        int at = 0;
        for (String name : names.subList(0, names.size() - 1)) {
            String rest = "  " + name + "\n";
            int end = at + Sha256.DIGITS + rest.length();
            String line = new String(list, Math.min(at, list.length), Math.max(0, Math.min(end, list.length) - at),
                    StandardCharsets.ISO_8859_1);
            if (line.length() != end - at || !BootFiles.isHash(line.substring(0, Sha256.DIGITS)) || !line.endsWith(
                    rest)) {
                throw damaged("its list of contents does not list " + name);
            }
            sums.put(name, HexFormat.of().parseHex(line, 0, Sha256.DIGITS));
            entry(name);
            at = end;
        }
        if (at != list.length) {
            throw damaged("its list of contents lists more than there is");
        }
        contentsSum = Sha256.of(list);
        // what was read before there was something to compare with
        byte[] _ = content(BundleFormat.HEADER_ENTRY, BundleFormat.MAX_HEADER_BYTES);
        byte[] type = BundleFormat.MIME_TYPE.getBytes(StandardCharsets.US_ASCII);
        if (!Arrays.equals(type, content(BundleFormat.MIME_ENTRY, type.length))) {
            throw damaged("its entry " + BundleFormat.MIME_ENTRY + " is not the one that it begins with");
        }
    }

    private ZipEntry entry(String name) throws BundleException {
        ZipEntry entry = zip.getEntry(name);
        if (entry == null || !entry.getName().equals(name)) {
            throw damaged("its entry " + name + " is missing");
        }
        return entry;
    }

    private InputStream stream(String name) throws IOException {
        InputStream in;
        try {
            in = zip.getInputStream(entry(name));
        } catch (IOException | IllegalArgumentException e) {
            throw e instanceof BundleException ours ? ours : unreadable(name, e);
        }
        return new FilterInputStream(in) {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException("interrupted"); // a small bundle may hold hours of zeros
                }
                try {
                    return super.read(target, offset, length);
                } catch (IOException e) {
                    throw unreadable(name, e);
                }
            }
        };
    }

    /// An entry, as long as it is; the end of the stream is only reached if all of it is as its SHA-256 says.
    InputStream verified(String name) throws IOException {
        byte[] expected = sums.get(name);
        if (expected == null) {
            throw new IllegalStateException("not listed: " + name);
        }
        MessageDigest digest = Sha256.digest();
        return new FilterInputStream(stream(name)) {
            private boolean ended;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                int count = super.read(target, offset, length);
                if (count > 0) {
                    digest.update(target, offset, count);
                } else if (count < 0 && !ended) {
                    ended = true;
                    if (!MessageDigest.isEqual(digest.digest(), expected)) {
                        throw damaged("its entry " + name + " is not what it was when it was written");
                    }
                }
                return count;
            }

            @Override
            public long skip(long count) {
                throw new UnsupportedOperationException("every byte counts");
            }
        };
    }

    /// A whole entry of at most so many bytes, compared with its SHA-256.
    byte[] content(String name, int maxBytes) throws IOException {
        try (InputStream in = verified(name)) {
            return bounded(in, maxBytes, name);
        }
    }

    /// A whole entry of at most so many bytes, put into a buffer from its start to its limit then.
    void content(String name, ByteBuffer target) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        target.clear();
        try (InputStream in = verified(name)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (count > target.remaining()) {
                    throw damaged("its entry " + name + " is longer than it can be");
                }
                target.put(buffer, 0, count);
            }
        }
        target.flip();
    }

    /// Reads on as bytes come, so that a length that is only claimed costs nothing.
    private byte[] bounded(InputStream in, int maxBytes, String name) throws IOException {
        byte[] content = in.readNBytes(maxBytes);
        if (in.read() >= 0) {
            throw damaged("its entry " + name + " is longer than it can be");
        }
        return content;
    }

    /// Reads an entry to its end and compares it with its SHA-256.
    ///
    /// @param maxBytes ends it when more come
    void check(String name, long maxBytes) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = verified(name)) {
            long length = 0;
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                length += count;
                if (length > maxBytes) {
                    throw damaged("its entry " + name + " is longer than it can be");
                }
            }
        }
    }

    BundleException damaged(String what) {
        return new BundleException(file + " is damaged: " + what + "; copy it anew");
    }

    BundleException damaged(String what, Exception cause) {
        return new BundleException(file + " is damaged: " + what + "; copy it anew", cause);
    }

    private BundleException unreadable(String name, Exception e) {
        return damaged("its entry " + name + " cannot be read (" + e.getMessage() + ")", e);
    }

    static String firstLine(String text) {
        String line = text == null ? "" : text.lines().findFirst().orElse("");
        return line.length() > 300 ? line.substring(0, 300) + "…" : line;
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}
