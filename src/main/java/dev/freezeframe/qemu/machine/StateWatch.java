package dev.freezeframe.qemu.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.base.Registration;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpEvent;
import dev.freezeframe.qemu.qmp.QmpException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows QEMU's events and tells listeners what state the machine is in, in order and from a thread of its own.
/// The stops of checkpoints, which are over in milliseconds, are not told.
///
/// A stop is believed only when it has lasted [#SETTLING] and QEMU confirms it, or when our own [Machine#pause] asked for
/// it. QEMU's thread that reads events never waits for a listener.
///
/// The stop and the resumption of a checkpoint wake no thread here, because a thread that wakes in the pause makes it longer:
/// a stop is only noted, and looked at when the time comes.
final class StateWatch implements AutoCloseable {
    /// Longer than any pause of a checkpoint should be.
    static final Duration SETTLING = Duration.ofMillis(250);

    private static final Logger LOG = LoggerFactory.getLogger(StateWatch.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final QmpClient qmp;
    private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
    private final Function<JsonNode, String> diskErrors;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final Registration registration;
    private volatile MachineState state = MachineState.PAUSED;
    private volatile String detail = "";
    /// What the last disk that failed had to say.
    private String diskError = "";
    /// Whether that is to come before QEMU is asked again.
    private boolean diskErrorAwaited;
    /// When the processors stopped, by [System#nanoTime]; 0 while they run.
    private volatile long stoppedAtNanos;
    /// Counts what says that they run again.
    private final AtomicLong resumptions = new AtomicLong();

    private sealed interface Signal {
        record Event(QmpEvent event) implements Signal {}

        /// Whoever asked for a pause wants it told at once.
        record Confirm() implements Signal {}

        record Ended(String how) implements Signal {}

        record Close() implements Signal {}
    }

    /// An identity of its own for each registration.
    private static final class Listener {
        private final Consumer<StateChange> consumer;

        Listener(Consumer<StateChange> consumer) {
            this.consumer = consumer;
        }
    }

    /// @param qmp a session that nobody makes wait for the pauses of checkpoints
    /// @param diskErrors one line for the user about QEMU's event that a disk failed
    StateWatch(QmpClient qmp, String name, Function<JsonNode, String> diskErrors) {
        this.qmp = qmp;
        this.diskErrors = diskErrors;
        registration = qmp.onEvent(this::heard);
        Thread.ofVirtual().name("states-of-" + name).start(this::follow);
    }

    MachineState state() {
        return state;
    }

    String detail() {
        return detail;
    }

    Registration onStateChange(Consumer<StateChange> listener) {
        Listener own = new Listener(listener);
        listeners.add(own);
        return () -> listeners.remove(own);
    }

    /// Has the present state looked up and told, if it is a new one.
    void confirm() {
        signals.add(new Signal.Confirm());
    }

    void ended(String how) {
        signals.add(new Signal.Ended(how));
    }

    /// In the thread that reads the session, perhaps in a pause: see above.
    private void heard(QmpEvent event) {
        switch (event.name()) {
            case "STOP" -> stoppedAtNanos = System.nanoTime() | 1;
            case "RESUME" -> {
                stoppedAtNanos = 0;
                resumptions.incrementAndGet();
                if (state != MachineState.RUNNING) {
                    signals.add(new Signal.Event(event));
                }
            }
            default -> signals.add(new Signal.Event(event));
        }
    }

    private void follow() {
        try {
            while (true) {
                Signal signal = signals.poll(SETTLING.toNanos(), TimeUnit.NANOSECONDS);
                switch (signal) {
                    case null -> {
                        long since = stoppedAtNanos;
                        if (since != 0 && state == MachineState.RUNNING
                                && System.nanoTime() - since >= SETTLING.toNanos()) {
                            lookUp();
                        }
                    }
                    case Signal.Confirm() -> lookUp();
                    case Signal.Event(QmpEvent event) -> take(event);
                    case Signal.Ended(String how) -> {
                        become(MachineState.ENDED, Instant.now(), how);
                        return;
                    }
                    case Signal.Close() -> {
                        return;
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void take(QmpEvent event) {
        Instant at = Instant.EPOCH.plusNanos(event.timestampMicros() * 1000);
        switch (event.name()) {
            case "RESUME", "WAKEUP" -> become(MachineState.RUNNING, at, "");
            case "SUSPEND", "SUSPEND_DISK" -> become(MachineState.SUSPENDED, at, "");
            case "SHUTDOWN" -> become(MachineState.SHUT_DOWN, at, event.data().path("reason").asText(""));
            case "GUEST_PANICKED" -> become(MachineState.PANICKED, at, event.data().path("action").asText(""));
            case "BLOCK_IO_ERROR" -> {
                // A QEMU that ends takes the disks from under a guest that still writes; that is no news.
                if (event.data().path("action").asText().equals("stop") && state != MachineState.SHUT_DOWN) {
                    diskError = diskErrors.apply(event.data());
                    LOG.warn("the guest is stopped: {}", diskError);
                }
            }
            case "RESET" -> tell(new StateChange(state, true, at, event.data().path("reason").asText("")));
            default -> {
                // Others do not change what the machine does.
            }
        }
    }

    /// Asks QEMU. Who runs again while it answers is asked again, since that event may have found nothing to change.
    private void lookUp() {
        long before;
        do {
            before = resumptions.get();
            ask();
        } while (resumptions.get() != before);
    }

    private void ask() {
        JsonNode status;
        try {
            status = qmp.execute(QmpCommand.of("query-status"), PATIENCE);
        } catch (QmpException e) {
            LOG.debug("the state of the machine cannot be asked for", e);
            return; // its end will be told
        }
        String word = status.path("status").asText("");
        if (word.equals("io-error") && diskError.isEmpty() && !diskErrorAwaited) {
            diskErrorAwaited = true;
            confirm(); // behind the event that says why, which QEMU sent before its answer
            return;
        }
        diskErrorAwaited = false;
        MachineState found = switch (word) {
            case "running" -> MachineState.RUNNING;
            case "shutdown" -> MachineState.SHUT_DOWN;
            case "guest-panicked" -> MachineState.PANICKED;
            case "suspended" -> MachineState.SUSPENDED;
            case "internal-error", "io-error", "watchdog" -> MachineState.FAULTY;
            default -> MachineState.PAUSED;
        };
        become(found, Instant.now(), word.equals("io-error") && !diskError.isEmpty() ? diskError : word);
    }

    private void become(MachineState next, Instant at, String why) {
        if (next == state) {
            return;
        }
        detail = why;
        state = next;
        tell(new StateChange(next, false, at, why));
    }

    private void tell(StateChange change) {
        for (Listener listener : listeners) {
            try {
                listener.consumer.accept(change);
            } catch (RuntimeException e) {
                LOG.error("a listener to a machine's state failed", e);
            }
        }
    }

    /// Tells nothing more.
    @Override
    public void close() {
        registration.close();
        signals.add(new Signal.Close());
    }
}
