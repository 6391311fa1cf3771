package dev.freezeframe.bundle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.BundleExport.Exported;
import dev.freezeframe.bundle.BundleImport.Options;
import dev.freezeframe.bundle.BundleImport.Report;
import dev.freezeframe.restore.ArrayGuest;
import dev.freezeframe.store.ImportChecks;
import dev.freezeframe.store.ReplayLogs;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.CaptureMetrics;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.upkeep.GcReport;
import dev.freezeframe.suite.Damaged;
import dev.freezeframe.suite.Needs;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An experiment that went through a bundle is the experiment that was recorded, and an import is all or nothing.
@Tag("slow")
class BundleTest {
    @TempDir
    private Path folder;
    private Store from;
    private Store to;
    private Path file;

    @BeforeEach
    void open() throws Exception {
        from = Store.open(folder.resolve("from"));
        to = Store.open(folder.resolve("to"));
        file = folder.resolve("run.freezeframe");
    }

    @AfterEach
    void close() throws Exception {
        from.close();
        to.close();
    }

    private Exported export(ExperimentRecord experiment) throws IOException {
        return new BundleExport(from).write(experiment, file, true, Progress.NONE);
    }

    private Report take(String name) throws IOException {
        return new BundleImport(to).run(file, new Options(Optional.of(name), false), Progress.NONE);
    }

