package dev.freezeframe.store.lock;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.model.StoreException.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who a store belongs to, in a file that both sides see whatever way they came to its folder: by another mount, from
/// another host, on a file system without locks. A store that has a living owner is refused to everybody else, and an owner
/// that lost it all the same finds out before its next write.
///
/// The file holds a token that is drawn anew at each opening, who drew it, and a count that goes up every second. An owner on
/// this boot of this machine is looked up among the processes. Of any other it can only be told whether its count still
/// goes up. As nothing stops an owner that slept through its time, [#require] reads the token again before
/// every write and after every sync: what was reported as stored had been written before anybody else opened the file.
///
/// A small record in one place, never renamed: that a mount may have cached the folder does not matter, and neither does a
/// full disk. It is opened anew for each look, because that makes network file systems ask their server.
public final class StoreOwner implements AutoCloseable {
    public static final String FILE_NAME = "store.owner";

    private static final Logger LOG = LoggerFactory.getLogger(StoreOwner.class);
    /// All records have this length, so that none is ever seen half.
    private static final int LENGTH = 512;
    private static final long BEAT_MILLIS = 1000;
    private static final Duration POLL = Duration.ofMillis(50);
    /// An owner elsewhere that does not count for so long is gone.
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int ATTEMPTS = 3;

    private final Path directory;
    private final Path file;
    private final RandomAccessFile kept;
    private final Thread heart = Thread.ofPlatform().name("store-owner").daemon().unstarted(this::beatOn);
    private Owner own;
    @GuardedBy("this")
    private boolean closed;
    private volatile StoreException lost;

    /// What the file says.
    ///
    /// @param token empty if nobody has the store
    record Owner(String token, long beat, Holder process) {
        /// Where a process is, and which.
        ///
        /// @param startTicks when it started, in the kernel's ticks since boot
        record Holder(String boot, String namespace, long pid, long startTicks, String user, String host) {}

