package dev.freezeframe.bundle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.base.Progress;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.bundle.BundleFormat.BootText;
import dev.freezeframe.bundle.BundleFormat.CheckpointText;
import dev.freezeframe.bundle.BundleFormat.Chunks;
import dev.freezeframe.bundle.BundleFormat.ExperimentText;
import dev.freezeframe.bundle.BundleFormat.Header;
import dev.freezeframe.bundle.BundleFormat.LogText;
import dev.freezeframe.qemu.outside.BootFile;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.MediaFile;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.store.ExperimentReader;
import dev.freezeframe.store.ImportChecks;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ExperimentRecord;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Writes an experiment to a file of its own, a bundle, from which another Freezeframe restores every checkpoint as this
/// one does. The file is the owner's only and is there under its name when all of it has been written; the same experiment
/// gives the same bytes each time.
///
/// Of the store's contents, only chunks that a checkpoint of the experiment uses travel, its log, and its simulations that
/// have ended.
public final class BundleExport {
    /// One that a ZIP archive can tell without a further field, which would come in front of the type.
    private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

    private final Store store;

    /// What was written.
    ///
    /// @param chunks    different pages and blocks in it
    /// @param fileBytes length of the file
    /// @param sha256    of the file
    /// @param leftOut   what a restore elsewhere has to do without, one line each
    public record Exported(ExperimentRecord experiment, int checkpoints, long chunks, long fileBytes, String sha256,
            List<String> leftOut) {}

    /// Exports from this store, which stays the caller's to close.
    public BundleExport(Store store) {
        this.store = store;
    }

    /// Writes a bundle. Its checkpoints are those that the experiment has when this begins; until the end none of them can be
    /// deleted. Cancel it by throwing from `progress`.
    ///
    /// @param overwrite whether a file of this name may be replaced
    /// @throws IOException with one line for the user
    public Exported write(ExperimentRecord experiment, Path file, boolean overwrite, Progress progress)
            throws IOException {
        try (ExperimentReader reader = store.readExperiment(experiment, progress)) {
            if (reader.checkpoints().isEmpty()) {
                throw new IOException("experiment " + experiment.name() + " has no checkpoint to export");
            }
            if (reader.checkpoints().size() > ImportChecks.MAX_CHECKPOINTS) {
                throw new IOException("experiment " + experiment.name() + " has more than "
                        + ImportChecks.MAX_CHECKPOINTS + " checkpoints, which is the most that a bundle takes;"
                        + " delete some first");
            }
            Writing writing = new Writing(experiment, reader, progress);
            CheckpointExport.write(file, overwrite, writing::writeTo);
            return writing.exported();
        }
    }

    /// An import takes nothing else; what a store has may be QEMU's last words.
    static String oneLine(String text) {
        return text.replaceAll("[" + ShownText.UNSEEN + "]+", " ");
    }

    /// One bundle in the making.
    private final class Writing {
        private final ExperimentRecord experiment;
        private final ExperimentReader reader;
        private final Progress progress;
        private final Chunks chunks;
        private final JsonNode machine;
        private final Map<String, Path> bootFiles = new LinkedHashMap<>();
        private final List<String> leftOut = new ArrayList<>();
        private final OutgoingSimulations simulations;
        private final Map<String, String> sums = new LinkedHashMap<>();
        private long chunksDone;
        private long fileBytes;
        private String fileSum = "";

        Writing(ExperimentRecord experiment, ExperimentReader reader, Progress progress) throws IOException {
            this.experiment = experiment;
            this.reader = reader;
            this.progress = progress;
            this.chunks = new Chunks(reader.chunks(ChunkOrigin.RAM), reader.chunks(ChunkOrigin.DISK));
            try {
                this.machine = BundleFormat.JSON.readTree(experiment.machineJson());
            } catch (JsonProcessingException e) {
                throw new IOException("the machine in the record of experiment " + experiment.name() + " is damaged",
                        e);
            }
            MachineSpec spec;
            try {
                spec = MachineSpec.fromRecord(machine).withBootFilesFrom(store.bootFiles()::find, store.imported()
                        .containsKey(experiment.id()));
            } catch (MachineException e) {
                throw new IOException("experiment " + experiment.name() + " cannot be exported: " + e.getMessage(), e);
            }
            for (BootFile recorded : spec.bootFiles()) {
                Optional<String> difference = recorded.difference();
                if (difference.isEmpty()) {
                    bootFiles.put(recorded.sha256(), recorded.path());
                } else {
                    leftOut.add(difference.get()
                            + " and is not in the bundle: a restore needs --accept-changed-boot-files");
                }
            }
            this.simulations = new OutgoingSimulations(store, experiment);
            leftOut.addAll(simulations.leftOut());
            reader.logProblem().ifPresent(problem -> leftOut.add("the log is not in the bundle: " + problem));
            for (MediaFile file : spec.mediaFiles()) {
                leftOut.add("the guest cannot write " + file.role()
                        + ", so it is in no checkpoint and not in the bundle: a restore needs " + file.path()
                        + ", or the same file by --with " + file.role() + "=PATH");
            }
        }

