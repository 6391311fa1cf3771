package dev.freezeframe.capture;

import dev.freezeframe.base.Registration;
import dev.freezeframe.capture.dirty.DirtyTracker;
import dev.freezeframe.qemu.qmp.ArmedCommand;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpEvent;
import dev.freezeframe.qemu.qmp.QmpException;
import dev.freezeframe.qemu.stream.DeviceStateSource;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// The time in which the guest stands still: stop, save the devices, freeze the disks, harvest, copy, go on.
/// The guest runs again when this returns or throws, unless QEMU itself is gone.
///
/// Everything that decides how long a guest notices a checkpoint happens here, so nothing else does: no hashing, no
/// look-up, no compression, no storage, no waiting for memory. The dirty set is harvested *after* the device state is
/// saved, because saving may itself write guest RAM.
final class PauseWindow implements AutoCloseable {

    /// Enough for the monitor's code to be compiled; more brought nothing.
    private static final Duration REHEARSAL = Duration.ofMillis(400);
    private static final long RETRY_NANOS = 200_000;
    private static final QmpCommand STOP = QmpCommand.of("stop");
    private static final QmpCommand WAKE_UP = QmpCommand.of("query-status");
    private static final QmpCommand CONTINUE = QmpCommand.of("cont");

    private final Sessions sessions;
    private final Duration patience;
    private final QmpClient qmp;
    private final QmpClient captureQmp;
    private final DirtyTracker tracker;
    private final DeviceStateSource deviceState;
    private final DiskFreezer disks;
    private final Registration eventRegistration;
    /// When QEMU last said that it stopped, by its stamp; 0 if our stop found the guest standing already. QEMU sends the event
    /// before it answers the command, so it is known by then.
    private volatile long stoppedMicros;
    private volatile long resumedMicros;
    /// When those events were read, by [System#nanoTime].
    private volatile long stopHeardNanos;
    private volatile long resumeHeardNanos;
    /// Our stop may have stopped the guest, and nothing said yet that it runs again.
    private volatile boolean mayStand;
    private long stoppedNanos;
    private ArmedCommand stop;
    private ArmedCommand save;
    private ArmedCommand cont;
    private Registration reservation;

    /// Our stop stopped nothing, so it is not for us to let the guest go on.
    static final class FoundStandingException extends IOException {
        private static final long serialVersionUID = 1L;

        FoundStandingException() {
            super("the guest did not run at this very moment: it slept, or somebody else had stopped it");
        }
    }

    /// Looks, in the pause, whether the guest stands at a moment that can be captured.
    interface Look {
        /// What is under way, a clause; empty where nothing is.
        Optional<String> whatIsUnderWay() throws IOException;
    }

    /// The guest goes on, because something was under way when it stood.
    static final class UnderWayException extends IOException {
        private static final long serialVersionUID = 1L;

        UnderWayException(String what) {
            super("each time that the guest was stopped, " + what + ", and its run cannot be executed again from there;"
                    + " what changed belongs to the next checkpoint");
        }
    }

    PauseWindow(Sessions sessions, DirtyTracker tracker, DeviceStateSource deviceState, DiskFreezer disks) {
        this.sessions = sessions;
        patience = sessions.patience();
        qmp = sessions.main();
        captureQmp = sessions.capture();
        this.tracker = tracker;
        this.deviceState = deviceState;
        this.disks = disks;
        eventRegistration = qmp.onEvent(this::noteRunState);
    }

    private void noteRunState(QmpEvent event) {
        switch (event.name()) {
            case "STOP" -> {
                stopHeardNanos = System.nanoTime();
                stoppedMicros = event.timestampMicros();
            }
            case "RESUME" -> {
                resumeHeardNanos = System.nanoTime();
                resumedMicros = event.timestampMicros();
                mayStand = false;
            }
            default -> {
                // Others do not matter here.
            }
        }
    }

    /// Sends harmless commands the way a pause sends its own, until the code on that way is compiled. A pause comes once a
    /// second, which would leave it interpreted for minutes.
    void rehearse() throws IOException {
        long end = System.nanoTime() + REHEARSAL.toNanos();
        while (System.nanoTime() < end) {
            try (ArmedCommand first = qmp.arm(WAKE_UP); ArmedCommand second = captureQmp.arm(WAKE_UP)) {
                PendingReply reply = first.fire();
                second.fire().await(patience);
                reply.await(patience);
                disks.rehearse();
            }
        }
    }

