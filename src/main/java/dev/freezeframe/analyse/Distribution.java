package dev.freezeframe.analyse;

import org.HdrHistogram.Histogram;

/// What many measured values come to, in their own unit. All zero where nothing was measured.
public record Distribution(long median, long p99, long max) {
    /// Of what was counted.
    public static Distribution of(Histogram values) {
        return new Distribution(values.getValueAtPercentile(50), values.getValueAtPercentile(99), values.getMaxValue());
    }
}
