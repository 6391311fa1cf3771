package dev.freezeframe.capture;

import java.time.Instant;

/// Puts QEMU's stamps, which are of a wall clock that anybody may set, on the monotonic clock. A stamp is believed where it can
/// be true; otherwise the moment counts at which we heard of it.
///
/// @param wallMicros the wall clock shortly before a pause
/// @param nanos the same moment by [System#nanoTime]
record PauseClock(long wallMicros, long nanos) {

    static PauseClock now() {
        Instant wall = Instant.now();
        return new PauseClock(wall.getEpochSecond() * 1_000_000 + wall.getNano() / 1000, System.nanoTime());
    }

    /// When something happened, by [System#nanoTime].
    ///
    /// @param stampMicros when it did, by QEMU's wall clock
    /// @param earliest before that it cannot have happened
    /// @param heard when we heard of it
    long nanosOf(long stampMicros, long earliest, long heard) {
        long sinceMicros = stampMicros - wallMicros;
        boolean near = Math.abs(sinceMicros) < Long.MAX_VALUE / 2000;
        long stamped = nanos + (near ? sinceMicros * 1000 : 0);
        return near && stamped - earliest >= 0 && heard - stamped >= 0 ? stamped : heard;
    }
}
