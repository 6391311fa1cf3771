package dev.freezeframe.host;

import java.nio.file.Path;
import java.util.List;

/// What the preparation of a guest would do, for the user to agree to.
///
/// @param fetches what comes over the network
/// @param files   what is made of it
public record GuestPlan(List<Fetch> fetches, List<Path> files) {

    /// Something that comes over the network.
    ///
    /// @param name    such as a package's
    /// @param bytes   its size
    /// @param exact   whether that is its size, and not a guess
    /// @param from    the host that it comes from, or in words where it is not known yet
    /// @param purpose what it is for
    public record Fetch(String name, long bytes, boolean exact, String from, String purpose) {}

    /// Keeps copies.
    public GuestPlan {
        fetches = List.copyOf(fetches);
        files = List.copyOf(files);
    }

    /// Whether everything is there.
    public boolean isDone() {
        return fetches.isEmpty() && files.isEmpty();
    }

    /// Over the network in all.
    public long fetchedBytes() {
        return fetches.stream().mapToLong(Fetch::bytes).sum();
    }

    /// Whether that is a sum of known sizes.
    public boolean exact() {
        return fetches.stream().allMatch(Fetch::exact);
    }
}
