package dev.freezeframe.qemu.program;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedTransferQueue;

/// Starts child processes, all from one thread that never ends. A child's parent-death signal is sent when the
/// *thread* that forked it ends (prctl(2), PR_SET_PDEATHSIG), so a child started by a pool thread would be killed when
/// the pool shrinks; this thread ends only with the JVM, and then it must.
public final class Launcher {
    private static final LinkedTransferQueue<FutureTask<Process>> REQUESTS = new LinkedTransferQueue<>();

    static {
        Thread.ofPlatform().name("qemu-launcher").daemon().start(Launcher::launchForever);
    }

    private Launcher() {}

    public static Process start(ProcessBuilder builder) throws IOException {
        FutureTask<Process> request = new FutureTask<>(builder::start);
        REQUESTS.add(request);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return request.get();
                } catch (InterruptedException e) {
                    // Giving up here would leave a process that nobody knows of; starting one takes milliseconds.
                    interrupted = true;
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof IOException cause) {
                        throw cause;
                    }
                    throw new IllegalStateException(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void launchForever() {
        while (true) {
            try {
                REQUESTS.take().run();
            } catch (InterruptedException e) {
                // Nobody has a reason to; whoever did must not end the thread.
            }
        }
    }
}
