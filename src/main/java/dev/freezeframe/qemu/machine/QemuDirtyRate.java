package dev.freezeframe.qemu.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// How fast a machine writes its memory, as QEMU estimates it (`calc-dirty-rate` in its mode `page-sampling`, the one that
/// every accelerator has). For a machine that is not recorded; a recording knows better, see its live figures. Nothing is
/// measured unless somebody calls [#measure].
///
/// QEMU hashes 512 pages of each GiB, again some seconds later, and tells what share of them differs, in whole MiB/s
/// (migration/dirtyrate.c). So it is coarse; guests with less than [#MIN_MEMORY_BYTES] are not sampled at all; and a page
/// that was never touched takes real memory once it has been looked at, up to 2 MiB of each GiB with every measurement.
public final class QemuDirtyRate {
    /// QEMU leaves smaller RAM blocks out (`MIN_RAMBLOCK_SIZE`).
    public static final long MIN_MEMORY_BYTES = 128L << 20;

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long LOOK_AGAIN_MILLIS = 100;
    private static final long BYTES_PER_MIB = 1 << 20;

    private QemuDirtyRate() {}

    /// One measurement.
    ///
    /// @param at when it was complete
    /// @param time over which time
    /// @param bytesPerSecond in steps of 1 MiB/s
    public record Sample(Instant at, Duration time, long bytesPerSecond) {}

    /// Measures once, and waits for it. Not for the thread of a user interface.
    ///
    /// @param time whole seconds, 1 to 60
    /// @return empty if the machine is too small for QEMU to sample
    /// @throws QmpException if QEMU does not know the command, or is measuring already
    public static Optional<Sample> measure(Machine machine, Duration time) throws QmpException, InterruptedException {
        if (time.toSeconds() < 1 || time.toSeconds() > 60) {
            throw new IllegalArgumentException("from 1 to 60 seconds, not " + time);
        }
        if (machine.ramBytes() < MIN_MEMORY_BYTES) {
            return Optional.empty();
        }
        machine.watchQmp().execute(QmpCommand.of("calc-dirty-rate").with("calc-time", time.toSeconds()), PATIENCE);
        Thread.sleep(time);
        while (true) {
            JsonNode answer = machine.watchQmp().execute(QmpCommand.of("query-dirty-rate"), PATIENCE);
            if (answer.path("status").asText("").equals("measured")) {
                return Optional.of(new Sample(Instant.now(), time, BYTES_PER_MIB * answer.path("dirty-rate").asLong()));
            }
            Thread.sleep(LOOK_AGAIN_MILLIS);
        }
    }
}
