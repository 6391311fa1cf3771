package dev.freezeframe.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Tells which living process has a file open for writing, or listens at a socket or port, from what the kernel shows in
/// `/proc` (proc(5)). Processes of other users are seen only as far as the kernel lets us; nothing is opened or called.
public final class Holders {
    private static final Path PROC = Path.of("/proc");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Pattern FLAGS = Pattern.compile("(?m)^flags:\\s*(\\d+)");
    private static final int ACCESS_MODE = 3; // O_ACCMODE of fcntl(2)
    /// `SO_ACCEPTCON` of include/linux/net.h, shown in the fourth column of `/proc/net/unix`.
    private static final long LISTENING = 0x10000;
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

    /// The process, other than ours, that has a file open for writing.
    public static Optional<Holder> ofFile(Path file) {
        String real;
        try {
            real = file.toRealPath().toString();
        } catch (IOException e) {
            return Optional.empty();
        }
        long own = ProcessHandle.current().pid();
        return firstWith(
                (pid, descriptor, target) -> pid != own && target.equals(real) && isForWriting(pid, descriptor));
    }

    /// The process that listens at a UNIX socket.
    public static Optional<Holder> ofSocket(Path socket) {
        Set<String> inodes = new HashSet<>();
        for (String line : lines("unix")) {
            // Num RefCount Protocol Flags Type St Inode Path
            String[] fields = line.strip().split("\\s+", 8);
            if (fields.length == 8 && fields[7].equals(socket.toString()) && isHex(fields[3]) && (Long.parseLong(
                    fields[3], 16) & LISTENING) != 0) {
                inodes.add(fields[6]);
            }
        }
        return ofInodes(inodes);
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
