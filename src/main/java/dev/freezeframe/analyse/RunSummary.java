package dev.freezeframe.analyse;

import java.time.Duration;
import java.util.Map;

/// A recorded run in figures. The page counts are sums over its checkpoints.
///
/// @param checkpoints how many are in the store
/// @param late ticks that were missed or taken late
/// @param span from the first pause to the last
/// @param phaseMicros by the name that the phase has in JSON lines, in the order of the pause
/// @param firstPipelineMillis background work for the first checkpoint, which holds all of RAM; 0 without one
/// @param pipelineMillis background work for each of the others
/// @param blocks of all disks
/// @param storedBytes what the checkpoints added to the store
/// @param imageBytes what they would take as plain images of RAM and disks
public record RunSummary(int checkpoints, long late, Duration span, Distribution pauseMicros,
        Map<String, Distribution> phaseMicros, long firstPipelineMillis, Distribution pipelineMillis, long dirtyPages,
        long unchangedPages, long zeroPages, long duplicatePages, long newPages, BlockSums blocks, long storedBytes,
        long imageBytes) {}
