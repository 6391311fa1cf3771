package dev.freezeframe.linux;

/// Waiting for threads of our own to end.
public final class Threads {
    private Threads() {}

    /// Waits until a thread has ended, also when this one is interrupted meanwhile; the interrupt is kept for later.
    public static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
