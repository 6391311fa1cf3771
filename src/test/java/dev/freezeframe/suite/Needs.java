package dev.freezeframe.suite;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/// What some tests need and not every machine has. A test tries it and skips itself by [#orSkip], which on a build server
/// (`CI=true`) fails instead where a look at the machine says that it has what the test did not get.
public enum Needs {
    /// Mounting a small file system.
    MOUNTING,
    /// Guests in hardware.
    KVM,
    /// Write protection by userfaultfd, and the harvest of it.
    WRITTEN_PAGES,
    /// Changing a limit of another process.
    PRLIMIT,
    /// A file system in user space, at another path.
    BINDFS,
    /// A file system in user space that encrypts.
    GOCRYPTFS,
    /// Another clock for a program.
    FAKETIME,
    /// A limit of the memory of some processes.
    MEMORY_LIMIT;

    private static final boolean ON_BUILD_SERVER = Boolean.parseBoolean(System.getenv("CI"));
    private static final int CAP_SYS_ADMIN = 21;

    private boolean looksPresent() {
        return switch (this) {
            case MOUNTING -> isRoot() && hasCapability(CAP_SYS_ADMIN);
            case KVM -> Files.isWritable(Path.of("/dev/kvm"));
            case WRITTEN_PAGES -> isRoot() && kernelIsAtLeast(6, 7);
            case PRLIMIT -> hasProgram("prlimit");
            case BINDFS -> hasProgram("bindfs") && Files.isWritable(Path.of("/dev/fuse"));
            case GOCRYPTFS -> hasProgram("gocryptfs") && Files.isWritable(Path.of("/dev/fuse"));
            case FAKETIME -> hasProgram("faketime");
            case MEMORY_LIMIT -> isRoot() && Files.isWritable(Path.of("/sys/fs/cgroup/memory"));
        };
    }

    /// Skips the running test where it did not get what it needs.
    ///
    /// @param reason what it got instead, in a line
    public void orSkip(boolean got, String reason) {
        if (!got) {
            throw new Lacking(this, reason);
        }
    }

    /// A test was skipped because the machine lacks something.
    static final class Lacking extends TestAbortedException {
        private static final long serialVersionUID = 1L;

        private final Needs what;

        private Lacking(Needs what, String reason) {
            super(what + ": " + reason);
            this.what = what;
        }
    }

    /// Why a skip is none that may be: empty where it is all right.
    static String fault(TestAbortedException skip) {
        if (!ON_BUILD_SERVER) {
            return "";
        }
        if (!(skip instanceof Lacking lacking)) {
            return "skipped on a build server, and not by " + Needs.class.getSimpleName() + ".orSkip";
        }
        return lacking.what.looksPresent() ? "skipped, but this machine seems to have " + lacking.what : "";
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static boolean hasCapability(int number) {
        try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
            return status.filter(line -> line.startsWith("CapEff:")).anyMatch(line -> (Long.parseUnsignedLong(line
                    .substring("CapEff:".length()).strip(), 16) >> number & 1) == 1);
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean kernelIsAtLeast(int major, int minor) {
        String[] parts = System.getProperty("os.version").split("\\D", 3);
        int ownMajor = Integer.parseInt(parts[0]);
        return ownMajor > major || (ownMajor == major && Integer.parseInt(parts[1]) >= minor);
    }

    private static boolean hasProgram(String name) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator, -1)).anyMatch(folder -> Files.isExecutable(Path
                .of(folder, name)));
    }
}
