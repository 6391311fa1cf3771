package dev.freezeframe.linux;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How much memory this process and those that it starts can still have: what the kernel has left, and what the limits of
/// their control groups leave, those of all groups above included. Whoever goes beyond such a limit is killed without a word.
///
/// Read from `/proc/meminfo` and from `memory.max` (cgroup v2) or `memory.limit_in_bytes` (v1), as told in the kernel's
/// *Control Group v2* and *Memory Resource Controller*. Page cache that can be dropped does not count as used.
public final class ComputerMemory {
    private static final long NO_LIMIT = 1L << 60;
    private static final long KIB = 1024;

    private final Path root;

    /// How much there is.
    ///
    /// @param availableBytes what can still be had
    /// @param limitBytes the limit that leaves so little; empty where the computer itself does
    /// @param limitedBy the file with that limit
    public record Room(long availableBytes, Optional<Long> limitBytes, Optional<Path> limitedBy) {
        /// In a few words, such as `650 MiB (limit of 700 MiB by /sys/fs/cgroup/memory.max)`.
        public String describe() {
            return (availableBytes >> 20) + " MiB" + limitBytes.map(limit -> " (limit of " + (limit >> 20) + " MiB by "
                    + limitedBy.map(Path::toString).orElse("a control group") + ")").orElse("");
        }
    }

    private record Kind(String limit, String used, String cacheInStat) {
        static final Kind V1 = new Kind("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file");
        static final Kind V2 = new Kind("memory.max", "memory.current", "inactive_file");
    }

    /// A group's own folder, and where the hierarchy begins.
    private record Group(Path folder, Path top, Kind kind) {}

    private ComputerMemory(Path root) {
        this.root = root;
    }

    /// Of this process.
    public static ComputerMemory ofThisProcess() {
        return new ComputerMemory(Path.of("/"));
    }

    /// Of a process in a file system that looks as if it were at `/`.
    public static ComputerMemory under(Path root) {
        return new ComputerMemory(root);
    }

    /// What there is now; empty where the kernel does not tell.
    public Optional<Room> room() {
        Optional<Long> available = number(lines(root.resolve("proc/meminfo")), "MemAvailable:").map(kib -> kib * KIB);
        Optional<Room> least = available.map(bytes -> new Room(bytes, Optional.empty(), Optional.empty()));
        for (Group group : groups()) {
            Path folder = group.folder;
            while (folder != null && folder.startsWith(group.top)) {
                Optional<Room> here = room(folder, group.kind);
                if (here.isPresent() && (least.isEmpty() || here.get().availableBytes < least.get().availableBytes)) {
                    least = here;
                }
                folder = folder.getParent();
            }
        }
        return least;
    }

    private Optional<Room> room(Path folder, Kind kind) {
        Optional<Long> limit = number(lines(folder.resolve(kind.limit)), "").filter(bytes -> bytes < NO_LIMIT);
        if (limit.isEmpty()) {
            return Optional.empty();
        }
        long used = number(lines(folder.resolve(kind.used)), "").orElse(0L);
        long cache = number(lines(folder.resolve("memory.stat")), kind.cacheInStat + " ").orElse(0L);
        Path seen = Path.of("/").resolve(root.relativize(folder)).resolve(kind.limit);
        return Optional.of(new Room(Math.max(0, limit.get() - Math.max(0, used - cache)), limit, Optional.of(seen)));
    }

    /// The groups with a memory controller that the process is in: one, or none.
    private List<Group> groups() {
        List<String> mounts = lines(root.resolve("proc/self/mountinfo"));
        List<Group> groups = new ArrayList<>();
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            // hierarchy:controllers:path
            String[] parts = line.split(":", 3);
            if (parts.length < 3) {
                continue;
            }
            boolean v2 = parts[0].equals("0") && parts[1].isEmpty();
            if (v2 || List.of(parts[1].split(",", -1)).contains("memory")) {
                for (String mount : mounts) {
                    group(mount, v2, parts[2]).ifPresent(groups::add);
                }
            }
        }
        return groups;
    }

    /// The process's group below a mount point, where that is of this hierarchy; a line is as in proc_pid_mountinfo(5).
    private Optional<Group> group(String mount, boolean v2, String path) {
        String[] halves = mount.split(" - ", 2);
        String[] first = halves[0].split(" ", -1);
        String[] second = halves.length < 2 ? new String[0] : halves[1].split(" ", -1);
        if (first.length < 5 || second.length < 3 || !second[0].equals(v2 ? "cgroup2" : "cgroup")
                || (!v2 && !List.of(second[2].split(",", -1)).contains("memory"))) {
            return Optional.empty();
        }
        Path top = root.resolve(first[4].substring(1));
        String mounted = first[3];
        // In a container the mount shows a part of the hierarchy, and perhaps one that the path does not lie in.
        String below = !path.startsWith(mounted) ? "" : mounted.equals("/") ? path : path.substring(mounted.length());
        Path folder = top.resolve(below.replaceFirst("^/+", "")).normalize();
        return Optional.of(new Group(folder.startsWith(top) && Files.isDirectory(folder) ? folder : top, top, v2
                ? Kind.V2
                : Kind.V1));
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }

    private static Optional<Long> number(List<String> lines, String label) {
        return lines.stream().filter(line -> line.startsWith(label)).map(line -> line.substring(label.length())
                .replaceAll("[^0-9]", "")).filter(digits -> !digits.isEmpty()).map(
                        digits -> new BigInteger(digits).min(BigInteger.valueOf(Long.MAX_VALUE)).longValue())
                .findFirst();
    }
}
