package dev.freezeframe.restore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.freezeframe.dedup.CheckpointWriter;
import dev.freezeframe.dedup.Committed;
import dev.freezeframe.dedup.DedupOptions;
import dev.freezeframe.dedup.Deduplicator;
import dev.freezeframe.dedup.DiskToStore;
import dev.freezeframe.qemu.stream.ReplayStates;
import dev.freezeframe.store.ReplayLogs;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.DiskRead;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.pack.LogPiece;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/// A guest made of an array of 1 MiB, with a disk of an odd length, recorded into a store with all that a checkpoint can
/// have: notes, tags, pictures, pages and blocks of every class. The same seed gives the same contents.
public final class ArrayGuest {
    static final long RAM_BYTES = 1 << 20;
    private static final int RAM_PAGES = (int) (RAM_BYTES / ChunkId.CHUNK_BYTES);
    private static final int DISK_BYTES = 20 * ChunkId.CHUNK_BYTES + 1234;

    private ArrayGuest() {}

    /// What a machine's record is like, with further fields or other ones in the place of these.
    public static String machine(String arguments, String diskAndMore) {
        return """
                {"format":1,"profileName":"array","profile":{"description":"","memory":"1 MiB","cpus":1,"machine":"pc",\
                "accelerator":"tcg","display":"none",%s"arguments":[%s]},"memoryBytes":1048576,"accelerator":"tcg",\
                "machineType":"pc-i440fx-7.2","qemuVersion":"7.2.0","qemuBinary":"/somewhere/else/qemu","kernelArguments":[],\
                "bootFiles":[]}"""
                .formatted(diskAndMore, arguments);
    }

    public static final String DISK = "\"disks\":[{\"file\":\"/nowhere/disk.img\",\"format\":\"raw\",\"interface\":\"virtio\",\"writes\":\"discard\"}],";

    public static ExperimentRecord record(Store store, String name, int checkpoints, long seed) throws IOException {
        return record(store, name, machine("\"-seed\",\"1\"", DISK), checkpoints, seed);
    }

    public static ExperimentRecord record(Store store, String name, String machine, int checkpoints, long seed)
            throws IOException {
        return record(store, name, machine, checkpoints, seed, UnaryOperator.identity());
    }

    /// Records checkpoints of arrays that change at random.
    ///
    /// @param measured in the place of what a recording would have measured
    public static ExperimentRecord record(Store store, String name, String machine, int checkpoints, long seed,
            UnaryOperator<CaptureMetrics> measured) throws IOException {
        Random random = new Random(seed);
        return record(store, name, machine, checkpoints, seed, measured, random, _ -> {
            byte[] devices = new byte[5000];
            random.nextBytes(devices);
            return devices;
        });
    }

    /// Records checkpoints of a run that says how far its log goes up to each.
    ///
    /// @param logOffsets of the checkpoints
    public static ExperimentRecord recordLogged(Store store, String name, long... logOffsets) throws IOException {
        return record(store, name, "{}", logOffsets.length, 1, measured -> measured.with(
                CheckpointFigure.INSTRUCTIONS, 1000), new Random(1),
                number -> ReplayStates.at(1000L * number, logOffsets[number - 1]));
    }

    private static ExperimentRecord record(Store store, String name, String machine, int checkpoints, long seed,
            UnaryOperator<CaptureMetrics> measured, Random random, IntFunction<byte[]> devices) throws IOException {
        Instant start = Instant.parse("2026-11-22T10:15:00.123456Z").plusSeconds(seed);
        long id = store.createExperiment(ExperimentRecord.starting(name, "array", machine, RAM_BYTES, Optional.empty(),
                start));
        Optional<Committed> previous = Optional.empty();
        try (Deduplicator dedup = new Deduplicator(store, DedupOptions.DEFAULT)) {
            for (int number = 1; number <= checkpoints; number++) {
                Optional<Committed> before = previous;
                try (CheckpointWriter writer = dedup.begin(id, number, before.map(Committed::ram), RAM_BYTES,
                        List.of(new DiskToStore("disk0", DISK_BYTES, before.map(each -> each.disks().getFirst()))))) {
                    writer.addRam(random.ints(0, RAM_PAGES).distinct().limit(12).toArray(), 12, pages(random, 12));
                    writer.addBlocks(0, random.ints(0, 21).distinct().limit(4).toArray(), 4, pages(random, 4));
                    writer.addImage(NewCheckpoint.DEVICE_STATE, devices.apply(number));
                    Committed committed = writer.commit(measured.apply(GivenFigures.capture(start.plusSeconds(number),
                            List.of(new DiskRead("disk0", DISK_BYTES, 16384, 77)), 1000, number % 2, 1000 + number,
                            1, 2, 3, 4, 5, number, 7, 8, 9, 10)));
                    previous = Optional.of(committed);
                    long checkpoint = committed.checkpoint().id();
                    if (number % 2 == 1) {
                        store.annotate(checkpoint, Annotation.of("note \"" + number + "\"\nä€𝄞", List.of("t" + number,
                                "keep")));
                        store.putPicture(checkpoint, Picture.ofConsole("login: " + number));
                    }
                }
            }
        }
        store.finishExperiment(id, "all " + checkpoints + " checkpoints taken");
        return store.experiment(id).orElseThrow();
    }

