package dev.freezeframe.bundle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.freezeframe.base.Progress;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.bundle.BundleFormat.BootText;
import dev.freezeframe.bundle.BundleFormat.CheckpointText;
import dev.freezeframe.bundle.BundleFormat.ExperimentText;
import dev.freezeframe.bundle.BundleFormat.Header;
import dev.freezeframe.dedup.DedupOptions;
import dev.freezeframe.dedup.IncomingChunks;
import dev.freezeframe.qemu.outside.BootFile;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.store.ImportChecks;
import dev.freezeframe.store.IncomingExperiment;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.ImportOrigin;
import dev.freezeframe.store.model.ImportedCheckpoint;
import dev.freezeframe.store.model.StoreException.Reason;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Takes a bundle into a store. Either the whole experiment is there in the end, with the figures that it was recorded
/// with, or an error says why and nothing of it remains; recordings into the store may go on beside it.
///
/// A bundle is a stranger's. All of it is checked before the store changes at all, and its machine is refused if it
/// reaches out for anything of this computer, unless the user has said that this is all right.
public final class BundleImport {
    /// What a checkpoint may take: figures are a page, and the map of a large disk some megabytes.
    static final int MOST_CHECKPOINT_BYTES = 256 << 20;
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}][^/" + ShownText.UNSEEN + "]{0,199}");
    static final Pattern LINE = Pattern.compile("[^" + ShownText.UNSEEN + "]{0,2000}");
    static final int SHORT = 200;
    static final int MAX_FILE_NAME = 300;
    static final Set<String> ROLES = Set.of("firmware", "kernel", "initrd");

    private final Store store;

    /// How to import.
    ///
    /// @param name         what the experiment is to be called here; empty for what it was called
    /// @param trustMachine take it also if its machine reaches out for something of this computer
    public record Options(Optional<String> name, boolean trustMachine) {
        /// Under its own name, and only if its machine keeps to itself.
        public static final Options DEFAULT = new Options(Optional.empty(), false);
    }

    /// What was taken in.
    ///
    /// @param newChunks    pages and blocks that the store did not have
    /// @param sharedChunks those that it had
    /// @param newBytes     what the new ones added to it
    /// @param sharedBytes  what the others would have taken, uncompressed
    /// @param logBytes     what its log added to the store, where its run can be replayed
    /// @param simulations  how many came with it
    public record Report(ExperimentRecord experiment, int checkpoints, long newChunks, long sharedChunks,
            long newBytes, long sharedBytes, long logBytes, int simulations) {
        /// How much came under which name, for the end of a line.
        public String text() {
            return Units.count(checkpoints, "checkpoint") + " as " + ShownText.oneLine(experiment.name()) + ": "
                    + Units.count(newChunks, "new page") + ", " + Units.bytes(newBytes) + " stored; "
                    + Units.count(sharedChunks, "page") + " shared with what was there"
                    + (logBytes > 0 ? "; its log, " + Units.bytes(logBytes) : "")
                    + (simulations > 0 ? "; " + Units.count(simulations, "simulation") : "");
        }
    }

    /// Imports into this store, which stays the caller's to close.
    public BundleImport(Store store) {
        this.store = store;
    }

    /// Reads the header of a bundle.
    ///
    /// @throws BundleException if it is none that this program could import
    public static BundleSummary look(Path file) throws IOException {
        try (BundleReader bundle = BundleReader.open(file)) {
            Header header = bundle.header();
            ExperimentText experiment = header.experiment();
            MachineSpec spec = machine(bundle);
            return new BundleSummary(file, experiment.name(), experiment.profileName(), experiment.ramBytes(),
                    experiment.startedAt(), Optional.ofNullable(experiment.startedFrom()), header.writtenBy(), header
                            .checkpoints(),
                    Files.size(file), MachineReach.of(spec));
        }
    }

    /// Checks what an experiment is to be called.
    ///
    /// @throws IllegalArgumentException with a line for the user
    public static void checkName(String name) {
        if (!NAME.matcher(name).matches() || name.equals("latest") || !name.equals(name.strip())) {
            throw new IllegalArgumentException("\"" + name.replaceAll("[" + ShownText.UNSEEN + "]", "?")
                    + "\" is no name for an experiment: 1 to 200 letters, digits and the like, beginning with a letter"
                    + " or digit, no '/'");
        }
    }

    /// Imports a bundle. Cancel it by throwing from `progress`.
    ///
    /// @throws BundleException if it is damaged or made to do harm, or its machine reaches out
    /// @throws StoreException  if the name is taken, or the store cannot take it
    public Report run(Path file, Options options, Progress progress) throws IOException {
        options.name().ifPresent(BundleImport::checkName);
        try (BundleReader bundle = BundleReader.open(file)) {
            MachineSpec spec = machine(bundle);
            List<String> reaches = MachineReach.of(spec);
            if (!reaches.isEmpty() && !options.trustMachine()) {
                throw new BundleException("the machine in " + file + " reaches out for something of this computer: "
                        + BundleReader.firstLine(String.join(", ", reaches))
                        + "; import it with --trust-machine if you trust who made it");
            }
            String name = options.name().orElse(bundle.header().experiment().name());
            if (options.name().isEmpty()) {
                requireName(bundle, name);
            }
            requireFree(bundle, name);
            bundle.readSums();
            check(bundle, progress);
            return new Importing(bundle, name, progress).run();
        }
    }

    private static void requireName(BundleReader bundle, String name) throws BundleException {
        try {
            checkName(name);
        } catch (IllegalArgumentException e) {
            throw new BundleException(
                    bundle.file() + ": " + e.getMessage() + "; import it under another name with --name",
                    e);
        }
    }

    private void requireFree(BundleReader bundle, String name) throws StoreException {
        Optional<ExperimentRecord> there = store.experiment(name);
        if (there.isPresent()) {
            ExperimentText text = bundle.header().experiment();
            boolean same = there.get().startedAt().equals(text.startedAt());
            throw new StoreException(Reason.REFUSED, "the store has an experiment " + name + " already"
                    + (same ? ", recorded at the same moment" : "") + "; import it under another name with --name");
        }
    }

    /// The machine in the header, after a look at all that the header says.
    private static MachineSpec machine(BundleReader bundle) throws BundleException {
        ExperimentText text = bundle.header().experiment();
        require(bundle, LINE.matcher(text.name()).matches() && !text.name().isEmpty() && text.name().length() <= SHORT,
                "the name in its header is none");
        require(bundle, LINE.matcher(bundle.header().writtenBy()).matches() && bundle.header().writtenBy()
                .length() <= SHORT, "its header does not say who wrote it");
        require(bundle, text.endReason() == null || LINE.matcher(text.endReason()).matches(),
                "the reason in its header is no line of text");
        require(bundle, text.startedFrom() == null || LINE.matcher(text.startedFrom()).matches(),
                "what its header says that it started from is no line of text");
        require(bundle,
                ImportChecks.isDate(text.startedAt())
                        && (text.endedAt() == null || ImportChecks.isDate(text.endedAt())),
                "a date in its header is out of range");
        require(bundle, text.machine().toString().length() <= BundleFormat.MAX_MACHINE_LENGTH,
                "the machine in its header is too long");
        MachineSpec spec;
        try {
            spec = MachineSpec.fromRecord(text.machine());
        } catch (MachineException | IllegalArgumentException e) {
            throw new BundleException(bundle.file() + " cannot be used: " + BundleReader.firstLine(e.getMessage()), e);
        }
        require(bundle, spec.memoryBytes() == text.ramBytes(), "its machine has other RAM than its header says");
        require(bundle, spec.profile().name().equals(text.profileName()) && text.profileName().length() <= SHORT,
                "its machine has another profile than its header says");
        Set<String> hashes = spec.bootFiles().stream().map(BootFile::sha256).collect(Collectors.toSet());
        require(bundle, spec.bootFiles().size() <= BundleFormat.MAX_BOOT_FILES && spec.bootFiles().stream().allMatch(
                each -> ROLES.contains(each.role())), "its machine boots from more files than there can be");
        require(bundle, bundle.header().bootFiles().stream().allMatch(each -> hashes.contains(each.sha256())),
                "it has boot files that its machine does not boot from");
        return spec;
    }

    private static void require(BundleReader bundle, boolean holds, String otherwise) throws BundleException {
        if (!holds) {
            throw bundle.damaged(otherwise);
        }
    }

    /// Reads all of it once, so that the store does not change for a bundle that is not whole.
    private static void check(BundleReader bundle, Progress progress) throws IOException {
        Header header = bundle.header();
        for (BootText boot : header.bootFiles()) {
            bundle.check(BundleFormat.bootEntry(boot.sha256()), boot.bytes());
        }
        long done = 0;
        for (ChunkOrigin origin : ChunkOrigin.values()) {
            long chunks = header.chunks().of(origin);
            for (int i = 0; i < BundleFormat.segments(chunks); i++) {
                progress.at("check", done, header.chunks().all());
                bundle.check(BundleFormat.chunksEntry(origin, i), Importing.MAX_SEGMENT_BYTES);
                done += count(chunks, i);
            }
        }
        for (int i = 0; i < header.logSegments(); i++) {
            progress.at("check the log", i, header.logSegments());
            bundle.check(BundleFormat.logEntry(i), IncomingLog.MAX_SEGMENT_BYTES);
        }
        ImportChecks rules = new ImportChecks(header.experiment().ramBytes(), header.chunks().all());
        for (int i = 0; i < header.checkpoints(); i++) {
            progress.at("check checkpoints", i, header.checkpoints());
            try {
                rules.check(checkpoint(bundle, i));
            } catch (StoreException e) {
                throw e.reason() == Reason.DAMAGED
                        ? bundle.damaged(e.getMessage(), e)
                        : new BundleException(bundle.file() + ": " + e.getMessage(), e);
            }
        }
        new IncomingSimulations(bundle, progress, "check simulations", Instant.now()).check(rules);
    }

    /// Chunks in a segment.
    private static int count(long chunks, int segment) {
        return (int) Math.min(BundleFormat.SEGMENT_CHUNKS, chunks - (long) segment * BundleFormat.SEGMENT_CHUNKS);
    }

    private static ImportedCheckpoint checkpoint(BundleReader bundle, int ordinal) throws IOException {
        String name = BundleFormat.checkpointEntry(ordinal);
        try {
            return entry(bundle, name, CheckpointText.class).parts();
        } catch (IllegalArgumentException e) {
            throw bundle.damaged("its entry " + name + " cannot be: " + BundleReader.firstLine(e.getMessage()), e);
        }
    }

    /// What an entry of JSON says.
    static <T> T entry(BundleReader bundle, String name, Class<T> type) throws IOException {
        int maxBytes = (int) Math.min(MOST_CHECKPOINT_BYTES, Runtime.getRuntime().maxMemory() / 6);
        byte[] content = bundle.content(name, maxBytes);
        try {
            T text = BundleFormat.JSON.readValue(content, type);
            if (text == null) {
                throw bundle.damaged("its entry " + name + " is empty");
            }
            return text;
        } catch (JsonProcessingException e) {
            throw bundle.damaged("its entry " + name + " cannot be read: " + BundleReader.firstLine(e
                    .getOriginalMessage()), e);
        }
    }

    /// One bundle on its way into the store.
    private final class Importing {
        static final int RAW_BYTES = BundleFormat.SEGMENT_CHUNKS * ChunkId.CHUNK_BYTES;
        static final int MAX_SEGMENT_BYTES = (int) Zstd.compressBound(RAW_BYTES);

        private final BundleReader bundle;
        private final Header header;
        private final String name;
        private final Progress progress;
        /// The ids that chunks have in the store, by their numbers; outside the heap, and as many as have come.
        private final List<LongBuffer> ids = new ArrayList<>();
        private int ordinal;

        Importing(BundleReader bundle, String name, Progress progress) {
            this.bundle = bundle;
            this.header = bundle.header();
            this.name = name;
            this.progress = progress;
        }

        Report run() throws IOException {
            try (IncomingExperiment incoming = store.beginImport()) {
                for (BootText boot : header.bootFiles()) {
                    incoming.keepBootFile(boot.sha256(), out -> {
                        try (InputStream in = bundle.verified(BundleFormat.bootEntry(boot.sha256()))) {
                            in.transferTo(out);
                        }
                    });
                }
                try (IncomingChunks chunks = new IncomingChunks(store, incoming, DedupOptions.DEFAULT);
                        Segments segments = new Segments(chunks)) {
                    for (ChunkOrigin origin : ChunkOrigin.values()) {
                        segments.take(origin);
                    }
                    IncomingLog log = new IncomingLog(bundle, progress);
                    ImportOrigin origin = imported();
                    IncomingSimulations simulations = new IncomingSimulations(bundle, progress, "simulations",
                            origin.at());
                    ExperimentRecord experiment = incoming.commit(record(), origin, this::next, log::next,
                            simulations::next);
                    return new Report(experiment, header.checkpoints(), chunks.newChunks(), chunks.sharedChunks(),
                            chunks.newBytes(), chunks.sharedChunks() * ChunkId.CHUNK_BYTES, log.storedBytes(),
                            simulations.begun());
                }
            }
        }

        /// Decompresses segments and has their chunks taken in.
        private final class Segments implements AutoCloseable {
            private final IncomingChunks chunks;
            private final ZstdDecompressCtx decompressor = new ZstdDecompressCtx();
            private final ByteBuffer compressed = ByteBuffer.allocateDirect(MAX_SEGMENT_BYTES);
            private final ByteBuffer contents = ByteBuffer.allocateDirect(RAW_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            private final long[] found = new long[BundleFormat.SEGMENT_CHUNKS];
            private long done;

            Segments(IncomingChunks chunks) {
                this.chunks = chunks;
            }

            void take(ChunkOrigin origin) throws IOException {
                long all = header.chunks().of(origin);
                for (int i = 0; i < BundleFormat.segments(all); i++) {
                    progress.at("pages", done, header.chunks().all());
                    int count = count(all, i);
                    decompress(BundleFormat.chunksEntry(origin, i), count * ChunkId.CHUNK_BYTES);
                    chunks.add(contents, count, origin, found);
                    ids.add(ByteBuffer.allocateDirect(count * Long.BYTES).order(ByteOrder.nativeOrder()).asLongBuffer()
                            .put(0, found, 0, count));
                    done += count;
                }
            }

            private void decompress(String entry, int bytes) throws IOException {
                bundle.content(entry, compressed);
                int size;
                try {
                    size = decompressor.decompressDirectByteBuffer(contents, 0, bytes, compressed, 0, compressed
                            .limit());
                } catch (ZstdException e) {
                    throw bundle.damaged("its entry " + entry + " does not decompress: " + e.getMessage(), e);
                }
                if (size != bytes) {
                    throw bundle.damaged("its entry " + entry + " has " + size + " bytes in it instead of " + bytes);
                }
            }

            @Override
            public void close() {
                decompressor.close();
            }
        }

        private Optional<ImportedCheckpoint> next() throws IOException {
            if (ordinal == header.checkpoints()) {
                return Optional.empty();
            }
            progress.at("checkpoints", ordinal, header.checkpoints());
            return Optional.of(checkpoint(bundle, ordinal++).withChunks(this::idOf));
        }

        private long idOf(long number) {
            long place = number - ImportedCheckpoint.FIRST_CHUNK;
            long ramSegments = BundleFormat.segments(header.chunks().ram());
            // each origin begins a segment of its own
            long segment = place < header.chunks().ram()
                    ? place / BundleFormat.SEGMENT_CHUNKS
                    : ramSegments + (place - header.chunks().ram()) / BundleFormat.SEGMENT_CHUNKS;
            long inSegment = place < header.chunks().ram()
                    ? place % BundleFormat.SEGMENT_CHUNKS
                    : (place - header.chunks().ram()) % BundleFormat.SEGMENT_CHUNKS;
            return ids.get((int) segment).get((int) inSegment);
        }

        private ExperimentRecord record() {
            ExperimentText text = header.experiment();
            // a stranger does not say which program is started here
            JsonNode machine = ((ObjectNode) text.machine().deepCopy()).put("qemuBinary", QemuProgram.DEFAULT_BINARY
                    .toString());
            return new ExperimentRecord(0, name, text.profileName(), machine.toString(), text.ramBytes(), Optional
                    .empty(), text.startedAt(), Optional.ofNullable(text.endedAt()),
                    Optional.ofNullable(text
                            .endReason()));
        }

        private ImportOrigin imported() {
            String file = bundle.file().getFileName().toString().replaceAll("[" + ShownText.UNSEEN + "]", "?");
            return new ImportOrigin(header.experiment().name(),
                    file.substring(0, Math.min(MAX_FILE_NAME, file.length())),
                    bundle.contentsSum(), Instant.now());
        }
    }
}