        byte[] bytes() {
            String text = String.join("\n", "freezeframe-owner 1", token, Long.toString(beat), process.boot,
                    process.namespace, Long.toString(process.pid), Long.toString(process.startTicks), process.user,
                    process.host, "");
            byte[] bytes = Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), LENGTH);
            byte[] sum = checksum(bytes).getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(sum, 0, bytes, LENGTH - sum.length, sum.length);
            return bytes;
        }

        static Optional<Owner> of(byte[] bytes) {
            if (bytes.length != LENGTH || !new String(bytes, LENGTH - 8, 8, StandardCharsets.US_ASCII)
                    .equals(checksum(bytes))) {
                return Optional.empty();
            }
            String[] lines = new String(bytes, 0, LENGTH - 8, StandardCharsets.UTF_8).split("\n", -1);
            try {
                return lines.length < 10 || !lines[0].equals("freezeframe-owner 1")
                        ? Optional.empty()
                        : Optional.of(new Owner(lines[1], Long.parseLong(lines[2]), new Holder(lines[3], lines[4],
                                Long.parseLong(lines[5]), Long.parseLong(lines[6]), lines[7], lines[8])));
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
        }

        private static String checksum(byte[] bytes) {
            CRC32 sum = new CRC32();
            sum.update(bytes, 0, LENGTH - 8);
            return String.format(Locale.ROOT, "%08x", sum.getValue());
        }

        Owner withBeat(long next) {
            return new Owner(token, next, process);
        }

        boolean isNobody() {
            return token.isEmpty();
        }

        String who() {
            return "pid " + process.pid + (process.host.equals(Here.PROCESS.host) ? "" : " on host " + process.host);
        }
    }

    /// This process as others see it.
    static final class Here {
        static final Owner.Holder PROCESS = new Owner.Holder(line(Path.of("/proc/sys/kernel/random/boot_id")),
                namespace(), ProcessHandle.current().pid(), startTicks(ProcessHandle.current().pid()).orElse(0L),
                user(), host());

        private static String line(Path path) {
            try {
                return Files.readString(path).strip().lines().findFirst().map(Here::brief).orElse("");
            } catch (IOException | RuntimeException e) {
                return "";
            }
        }

        private static String brief(String text) {
            String plain = text.replaceAll("[^\\p{Graph}]", "?");
            return plain.substring(0, Math.min(64, plain.length()));
        }

        private static String namespace() {
            try {
                return brief(Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString());
            } catch (IOException | RuntimeException e) {
                return "";
            }
        }

        private static String user() {
            try {
                return String.valueOf(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
            } catch (IOException | RuntimeException e) {
                return "";
            }
        }

        private static String host() {
            String name = line(Path.of("/proc/sys/kernel/hostname"));
            return name.isEmpty() ? "?" : name;
        }
    }

    /// The 22nd field of /proc/PID/stat (proc(5)); the name before it may hold anything, but no further `)`.
    private static Optional<Long> startTicks(long pid) {
        try {
            String stat = new String(Files.readAllBytes(Path.of("/proc", Long.toString(pid), "stat")),
                    StandardCharsets.ISO_8859_1);
            return Optional.of(Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[19]));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private StoreOwner(Path directory) throws IOException {
        this.directory = directory;
        this.file = directory.resolve(FILE_NAME);
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (FileAlreadyExistsException e) {
            LOG.trace("{} is there already", file);
        }
        this.kept = new RandomAccessFile(file.toFile(), "rw");
    }

    /// Takes the store, unless it has an owner that is alive. Waits only for one whose death cannot be known at once: in
    /// another container, on another host, or before the last start of this one.
    static StoreOwner claim(Path directory) throws IOException {
        return claim(directory, PATIENCE);
    }

    static StoreOwner claim(Path directory, Duration patience) throws IOException {
        StoreOwner owner = new StoreOwner(directory);
        boolean done = false;
        try {
            Optional<Owner> seen = owner.awaitDeath(patience);
            owner.own = new Owner(UUID.randomUUID().toString(), 1, Here.PROCESS);
            if (!owner.read().equals(seen)) {
                throw owner.inUse(owner.read());
            }
            owner.write(owner.own);
            Optional<Owner> after = owner.read();
            if (!after.equals(Optional.of(owner.own))) {
                throw owner.inUse(after);
            }
            owner.heart.start();
            done = true;
            return owner;
        } finally {
            if (!done) {
                owner.kept.close();
            }
        }
    }

    /// @return what the file said last, of somebody who does not live any more
    private Optional<Owner> awaitDeath(Duration patience) throws IOException {
        Optional<Owner> first = read();
        if (Files.size(file) == 0 || (first.isPresent() && first.get().isNobody())) {
            return first;
        }
        if (first.isPresent()) {
            Optional<Boolean> alive = isAlive(first.get().process);
            if (alive.isPresent()) {
                if (alive.get()) {
                    throw inUse(first);
                }
                return first;
            }
            LOG.info("store {} was last opened by {}; waiting whether it still lives", directory, first.get().who());
        }
        long start = System.nanoTime();
        while (System.nanoTime() - start < patience.toNanos()) {
            try {
                Thread.sleep(POLL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoreException(Reason.FAILED, "interrupted while waiting for the store's owner", e);
            }
            Optional<Owner> now = read();
            if (!now.equals(first)) {
                if (now.isPresent() && now.get().isNobody()) {
                    return now;
                }
                throw inUse(now);
            }
        }
        return first;
    }

    /// Whether a process lives; empty if that cannot be told from here.
    private static Optional<Boolean> isAlive(Owner.Holder process) {
        Owner.Holder here = Here.PROCESS;
        if (process.boot.isEmpty() || process.namespace.isEmpty() || !process.boot.equals(here.boot)
                || !process.namespace.equals(here.namespace)) {
            return Optional.empty();
        }
        Optional<Long> started = startTicks(process.pid);
        if (started.isPresent()) {
            return Optional.of(started.get() == process.startTicks);
        }
        // /proc may hide the processes of others
        boolean wouldBeSeen = process.user.equals(here.user) || startTicks(1).isPresent();
        return wouldBeSeen ? Optional.of(false) : Optional.empty();
    }

    private StoreException inUse(Optional<Owner> by) {
        boolean sameFolder = by.isPresent() && isAlive(by.get().process).orElse(false);
        return new StoreException(Reason.IN_USE, "store " + directory + " is in use by "
                + by.map(Owner::who).orElse("another process") + (sameFolder ? ", under another path" : "")
                + "; close it there, or use another --store (if this one is a copy, delete " + FILE_NAME + " in it)");
    }

    /// Fails if the store belongs to somebody else by now, from then on always. One small read.
    public void require() throws StoreException {
        requireNotLost();
        Optional<Owner> now;
        try {
            now = read();
            if (now.isEmpty() && Files.isDirectory(directory)) {
                now = restored();
            }
        } catch (IOException e) {
            throw new StoreException(Reason.FAILED, "store " + directory + " cannot tell whether it is still its own: "
                    + e.getMessage(), e);
        }
        synchronized (this) {
            if (now.isPresent() && !now.get().token.equals(own.token)) {
                lost = new StoreException(Reason.IN_USE, "store " + directory + " was taken over by " + now.get().who()
                        + " while it was open here; nothing more is written to it from here, and everything that was"
                        + " reported as stored is in it; close one of the two");
                LOG.info("{}", lost.getMessage());
            }
        }
        requireNotLost();
    }

    /// The record is gone, or no record any more: it is ours again if it is nobody's.
    private synchronized Optional<Owner> restored() throws IOException {
        Optional<Owner> now = Optional.empty();
        for (int i = 0; i < ATTEMPTS && now.isEmpty(); i++) {
            now = read();
        }
        if (now.isEmpty() && !closed) {
            write(own);
            return read();
        }
        return now;
    }

    public void requireNotLost() throws StoreException {
        StoreException gone = lost;
        if (gone != null) {
            throw new StoreException(gone.reason(), gone.getMessage(), gone);
        }
    }

    public boolean isLost() {
        return lost != null;
    }

    private void beatOn() {
        try {
            while (true) {
                synchronized (this) {
                    if (!closed) {
                        wait(BEAT_MILLIS);
                    }
                    if (closed || lost != null) {
                        return;
                    }
                }
                beat();
            }
        } catch (InterruptedException e) {
            LOG.debug("the owner of store {} stops counting", directory);
        }
    }

    private void beat() {
        try {
            require();
            synchronized (this) {
                if (!closed) {
                    own = own.withBeat(own.beat + 1);
                    write(own);
                }
            }
        } catch (IOException e) {
            LOG.debug("the owner of store {} could not count on", directory, e);
        }
    }

    /// Empty if the file is gone or holds no record.
    private Optional<Owner> read() throws IOException {
        byte[] bytes = new byte[LENGTH];
        // not a channel: an interrupt would close it
        try (RandomAccessFile again = new RandomAccessFile(file.toFile(), "r")) {
            again.readFully(bytes);
        } catch (EOFException e) {
            return Optional.empty();
        } catch (IOException e) {
            if (!Files.exists(file)) {
                return Optional.empty();
            }
            // no more files can be opened, say
            synchronized (kept) {
                kept.seek(0);
                kept.readFully(bytes);
            }
        }
        return Owner.of(bytes);
    }

    private void write(Owner record) throws IOException {
        byte[] bytes = record.bytes();
        if (!Files.exists(file)) {
            try {
                Files.createFile(file,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            } catch (FileAlreadyExistsException | NoSuchFileException e) {
                throw new IOException("the store's folder changes", e);
            }
        }
        try (RandomAccessFile again = new RandomAccessFile(file.toFile(), "rw")) {
            again.write(bytes);
        }
    }

    /// Gives the store free, if it still is ours.
    @Override
    public void close() throws IOException {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            notifyAll();
        }
        try {
            heart.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (kept) {
            Optional<Owner> now = read();
            if (now.isPresent() && now.get().token.equals(own.token)) {
                write(new Owner("", own.beat, own.process));
            }
        }
    }
}
