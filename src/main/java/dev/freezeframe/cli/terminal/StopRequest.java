package dev.freezeframe.cli.terminal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.utils.Signals;

/// Ctrl-C, `kill` and a closed terminal, taken as a request to end in good order; the second time the process ends at
/// once. While one is open the JVM's own reaction, to exit without waiting for anybody, is switched off.
///
/// A shutdown hook would come too late for this: by then the JVM is on its way out and runs all hooks at the same time,
/// the database's among them. A process that ends at once leaves no machine behind, the kernel sees to that.
public final class StopRequest implements AutoCloseable {
    private static final String[] SIGNALS = {"INT", "TERM", "HUP"};
    /// What a shell reports for a process that Ctrl-C ended.
    private static final int ENDED_BY_INTERRUPT = 130;

    private final CountDownLatch requested = new CountDownLatch(1);
    private final AtomicInteger signals = new AtomicInteger();
    /// Who is to be interrupted.
    @GuardedBy("this")
    private Thread interruptible;
    private final Object[] previous = new Object[SIGNALS.length];

    private StopRequest() {}

    /// Starts listening.
    public static StopRequest onSignals() {
        StopRequest request = new StopRequest();
        for (int i = 0; i < SIGNALS.length; i++) {
            request.previous[i] = Signals.register(SIGNALS[i], request::signalled);
        }
        return request;
    }

    private void signalled() {
        if (signals.incrementAndGet() > 1) {
            Runtime.getRuntime().halt(ENDED_BY_INTERRUPT);
        }
        requested.countDown();
        interrupt();
    }

    private synchronized void interrupt() {
        if (interruptible != null) {
            interruptible.interrupt();
        }
    }

    private synchronized void setInterruptible(Thread thread) {
        interruptible = thread;
    }

    /// Starts machines, which may take long where a QEMU hangs: a request interrupts that.
    public <T> T starting(Callable<T> start) throws Exception {
        setInterruptible(Thread.currentThread());
        if (requested()) {
            interrupt();
        }
        try {
            return start.call();
        } catch (IOException e) {
            if (requested()) {
                throw new CommandFailure("interrupted while a machine was started; it was ended");
            }
            throw e;
        } finally {
            setInterruptible(null);
            boolean _ = Thread.interrupted(); // what goes on now asks whether a stop was requested
        }
    }

    /// Asks for the end without a signal.
    public void request() {
        requested.countDown();
    }

    public boolean requested() {
        return requested.getCount() == 0;
    }

    /// Waits for a request.
    ///
    /// @return whether one came within the time
    public boolean await(Duration time) throws InterruptedException {
        return requested.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void close() {
        for (int i = 0; i < SIGNALS.length; i++) {
            Signals.unregister(SIGNALS[i], previous[i]);
        }
    }
}
