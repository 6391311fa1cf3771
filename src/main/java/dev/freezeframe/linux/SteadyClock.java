package dev.freezeframe.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.time.InstantSource;

/// A wall clock that nobody can set: it goes on from what the computer's showed when this was made, by the kernel's count of the
/// time since it started (`CLOCK_BOOTTIME`, clock_gettime(2)), which goes on while the computer sleeps. It never goes back.
/// For any thread.
public final class SteadyClock implements InstantSource {
    private final Instant start;
    private final long startNanos;

    private SteadyClock(Instant start, long startNanos) {
        this.start = start;
        this.startNanos = startNanos;
    }

    /// One that shows the same as the computer's clock now.
    public static SteadyClock start() {
        return new SteadyClock(Instant.now(), bootNanos());
    }

    @Override
    public Instant instant() {
        return start.plusNanos(bootNanos() - startNanos);
    }

    private static long bootNanos() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2);
            int result = Libc.clockGettime(Libc.CLOCK_BOOTTIME, time);
            if (result < 0) {
                throw new IllegalStateException("the kernel's clock cannot be read: " + Libc.explain(result));
            }
            return time.getAtIndex(ValueLayout.JAVA_LONG, 0) * 1_000_000_000 + time.getAtIndex(ValueLayout.JAVA_LONG,
                    1);
        }
    }
}
