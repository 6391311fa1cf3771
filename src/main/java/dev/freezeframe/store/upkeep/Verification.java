package dev.freezeframe.store.upkeep;

import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.base.Progress;
import dev.freezeframe.store.catalog.AnnotationTable;
import dev.freezeframe.store.catalog.Catalog;
import dev.freezeframe.store.catalog.ClassMapTable;
import dev.freezeframe.store.catalog.Database.Session;
import dev.freezeframe.store.catalog.Database.Work;
import dev.freezeframe.store.catalog.Database;
import dev.freezeframe.store.catalog.DiskTable;
import dev.freezeframe.store.catalog.ImageTable.Image;
import dev.freezeframe.store.catalog.ImageTable;
import dev.freezeframe.store.catalog.PackTable.PackHashes;
import dev.freezeframe.store.catalog.PackTable;
import dev.freezeframe.store.catalog.SimulationTable;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.pack.ChunkHash;
import dev.freezeframe.store.pack.Pack;
import dev.freezeframe.store.upkeep.VerifyReport.Damage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Reads every pack, hashes every chunk anew, follows every page map and reads every log and what came of every simulation,
/// and says which pages of which checkpoints are lost, and which logs. Changes nothing; recordings may go on beside it.
public final class Verification {
    private static final int MAX_RANGES_LENGTH = 300;

    private final PackTable packs;
    private final Database database;
    private final Progress progress;
    private final DeviceStates deviceStates;
    private final ChunkHash hash = ChunkHash.xxh128();
    /// The sound chunks, one bit per slot.
    private final Map<Long, BitSet> sound = new HashMap<>();
    /// Why packs or chunks in them are not sound.
    private final Map<Long, String> causes = new TreeMap<>();
    private final List<Damage> damages = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private long chunks;

    /// Reads the state of the devices of a checkpoint.
    @FunctionalInterface
    public interface DeviceStates {
        /// All of it.
        byte[] of(CheckpointRecord checkpoint) throws StoreException;
    }

    public Verification(PackTable packs, Database database, Progress progress, Optional<String> rolledBack,
            DeviceStates deviceStates) {
        this.deviceStates = deviceStates;
        rolledBack.ifPresent(remarks::add);
        this.packs = packs;
        this.database = database;
        this.progress = progress;
    }

    /// Looks at all that there is when it begins.
    public VerifyReport run() throws SQLException, StoreException {
        List<ExperimentRecord> experiments = database.transact(Catalog::experiments);
        List<CheckpointRecord> checkpoints = new ArrayList<>();
        for (ExperimentRecord experiment : experiments) {
            checkpoints.addAll(database.transact(session -> Catalog.checkpoints(session, experiment.id())));
        }
        // maps first: what is committed after this is not looked at, and its packs may be there or not
        Map<Long, List<Image>> images = new HashMap<>();
        BitSet packsInUse = new BitSet();
        for (CheckpointRecord checkpoint : checkpoints) {
            images.put(checkpoint.id(), database.transact(session -> ImageTable.images(session, checkpoint.id())));
        }
        long after = 0;
        List<Long> ids = packIds(after);
        long last = database.transact(PackTable::lastPackId);
        while (!ids.isEmpty()) {
            for (long id : ids) {
                progress.at("packs", id, Math.max(last, id));
                check(id);
            }
            after = ids.getLast();
            ids = packIds(after);
        }
        int done = 0;
        for (CheckpointRecord checkpoint : checkpoints) {
            progress.at("checkpoints", done++, checkpoints.size());
            for (Image image : images.get(checkpoint.id())) {
                check(checkpoint, image, packsInUse);
            }
            checkPresence(checkpoint, images.get(checkpoint.id()));
            checkAddition(checkpoint, session -> ClassMapTable.read(session, checkpoint));
            checkAddition(checkpoint, session -> AnnotationTable.picture(session, checkpoint.id()));
        }
        causes.forEach((pack, cause) -> {
            if (pack > Integer.MAX_VALUE || !packsInUse.get((int) (long) pack)) {
                remarks.add("pack " + pack + ": " + cause + "; no checkpoint uses it");
            }
        });
        Map<Long, List<CheckpointRecord>> ofExperiments = checkpoints.stream().collect(Collectors.groupingBy(
                CheckpointRecord::experimentId));
        LogVerification logs = new LogVerification(database);
        for (int i = 0; i < experiments.size(); i++) {
            progress.at("logs", i, experiments.size());
            ExperimentRecord experiment = experiments.get(i);
            logs.check(experiment);
            logs.checkEnds(experiment, ofExperiments.getOrDefault(experiment.id(), List.of()), deviceStates).ifPresent(
                    remarks::add);
            checkSimulations(experiment);
        }
        return new VerifyReport(checkpoints.size(), sound.size(), chunks, logs.logs(), List.copyOf(damages), logs
                .damages(), List.copyOf(remarks));
    }

