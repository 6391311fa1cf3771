package dev.freezeframe.bench;

import dev.freezeframe.base.Registration;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.record.Recording;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.Store;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Measures how much less a guest gets done while it is recorded. The guest counts its own work; we divide by our clock,
/// because the guest's stands still with it.
///
/// Recorded and unrecorded phases of one machine follow each other in pairs, turned round every time, so that neither a
/// drift nor a slow minute of this computer counts for one side only.
public final class GuestWorkBench {
    private static final Pattern WORK = Pattern.compile("work (\\d+)");

    private GuestWorkBench() {}

    /// One pair of phases.
    ///
    /// @param unrecordedPerSecond units of work
    /// @param recordedPerSecond units of work
    public record Pair(double unrecordedPerSecond, double recordedPerSecond) {
        /// The part of the work that recording costs; negative where the recorded phase did more.
        public double loss() {
            return 1 - recordedPerSecond / unrecordedPerSecond;
        }
    }

    /// A reading of the guest's counter.
    private record Reading(long nanos, long work) {}

    /// Measures.
    ///
    /// @param phase length of a phase; a recorded one begins when its first, full, checkpoint is in the store
    public static List<Pair> run(Store store, MachineSpec spec, RecordingOptions options, int pairs, Duration phase,
            Consumer<Pair> each) throws IOException, InterruptedException {
        List<Pair> measured = new ArrayList<>();
        try (Machine machine = BenchMachine.boot(spec, Workload.COMPUTE)) {
            for (int i = 0; i < pairs; i++) {
                double recorded = 0;
                double unrecorded = 0;
                if (i % 2 == 0) {
                    unrecorded = workPerSecond(machine, phase);
                    recorded = recorded(store, machine, options, phase);
                } else {
                    recorded = recorded(store, machine, options, phase);
                    unrecorded = workPerSecond(machine, phase);
                }
                Pair pair = new Pair(unrecorded, recorded);
                measured.add(pair);
                each.accept(pair);
            }
        }
        return List.copyOf(measured);
    }

    private static double recorded(Store store, Machine machine, RecordingOptions options, Duration phase)
            throws IOException, InterruptedException {
        RunMeter meter = new RunMeter(_ -> {});
        try (Recording _ = Recording.start(store, machine, Optional.empty(), false, options, meter)) {
            meter.awaitStored(1);
            return workPerSecond(machine, phase);
        }
    }

    private static double workPerSecond(Machine machine, Duration phase) throws IOException, InterruptedException {
        List<Reading> readings = new ArrayList<>();
        try (Registration registration = machine.console().onLine(line -> {
            Matcher matcher = WORK.matcher(line.strip());
            if (matcher.matches()) {
                synchronized (readings) {
                    readings.add(new Reading(System.nanoTime(), Long.parseLong(matcher.group(1))));
                }
            }
        })) {
            Thread.sleep(phase);
            assert registration != null;
        }
        synchronized (readings) {
            if (readings.size() < 3) {
                throw new IOException("the guest counted no work in " + phase.toSeconds()
                        + " s; make the phases longer with --phase");
            }
            Reading from = readings.getFirst();
            Reading to = readings.getLast();
            return (to.work - from.work) * 1e9 / (to.nanos - from.nanos);
        }
    }
}
