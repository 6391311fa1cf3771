package dev.freezeframe.bundle;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.ChunkOrigin;
import dev.freezeframe.store.model.ImportedCheckpoint.ClassPart;
import dev.freezeframe.store.model.ImportedCheckpoint.ImageParts;
import dev.freezeframe.store.model.ImportedCheckpoint.MapPart;
import dev.freezeframe.store.model.ImportedCheckpoint;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.model.SimulatedInterval;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/// What a bundle is: a ZIP archive whose entries follow from its header, so that nothing else can be in it. Ordinary tools
/// read it: `unzip -l` lists it, `sha256sum -c SHA256SUMS` checks what `unzip` has unpacked, `zstd -d` gives the chunks.
///
/// In this order: `mimetype` (stored, so that the type can be told from the first hundred bytes), `freezeframe.json` (the
/// header), `boot/SHA256` (boot files), `chunks/ram/N.zst` and `chunks/disk/N.zst` (4096 chunks of 4096 bytes in each but the
/// last, as one zstd frame), `log/N.zst` (4 MiB of the log of a run that can be replayed in each but the last, as one zstd
/// frame), `checkpoints/N.json` (figures, notes, picture, page maps), `simulations/N.json` (what came of some intervals of a
/// simulation), `SHA256SUMS` (of all before).
///
/// A bundle has the oldest format that has all that is in it, so that older programs take it too: one of a run that cannot be
/// replayed is what the first version wrote, byte for byte.
///
/// The names of the components of the records here, and of those of the store that they hold, are the names in the file.
/// `FORMAT.md` in the folder of this package's resources tells all of it.
final class BundleFormat {
    /// Counts up whenever an older program could misread a bundle.
    static final int VERSION = 3;
    static final int FIRST = 1;
    /// The first that has logs, and the figures that came with them.
    static final int WITH_LOG = 2;
    /// The first that has simulations.
    static final int WITH_SIMULATIONS = 3;
    static final String MIME_TYPE = "application/vnd.freezeframe.bundle";
    static final String MIME_ENTRY = "mimetype";
    static final String HEADER_ENTRY = "freezeframe.json";
    static final String SUMS_ENTRY = "SHA256SUMS";
    static final int SEGMENT_CHUNKS = 4096;
    static final int MAX_HEADER_BYTES = 2 << 20;
    static final int MAX_MACHINE_LENGTH = 1_000_000;
    static final long MAX_BOOT_FILE_BYTES = 4L << 30;
    static final int MAX_BOOT_FILES = 3;
    /// Characters in a point in time.
    static final int MAX_TIME_LENGTH = 40;
    /// 4 PiB.
    static final long MAX_CHUNKS = 1L << 40;
    static final int LOG_SEGMENT_BYTES = 4 << 20;
    /// Of all simulations together.
    static final int MAX_SIMULATION_PARTS = 100_000;
    private static final String LOG_FIELD = "log";
    private static final String SIMULATIONS_FIELD = "simulations";

    /// Bounds everything before it is in memory.
    private static final StreamReadConstraints BOUNDS = StreamReadConstraints.builder().maxNestingDepth(32)
            .maxNumberLength(24).maxNameLength(200).maxStringLength(2_000_000).maxTokenCount(200_000).build();