    /// What is derived from a recording is no part of it, and can be had again.
    private void checkSimulations(ExperimentRecord experiment) throws StoreException, SQLException {
        for (SimulationRecord simulation : database.transact(session -> SimulationTable.ofExperiment(session, experiment
                .id()))) {
            try {
                database.read(session -> intervals(session, simulation));
            } catch (StoreException | SQLException e) {
                unlessBroken(e);
                remarks.add(experiment.name() + ": " + e.getMessage());
            }
        }
    }

    private static List<SimulatedInterval> intervals(Session session, SimulationRecord simulation)
            throws SQLException, StoreException {
        try {
            return SimulationTable.intervals(session, simulation.id());
        } catch (CorruptionException e) {
            throw new StoreException(Reason.DAMAGED, simulation.damaged(e), e);
        }
    }

    private List<Long> packIds(long after) throws SQLException, StoreException {
        return database.transact(session -> PackTable.packIds(session, after));
    }

    private void check(long packId) throws StoreException, SQLException {
        BitSet good = new BitSet();
        sound.put(packId, good);
        Pack pack;
        try {
            pack = database.transact(session -> {
                try {
                    return packs.load(session, packId);
                } catch (CorruptionException e) {
                    throw new StoreException(Reason.DAMAGED, e.getMessage(), e);
                }
            });
        } catch (StoreException | SQLException e) {
            unlessBroken(e);
            if (isCollected(packId)) {
                sound.remove(packId);
            } else {
                causes.put(packId, e.getMessage());
            }
            return;
        }
        Optional<PackHashes> hashes = Optional.empty();
        try {
            hashes = database.transact(session -> {
                try {
                    return Optional.ofNullable(PackTable.hashes(session, packId));
                } catch (CorruptionException e) {
                    throw new StoreException(Reason.DAMAGED, e.getMessage(), e);
                }
            });
        } catch (StoreException | SQLException e) {
            unlessBroken(e);
            remarks.add("the hashes of pack " + packId + " cannot be read (" + e.getMessage()
                    + "); its chunks are whole, and are stored again when they come back");
        }
        for (int slot = 0; slot < pack.slots(); slot++) {
            if (pack.holds(slot)) {
                good.set(slot);
                chunks++;
            }
        }
        hashes.ifPresent(h -> compare(pack, h, good));
    }

    /// Whether garbage collection has taken a pack meanwhile.
    private boolean isCollected(long packId) throws StoreException, SQLException {
        return database.read(session -> PackTable.packIds(session, packId - 1)).stream().findFirst()
                .filter(next -> next == packId).isEmpty();
    }

    private void compare(Pack pack, PackHashes hashes, BitSet good) {
        long[] result = new long[2];
        ByteBuffer raw = ByteBuffer.wrap(pack.raw()).order(ByteOrder.LITTLE_ENDIAN);
        hashes.forEach((id, low, high) -> {
            int slot = ChunkId.slot(id);
            if (pack.holds(slot)) {
                hash.hash(raw, pack.offsetOfLive(slot), result);
                if (result[0] != low || result[1] != high) {
                    good.clear(slot);
                    causes.put(hashes.packId, "chunk " + id + " of it does not have the hash that it had");
                }
            }
        });
    }

