package dev.freezeframe.suite;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A call in a thread of its own, made to wait for what the test does meanwhile. The test goes on once the call has got to
/// where it waits, and not after some time.
///
/// @param <T> what the call returns
public final class Underway<T> {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final FutureTask<T> task;
    private final Thread thread;

    private Underway(Callable<T> call) {
        task = new FutureTask<>(call);
        thread = Thread.ofPlatform().daemon().name("underway-" + COUNT.incrementAndGet()).start(task);
    }

    /// Begins the call.
    public static <T> Underway<T> start(Callable<T> call) {
        return new Underway<>(call);
    }

    /// Waits until the call sleeps in a method, however deep.
    ///
    /// @param type where the method is
    public Underway<T> awaitInside(Class<?> type, String method) {
        Await.until("the call is in " + type.getSimpleName() + "." + method, () -> {
            assertFalse(task.isDone(), () -> "the call is over: " + task);
            return Await.isInside(thread, type, method) && Await.isAsleep(thread);
        });
        return this;
    }

    /// Interrupts it.
    public void interrupt() {
        thread.interrupt();
    }

    /// Waits for the end and returns what it returned.
    ///
    /// @throws Exception what it threw
    public T result() throws Exception {
        try {
            return task.get(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case Error error -> throw error;
                case Exception exception -> throw exception;
                default -> throw e;
            }
        }
    }
}
