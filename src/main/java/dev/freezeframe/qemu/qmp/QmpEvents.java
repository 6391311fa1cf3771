package dev.freezeframe.qemu.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.base.Registration;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who wants to know of which events of one session. Listeners are called in the order in which they came, in the thread that
/// reads. For any thread.
final class QmpEvents {
    private static final Logger LOG = LoggerFactory.getLogger(QmpEvents.class);

    private final QmpReader reader;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final List<Watch> watches = new CopyOnWriteArrayList<>();

    /// @param reader brings what is waited for
    QmpEvents(QmpReader reader) {
        this.reader = reader;
    }

    /// An identity of its own, so that closing one registration leaves another one of the same consumer alone.
    private static final class Listener {
        private final Consumer<QmpEvent> consumer;

        Listener(Consumer<QmpEvent> consumer) {
            this.consumer = consumer;
        }
    }

    /// Waits for one event.
    final class Watch implements PendingEvent {
        private final String name;
        private final Predicate<JsonNode> data;
        private final CompletableFuture<QmpEvent> outcome = new CompletableFuture<>();

        Watch(String name, Predicate<JsonNode> data) {
            this.name = name;
            this.data = data;
        }

        @Override
        public QmpEvent await(Duration timeout) throws QmpException {
            return reader.await(outcome, "event " + name, timeout);
        }

        void fail(QmpException reason) {
            outcome.completeExceptionally(reason);
        }

        @Override
        public void close() {
            watches.remove(this);
        }
    }

    Registration listen(Consumer<QmpEvent> listener) {
        Listener own = new Listener(listener);
        listeners.add(own);
        return () -> listeners.remove(own);
    }

    Watch watch(String name, Predicate<JsonNode> data) {
        Watch watch = new Watch(name, data);
        watches.add(watch);
        return watch;
    }

    /// Tells of an event that came.
    void deliver(JsonNode message) {
        JsonNode time = message.path("timestamp");
        JsonNode data = message.path("data");
        QmpEvent event = new QmpEvent(message.get("event").textValue(), data.isMissingNode()
                ? QmpJson.MAPPER.createObjectNode()
                : data, time.path("seconds").asLong() * 1_000_000 + time.path("microseconds").asLong());
        watches.removeIf(watch -> watch.name.equals(event.name()) && watch.data.test(event.data())
                && watch.outcome.complete(event));
        for (Listener listener : listeners) {
            try {
                listener.consumer.accept(event);
            } catch (RuntimeException e) {
                LOG.error("a listener failed on QMP event {}", event.name(), e);
            }
        }
    }

    /// Tells those who wait for one that none will come.
    void fail(QmpException reason) {
        for (Watch watch : watches) {
            watch.fail(reason);
        }
    }
}
