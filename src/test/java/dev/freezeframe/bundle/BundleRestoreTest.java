package dev.freezeframe.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.BundleExport.Exported;
import dev.freezeframe.bundle.BundleImport.Options;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.restore.OutsideWishes;
import dev.freezeframe.restore.RestoreOptions;
import dev.freezeframe.restore.RestoredMachines;
import dev.freezeframe.restore.Restorer;
import dev.freezeframe.restore.SimpleRecorder;
import dev.freezeframe.restore.SimpleRecorder.Taken;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.ExpectWarnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A bundle is all that another computer needs: what was recorded goes on there, with nothing left of where it was recorded.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("qemu")
class BundleRestoreTest {
    private static final Duration PATIENCE = Await.PATIENCE;

    private Path folder;
    private Path bundle;
    private Path firmware;
    private Taken taken;
    private Exported exported;

    /// The guest boots from a firmware file of its own, which is gone when everything begins.
    @BeforeAll
    void recordAndExport(@TempDir Path directory) throws Exception {
        folder = directory;
        bundle = folder.resolve("run.freezeframe");
        firmware = folder.resolve("firmware.bin");
        Files.copy(firmwareOfQemu(), firmware);
        Path profile = folder.resolve("own.json");
        Files.writeString(profile, """
                {"memory": "16 MiB", "bootSector": "rounds", "firmware": "firmware.bin"}
                """);
        try (Store store = Store.open(folder.resolve("from"));
                Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find(profile.toString())));
                SimpleRecorder recorder = new SimpleRecorder(store, machine)) {
            machine.console().awaitLine(line -> line.matches("round \\d\\d.*"), PATIENCE);
            taken = recorder.take();
            ExperimentRecord experiment = store.experiment(recorder.experimentId()).orElseThrow();
            exported = new BundleExport(store).write(experiment, bundle, false, Progress.NONE);
            Files.move(firmware, folder.resolve("away"));
            assertEquals(1, new BundleExport(store).write(experiment, folder.resolve("without"), false, Progress.NONE)
                    .leftOut().size());
        }
    }

    private static Path firmwareOfQemu() {
        return Stream.of("/usr/share/seabios/bios-256k.bin", "/usr/share/qemu/bios-256k.bin",
                "/usr/share/seabios/bios.bin").map(Path::of).filter(Files::isReadable).findFirst().orElseThrow();
    }

    @AfterAll
    void close() {
        taken.close();
    }

    @Test
    void aMachineGoesOnWhereItsFilesHaveNeverBeen() throws Exception {
        assertEquals(List.of(), exported.leftOut());
        try (Store store = Store.open(folder.resolve("to"))) {
            ExperimentRecord experiment = new BundleImport(store).run(bundle, Options.DEFAULT, Progress.NONE)
                    .experiment();
            CheckpointRecord checkpoint = store.checkpoints(experiment.id()).getFirst();
            assertEquals(taken.checkpoint().metrics(), checkpoint.metrics());
            try (RestoredMachines restored = new Restorer(store).restore(checkpoint, RestoreOptions.standard()
                    .withRecordable(true).withVerifyRam(true).withLeavePaused(true))) {
                Machine machine = restored.first().machine();
                assertEquals(List.of(), SimpleRecorder.differingPages(taken.ram(), machine.memory()));
                machine.resume();
                machine.console().awaitLine(line -> line.startsWith("round "), PATIENCE);
            }
            // it can be handed on from here
            Exported again = new BundleExport(store).write(experiment, folder.resolve("again"), false, Progress.NONE);
            assertEquals(List.of(), again.leftOut());
        }
    }

    @Test
    void bootFilesStayAsLongAsAnExperimentNeedsThem() throws Exception {
        try (Store store = Store.open(folder.resolve("kept"))) {
            Path kept = store.directory().resolve("boot");
            new BundleImport(store).run(bundle, new Options(Optional.of("one"), false), Progress.NONE);
            new BundleImport(store).run(bundle, new Options(Optional.of("two"), false), Progress.NONE);
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)));
            Path file = files(kept).getFirst();
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            store.deleteExperiment("one");
            store.gc(Progress.NONE);
            assertEquals(List.of(file), files(kept));
            store.deleteExperiment("two");
            assertEquals(List.of(), files(kept));
        }
    }

    @Test
    void aBootFileThatWasChangedInTheStoreIsNotBootedFrom() throws Exception {
        try (Store store = Store.open(folder.resolve("changed"))) {
            ExperimentRecord experiment = new BundleImport(store).run(bundle, Options.DEFAULT, Progress.NONE)
                    .experiment();
            Path file = files(store.directory().resolve("boot")).getFirst();
            byte[] content = Files.readAllBytes(file);
            content[100]++;
            Files.write(file, content);
            IOException refused = assertThrows(IOException.class, () -> new Restorer(store).restore(store.checkpoints(
                    experiment.id()).getFirst(), RestoreOptions.standard()).close());
            assertTrue(refused.getMessage().contains("has changed"), refused.getMessage());
        }
        assertFalse(Files.exists(firmware));
    }

    /// What a stranger's record names is not opened, even if it were the right file.
    @Test
    @ExpectWarnings("did not come with the imported experiment")
    void aBootFileThatDidNotComeAlongIsNotLookedForOnThisComputer() throws Exception {
        assertEquals(0, new ProcessBuilder("mkfifo", firmware.toString()).start().waitFor());
        try (Store store = Store.open(folder.resolve("alone"))) {
            ExperimentRecord experiment = new BundleImport(store).run(folder.resolve("without"), Options.DEFAULT,
                    Progress.NONE).experiment();
            CheckpointRecord checkpoint = store.checkpoints(experiment.id()).getFirst();
            IOException refused = assertThrows(IOException.class, () -> new Restorer(store).restore(checkpoint,
                    RestoreOptions.standard()).close());
            assertTrue(refused.getMessage().contains("did not come with the imported experiment; name it with"
                    + " --with firmware=PATH, or use --accept-changed-boot-files: "), refused.getMessage());
            OutsideWishes named = new OutsideWishes(Map.of("firmware", folder.resolve("away")), Set.of(), Set.of(),
                    false);
            new Restorer(store).restore(checkpoint, RestoreOptions.standard().withOutside(named)).close();
            assertEquals(1, new BundleExport(store).write(experiment, folder.resolve("again-without"), false,
                    Progress.NONE).leftOut().size());
            try (RestoredMachines restored = new Restorer(store).restore(checkpoint, RestoreOptions.standard()
                    .withAcceptChangedBootFiles(true))) {
                restored.first().machine().console().awaitLine(line -> line.startsWith("round "), PATIENCE);
            }
        } finally {
            Files.delete(firmware);
        }
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }
}
