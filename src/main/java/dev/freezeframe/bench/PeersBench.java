package dev.freezeframe.bench;

import dev.freezeframe.analyse.Distribution;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.store.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compares our checkpoints with those that QEMU takes by itself: each way has a machine of the same kind, and all take
/// turns in one run, so that neither a drift nor a slow minute of this computer counts for one of them only.
///
/// In each round every way takes one checkpoint, each round another one first. In its turn a guest runs for a while, is
/// checkpointed and stands still again; the others stand still meanwhile.
public final class PeersBench {
    private static final Logger LOG = LoggerFactory.getLogger(PeersBench.class);

    private PeersBench() {}

    /// What came of one turn.
    public sealed interface Turn permits Taken, Failed {
        CheckpointMethod method();

        /// From 1.
        int round();
    }

    /// A checkpoint.
    ///
    /// @param standStillMicros from STOP to RESUME by QEMU's stamps
    /// @param keptBytes on the disk; of ours, what it added to the store
    /// @param completeMicros from when it was asked for until it was complete, which need not have reached the disk
    public record Taken(CheckpointMethod method, int round, long standStillMicros, long keptBytes, long completeMicros)
            implements
                Turn {}

    /// No checkpoint; the next turn begins with a new machine.
    public record Failed(CheckpointMethod method, int round, String reason) implements Turn {}

    /// What came of one way over all rounds.
    ///
    /// @param leftOut why it was not tried; then all else is 0
    /// @param firstKeptBytes what its very first checkpoint takes, which was before the rounds; only ours has one
    public record Result(CheckpointMethod method, Optional<String> leftOut, int taken, int failed,
            Distribution standStillMicros, Distribution keptBytes, long firstKeptBytes, Distribution completeMicros) {}

    /// Measures.
    ///
    /// @param store empty, for ours
    /// @param folder empty, for the others' files
    /// @param before how long the guest runs before each checkpoint
    /// @param each called after every turn
    /// @param stopping asked between two turns; then the results are of those until there
    /// @return of each way, in their order
    /// @throws IOException if our own way does not work at all
    public static List<Result> run(Store store, Path folder, MachineSpec spec, Workload workload, int rounds,
            Duration before, Consumer<Turn> each, BooleanSupplier stopping) throws IOException, InterruptedException {
        if (spec.profile().disks().stream().anyMatch(disk -> !disk.readOnly())) {
            throw new IOException("the profile " + spec.profile().name()
                    + " has a disk that the guest can write, which a migration leaves out; name one that has none, such as tiny-linux");
        }
        List<Side> sides = new ArrayList<>();
        try {
            for (CheckpointMethod method : CheckpointMethod.values()) {
                Side side = new Side(method, spec, workload, store, Files.createDirectory(folder.resolve(method
                        .text())));
                sides.add(side);
                side.startAhead();
            }
            for (int turn = 0; turn < rounds * sides.size() && !stopping.getAsBoolean(); turn++) {
                int round = turn / sides.size();
                Side side = sides.get((turn + round) % sides.size());
                if (side.leftOut.isEmpty()) {
                    each.accept(side.turn(round + 1, before));
                }
            }
            return sides.stream().map(Side::result).toList();
        } finally {
            sides.forEach(Side::end);
        }
    }

    /// One way, its machine and its figures.
    private static final class Side {
        private final CheckpointMethod method;
        private final MachineSpec spec;
        private final Workload workload;
        private final Store store;
        private final Path folder;
        private final Histogram standStill = new Histogram(RunMeter.DIGITS);
        private final Histogram kept = new Histogram(RunMeter.DIGITS);
        private final Histogram complete = new Histogram(RunMeter.DIGITS);
        private Optional<String> leftOut = Optional.empty();
        private int failed;
        private long firstKeptBytes;
        /// All three or none.
        private Machine machine;
        private CheckpointTaker taker;
        private StandStill meter;

        Side(CheckpointMethod method, MachineSpec spec, Workload workload, Store store, Path folder) {
            this.method = method;
            this.spec = spec;
            this.workload = workload;
            this.store = store;
            this.folder = folder;
        }

        /// Before the first round. A peer that fails here fails, or does not, in its first turn.
        void startAhead() throws IOException, InterruptedException {
            try {
                start();
            } catch (NotOfferedException e) {
                leftOut = Optional.of(e.getMessage());
            } catch (IOException e) {
                if (method == CheckpointMethod.FREEZEFRAME) {
                    throw e;
                }
                LOG.debug("{} is not ready", method, e);
            }
        }

        private void start() throws IOException, InterruptedException {
            boolean started = false;
            try {
                machine = BenchMachine.boot(spec, workload);
                meter = new StandStill(machine.qmp());
                taker = method.open(machine, store, folder);
                if (taker instanceof RecordingTaker ours && firstKeptBytes == 0) {
                    firstKeptBytes = ours.firstKeptBytes();
                }
                machine.pause();
                started = true;
            } finally {
                if (!started) {
                    end();
                }
            }
        }

        Turn turn(int round, Duration before) throws InterruptedException {
            try {
                if (machine == null) {
                    start();
                }
                taker.prepare();
                machine.resume();
                Thread.sleep(before);
                meter.begin();
                long began = System.nanoTime();
                taker.take();
                long completeMicros = (System.nanoTime() - began) / 1000;
                Taken taken = new Taken(method, round, meter.micros(), keptWhileStanding(), completeMicros);
                standStill.recordValue(taken.standStillMicros);
                kept.recordValue(taken.keptBytes);
                complete.recordValue(taken.completeMicros);
                return taken;
            } catch (IOException e) {
                LOG.debug("{} failed in round {}", method, round, e);
                failed++;
                end();
                return new Failed(method, round, e.getMessage());
            }
        }

        private long keptWhileStanding() throws IOException {
            machine.pause();
            return Math.max(0, taker.keptBytes());
        }

        void end() {
            try (Machine _ = machine; StandStill _ = meter; CheckpointTaker _ = taker) {
                machine = null;
                meter = null;
                taker = null;
            } catch (IOException e) {
                LOG.debug("the end of {}", method, e);
            }
        }

        Result result() {
            return new Result(method, leftOut, (int) standStill.getTotalCount(), failed, Distribution.of(
                    standStill), Distribution.of(kept), firstKeptBytes, Distribution.of(complete));
        }
    }
}
