package dev.freezeframe.analyse;

/// What many measured values come to, in their own unit. All zero where nothing was measured.
public record Distribution(long median, long p99, long max) {}
