package dev.freezeframe.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Tells which living process has a file open for writing, or listens at a port, from what the kernel shows in `/proc`
/// (proc(5)), and whether one has a socket. Processes of other users are seen only as far as the kernel lets us; none is disturbed.
public final class Holders {
    private static final Path PROC = Path.of("/proc");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Pattern FLAGS = Pattern.compile("(?m)^flags:\\s*(\\d+)");
    private static final int ACCESS_MODE = 3; // O_ACCMODE of fcntl(2)
    private static final int ADDRESS_BYTES = 110; // struct sockaddr_un of unix(7)
    private static final String TCP_LISTENING = "0A"; // TCP_LISTEN of include/net/tcp_states.h

    private Holders() {}

    /// A process that has something.
    ///
    /// @param pid 0 where the kernel does not tell
    public record Holder(long pid) {
        /// Its command line; empty where it cannot be read.
        public List<String> commandLine() {
            try {
                return List
                        .of(Files.readString(PROC.resolve(pid + "/cmdline"), StandardCharsets.ISO_8859_1).split("\0",
                                -1));
            } catch (IOException e) {
                return List.of();
            }
        }
    }

    /// The process, other than ours, that has a file open for writing, by whatever name.
    public static Optional<Holder> ofFile(Path file) {
        Object key = fileKey(file);
        if (key == null) {
            return Optional.empty();
        }
        long own = ProcessHandle.current().pid();
        return firstWith((pid, descriptor, target) -> pid != own && target.startsWith("/") && key.equals(fileKey(PROC
                .resolve(pid + "/fd/" + descriptor))) && isForWriting(pid, descriptor));
    }

    private static Object fileKey(Path file) {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null; // it is not there, or not for us
        }
    }

    /// Whether a living process has bound a socket to this name, under whatever other name that may have been. Its owner
    /// notices nothing: the kernel (unix(7)) refuses a caller of another type, but only where there is somebody to call.
    public static boolean isBound(Path socket) {
        byte[] name = socket.toString().getBytes(StandardCharsets.UTF_8);
        int fd = Libc.socket(Libc.AF_UNIX, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            return true; // out of descriptors: to be careful costs another name only
        }
        try (Arena arena = Arena.ofConfined()) {
            int bytes = Short.BYTES + name.length + 1;
            MemorySegment address = arena.allocate(Math.max(bytes, ADDRESS_BYTES));
            address.set(ValueLayout.JAVA_SHORT, 0, (short) Libc.AF_UNIX);
            MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, Short.BYTES, name.length);
            int result = Libc.connect(fd, address, bytes);
            return result == 0 || result == -Libc.EPROTOTYPE || result == -Libc.EACCES || result == -Libc.EPERM;
        } finally {
            int _ = Libc.close(fd);
        }
    }

    /// A process that listens at a TCP port, at whatever address.
    public static Optional<Holder> ofTcpPort(int port) {
        return ofInodes(inodes(List.of("tcp", "tcp6"), port, true));
    }

    /// A process that receives at a UDP port, at whatever address.
    public static Optional<Holder> ofUdpPort(int port) {
        return ofInodes(inodes(List.of("udp", "udp6"), port, false));
    }

    private static Set<String> inodes(List<String> tables, int port, boolean listening) {
        Set<String> inodes = new HashSet<>();
        for (String table : tables) {
            for (String line : lines(table)) {
                // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
                String[] fields = line.strip().split("\\s+", -1);
                if (fields.length < 10) {
                    continue;
                }
                String local = fields[1].substring(fields[1].indexOf(':') + 1);
                if (isHex(local) && Integer.parseInt(local, 16) == port && (!listening || fields[3].equals(
                        TCP_LISTENING))) {
                    inodes.add(fields[9]);
                }
            }
        }
        return inodes;
    }

    private static boolean isHex(String text) {
        return text.matches("[0-9A-Fa-f]{1,15}");
    }

    private static List<String> lines(String table) {
        try (Stream<String> lines = Files.lines(PROC.resolve("net").resolve(table), StandardCharsets.ISO_8859_1)) {
            return lines.toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }

    private static Optional<Holder> ofInodes(Set<String> inodes) {
        if (inodes.isEmpty()) {
            return Optional.empty();
        }
        Set<String> targets = new HashSet<>();
        inodes.forEach(inode -> targets.add("socket:[" + inode + "]"));
        return Optional.of(firstWith((_, _, target) -> targets.contains(target)).orElse(new Holder(0)));
    }

    private interface Match {
        boolean holds(long pid, String descriptor, String target);
    }

    private static Optional<Holder> firstWith(Match match) {
        for (Path process : children(PROC)) {
            String name = process.getFileName().toString();
            if (!NUMBER.matcher(name).matches()) {
                continue;
            }
            long pid = Long.parseLong(name);
            for (Path descriptor : children(process.resolve("fd"))) {
                String target;
                try {
                    target = Files.readSymbolicLink(descriptor).toString();
                } catch (IOException e) {
                    continue; // it was just closed
                }
                if (match.holds(pid, descriptor.getFileName().toString(), target)) {
                    return Optional.of(new Holder(pid));
                }
            }
        }
        return Optional.empty();
    }

    private static List<Path> children(Path folder) {
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(children::add);
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            // it has ended, or is not ours to look into
        }
        return children;
    }

    private static boolean isForWriting(long pid, String descriptor) {
        try {
            Matcher flags = FLAGS.matcher(Files.readString(PROC.resolve(pid + "/fdinfo/" + descriptor)));
            return flags.find() && (Integer.parseInt(flags.group(1), 8) & ACCESS_MODE) != 0;
        } catch (IOException | NumberFormatException e) {
            return false;
        }
    }
}