    private void check(CheckpointRecord checkpoint, Image image, BitSet packsInUse)
            throws StoreException, SQLException {
        PageMap map;
        try {
            // the row anew: a checkpoint that was deleted meanwhile changes how the next one's map is kept
            map = database.read(session -> {
                Optional<Image> now = ImageTable.image(session, image.checkpointId(), image.name());
                return ImageTable.pageMap(session, now.orElse(image));
            });
        } catch (StoreException | SQLException e) {
            unlessBroken(e);
            if (isStillThere(checkpoint)) {
                damages.add(new Damage(checkpoint.name().toString(), image.name(), Math.max(0, image.pages()), "all",
                        e.getMessage()));
            }
            return;
        }
        List<Integer> lost = new ArrayList<>();
        long[] firstPack = {0};
        map.forEachNonZero((page, id) -> {
            long pack = ChunkId.packId(id);
            packsInUse.set((int) Math.min(pack, Integer.MAX_VALUE));
            BitSet good = sound.get(pack);
            if (good == null || !good.get(ChunkId.slot(id))) {
                lost.add(page);
                firstPack[0] = firstPack[0] == 0 ? pack : firstPack[0];
            }
        });
        if (!lost.isEmpty() && isStillThere(checkpoint)) {
            damages.add(new Damage(checkpoint.name().toString(), image.name(), lost.size(), ranges(lost),
                    "pack " + firstPack[0] + ": " + causes.getOrDefault(firstPack[0], "it is missing")));
        }
    }

    private void checkPresence(CheckpointRecord checkpoint, List<Image> images) throws StoreException, SQLException {
        if (images.stream().noneMatch(image -> image.name().equals(NewCheckpoint.RAM)) && isStillThere(checkpoint)) {
            damages.add(
                    new Damage(checkpoint.name().toString(), NewCheckpoint.RAM, checkpoint.metrics().ramPages(), "all",
                            "the catalog has no such image"));
        }
        for (DiskMetrics disk : checkpoint.metrics().disks()) {
            String name = NewCheckpoint.disk(disk.disk());
            Optional<Image> image = images.stream().filter(each -> each.name().equals(name)).findFirst();
            if (image.isEmpty() || image.get().lengthBytes() != disk.sizeBytes()) {
                String cause = image.isEmpty()
                        ? "the catalog has no such image"
                        : "the catalog says " + image.get().lengthBytes() + " bytes of a disk of " + disk.sizeBytes();
                if (isStillThere(checkpoint)) {
                    damages.add(new Damage(checkpoint.name().toString(), name,
                            Math.ceilDiv(Math.max(0, disk.sizeBytes()), ChunkId.CHUNK_BYTES), "all", cause));
                }
            }
        }
        DiskTable.problem(checkpoint.metrics())
                .ifPresent(problem -> remarks
                        .add(checkpoint.name() + ": " + problem + "; the checkpoint itself does not need them"));
    }

    /// What a checkpoint has besides its images, and can be restored without.
    private void checkAddition(CheckpointRecord checkpoint, Work<Optional<?>> read)
            throws StoreException, SQLException {
        try {
            database.read(read);
        } catch (StoreException | SQLException e) {
            unlessBroken(e);
            if (isStillThere(checkpoint)) {
                remarks.add(checkpoint.name() + ": " + e.getMessage());
            }
        }
    }

    private boolean isStillThere(CheckpointRecord checkpoint) throws StoreException, SQLException {
        return database.transact(session -> Catalog.checkpoint(session, checkpoint.id())).isPresent();
    }

    /// A row that cannot be read is a finding; a database that is gone is not.
    private void unlessBroken(Exception e) throws StoreException {
        unlessBroken(database, e);
    }

    static void unlessBroken(Database database, Exception e) throws StoreException {
        if (database.isBroken()) {
            throw new StoreException(Reason.FAILED, "H2 gave its file up: " + e.getMessage() + "; verify again", e);
        }
    }

    private static String ranges(List<Integer> pages) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < pages.size();) {
            int first = i;
            while (i + 1 < pages.size() && pages.get(i + 1) == pages.get(i) + 1) {
                i++;
            }
            if (text.length() > MAX_RANGES_LENGTH) {
                return text.append(", …").toString();
            }
            text.append(text.isEmpty() ? "" : ", ").append(pages.get(first));
            if (i > first) {
                text.append('-').append(pages.get(i));
            }
            i++;
        }
        return text.toString();
    }
}
