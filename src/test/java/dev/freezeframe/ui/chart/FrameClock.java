package dev.freezeframe.ui.chart;

import dev.freezeframe.base.Units;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import javafx.animation.AnimationTimer;

/// Measures frames: the time from one to the next by the wall clock, and the processor time that the JavaFX thread and the
/// renderer's thread took for each. Processor time is what a machine that does other things as well does not change.
class FrameClock extends AnimationTimer {
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final long renderer = thread("QuantumRenderer");
    private final long own = Thread.currentThread().threadId();
    private final int most;
    private double[] wallMillis;
    private double[] cpuMillis;
    private int frames = -1;
    private long lastNanos;
    private long lastCpuNanos;

    /// @param most how many frames are kept
    FrameClock(int most) {
        this.most = most;
        wallMillis = new double[most];
        cpuMillis = new double[most];
    }

    private static long thread(String prefix) {
        return Thread.getAllStackTraces().keySet().stream().filter(each -> each.getName().startsWith(prefix)).mapToLong(
                Thread::threadId).findFirst().orElse(-1);
    }

    @Override
    public void handle(long now) {
        long nanos = System.nanoTime();
        long cpu = threads.getThreadCpuTime(own) + (renderer < 0 ? 0 : threads.getThreadCpuTime(renderer));
        if (frames >= 0 && frames < most) {
            wallMillis[frames] = (nanos - lastNanos) / 1e6;
            cpuMillis[frames] = (cpu - lastCpuNanos) / 1e6;
        }
        frames = Math.min(most, frames + 1);
        lastNanos = nanos;
        lastCpuNanos = cpu;
    }

    int frames() {
        return Math.max(0, frames);
    }

    /// Forgets the frames so far.
    void restart() {
        frames = -1;
        wallMillis = new double[most];
        cpuMillis = new double[most];
    }

    double wallMillis(double share) {
        return at(wallMillis, share);
    }

    double cpuMillis(double share) {
        return at(cpuMillis, share);
    }

    private double at(double[] values, double share) {
        double[] sorted = Arrays.copyOf(values, frames());
        Arrays.sort(sorted);
        return sorted.length == 0 ? Double.NaN : sorted[Math.min(sorted.length - 1, (int) (share * sorted.length))];
    }

    @Override
    public String toString() {
        return Units.text(
                "%d frames: wall median %.1f ms, p95 %.1f ms; processor median %.1f ms, p95 %.1f ms, max %.1f ms",
                frames(), wallMillis(0.5), wallMillis(0.95), cpuMillis(0.5), cpuMillis(0.95), cpuMillis(1));
    }
}
