package dev.freezeframe.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.qmp.QmpClient;
import dev.freezeframe.qmp.QmpCommand;
import dev.freezeframe.qmp.QmpEvent;
import dev.freezeframe.qmp.QmpException;
import dev.freezeframe.qmp.Registration;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows QEMU's events and tells listeners what state the machine is in, in order and from a thread of its own.
/// The stops of checkpoints, which are over in milliseconds, are not told.
///
/// A stop is believed only when it has lasted [#SETTLING] and QEMU confirms it, or when our own [Machine#pause] asked for
/// it. QEMU's thread that reads events never waits for a listener.
final class StateWatch implements AutoCloseable {
    /// Longer than any pause of a checkpoint should be.
    static final Duration SETTLING = Duration.ofMillis(250);

    private static final Logger LOG = LoggerFactory.getLogger(StateWatch.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final QmpClient qmp;
    private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final Registration registration;
    private volatile MachineState state = MachineState.PAUSED;

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
    StateWatch(QmpClient qmp, String name) {
        this.qmp = qmp;
        registration = qmp.onEvent(event -> signals.add(new Signal.Event(event)));
        Thread.ofVirtual().name("states-of-" + name).start(this::follow);
    }

    MachineState state() {
        return state;
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

    private void follow() {
        long believeAt = 0;
        try {
            while (true) {
                Signal signal = believeAt == 0
                        ? signals.take()
                        : signals.poll(Math.max(0, believeAt - System.nanoTime()), TimeUnit.NANOSECONDS);
                switch (signal) {
                    case null -> {
                        believeAt = 0;
                        lookUp();
                    }
                    case Signal.Confirm() -> {
                        believeAt = 0;
                        lookUp();
                    }
                    case Signal.Event(QmpEvent event) -> {
                        if (event.name().equals("STOP")) {
                            believeAt = believeAt == 0 ? System.nanoTime() + SETTLING.toNanos() : believeAt;
                        } else {
                            believeAt = event.name().equals("RESUME") ? 0 : believeAt;
                            take(event);
                        }
                    }
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
            case "RESET" -> tell(new StateChange(state, true, at, event.data().path("reason").asText("")));
            default -> {
                // Others do not change what the machine does.
            }
        }
    }

    private void lookUp() {
        JsonNode status;
        try {
            status = qmp.execute(QmpCommand.of("query-status"), PATIENCE);
        } catch (QmpException e) {
            LOG.debug("the state of the machine cannot be asked for", e);
            return; // its end will be told
        }
        String word = status.path("status").asText("");
        MachineState found = switch (word) {
            case "running" -> MachineState.RUNNING;
            case "shutdown" -> MachineState.SHUT_DOWN;
            case "guest-panicked" -> MachineState.PANICKED;
            case "suspended" -> MachineState.SUSPENDED;
            case "internal-error", "io-error", "watchdog" -> MachineState.FAULTY;
            default -> MachineState.PAUSED;
        };
        become(found, Instant.now(), word);
    }

    private void become(MachineState next, Instant at, String detail) {
        if (next == state) {
            return;
        }
        state = next;
        tell(new StateChange(next, false, at, detail));
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
