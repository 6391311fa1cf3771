package dev.freezeframe.capture;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;

/// Says when the next checkpoint is due, on a grid that does not drift however long a checkpoint takes.
/// Ticks that passed while nobody could take them are counted, never made up for in a burst.
///
/// Times are readings of [System#nanoTime], passed in, so a test can move the clock by hand. Safe for use by several
/// threads: the interval may be changed by another thread than the one that takes the ticks.
final class TickSchedule {

    /// A tick taken later than this part of the interval counts as late.
    private static final int TOLERANCE_DIVISOR = 10;

    @GuardedBy("this")
    private long originNanos;
    @GuardedBy("this")
    private long intervalNanos;
    @GuardedBy("this")
    private long ticksTaken;
    /// Whether a tick was taken or let pass since it began, and when the last of them was due.
    @GuardedBy("this")
    private boolean begun;
    @GuardedBy("this")
    private long lastTickNanos;

    TickSchedule(Duration interval, long nowNanos) {
        intervalNanos = checked(interval);
        originNanos = nowNanos;
    }

    private static long checked(Duration interval) {
        if (interval.isNegative() || interval.isZero()) {
            throw new IllegalArgumentException("interval must be longer than zero: " + interval);
        }
        return interval.toNanos();
    }

    /// The interval that holds now.
    synchronized Duration interval() {
        return Duration.ofNanos(intervalNanos);
    }

    /// Changes the interval. The next tick is one new interval after the last one taken, or now if that has passed.
    synchronized void changeInterval(Duration interval, long nowNanos) {
        intervalNanos = checked(interval);
        if (!begun) {
            return;
        }
        originNanos = Math.max(lastTickNanos + intervalNanos, nowNanos);
        ticksTaken = 0;
    }

    /// Begins anew: a tick is due now.
    synchronized void restart(long nowNanos) {
        originNanos = nowNanos;
        ticksTaken = 0;
        begun = false;
    }

    /// When the next tick is due; the first one is due at once.
    synchronized long nextTickNanos() {
        return originNanos + ticksTaken * intervalNanos;
    }

    /// Takes the tick that is due and moves on to the first one in the future.
    ///
    /// @return how many ticks were missed: those that passed entirely, and this one if it is taken late
    synchronized int take(long nowNanos) {
        long lateNanos = nowNanos - nextTickNanos();
        int passed = skip(nowNanos) - 1;
        boolean thisOneLate = lateNanos - passed * intervalNanos > intervalNanos / TOLERANCE_DIVISOR;
        return passed + (thisOneLate ? 1 : 0);
    }

    /// Lets the tick that is due, or due next, pass without a checkpoint.
    ///
    /// @return how many ticks passed: this one, and those that should have come since
    synchronized int skip(long nowNanos) {
        long passed = Math.max(0, nowNanos - nextTickNanos()) / intervalNanos;
        ticksTaken += passed + 1;
        lastTickNanos = originNanos + (ticksTaken - 1) * intervalNanos;
        begun = true;
        return (int) Math.min(Integer.MAX_VALUE, passed + 1);
    }
}
