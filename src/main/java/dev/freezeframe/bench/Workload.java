package dev.freezeframe.bench;

import java.util.regex.Pattern;

/// What the small Linux guest does while it is measured.
///
/// @param name short, for tables
/// @param kernelArguments choose it
/// @param underWay a console line that says that it has begun
public record Workload(String name, String kernelArguments, Pattern underWay) {
    /// Rewrites 8 MiB with random bytes twice a second.
    public static final Workload TICKER = new Workload("ticker", "ff.workload=ticker", Pattern.compile("tick [2-9].*"));
    /// Sleeps.
    public static final Workload IDLE = new Workload("idle", "ff.workload=idle", Pattern.compile("idle.*"));
    /// Computes without pause and prints the work done every second.
    public static final Workload COMPUTE = new Workload("compute", "ff.workload=compute", Pattern.compile(
            "work [1-9].*"));
    /// Compiles a program on a disk, reads it back and deletes it, again and again.
    public static final Workload BUILD = new Workload("build", "ff.workload=build", Pattern.compile("step [3-9].*"));

    /// Writes to random pages.
    ///
    /// @param mebibytes the memory that they are in; pages that are hit twice between two checkpoints count once there
    public static Workload random(int pagesPerSecond, int mebibytes) {
        return new Workload(
                "random " + (pagesPerSecond % 1000 == 0 ? pagesPerSecond / 1000 + "k" : pagesPerSecond + ""),
                "ff.workload=random ff.rate=" + pagesPerSecond + " ff.size=" + mebibytes,
                Pattern.compile("random 2.*"));
    }

    /// Writes to random places of a file on a disk, past the page cache.
    public static Workload disk(int mebibytesPerSecond) {
        return new Workload("disk " + mebibytesPerSecond + "M/s", "ff.workload=disk ff.rate=" + mebibytesPerSecond,
                Pattern.compile("disk [2-9].*"));
    }
}