    @Test
    void whatWasImportedIsWhatWasRecorded() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "run", 9, 1);
        // differences to a checkpoint that is gone, and a number that is missing
        from.delete(CheckpointName.of("run", 4));
        Exported exported = export(recorded);
        assertEquals(8, exported.checkpoints());
        assertEquals(Files.size(file), exported.fileBytes());
        assertEquals(Sha256.of(Files.readAllBytes(file)), exported.sha256());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        Report report = new BundleImport(to).run(file, Options.DEFAULT, Progress.NONE);
        assertEquals("run", report.experiment().name());
        assertEquals(exported.chunks(), report.newChunks() + report.sharedChunks());
        ArrayGuest.assertEqual(from, recorded, to, report.experiment());
        assertTrue(to.verify(Progress.NONE).isSound());
        assertEquals(List.of(), to.verify(Progress.NONE).remarks());
        assertEquals(0, to.gc(Progress.NONE).chunksDropped());
        ArrayGuest.assertEqual(from, recorded, to, report.experiment());
        ImportOrigin imported = to.imported().get(report.experiment().id());
        assertEquals("run", imported.originalName());
        assertEquals("run.freezeframe", imported.fileName());
        assertFalse(report.experiment().machineJson().contains("/somewhere/else"), "the sender chooses no program");
    }

    /// Such as versions recorded that went by the computer's clock, when somebody set it.
    @Test
    void whatCouldBeRecordedCanBeExportedAndWhatWasExportedBeImported() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "_odd",
                ArrayGuest.machine("\"-seed\",\"1\"", ArrayGuest.DISK),
                5, 1, measured -> new CaptureMetrics(measured.capturedAt().minusSeconds(3600L * measured.figures().of(
                        CheckpointFigure.LATE)), measured.figures(), measured.disks()).with(CheckpointFigure.PAUSE,
                                -3_598_773_089L)
                        .with(CheckpointFigure.STOP, -3_599_000_000L)
                        .with(CheckpointFigure.DEVICE_STATE, 2).with(CheckpointFigure.HARVEST, 226_000)
                        .with(CheckpointFigure.COPY, -4).with(CheckpointFigure.DISKS, 5).with(
                                CheckpointFigure.RESUME, 900));
        from.finishExperiment(recorded.id(), "stopped", recorded.startedAt().minusSeconds(7200));
        recorded = from.experiment("_odd").orElseThrow();
        export(recorded);
        ExperimentRecord imported = take("odd").experiment();
        ArrayGuest.assertEqual(from, recorded, to, imported);
        assertEquals(recorded.endedAt(), imported.endedAt());
        from.finishExperiment(recorded.id(), "QEMU was killed; its last words:\n\tout of memory\u200e");
        export(from.experiment("_odd").orElseThrow());
        assertEquals(Optional.of("QEMU was killed; its last words: out of memory "), take("words").experiment()
                .endReason());
        BundleException refusal = assertThrows(BundleException.class, () -> new BundleImport(to).run(file,
                Options.DEFAULT, Progress.NONE));
        assertTrue(refusal.getMessage().endsWith("import it under another name with --name"), refusal.getMessage());
    }

    @Test
    void chunksKeepTheirOrigin() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "run", 5, 2);
        export(recorded);
        take("run");
        for (int number = 1; number <= 5; number++) {
            long before = from.find(CheckpointName.of("run", number)).orElseThrow().id();
            long after = to.find(CheckpointName.of("run", number)).orElseThrow().id();
            for (String image : from.imageNames(before)) {
                from.pageMap(before, image).forEachNonZero((page, id) -> assertEquals(from.origin(id), to.origin(
                        to.pageMap(after, image).chunkId(page))));
            }
        }
    }

    @Test
    void whatTheStoreHasIsNotStoredAgain() throws Exception {
        export(ArrayGuest.record(from, "run", 6, 3));
        Report first = take("one");
        assertTrue(first.newBytes() > 0);
        Report second = take("two");
        assertEquals(0, second.newChunks());
        assertEquals(0, second.newBytes());
        assertEquals(first.newChunks() + first.sharedChunks(), second.sharedChunks());
        // a recording whose pages are the same shares with it as well
        ArrayGuest.record(to, "again", 6, 3);
        assertEquals(0, to.checkpoints(to.experiment("again").orElseThrow().id()).stream().mapToLong(
                each -> each.metrics().newPages() + each.metrics().newBlocks()).sum());
        to.deleteExperiment("one");
        to.gc(Progress.NONE);
        ArrayGuest.assertEqual(from, from.experiment("run").orElseThrow(), to, to.experiment("two").orElseThrow());
    }

    @Test
    void theSameExperimentGivesTheSameBytes() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "run", 3, 4);
        export(recorded);
        byte[] first = Files.readAllBytes(file);
        export(recorded);
        assertArrayEquals(first, Files.readAllBytes(file));
        assertEquals("mimetypeapplication/vnd.freezeframe.bundle", new String(first, 30, 42,
                StandardCharsets.US_ASCII));
    }

    /// Of more than one segment, and neither they nor its pieces begin where it does.
    private ExperimentRecord recordWithLog(int seed) throws IOException {
        ExperimentRecord recorded = ArrayGuest.record(from, "run",
                ArrayGuest.machine("\"-seed\",\"1\"", ArrayGuest.DISK), 3,
                seed, measured -> measured.with(CheckpointFigure.INSTRUCTIONS, 5_000_000_000L + measured.figures().of(
                        CheckpointFigure.PAUSE)));
        ArrayGuest.addLog(from, recorded, 12_345, BundleFormat.LOG_SEGMENT_BYTES + 54_321, seed);
        return recorded;
    }

    @Test
    void theLogOfARunTravelsWithIt() throws Exception {
        ExperimentRecord recorded = recordWithLog(21);
        assertEquals(List.of(), export(recorded).leftOut());
        Report report = take("run");
        ArrayGuest.assertEqual(from, recorded, to, report.experiment());
        assertEquals(5_000_001_001L, to.find(CheckpointName.of("run", 1)).orElseThrow().metrics().of(
                CheckpointFigure.INSTRUCTIONS));
        assertTrue(report.logBytes() > 0);
        assertEquals(report.logBytes(), to.totals().getFirst().logBytes());
        assertTrue(to.verify(Progress.NONE).isSound());
        assertEquals(1, to.verify(Progress.NONE).logs());
    }

    @Test
    void simulationsThatHaveEndedTravelWithTheirRun() throws Exception {
        ExperimentRecord recorded = recordWithLog(26);
        ArrayGuest.addSimulation(from, recorded, "count", 2 * ImportChecks.MAX_PART_INTERVALS + 1, true);
        ArrayGuest.addSimulation(from, recorded, "", 0, true);
        ArrayGuest.addSimulation(from, recorded, "cache,l1d=32K", 3, false);
        ArrayGuest.addSimulation(from, recorded, "command=/bin/false {ram}", 4, true);
        assertEquals(List.of("simulation 3 has not ended and is not in the bundle"), export(recorded).leftOut());
        assertTrue(header().startsWith("{\"format\":3,") && header().endsWith("\"simulations\":5}"), header());
        Report report = take("run");
        assertEquals(3, report.simulations());
        ArrayGuest.assertEqual(from, recorded, to, report.experiment());
        ImportOrigin origin = to.imported().get(report.experiment().id());
        for (SimulationRecord each : to.simulations().of(report.experiment().id())) {
            assertFalse(origin.isBefore(each), "it is a stranger's");
        }
        assertTrue(to.verify(Progress.NONE).isSound());
        Map<String, byte[]> first = entries();
        new BundleExport(to).write(report.experiment(), file, true, Progress.NONE);
        Map<String, byte[]> then = entries();
        assertEquals(first.keySet(), then.keySet());
        first.keySet().stream().filter(name -> name.startsWith("simulations/")).forEach(name -> assertArrayEquals(first
                .get(name), then.get(name), name));
    }

    /// No computer's clock makes a stranger's simulation one of ours.
    @Test
    void aSimulationOfTheFutureIsTakenForOneOfNow() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "run", 2, 27);
        from.simulations()
                .end(from.simulations().begin(new SimulationRecord(0, recorded.id(), "count", true, 1, 2, 1, Instant
                        .parse("2999-01-01T00:00:00Z"), Optional.empty())), Instant.parse("2999-01-01T00:00:01Z"));
        export(recorded);
        ExperimentRecord imported = take("run").experiment();
        SimulationRecord simulation = to.simulations().of(imported.id()).getFirst();
        assertEquals(to.imported().get(imported.id()).at(), simulation.startedAt());
        assertFalse(to.imported().get(imported.id()).isBefore(simulation));
    }

    @Test
    void theLogOfWhatWasImportedGivesTheSameBytesAgain() throws Exception {
        export(recordWithLog(22));
        Map<String, byte[]> first = entries();
        Path again = folder.resolve("again.freezeframe");
        new BundleExport(to).write(take("run").experiment(), again, true, Progress.NONE);
        try (Store third = Store.open(folder.resolve("third"))) {
            ExperimentRecord further = new BundleImport(third).run(file, Options.DEFAULT, Progress.NONE).experiment();
            new BundleExport(third).write(further, file, true, Progress.NONE);
        }
        assertArrayEquals(Files.readAllBytes(again), Files.readAllBytes(file), "wherever it was imported");
        Map<String, byte[]> then = entries();
        assertEquals(first.keySet(), then.keySet());
        for (String log : List.of("log/000001.zst", "log/000002.zst")) {
            assertArrayEquals(first.get(log), then.get(log), log);
        }
    }

    private Map<String, byte[]> entries() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(file.toFile(), StandardCharsets.UTF_8)) {
            for (ZipEntry entry : zip.stream().toList()) {
                try (InputStream in = zip.getInputStream(entry)) {
                    entries.put(entry.getName(), in.readAllBytes());
                }
            }
        }
        return entries;
    }

    private String header() throws IOException {
        return new String(entries().get(BundleFormat.HEADER_ENTRY), StandardCharsets.UTF_8);
    }

    /// So that older programs take it.
    @Test
    void aRunThatCannotBeReplayedIsWrittenAsTheFirstVersionDid() throws Exception {
        try (InputStream first = BundleTest.class.getResourceAsStream("bundle-format-1.freezeframe")) {
            Files.copy(first, file);
        }
        Map<String, byte[]> then = entries();
        Instant endedAt = take("run").experiment().endedAt().orElseThrow();
        ExperimentRecord recorded = ArrayGuest.record(from, "run", 3, 20);
        from.finishExperiment(recorded.id(), recorded.endReason().orElseThrow(), endedAt);
        export(from.experiment("run").orElseThrow());
        Map<String, byte[]> now = entries();
        assertEquals(List.copyOf(then.keySet()), List.copyOf(now.keySet()));
        then.keySet().stream().filter(name -> !name.equals(BundleFormat.SUMS_ENTRY)).forEach(name -> assertEquals(
                withoutTimeTaken(then.get(name)), withoutTimeTaken(now.get(name)), name));
    }

    /// It is measured, and another one each time.
    private static String withoutTimeTaken(byte[] content) {
        return new String(content, StandardCharsets.ISO_8859_1).replaceFirst("\"pipelineMillis\":\\d+", "");
    }

    @Test
    void aRunWhoseLogIsLostHasTheFormatOfItsFigures() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "run",
                ArrayGuest.machine("\"-seed\",\"1\"", ArrayGuest.DISK), 2,
                23, measured -> measured.with(CheckpointFigure.INSTRUCTIONS, 1));
        export(recorded);
        assertTrue(header().startsWith("{\"format\":2,") && header().endsWith("\"log\":null}"), header());
        ArrayGuest.assertEqual(from, recorded, to, take("run").experiment());
    }

    @Test
    @Damaged("a log is damaged")
    void aDamagedLogIsLeftOutAndSaidSo() throws Exception {
        ExperimentRecord recorded = recordWithLog(24);
        from.replayLogs().add(recorded.id(), 12_345, new byte[]{1});
        Exported exported = export(recorded);
        assertEquals(1, exported.leftOut().size());
        assertTrue(exported.leftOut().getFirst().startsWith("the log is not in the bundle: the log of experiment run is"
                + " damaged (its piece at byte 12346: it is missing)"), exported.leftOut().getFirst());
        ExperimentRecord imported = take("run").experiment();
        ArrayGuest.assertSameCheckpoints(from, recorded, to, imported);
        assertEquals(Optional.empty(), to.replayLogs().extent(imported.id()));
    }

    @Test
    void whatTheLogGrowsByMeanwhileStaysAtHome() throws Exception {
        ExperimentRecord recorded = recordWithLog(25);
        ReplayLogs.Extent before = from.replayLogs().extent(recorded.id()).orElseThrow();
        new BundleExport(from).write(recorded, file, false, (step, _, _) -> {
            if (step.equals("log")) {
                try {
                    from.replayLogs().add(recorded.id(), from.replayLogs().end(recorded.id()), new byte[100_000]);
                } catch (StoreException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        assertTrue(from.replayLogs().end(recorded.id()) > before.end());
        assertEquals(before, to.replayLogs().extent(take("run").experiment().id()).orElseThrow());
    }

    @Test
    void aNameThatIsTakenIsRefusedAndAnotherHelps() throws Exception {
        export(ArrayGuest.record(from, "run", 2, 5));
        new BundleImport(to).run(file, Options.DEFAULT, Progress.NONE);
        StoreException refused = assertThrows(StoreException.class,
                () -> new BundleImport(to).run(file, Options.DEFAULT, Progress.NONE));
        assertEquals(Reason.REFUSED, refused.reason());
        assertTrue(refused.getMessage().contains("--name"), refused.getMessage());
        for (String wrong : List.of("", "a/b", "latest", " x", "-x", "x\ny", "x".repeat(201))) {
            assertThrows(IllegalArgumentException.class, () -> take(wrong), wrong);
        }
        take("other");
    }

    @Test
    void theHeaderTellsWhatIsInIt() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "run", 2, 6);
        export(recorded);
        BundleSummary summary = BundleImport.look(file);
        assertEquals("run", summary.name());
        assertEquals(2, summary.checkpoints());
        assertEquals(recorded.startedAt(), summary.startedAt());
        assertEquals(Files.size(file), summary.fileBytes());
        assertEquals(List.of(), summary.reaches());
        assertTrue(summary.isSameAs(recorded));
        assertTrue(summary.isSameAs(take("other").experiment()));
    }

    @Test
    void aMachineThatReachesOutNeedsTrust() throws Exception {
        for (String arguments : List.of("\"-chardev\",\"file,id=x,path=/home/someone/.bashrc\"",
                "\"-device\",\"loader,file=secret\"", "\"-netdev\",\"user,id=n\"", "\"-device\",\"usb-host\"",
                "\"-serial\",\"tcp:example.org:1\"", "\"-D\",\"log\"", "\"-device\",\"virtio-net-pci,romfile=x\"",
                "\"-device\",\"{}\"", "\"-plugin\",\"x.so\"", "\"-s\"")) {
            ExperimentRecord recorded = ArrayGuest.record(from, "run" + arguments.hashCode(), ArrayGuest.machine(
                    arguments, ArrayGuest.DISK), 1, 7);
            export(recorded);
            assertEquals(1, BundleImport.look(file).reaches().size(), arguments);
            BundleException refused = assertThrows(BundleException.class, () -> take("x"), arguments);
            assertTrue(refused.getMessage().contains("--trust-machine"), refused.getMessage());
            assertEquals(List.of(), to.experiments());
            new BundleImport(to).run(file, new Options(Optional.of("x"), true), Progress.NONE);
            to.deleteExperiment("x");
        }
        for (String arguments : List.of("", "\"-device\",\"virtio-rng-pci,max-bytes=1024\",\"-cpu\",\"max,-avx2\"",
                "\"-icount\",\"shift=2,sleep=off\",\"-seed\",\"1\",\"-rtc\",\"base=2020-01-01,clock=vm\",\"-no-shutdown\"")) {
            export(ArrayGuest.record(from, "quiet" + arguments.hashCode(), ArrayGuest.machine(arguments,
                    ArrayGuest.DISK), 1, 8));
            assertEquals(List.of(), BundleImport.look(file).reaches(), arguments);
        }
    }

    @Test
    void aDiskThatTheGuestCannotWriteIsNamed() throws Exception {
        Exported exported = export(ArrayGuest.record(from, "run", ArrayGuest.machine("", ArrayGuest.DISK.replace("}]",
                "},{\"file\":\"/nowhere/cd.iso\",\"format\":\"raw\",\"interface\":\"virtio\",\"readOnly\":true}]")), 1,
                9));
        assertEquals(1, exported.leftOut().size());
        assertTrue(exported.leftOut().getFirst().contains("/nowhere/cd.iso"), exported.leftOut().toString());
        assertEquals(List.of("the disk image /nowhere/cd.iso"), BundleImport.look(file).reaches());
    }

    @Test
    void cancellingAtAnyStepLeavesNothing() throws Exception {
        ExperimentRecord all = recordWithLog(10);
        ArrayGuest.addSimulation(from, all, "count", 2, true);
        export(all);
        take("other");
        to.deleteExperiment("other");
        to.gc(Progress.NONE);
        int steps = 0;
        boolean cancelled = true;
        while (cancelled) {
            int last = steps++;
            int[] step = {0};
            try {
                new BundleImport(to).run(file, Options.DEFAULT, (_, _, _) -> {
                    if (step[0]++ == last) {
                        throw new CancellationException();
                    }
                });
                cancelled = false;
            } catch (CancellationException e) {
                assertEquals(List.of(), to.experiments());
                assertEquals(0, to.verify(Progress.NONE).logs());
                GcReport report = to.gc(Progress.NONE);
                assertEquals(0, report.chunksDropped(), "at step " + last);
            }
        }
        assertTrue(steps > 10, steps + " steps");
        ArrayGuest.assertEqual(from, from.experiment("run").orElseThrow(), to, to.experiment("run").orElseThrow());
    }

    @Test
    void cancellingAnExportLeavesNoFile() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "run", 4, 11);
        assertThrows(CancellationException.class,
                () -> new BundleExport(from).write(recorded, file, false, (step, _, _) -> {
                    if (step.equals("checkpoints")) {
                        throw new CancellationException();
                    }
                }));
        try (var files = Files.list(folder)) {
            assertEquals(List.of("from", "to"), files.map(each -> each.getFileName().toString()).sorted().toList());
        }
        from.deleteExperiment("run");
    }

    @Test
    void recordingsDeletionsAndCollectionsGoOnBesideAnImport() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "long", 150, 3);
        export(recorded);
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<Exception> failed = new AtomicReference<>();
        Thread busy = Thread.ofPlatform().start(() -> {
            try {
                for (int i = 0; !done.get(); i++) {
                    ArrayGuest.record(to, "busy" + i, 3, i);
                    to.deleteExperiment("busy" + i);
                    to.gc(Progress.NONE);
                }
            } catch (IOException | RuntimeException e) {
                failed.set(e);
            }
        });
        Report report;
        try {
            report = new BundleImport(to).run(file, Options.DEFAULT, Progress.NONE);
        } finally {
            done.set(true);
            busy.join();
        }
        if (failed.get() != null) {
            throw failed.get();
        }
        ArrayGuest.assertEqual(from, recorded, to, report.experiment());
        assertTrue(to.verify(Progress.NONE).isSound());
    }

    @Test
    void anExperimentThatIsBeingTakenAwayCannotBeDeleted() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "run", 3, 12);
        AtomicReference<StoreException> refused = new AtomicReference<>();
        new BundleExport(from).write(recorded, file, false, (step, _, _) -> {
            if (step.equals("checkpoints") && refused.get() == null) {
                refused.set(assertThrows(StoreException.class, () -> from.deleteExperiment("run")));
            }
        });
        assertEquals(Reason.REFUSED, refused.get().reason());
        from.deleteExperiment("run");
        assertThrows(IOException.class, () -> export(recorded));
    }

    @Test
    void aDiskThatIsFullEndsAnImportAndLosesNothing() throws Exception {
        ExperimentRecord recorded = ArrayGuest.record(from, "small", 2, 13);
        Path mount = Files.createDirectory(folder.resolve("full"));
        Needs.MOUNTING.orSkip(run("mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", mount.toString()) == 0,
                "a small file system needs the right to mount one");
        try (Store full = Store.open(mount.resolve("store"))) {
            export(recorded);
            new BundleImport(full).run(file, Options.DEFAULT, Progress.NONE);
            export(ArrayGuest.record(from, "large", 9, 14));
            Path ballast = mount.resolve("ballast");
            StoreException refused = assertThrows(StoreException.class, () -> new BundleImport(full).run(file,
                    Options.DEFAULT, (step, _, _) -> {
                        if (step.equals("pages")) {
                            // 32 MiB must stay free
                            try {
                                fill(ballast, Files.getFileStore(mount).getUsableSpace() - (20 << 20));
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        }
                    }));
            assertEquals(Reason.DISK_FULL, refused.reason(), refused.getMessage());
            assertFalse(refused.getMessage().contains("\n"));
            assertEquals(List.of("small"), full.experiments().stream().map(ExperimentRecord::name).toList());
            ArrayGuest.assertEqual(from, recorded, full, full.experiment("small").orElseThrow());
            assertEquals(0, full.gc(Progress.NONE).chunksDropped());
        } finally {
            run("umount", mount.toString());
        }
    }

    private static void fill(Path ballast, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate((int) bytes));
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor();
    }

    /// Bundles lie beside papers for ever: this one was written by the first version that wrote any.
    @Test
    void aBundleOfTheFirstFormatIsStillImported() throws Exception {
        try (InputStream first = BundleTest.class.getResourceAsStream("bundle-format-1.freezeframe")) {
            Files.copy(first, file);
        }
        Report report = new BundleImport(to).run(file, Options.DEFAULT, Progress.NONE);
        // the same contents as then
        ExperimentRecord again = ArrayGuest.record(from, "run", 3, 20);
        assertEquals(again.startedAt(), report.experiment().startedAt());
        for (int number = 1; number <= 3; number++) {
            CheckpointRecord then = to.find(CheckpointName.of("run", number)).orElseThrow();
            CheckpointRecord now = from.find(CheckpointName.of("run", number)).orElseThrow();
            assertEquals(now.metrics().dirtyPages(), then.metrics().dirtyPages());
            assertEquals(now.metrics().phaseMicros(), then.metrics().phaseMicros());
            assertEquals(now.metrics().capturedAt(), then.metrics().capturedAt());
            assertEquals(from.annotation(now.id()), to.annotation(then.id()));
            assertEquals(from.picture(now.id()), to.picture(then.id()));
            for (String image : from.imageNames(now.id())) {
                assertArrayEquals(from.readImageBytes(now.id(), image), to.readImageBytes(then.id(), image));
            }
        }
        assertEquals(List.of(), to.verify(Progress.NONE).remarks());
        assertTrue(to.verify(Progress.NONE).isSound());
    }
}
