package dev.freezeframe.bench;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.Registration;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpEvent;
import java.io.IOException;

/// How long a guest stands still: from each STOP to the RESUME behind it, by QEMU's own stamps, whoever stopped it. Where the
/// clock of the stamps was set meanwhile, by when we heard of the two.
final class StandStill implements AutoCloseable {
    private final QmpClient qmp;
    private final Registration registration;
    @GuardedBy("this")
    private long beganNanos;
    @GuardedBy("this")
    private boolean stands;
    @GuardedBy("this")
    private int times;
    @GuardedBy("this")
    private long stoppedMicros;
    @GuardedBy("this")
    private long stoppedNanos;
    @GuardedBy("this")
    private long byStampsMicros;
    @GuardedBy("this")
    private long heardNanos;

    StandStill(QmpClient qmp) {
        this.qmp = qmp;
        registration = qmp.onEvent(this::hear);
    }

    private synchronized void hear(QmpEvent event) {
        if (event.name().equals("STOP")) {
            stands = true;
            stoppedMicros = event.timestampMicros();
            stoppedNanos = System.nanoTime();
        } else if (event.name().equals("RESUME") && stands) {
            stands = false;
            times++;
            byStampsMicros += event.timestampMicros() - stoppedMicros;
            heardNanos += System.nanoTime() - stoppedNanos;
        }
    }

    /// From now on; the guest runs.
    synchronized void begin() {
        beganNanos = System.nanoTime();
        stands = false;
        times = 0;
        byStampsMicros = 0;
        heardNanos = 0;
    }

    /// All together since [#begin].
    ///
    /// @throws IOException if it did not stand still, or still does
    long micros() throws IOException {
        // With its answer everything has been heard that QEMU told before.
        qmp.execute(QmpCommand.of("query-status"));
        synchronized (this) {
            if (times == 0 || stands) {
                throw new IOException(stands ? "the guest still stands" : "QEMU told of no stop of the guest");
            }
            boolean possible = byStampsMicros >= 0 && byStampsMicros <= (System.nanoTime() - beganNanos) / 1000;
            return possible ? byStampsMicros : heardNanos / 1000;
        }
    }

    @Override
    public void close() {
        registration.close();
    }
}
