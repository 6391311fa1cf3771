package dev.freezeframe.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A piece of a process's address space that shows a file: one line of its `maps`. Neighbouring lines that continue
/// each other in address and file are joined.
///
/// @param start first address
/// @param end the address behind the last
/// @param permissions as in `maps`, such as `rw-s`
/// @param fileOffset what `start` shows
/// @param file device and inode, as `maps` writes them: the same text in every process
record MappedRange(long start, long end, String permissions, long fileOffset, String file) {

    private static final Pattern LINE = Pattern
            .compile("([0-9a-f]+)-([0-9a-f]+) (\\S{4}) ([0-9a-f]+) (\\S+ \\d+)(?: .*)?");

    /// Where the process maps the memory.
    static List<MappedRange> find(long pid, SharedMemory memory) throws IOException {
        long address = memory.address();
        String file = of(ProcessHandle.current().pid()).stream().filter(r -> r.start <= address && address < r.end)
                .findFirst().orElseThrow(() -> new IOException("Our own mapping of " + memory + " is gone")).file;
        List<MappedRange> found = new ArrayList<>();
        for (MappedRange range : of(pid)) {
            if (!range.file.equals(file)) {
                continue;
            }
            if (!found.isEmpty() && found.getLast().isContinuedBy(range)) {
                MappedRange before = found.removeLast();
                found.add(new MappedRange(before.start, range.end, before.permissions, before.fileOffset, file));
            } else {
                found.add(range);
            }
        }
        return found;
    }

    private static List<MappedRange> of(long pid) throws IOException {
        List<MappedRange> ranges = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/maps"))) {
            Matcher m = LINE.matcher(line);
            if (m.matches()) {
                ranges.add(new MappedRange(Long.parseUnsignedLong(m.group(1), 16),
                        Long.parseUnsignedLong(m.group(2), 16), m.group(3), Long.parseUnsignedLong(m.group(4), 16),
                        m.group(5)));
            }
        }
        return ranges;
    }

    long lengthBytes() {
        return end - start;
    }

    boolean isSharedAndWritable() {
        return permissions.charAt(1) == 'w' && permissions.charAt(3) == 's';
    }

    private boolean isContinuedBy(MappedRange next) {
        return end == next.start && permissions.equals(next.permissions)
                && fileOffset + lengthBytes() == next.fileOffset;
    }
}
