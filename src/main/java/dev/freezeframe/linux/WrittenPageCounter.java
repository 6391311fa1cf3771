package dev.freezeframe.linux;

import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Counts the pages that were written since the last harvest of a [WrittenPages], and changes nothing about them.
/// Has a page map of its own, so that counting needs no lock that a harvest waits for.
///
/// The same `PAGEMAP_SCAN` as a harvest's, but without `PM_SCAN_WP_MATCHING`. The count is an estimate: pages in page
/// tables that came into being since the last harvest all count as written, and memory that nobody had touched until then
/// is not looked at.
///
/// One thread at a time.
public final class WrittenPageCounter implements AutoCloseable {
    private final Pagemap pagemap;
    private final Supplier<List<ScanTeam.Slice>> slices;

    WrittenPageCounter(Pagemap pagemap, Supplier<List<ScanTeam.Slice>> slices) {
        this.pagemap = pagemap;
        this.slices = slices;
    }

    /// Counts, in steps of 64 MiB that take about a tenth of a millisecond each.
    ///
    /// @param giveUp asked before every step
    /// @return empty if it was given up
    /// @throws IOException if QEMU has ended, or stopped mapping the memory
    public OptionalLong count(BooleanSupplier giveUp) throws IOException {
        long pages = 0;
        for (ScanTeam.Slice slice : slices.get()) {
            if (giveUp.getAsBoolean()) {
                return OptionalLong.empty();
            }
            pages += pagemap.count(slice.start(), slice.end());
        }
        return OptionalLong.of(pages);
    }

    @Override
    public void close() {
        pagemap.close();
    }
}
