package dev.freezeframe.record;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/// What looking on costs: the same machine recorded in turns without and with pictures, and without and with dirty pages
/// counted between checkpoints. Prints medians of the pauses and the guest's rounds a second, as ratios, because the turns
/// share whatever else this computer does.
///
/// Arguments: turns of each kind (6), seconds of a turn (8), interval in milliseconds (500).
final class OnlookerBenchmark {
    private record Turn(List<Long> pauses, double rounds) {}

    private OnlookerBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        int turns = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 6;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 8;
        int interval = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 500;
        Path folder = Files.createTempDirectory("onlookers");
        try (Store store = Store.open(folder.resolve("store"))) {
            compare("pictures", "boot-sector-vga", store, turns, seconds, interval, true);
            compare("dirty samples", "boot-sector", store, turns, seconds, interval, false);
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void compare(String what, String profile, Store store, int turns, int seconds, int interval,
            boolean pictures) throws Exception {
        List<Turn> without = new ArrayList<>();
        List<Turn> with = new ArrayList<>();
        try (Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find(profile)))) {
            machine.console().awaitLine(line -> BootSector.round(line).isPresent(), Duration.ofSeconds(30));
            turn(store, machine, seconds, interval, false, false); // compiles
            for (int i = 0; i < turns; i++) {
                without.add(turn(store, machine, seconds, interval, false, false));
                with.add(turn(store, machine, seconds, interval, pictures, !pictures));
            }
        }
        System.out.printf(Locale.ROOT, "%s: pause %d us without, %d us with, ratio %.3f; p90 %d and %d us; "
                + "guest %.1f rounds/s without, %.1f with, ratio %.3f (%d and %d checkpoints)%n", what,
                pause(without, 50),
                pause(with, 50), (double) pause(with, 50) / pause(without, 50), pause(without, 90), pause(with, 90),
                rounds(without), rounds(with), rounds(with) / rounds(without), all(without).size(), all(with).size());
    }

    private static Turn turn(Store store, Machine machine, int seconds, int interval, boolean pictures,
            boolean samples) throws IOException, InterruptedException {
        List<Long> pauses = new CopyOnWriteArrayList<>();
        long start;
        long before;
        double rounds;
        try (Recording recording = Recording.start(store, machine, Optional.empty(), false,
                RecordingOptions.DEFAULT.with(
                        CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(interval))).withPictures(pictures),
                new RecordingListener() {
                    @Override
                    public void checkpointStored(CheckpointRecord checkpoint) {
                        pauses.add(checkpoint.metrics().pauseMicros());
                    }

                    @Override
                    public void checkpointFailed(int number, Exception cause) {
                        System.err.println(cause.getMessage());
                    }

                    @Override
                    public void captureEnded(String reason) {}
                })) {
            Thread.sleep(1500); // the first checkpoints are not measured
            pauses.clear();
            before = round(machine);
            start = System.nanoTime();
            for (long end = start + seconds * 1_000_000_000L; System.nanoTime() < end; Thread.sleep(33)) {
                if (samples) {
                    recording.live(); // as a window does, thirty times a second
                }
            }
            rounds = (round(machine) - before) / ((System.nanoTime() - start) / 1e9);
        }
        return new Turn(List.copyOf(pauses), rounds);
    }

    private static long round(Machine machine) {
        return machine.console().text().lines().mapToLong(line -> BootSector.round(line).orElse(-1)).max().orElse(0);
    }

    private static List<Long> all(List<Turn> turns) {
        return turns.stream().flatMap(turn -> turn.pauses.stream()).sorted().toList();
    }

    private static long pause(List<Turn> turns, int percent) {
        List<Long> pauses = all(turns);
        return pauses.get(Math.min(pauses.size() - 1, pauses.size() * percent / 100));
    }

    private static double rounds(List<Turn> turns) {
        return turns.stream().mapToDouble(Turn::rounds).average().orElseThrow();
    }
}
