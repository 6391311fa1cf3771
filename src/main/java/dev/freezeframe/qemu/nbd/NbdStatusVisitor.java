package dev.freezeframe.qemu.nbd;

import java.io.IOException;

/// Takes what a server tells about its blocks, from the first byte to the last and without gaps; neighbours differ in
/// their flags.
@FunctionalInterface
public interface NbdStatusVisitor {
    /// In context `base:allocation`: nothing is allocated here.
    int HOLE = NbdProtocol.NBD_STATE_HOLE;
    /// In context `base:allocation`: reads as zero.
    int ZERO = NbdProtocol.NBD_STATE_ZERO;
    /// In a context `qemu:dirty-bitmap:NAME`: was written to.
    int DIRTY = 1;

    void status(long offset, long lengthBytes, int flags) throws IOException;
}