    /// Gives an experiment the log of a run that can be replayed, in pieces as they come when QEMU writes it.
    ///
    /// @param start of the first byte in QEMU's log
    public static void addLog(Store store, ExperimentRecord experiment, long start, int bytes, long seed)
            throws IOException {
        Random random = new Random(seed);
        byte[] log = new byte[bytes];
        for (int at = 0; at < bytes;) {
            int end = Math.min(bytes, at + 1 + random.nextInt(4000));
            Arrays.fill(log, at, end, (byte) random.nextInt());
            at = end;
        }
        for (int at = 0; at < bytes;) {
            int end = Math.min(bytes, at + 1 + random.nextInt(LogPiece.MAX_BYTES));
            store.replayLogs().add(experiment.id(), start + at, Arrays.copyOfRange(log, at, end));
            at = end;
        }
    }

    /// The log of an experiment; empty where it has none.
    public static byte[] log(Store store, ExperimentRecord experiment) throws IOException {
        Optional<ReplayLogs.Extent> extent = store.replayLogs().extent(experiment.id());
        if (extent.isEmpty()) {
            return new byte[0];
        }
        byte[] log = new byte[(int) extent.get().bytes()];
        store.replayLogs().read(experiment.id(), extent.get(),
                (offset, raw) -> raw.get(log, (int) (offset - extent.get()
                        .start()), raw.remaining()));
        return log;
    }

    /// Gives an experiment a simulation, as a plugin would have made it.
    ///
    /// @param ended whether it came to its end
    public static void addSimulation(Store store, ExperimentRecord experiment, String plugin, int intervals,
            boolean ended) throws IOException {
        Instant start = experiment.startedAt().plusSeconds(3600);
        SimulationRecord simulation = store.simulations()
                .begin(new SimulationRecord(0, experiment.id(), plugin, true, 1,
                        intervals + 1, 1, start, Optional.empty()));
        EndState[] states = EndState.values();
        for (int i = 1; i <= intervals; i++) {
            store.simulations().add(simulation, new SimulatedInterval(i, i + 1, 1000L * i, states[i % states.length],
                    i % 3 == 0 ? "reason " + i : "", i % 5, i % 2 == 0 ? List.of() : List.of("cpu", "disk " + i), 350,
                    1000 + i, 65, 1 + i % 2, "{\"instructions\":" + 1000L * i + ",\"ä\":[1,2.5]}"));
        }
        if (ended) {
            store.simulations().end(simulation, start.plusSeconds(60));
        }
    }

    /// The simulations of an experiment that have ended, with all that came of them, whatever their numbers are.
    private static Map<SimulationRecord, List<SimulatedInterval>> simulations(Store store, ExperimentRecord experiment)
            throws IOException {
        Map<SimulationRecord, List<SimulatedInterval>> simulations = new LinkedHashMap<>();
        for (SimulationRecord each : store.simulations().of(experiment.id())) {
            if (each.endedAt().isPresent()) {
                simulations.put(each.numbered(simulations.size()).ofExperiment(0), store.simulations().intervals(each));
            }
        }
        return simulations;
    }

    /// Random, repetitive, equal and zero ones.
    private static ByteBuffer pages(Random random, int count) {
        ByteBuffer contents = ByteBuffer.allocateDirect(count * ChunkId.CHUNK_BYTES);
        for (int i = 0; i < count; i++) {
            byte[] page = new byte[ChunkId.CHUNK_BYTES];
            switch (random.nextInt(4)) {
                case 0 -> random.nextBytes(page);
                case 1 -> Arrays.fill(page, (byte) random.nextInt(5));
                default -> Arrays.fill(page, random.nextInt(2000), 4000, (byte) random.nextInt(128));
            }
            contents.put(page);
        }
        return contents;
    }

    /// Every page, disk block, device state, figure, note and picture of every checkpoint, the log, and the simulations.
    public static void assertEqual(Store one, ExperimentRecord expected, Store other, ExperimentRecord actual)
            throws IOException {
        assertSameCheckpoints(one, expected, other, actual);
        assertEquals(one.replayLogs().extent(expected.id()), other.replayLogs().extent(actual.id()));
        assertArrayEquals(log(one, expected), log(other, actual));
        assertEquals(simulations(one, expected), simulations(other, actual));
    }

    /// The same, but for the log and the simulations.
    public static void assertSameCheckpoints(Store one, ExperimentRecord expected, Store other, ExperimentRecord actual)
            throws IOException {
        assertEquals(expected.profileName(), actual.profileName());
        assertEquals(expected.ramBytes(), actual.ramBytes());
        assertEquals(expected.startedAt(), actual.startedAt());
        assertEquals(expected.endedAt(), actual.endedAt());
        assertEquals(expected.endReason(), actual.endReason());
        List<CheckpointRecord> checkpoints = one.checkpoints(expected.id());
        List<CheckpointRecord> found = other.checkpoints(actual.id());
        assertEquals(checkpoints.size(), found.size());
        for (int i = 0; i < found.size(); i++) {
            CheckpointRecord before = checkpoints.get(i);
            CheckpointRecord after = found.get(i);
            assertEquals(before.number(), after.number());
            assertEquals(before.metrics(), after.metrics());
            assertEquals(one.annotation(before.id()), other.annotation(after.id()));
            assertEquals(one.picture(before.id()), other.picture(after.id()));
            assertEquals(runs(one, before), runs(other, after));
            assertEquals(one.imageNames(before.id()), other.imageNames(after.id()));
            for (String image : one.imageNames(before.id())) {
                assertArrayEquals(one.readImageBytes(before.id(), image), other.readImageBytes(after.id(), image),
                        before.name() + " " + image);
            }
        }
    }

    private static Optional<List<String>> runs(Store store, CheckpointRecord checkpoint) throws IOException {
        Optional<PageClassMap> map = store.pageClasses(checkpoint.id());
        List<String> runs = new ArrayList<>();
        map.ifPresent(each -> each.forEachRun((first, count, pageClass) -> runs.add(first + "+" + count + pageClass)));
        return map.map(_ -> runs);
    }
}