    static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder().streamReadConstraints(BOUNDS).enable(
            StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).enable(
                    DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .enable(
                    DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES).enable(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT).disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .addModule(new SimpleModule().addSerializer(Instant.class, new InstantText()).addDeserializer(
                    Instant.class, new TextInstant()).addSerializer(CheckpointMetrics.class, new MetricsJson.Writer())
                    .addDeserializer(CheckpointMetrics.class, new MetricsJson.Reader()))
            .build();

    /// `freezeframe.json`.
    ///
    /// @param writtenBy  the program and its version, for a person
    /// @param bootFiles   those that are in the bundle
    /// @param log         null if there is none; see [#bytes] and [#header]
    /// @param simulations how many entries they take
    record Header(int format, String writtenBy, ExperimentText experiment, int checkpoints, Chunks chunks,
            List<BootText> bootFiles, LogText log, int simulations) {
        Header {
            Objects.requireNonNull(writtenBy);
            Objects.requireNonNull(experiment);
            Objects.requireNonNull(chunks);
            bootFiles = List.copyOf(bootFiles);
        }

        /// The names of all entries, in their order. As many as the header says: compare with [#entryCount] first.
        List<String> entries() {
            List<String> names = new ArrayList<>();
            names.add(MIME_ENTRY);
            names.add(HEADER_ENTRY);
            bootFiles.forEach(file -> names.add(bootEntry(file.sha256)));
            for (ChunkOrigin origin : ChunkOrigin.values()) {
                for (int i = 0; i < segments(chunks.of(origin)); i++) {
                    names.add(chunksEntry(origin, i));
                }
            }
            for (int i = 0; i < logSegments(); i++) {
                names.add(logEntry(i));
            }
            for (int i = 0; i < checkpoints; i++) {
                names.add(checkpointEntry(i));
            }
            for (int i = 0; i < simulations; i++) {
                names.add(simulationEntry(i));
            }
            names.add(SUMS_ENTRY);
            return names;
        }

        long entryCount() {
            return 3L + bootFiles.size() + segments(chunks.ram) + segments(chunks.disk) + logSegments() + checkpoints
                    + simulations;
        }

        long logSegments() {
            return log == null ? 0 : Math.ceilDiv(log.bytes, LOG_SEGMENT_BYTES);
        }
    }

    /// The experiment. What is not known is null.
    ///
    /// @param startedFrom the checkpoint that its machine was restored from, as `EXPERIMENT/NUMBER`
    /// @param machine     as [dev.freezeframe.qemu.profile.MachineSpec#fromRecord] reads it
    record ExperimentText(String name, String profileName, long ramBytes, Instant startedAt, Instant endedAt,
            String endReason, String startedFrom, JsonNode machine) {
        ExperimentText {
            Objects.requireNonNull(name);
            Objects.requireNonNull(profileName);
            Objects.requireNonNull(startedAt);
            Objects.requireNonNull(machine);
        }
    }

    /// How many different chunks there are, by where they first came from. Those of RAM are numbered first.
    record Chunks(long ram, long disk) {
        long of(ChunkOrigin origin) {
            return switch (origin) {
                case RAM -> ram;
                case DISK -> disk;
            };
        }

        long all() {
            return ram + disk;
        }
    }

    /// What there is of the log that QEMU wrote, one byte behind the other.
    ///
    /// @param start of its first byte in QEMU's log
    record LogText(long start, long bytes) {}

    record BootText(String sha256, long bytes) {
        BootText {
            Objects.requireNonNull(sha256);
        }
    }

    /// `checkpoints/N.json`. What is not there is null.
    record CheckpointText(int number, CheckpointMetrics metrics, String note, List<String> tags, PictureText picture,
            List<ClassPart> pageClasses, List<ImageText> images) {
        CheckpointText {
            Objects.requireNonNull(metrics);
            Objects.requireNonNull(note);
            tags = List.copyOf(tags);
            pageClasses = pageClasses == null ? null : List.copyOf(pageClasses);
            if (pageClasses != null) {
                pageClasses.forEach(part -> Objects.requireNonNull(part.content()));
            }
            images = List.copyOf(images);
        }

        static CheckpointText of(ImportedCheckpoint parts) {
            return new CheckpointText(parts.number(), parts.metrics(), parts.annotation().note(), List.copyOf(parts
                    .annotation().tags()),
                    parts.picture().map(picture -> new PictureText(picture.kind().name().toLowerCase(Locale.ROOT),
                            picture.content())).orElse(null),
                    parts.pageClasses().orElse(null), parts.images().stream().map(image -> new ImageText(image.name(),
                            image.lengthBytes(), image.base().orElse(null), image.map())).toList());
        }

        /// @throws IllegalArgumentException if the note, a tag or the picture cannot be
        ImportedCheckpoint parts() {
            return new ImportedCheckpoint(number, metrics, Annotation.of(note, tags), Optional.ofNullable(picture).map(
                    PictureText::picture), Optional.ofNullable(pageClasses),
                    images.stream().map(
                            image -> new ImageParts(image.name, image.lengthBytes, Optional.ofNullable(image.base),
                                    image.map))
                            .toList());
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record PictureText(String kind, byte[] content) {
        PictureText {
            Objects.requireNonNull(kind);
            Objects.requireNonNull(content);
        }

        Picture picture() {
            return new Picture(Picture.Kind.valueOf(kind.toUpperCase(Locale.ROOT)), content);
        }
    }

    record ImageText(String name, long lengthBytes, Integer base, List<MapPart> map) {
        ImageText {
            Objects.requireNonNull(name);
            map = List.copyOf(map);
            map.forEach(part -> Objects.requireNonNull(part.content()));
        }
    }

    /// `simulations/N.json`: some intervals of a simulation.
    ///
    /// @param simulation null where these are further ones of the simulation before
    record SimulationPart(SimulationText simulation, List<SimulatedInterval> intervals) {
        SimulationPart {
            intervals = List.copyOf(intervals);
        }
    }

    /// A simulation that has ended.
    record SimulationText(String plugin, boolean proof, int first, int last, int every, Instant startedAt,
            Instant endedAt) {
        SimulationText {
            Objects.requireNonNull(plugin);
            Objects.requireNonNull(startedAt);
            Objects.requireNonNull(endedAt);
        }
    }

    private BundleFormat() {}

    /// `freezeframe.json`, as the header's own format has it.
    static byte[] bytes(Header header) throws JsonProcessingException {
        ObjectNode tree = JSON.valueToTree(header);
        if (header.format < WITH_LOG) {
            tree.remove(LOG_FIELD);
        }
        if (header.format < WITH_SIMULATIONS) {
            tree.remove(SIMULATIONS_FIELD);
        }
        return JSON.writeValueAsBytes(tree);
    }

    /// The header in a tree of one of our formats.
    ///
    /// @throws JsonProcessingException if it has other fields than a header of its format
    static Header header(ObjectNode tree) throws JsonProcessingException {
        int format = tree.path("format").intValue();
        if (format < WITH_LOG) {
            add(tree, LOG_FIELD, tree.nullNode());
        }
        if (format < WITH_SIMULATIONS) {
            add(tree, SIMULATIONS_FIELD, tree.numberNode(0));
        }
        return JSON.treeToValue(tree, Header.class);
    }

    private static void add(ObjectNode tree, String field, JsonNode value) throws JsonProcessingException {
        if (tree.putIfAbsent(field, value) != null) {
            throw MismatchedInputException.from(null, Header.class, "its format has no field \"" + field + "\"");
        }
    }

    static String bootEntry(String sha256) {
        return "boot/" + sha256;
    }

    static String chunksEntry(ChunkOrigin origin, int segment) {
        return String.format(Locale.ROOT, "chunks/%s/%06d.zst", origin.name().toLowerCase(Locale.ROOT), segment + 1);
    }

    static String logEntry(int segment) {
        return String.format(Locale.ROOT, "log/%06d.zst", segment + 1);
    }

    static String checkpointEntry(int ordinal) {
        return String.format(Locale.ROOT, "checkpoints/%06d.json", ordinal + 1);
    }

    static String simulationEntry(int ordinal) {
        return String.format(Locale.ROOT, "simulations/%06d.json", ordinal + 1);
    }

    static long segments(long chunks) {
        return Math.ceilDiv(chunks, SEGMENT_CHUNKS);
    }

    private static final class InstantText extends StdScalarSerializer<Instant> {
        private static final long serialVersionUID = 1L;

        InstantText() {
            super(Instant.class);
        }

        @Override
        public void serialize(Instant value, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeString(value.toString());
        }
    }

    private static final class TextInstant extends StdScalarDeserializer<Instant> {
        private static final long serialVersionUID = 1L;

        TextInstant() {
            super(Instant.class);
        }

        @Override
        public Instant deserialize(JsonParser in, DeserializationContext context) throws IOException {
            String text = in.getValueAsString("");
            try {
                if (text.length() <= MAX_TIME_LENGTH) {
                    return Instant.parse(text);
                }
            } catch (DateTimeException e) {
                // said below
            }
            return (Instant) context.handleWeirdStringValue(Instant.class, "", "no point in time");
        }
    }
}
