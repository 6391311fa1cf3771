package dev.freezeframe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.TestedQemu;
import dev.freezeframe.bench.PeersBench.Failed;
import dev.freezeframe.bench.PeersBench.Result;
import dev.freezeframe.bench.PeersBench.Taken;
import dev.freezeframe.bench.PeersBench.Turn;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.ProfileFolders;
import dev.freezeframe.store.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every way to take a checkpoint takes its turn, on a real QEMU, and one that fails or is not there keeps none of the others
/// from theirs.
@Tag("qemu")
@Tag("soak")
class PeersBenchTest {
    private static final Workload ROUNDS = new Workload("rounds", "", Pattern.compile("round.*"));
    private static final List<CheckpointMethod> ALL = Arrays.asList(CheckpointMethod.values());

    @TempDir
    private Path folder;
    private Path peers;

    @BeforeEach
    void makeFolder() throws IOException {
        peers = Files.createDirectory(folder.resolve("peers"));
    }

    /// The 16-bit guest, which is up at once, with other fields.
    private MachineSpec guest(String more) throws Exception {
        String profile = Files.readString(Path.of("qemu-profiles/boot-sector.json"));
        Path own = Files.createDirectories(folder.resolve("profiles"));
        Files.writeString(own.resolve("guest.json"), profile.replaceFirst("\\{", "{" + more.replace("\\", "\\\\")));
        return MachineSpec.of(ProfileFolders.of(own).find("guest"));
    }

    private List<Result> run(MachineSpec guest, int rounds, Consumer<Turn> each) throws Exception {
        try (Store store = Store.open(folder.resolve("store"))) {
            return PeersBench.run(store, peers, guest, ROUNDS, rounds, Duration.ZERO, each, () -> false);
        }
    }

    private static Result of(CheckpointMethod method, List<Result> results) {
        return results.stream().filter(result -> result.method() == method).findFirst().orElseThrow();
    }

    /// Whatever a way left in its folder.
    private List<Path> left() throws IOException {
        try (Stream<Path> all = Files.walk(peers)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void eachWayTakesOneCheckpointInEachRoundAndAnotherOneIsFirst() throws Exception {
        List<Turn> turns = new ArrayList<>();
        List<Result> results = run(guest(""), 2, turns::add);
        assertEquals(2 * ALL.size(), turns.size());
        assertEquals(ALL, turns.subList(0, ALL.size()).stream().map(Turn::method).toList());
        assertEquals(ALL.get(1), turns.get(ALL.size()).method());
        assertEquals(EnumSet.allOf(CheckpointMethod.class), turns.subList(ALL.size(), turns.size()).stream().map(
                Turn::method).collect(Collectors.toCollection(() -> EnumSet.noneOf(CheckpointMethod.class))));
        for (Turn turn : turns) {
            Taken taken = (Taken) turn;
            assertTrue(taken.standStillMicros() > 0 && taken.standStillMicros() <= taken.completeMicros(), turn
                    .toString());
            assertTrue(taken.keptBytes() > 0, turn.toString());
        }
        for (Result result : results) {
            assertEquals(Optional.empty(), result.leftOut());
            assertEquals(2, result.taken());
            assertEquals(0, result.failed());
        }
        assertTrue(of(CheckpointMethod.FREEZEFRAME, results).firstKeptBytes() > 0);
        assertEquals(List.of(), left());
    }

    @Test
    void aWayThatFailsOnceIsToldAndBeginsAgainWithAnotherMachine() throws Exception {
        Path inTheWay = peers.resolve(CheckpointMethod.SAVEVM.text()).resolve("snapshot.qcow2");
        List<Turn> turns = new ArrayList<>();
        List<Result> results = run(guest(""), 3, turn -> {
            turns.add(turn);
            try {
                if (turn.round() == 1 && turn.method() == CheckpointMethod.SAVEVM) {
                    Files.createDirectory(inTheWay);
                } else if (turn instanceof Failed) {
                    Files.deleteIfExists(inTheWay);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Map<Integer, Class<?>> savevm = turns.stream().filter(turn -> turn.method() == CheckpointMethod.SAVEVM).collect(
                Collectors.toMap(Turn::round, Turn::getClass));
        assertEquals(Map.of(1, Taken.class, 2, Failed.class, 3, Taken.class), savevm);
        for (Result result : results) {
            boolean failing = result.method() == CheckpointMethod.SAVEVM;
            assertEquals(failing ? 2 : 3, result.taken(), result.toString());
            assertEquals(failing ? 1 : 0, result.failed(), result.toString());
        }
    }

    @Test
    void aWayThatThisQemuDoesNotOfferIsLeftOutWithQemusReason() throws Exception {
        // of the capabilities that exclude a background snapshot one that does nothing else here
        Path qemu = Files.writeString(folder.resolve("qemu"), "#!/bin/sh\nexec " + TestedQemu.binary()
                + " \"$@\" -global migration.x-auto-converge=on\n");
        Files.setPosixFilePermissions(qemu, PosixFilePermissions.fromString("rwx------"));
        List<Result> results = run(guest("").withQemuBinary(qemu), 1, _ -> {});
        String reason = of(CheckpointMethod.BACKGROUND_SNAPSHOT, results).leftOut().orElseThrow();
        assertTrue(reason.contains("auto-converge"), reason);
        for (CheckpointMethod method : ALL) {
            boolean leftOut = method == CheckpointMethod.BACKGROUND_SNAPSHOT;
            assertEquals(leftOut ? 0 : 1, of(method, results).taken(), method.text());
            assertEquals(leftOut, of(method, results).leftOut().isPresent(), method.text());
        }
    }

    @Test
    void aMachineWithADiskIsRefusedBecauseNotAllSaveIt() throws Exception {
        Path image = folder.resolve("disk.raw");
        Files.write(image, new byte[1 << 20]);
        MachineSpec guest = guest("\"disks\": [{\"file\": \"" + image
                + "\", \"format\": \"raw\", \"interface\": \"virtio\", \"writes\": \"keep\"}],");
        String message = assertThrows(IOException.class, () -> run(guest, 1, _ -> {})).getMessage();
        assertTrue(message.contains("guest has a disk"), message);
        assertFalse(Files.exists(peers.resolve(CheckpointMethod.FREEZEFRAME.text())));
    }
}
