package dev.freezeframe.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The family of Linux distributions that this computer runs, as far as it matters for advice: what installs a program there,
/// and what its package is called. A family that is not known gives no command rather than a wrong one.
enum LinuxFamily {
    DEBIAN("sudo apt-get install", "debian ubuntu", "qemu-system-x86", "qemu-utils"),
    /// Like Fedora, as it says itself, but its QEMU has another package and is not on the `PATH`.
    RED_HAT("sudo dnf install", "rhel centos", "qemu-kvm", "qemu-img"),
    FEDORA("sudo dnf install", "fedora", "qemu-system-x86", "qemu-img"),
    ARCH("sudo pacman -S", "arch", "qemu-system-x86", "qemu-img"),
    /// `qemu-img` moved to a package of its own; zypper finds it by its path before and after.
    SUSE("sudo zypper install", "suse opensuse", "qemu-x86", "/usr/bin/qemu-img"),
    UNKNOWN("", "", "qemu-system-x86", "qemu-utils");

    /// What machines need beside this program.
    enum Part {
        /// `qemu-system-x86_64`
        QEMU,
        /// `qemu-img`
        DISK_TOOLS,
        /// `setpriv` and `setsid`
        STARTERS
    }

    /// os-release(5): the second where the first is not.
    private static final List<Path> RELEASE_FILES = List.of(Path.of("/etc/os-release"), Path.of(
            "/usr/lib/os-release"));

    private final String installer;
    /// As in os-release, separated by spaces.
    private final String ids;
    private final String qemuPackage;
    private final String diskToolsPackage;

    LinuxFamily(String installer, String ids, String qemuPackage, String diskToolsPackage) {
        this.installer = installer;
        this.ids = ids;
        this.qemuPackage = qemuPackage;
        this.diskToolsPackage = diskToolsPackage;
    }

    static LinuxFamily ofThisComputer() {
        for (Path file : RELEASE_FILES) {
            try {
                return of(Files.readAllLines(file));
            } catch (IOException _) {
                // the other one
            }
        }
        return UNKNOWN;
    }

    /// The family that a file `os-release` tells: its own name counts more than those that it says to be like.
    static LinuxFamily of(List<String> release) {
        List<String> words = Stream.concat(words(release, "ID="), words(release, "ID_LIKE=")).toList();
        return words.stream().flatMap(word -> Arrays.stream(values()).filter(each -> each.isCalled(word))).findFirst()
                .orElse(UNKNOWN);
    }

    private boolean isCalled(String word) {
        return Arrays.stream(ids.split(" ", -1)).anyMatch(id -> word.equals(id) || (word.startsWith(id + "-") && !id
                .isEmpty()));
    }

    private static Stream<String> words(List<String> release, String key) {
        return release.stream().filter(line -> line.startsWith(key)).flatMap(line -> Arrays.stream(line.substring(key
                .length()).replaceAll("[\"']", "").split(" +", -1)));
    }

    String packageOf(Part part) {
        return switch (part) {
            case QEMU -> qemuPackage;
            case DISK_TOOLS -> diskToolsPackage;
            case STARTERS -> "util-linux";
        };
    }

    /// The command line that installs a part.
    Optional<String> install(Part part) {
        return installer.isEmpty() ? Optional.empty() : Optional.of(installer + " " + packageOf(part));
    }
}
