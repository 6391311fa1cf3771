package dev.freezeframe.base;

/// The unit of everything that is captured, hashed and kept: a page of an x86 guest's RAM, and as much of a disk. What the host's
/// kernel works in is another thing, though it has the same size here.
public final class GuestPage {
    /// Bytes of a page.
    public static final int BYTES = 4096;

    private GuestPage() {}
}