    /// Prepares the next pause while the guest runs: QEMU is awake and has all of the two commands but their last bytes.
    /// Every call is followed by [#run] or [#release], soon: until then nobody else can command this machine.
    void prepare() throws IOException {
        release();
        QmpCommand saveDevices = deviceState.arm();
        // From here to cont nobody else may stop the guest or let it go on. A stop that somebody sent before is told before the
        // next answer, so that it is not taken for ours, whose end would undo it.
        reservation = qmp.reserve();
        // Woken here, QEMU's main loop and the sockets' readers answer the next command at once.
        qmp.execute(WAKE_UP, patience);
        captureQmp.execute(WAKE_UP, patience);
        disks.arm();
        save = captureQmp.arm(saveDevices);
        stop = qmp.arm(STOP);
    }

    /// Ends what [#prepare] began: takes back what was not fired and lets others command the machine again.
    void release() {
        for (ArmedCommand each : new ArmedCommand[]{stop, save, cont}) {
            if (each != null) {
                each.close();
            }
        }
        stop = null;
        save = null;
        cont = null;
        disks.disarm();
        if (reservation != null) {
            reservation.close();
            reservation = null;
        }
    }

    /// Stops the guest, captures what is left to capture, lets it go on.
    ///
    /// @param frame receives the contents of the pages
    /// @param dirty receives the pages that were harvested, also if this fails
    /// @throws UnderWayException if the look tells of something
    PausePhases run(FrameAssembler frame, BitSet dirty, Look look) throws IOException {
        stoppedMicros = 0;
        resumedMicros = 0;
        PauseClock clock = PauseClock.now();
        long fired = System.nanoTime();
        long answered;
        long saved;
        long frozen;
        long harvested;
        long copied;
        try {
            mayStand = true;
            stop.fire().await(patience);
            answered = System.nanoTime();
            if (stoppedMicros == 0) {
                mayStand = false;
                throw new FoundStandingException();
            }
            Optional<String> underWay = look.whatIsUnderWay();
            if (underWay.isPresent()) {
                throw new UnderWayException(underWay.get());
            }
            PendingReply saveReply = save.fire();
            // QEMU takes in the bytes of this while it saves.
            cont = qmp.arm(CONTINUE);
            deviceState.awaitSaved(saveReply, patience);
            saved = System.nanoTime();
            disks.freeze();
            frozen = System.nanoTime();
            tracker.harvest(dirty);
            harvested = System.nanoTime();
            frame.copyInPause(dirty);
            copied = System.nanoTime();
        } catch (IOException | RuntimeException | Error failure) {
            resumeAfter(failure);
            throw failure;
        }
        letGo();
        long resumed = resumedMicros == 0
                ? System.nanoTime()
                : clock.nanosOf(resumedMicros, copied, Math.max(copied, resumeHeardNanos));
        stoppedNanos = clock.nanosOf(stoppedMicros, fired, stopHeardNanos);
        release();
        return PausePhases.between(stoppedNanos, answered, saved, frozen, harvested, copied, resumed);
    }

    /// When the last pause that was completed began, by [System#nanoTime].
    long stoppedNanos() {
        return stoppedNanos;
    }

    private void resumeAfter(Throwable failure) {
        if (failure instanceof FoundStandingException) {
            return;
        }
        try {
            letGo();
        } catch (IOException alsoFailed) {
            failure.addSuppressed(alsoFailed);
        }
    }

    /// Lets the guest go on. QEMU may refuse that for a moment, while it still tidies up after saving its devices; nothing
    /// else must keep a guest standing.
    private void letGo() throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        PendingReply reply = cont == null ? qmp.send(CONTINUE).getFirst() : cont.fire();
        while (true) {
            try {
                reply.await(patience);
                mayStand = false;
                return;
            } catch (QmpException e) {
                if (e.endsSession()) {
                    release();
                    mayStand = mayStand && !sessions.letGoWithoutMain(e);
                    throw e;
                }
                if (!mayStand) {
                    return; // only the answer is late
                }
                if (e.kind() != QmpException.Kind.REFUSED || System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(RETRY_NANOS);
                reply = qmp.send(CONTINUE).getFirst();
            }
        }
    }

    /// Tries again where a pause ended without a sign that the guest runs. Who wants to know what came of it asks QEMU.
    void letGoIfStanding() throws IOException {
        if (mayStand) {
            letGo();
        }
    }

    @Override
    public void close() {
        eventRegistration.close();
    }
}