        void writeTo(Path file) throws IOException {
            MessageDigest digest = Sha256.digest();
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20);
                    ZipOutputStream zip = new ZipOutputStream(new DigestOutputStream(out, digest),
                            StandardCharsets.UTF_8)) {
                store(zip, BundleFormat.MIME_ENTRY, BundleFormat.MIME_TYPE.getBytes(StandardCharsets.US_ASCII));
                json(zip, BundleFormat.HEADER_ENTRY, BundleFormat.bytes(header()));
                for (Map.Entry<String, Path> boot : bootFiles.entrySet()) {
                    copy(zip, boot.getKey(), boot.getValue());
                }
                for (ChunkOrigin origin : ChunkOrigin.values()) {
                    chunks(zip, origin);
                }
                log(zip);
                List<CheckpointRecord> checkpoints = reader.checkpoints();
                for (int i = 0; i < checkpoints.size(); i++) {
                    progress.at("checkpoints", i, checkpoints.size());
                    json(zip, BundleFormat.checkpointEntry(i), BundleFormat.JSON.writeValueAsBytes(CheckpointText.of(
                            reader.parts(checkpoints.get(i)))));
                }
                for (int i = 0; i < simulations.parts(); i++) {
                    progress.at("simulations", i, simulations.parts());
                    json(zip, BundleFormat.simulationEntry(i),
                            BundleFormat.JSON.writeValueAsBytes(simulations.part(i)));
                }
                byte[] list = Sha256.list(sums);
                zip.putNextEntry(entry(BundleFormat.SUMS_ENTRY));
                zip.write(list);
                zip.closeEntry();
            }
            fileSum = HexFormat.of().formatHex(digest.digest());
            fileBytes = Files.size(file);
        }

        private void chunks(ZipOutputStream zip, ChunkOrigin origin) throws IOException {
            try (SegmentWriter segments = new SegmentWriter(BundleFormat.SEGMENT_CHUNKS * ChunkId.CHUNK_BYTES,
                    (ordinal, compressed, rawBytes) -> {
                        progress.at("pages", chunksDone, chunks.all());
                        store(zip, BundleFormat.chunksEntry(origin, ordinal), compressed);
                        chunksDone += rawBytes / ChunkId.CHUNK_BYTES;
                    })) {
                reader.readChunks(origin, segments::add);
                segments.end();
            }
        }

        private void log(ZipOutputStream zip) throws IOException {
            if (reader.log().isEmpty()) {
                return;
            }
            long[] done = {0};
            try (SegmentWriter segments = new SegmentWriter(BundleFormat.LOG_SEGMENT_BYTES, (ordinal, compressed,
                    rawBytes) -> {
                progress.at("log", done[0], reader.log().get().bytes());
                store(zip, BundleFormat.logEntry(ordinal), compressed);
                done[0] += rawBytes;
            })) {
                reader.readLog((_, raw) -> segments.add(raw));
                segments.end();
            }
        }

        /// The oldest that has all that is in it.
        private int format() {
            if (simulations.parts() > 0) {
                return BundleFormat.WITH_SIMULATIONS;
            }
            return reader.log().isPresent() || reader.checkpoints().stream().anyMatch(
                    each -> MetricsJson.hasLaterFigures(each.metrics())) ? BundleFormat.WITH_LOG : BundleFormat.FIRST;
        }

        private Header header() throws IOException {
            List<BootText> boot = new ArrayList<>();
            for (Map.Entry<String, Path> each : bootFiles.entrySet()) {
                boot.add(new BootText(each.getKey(), Files.size(each.getValue())));
            }
            String version = BundleExport.class.getPackage().getImplementationVersion();
            Optional<String> parent = experiment.parentCheckpointId().isPresent()
                    ? BundleExport.this.store.checkpoint(experiment.parentCheckpointId().get()).map(
                            each -> each.name().toString())
                    : Optional.empty();
            return new Header(format(), version == null ? "Freezeframe" : "Freezeframe " + version,
                    new ExperimentText(experiment.name(), experiment.profileName(), experiment.ramBytes(),
                            experiment.startedAt(), experiment.endedAt().orElse(null),
                            experiment.endReason().map(BundleExport::oneLine).orElse(null), parent.orElse(null),
                            machine),
                    reader.checkpoints().size(), chunks, boot, reader.log().map(log -> new LogText(log.start(), log
                            .bytes())).orElse(null),
                    simulations.parts());
        }

        private void json(ZipOutputStream zip, String name, byte[] content) throws IOException {
            sums.put(name, Sha256.of(content));
            zip.putNextEntry(entry(name));
            zip.write(content);
            zip.closeEntry();
        }

        private void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
            sums.put(name, Sha256.of(content));
            ZipEntry entry = entry(name);
            CRC32 crc = new CRC32();
            crc.update(content);
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(content.length);
            entry.setCompressedSize(content.length);
            entry.setCrc(crc.getValue());
            zip.putNextEntry(entry);
            zip.write(content);
            zip.closeEntry();
        }

        private void copy(ZipOutputStream zip, String sha256, Path file) throws IOException {
            String name = BundleFormat.bootEntry(sha256);
            MessageDigest digest = Sha256.digest();
            zip.putNextEntry(entry(name));
            try (InputStream in = Files.newInputStream(file)) {
                in.transferTo(new DigestOutputStream(zip, digest));
            }
            zip.closeEntry();
            if (!HexFormat.of().formatHex(digest.digest()).equals(sha256)) {
                throw new IOException("the boot file " + file + " changed while it was read; export again");
            }
            sums.put(name, sha256);
        }

        Exported exported() {
            return new Exported(experiment, reader.checkpoints().size(), chunks.all(), fileBytes, fileSum, List.copyOf(
                    leftOut));
        }
    }

    private static ZipEntry entry(String name) {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(NO_TIME);
        return entry;
    }
}
