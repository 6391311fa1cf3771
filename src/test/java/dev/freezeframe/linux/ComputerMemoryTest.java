package dev.freezeframe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is left is the least of what the kernel has and of what the limits of all control groups leave, the own and those above.
class ComputerMemoryTest {
    private static final String V2 = "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
    private static final String V1 = "34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
    private static final long MIB = 1 << 20;

    @TempDir
    Path root;

    @Test
    void thisComputerTells() {
        ComputerMemory.Room room = ComputerMemory.ofThisProcess().room().orElseThrow();
        assertTrue(room.availableBytes() > 0, room::describe);
        assertTrue(room.describe().contains(" MiB"), room::describe);
    }

    @Test
    void withoutALimitItIsWhatTheKernelHas() throws IOException {
        write("proc/self/cgroup", "0::/user.slice");
        write("proc/self/mountinfo", V2);
        write("sys/fs/cgroup/user.slice/memory.max", "max");
        assertEquals(new ComputerMemory.Room(2000 * MIB, Optional.empty(), Optional.empty()), room());
    }

    @Test
    void theLimitOfAGroupAboveCountsLessWhatIsUsedButNotTheCache() throws IOException {
        write("proc/self/cgroup", "0::/machine.slice/box/app");
        write("proc/self/mountinfo", V2);
        write("sys/fs/cgroup/machine.slice/memory.max", "max");
        limit("sys/fs/cgroup/machine.slice/box", "memory.max", 700, "memory.current", 300, "inactive_file", 100);
        limit("sys/fs/cgroup/machine.slice/box/app", "memory.max", 900, "memory.current", 300, "inactive_file", 0);
        ComputerMemory.Room room = room();
        assertEquals(500 * MIB, room.availableBytes());
        assertEquals("500 MiB (limit of 700 MiB by /sys/fs/cgroup/machine.slice/box/memory.max)", room.describe());
    }

    @Test
    void theFirstVersionHasOtherNames() throws IOException {
        write("proc/self/cgroup", "9:name=systemd:/\n4:memory:/box\n3:cpu,cpuacct:/\n0::/");
        write("proc/self/mountinfo", V1 + "\n" + V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified"));
        limit("sys/fs/cgroup/memory", "memory.limit_in_bytes", 8_796_093_022_207L, "memory.usage_in_bytes", 1,
                "total_inactive_file", 0);
        limit("sys/fs/cgroup/memory/box", "memory.limit_in_bytes", 700, "memory.usage_in_bytes", 650,
                "total_inactive_file", 0);
        assertEquals(50 * MIB, room().availableBytes());
    }

    @Test
    void aContainerThatSeesOnlyItsOwnGroupsIsUnderstood() throws IOException {
        // Docker without a namespace of its own for groups: the path is the host's, the mount begins at the container's group.
        write("proc/self/cgroup", "0::/docker/4711");
        write("proc/self/mountinfo", V2.replace(" / /sys", " /docker/4711 /sys"));
        limit("sys/fs/cgroup", "memory.max", 512, "memory.current", 512, "inactive_file", 0);
        assertEquals(0, room().availableBytes());
        // and one that was moved out of its namespace
        write("proc/self/cgroup", "0::/../other");
        write("proc/self/mountinfo", V2);
        assertEquals(0, room().availableBytes());
    }

    @Test
    void whereNothingIsToldNothingIsKnown() {
        assertEquals(Optional.empty(), ComputerMemory.under(root).room());
    }

    private ComputerMemory.Room room() throws IOException {
        write("proc/meminfo", "MemTotal:  4096000 kB\nMemAvailable:  " + 2000 * 1024 + " kB");
        return ComputerMemory.under(root).room().orElseThrow();
    }

    private void limit(String folder, String limitFile, long limit, String usedFile, long used, String cacheName,
            long cache) throws IOException {
        write(folder + "/" + limitFile, String.valueOf(limit * MIB));
        write(folder + "/" + usedFile, String.valueOf(used * MIB));
        write(folder + "/memory.stat", "anon 17\n" + cacheName + " " + cache * MIB + "\nslab 3");
    }

    private void write(String file, String text) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.writeString(root.resolve(file), text + "\n");
    }
}
