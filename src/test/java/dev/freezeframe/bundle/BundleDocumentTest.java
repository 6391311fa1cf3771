package dev.freezeframe.bundle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.bundle.BundleFormat.BootText;
import dev.freezeframe.bundle.BundleFormat.CheckpointText;
import dev.freezeframe.bundle.BundleFormat.Chunks;
import dev.freezeframe.bundle.BundleFormat.ExperimentText;
import dev.freezeframe.bundle.BundleFormat.Header;
import dev.freezeframe.bundle.BundleFormat.ImageText;
import dev.freezeframe.bundle.BundleFormat.LogText;
import dev.freezeframe.bundle.BundleFormat.PictureText;
import dev.freezeframe.bundle.BundleFormat.SimulationPart;
import dev.freezeframe.bundle.BundleFormat.SimulationText;
import dev.freezeframe.cli.Document;
import dev.freezeframe.store.ImportChecks;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.FigureValues;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.ImportedCheckpoint;
import dev.freezeframe.store.model.ImportedCheckpoint.ClassPart;
import dev.freezeframe.store.model.ImportedCheckpoint.MapPart;
import dev.freezeframe.store.model.SimulatedInterval;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The document of the bundle's format tells the truth: its numbers are the code's, its entries and bytes those of a bundle that
/// an older version wrote, its fields those that are written and read.
class BundleDocumentTest {
    private static final Path FILE = Path.of("src/main/resources/dev/freezeframe/bundle/FORMAT.md");
    private static final Path BUNDLE = Path.of(
            "src/test/resources/dev/freezeframe/bundle/bundle-format-1.freezeframe");
    private static final String HASH = "5".repeat(Sha256.DIGITS);
    private static final Instant TIME = Instant.parse("2026-11-22T10:15:20Z");

    private static Document document;

    @BeforeAll
    static void read() throws Exception {
        document = Document.read(FILE);
    }

    private static List<List<String>> rows(String head) {
        return document.rowsOfTablesHeaded(head);
    }

    /// Of everything one, and nothing left out.
    private static Header header() {
        return new Header(BundleFormat.VERSION, "Freezeframe", new ExperimentText("run", "array", 4096, TIME, TIME,
                "done", "other/1", BundleFormat.JSON.createObjectNode().put("format", 1)), 1, new Chunks(1, 1),
                List.of(
                        new BootText(HASH, 1)),
                new LogText(12, 1), 1);
    }

    private static CheckpointText checkpoint() {
        byte[] content = {1};
        return new CheckpointText(1, new CheckpointMetrics(TIME, FigureValues.none(CheckpointFigure.class), List.of()),
                "note", List.of("tag"), new PictureText("console", content), List.of(new ClassPart(1, 1, 2, content)),
                List.of(new ImageText("ram", 4096, 1, List.of(new MapPart(1, 2, content)))));
    }

    private static SimulationPart simulation() {
        return new SimulationPart(new SimulationText("count", true, 1, 2, 1, TIME, TIME),
                List.of(new SimulatedInterval(1,
                        2, 3, EndState.PROVEN, "", 0, List.of("cpu"), 1, 1, 1, 1, "{}")));
    }

    @Test
    void everyNumberStandsInATableThatIsComparedHere() {
        assertEquals(List.of("format", "entry", "byte", "number", "object", "part", "piece"), document.headsOfTables());
        assertEquals(List.of(), document.numbersOutsideOfTables());
    }

    @Test
    void everyFormatIsTold() {
        assertEquals(IntStream.rangeClosed(1, BundleFormat.VERSION).mapToObj(Integer::toString).toList(), rows("format")
                .stream().map(List::getFirst).toList());
    }

    @Test
    void theNumbersAreThoseOfTheCode() {
        StreamReadConstraints json = BundleFormat.JSON.getFactory().streamReadConstraints();
        Map<String, Long> expected = new LinkedHashMap<>();
        expected.put("chunk", (long) ChunkId.CHUNK_BYTES);
        expected.put("segment", (long) BundleFormat.SEGMENT_CHUNKS);
        expected.put("first chunk", ImportedCheckpoint.FIRST_CHUNK);
        expected.put("chunks", BundleFormat.MAX_CHUNKS);
        expected.put("log segment", (long) BundleFormat.LOG_SEGMENT_BYTES);
        expected.put("log", ImportChecks.MAX_LOG_BYTES);
        expected.put("checkpoints", (long) ImportChecks.MAX_CHECKPOINTS);
        expected.put("simulation parts", (long) BundleFormat.MAX_SIMULATION_PARTS);
        expected.put("part", (long) ImportChecks.MAX_PART_INTERVALS);
        expected.put("said", (long) ImportChecks.MAX_PART_CHARACTERS);
        expected.put("simulations", (long) ImportChecks.MAX_SIMULATIONS);
        expected.put("intervals", (long) ImportChecks.MAX_INTERVALS);
        expected.put("said in all", ImportChecks.MAX_CHARACTERS);
        expected.put("disks", (long) ImportChecks.MAX_DISKS);
        expected.put("boot files", (long) BundleFormat.MAX_BOOT_FILES);
        expected.put("boot file", BundleFormat.MAX_BOOT_FILE_BYTES);
        expected.put("header", (long) BundleFormat.MAX_HEADER_BYTES);
        expected.put("machine", (long) BundleFormat.MAX_MACHINE_LENGTH);
        expected.put("name", (long) BundleImport.SHORT);
        expected.put("line", (long) IntStream.rangeClosed(0, 4000).filter(length -> BundleImport.LINE.matcher("x"
                .repeat(length)).matches()).max().orElseThrow());
        expected.put("file name", (long) BundleImport.MAX_FILE_NAME);
        expected.put("checkpoint", (long) BundleImport.MOST_CHECKPOINT_BYTES);
        expected.put("device state", ImportChecks.MAX_DEVICE_STATE_BYTES);
        expected.put("pixels", ImportChecks.MAX_PIXELS);
        expected.put("list", (long) BundleReader.MAX_SUMS_BYTES);
        expected.put("directory", BundleReader.MAX_DIRECTORY_BYTES);
        expected.put("time", (long) BundleFormat.MAX_TIME_LENGTH);
        expected.put("nesting", (long) json.getMaxNestingDepth());
        expected.put("digits", (long) json.getMaxNumberLength());
        expected.put("field", (long) json.getMaxNameLength());
        expected.put("text", (long) json.getMaxStringLength());
        expected.put("tokens", json.getMaxTokenCount());
        expected.put("first figures", (long) MetricsJson.FIRST_FORMAT);
        Map<String, Long> told = new LinkedHashMap<>();
        rows("number").forEach(row -> told.put(row.getFirst(), Document.number(row.get(1))));
        assertEquals(expected, told);
        assertEquals(BundleFormat.MAX_BOOT_FILES, BundleImport.ROLES.size());
    }

    @Test
    void theEntriesAreThoseOfTheHeader() {
        assertEquals(rows("entry").stream().map(row -> Document.plain(row.getFirst())).toList(),
                header().entries().stream().map(
                        entry -> entry.replace(HASH, "SHA256")).toList());
    }

    @Test
    void aBundleOfTheFirstFormatIsAsItIsTold() throws Exception {
        byte[] bytes = Files.readAllBytes(BUNDLE);
        List<List<String>> places = rows("byte");
        assertEquals(List.of("PK and the rest of a local header's signature", BundleFormat.MIME_ENTRY,
                BundleFormat.MIME_TYPE), places.stream().map(row -> Document.plain(row.get(1))).toList());
        for (List<String> place : places) {
            String there = Document.plain(place.get(1)).split(" ", 2)[0];
            assertEquals(there, new String(bytes, (int) Document.number(place.getFirst()), there.length(),
                    StandardCharsets.US_ASCII));
        }
        try (ZipFile zip = new ZipFile(BUNDLE.toFile(), StandardCharsets.UTF_8)) {
            List<String> names = zip.stream().map(ZipEntry::getName).toList();
            Header header = BundleFormat.header((ObjectNode) BundleFormat.JSON.readTree(content(zip,
                    BundleFormat.HEADER_ENTRY)));
            assertEquals(BundleFormat.FIRST, header.format());
            assertArrayEquals(content(zip, BundleFormat.HEADER_ENTRY), BundleFormat.bytes(header),
                    "written again it is the same");
            assertEquals(header.entries(), names);
            assertNull(zip.getComment());
            for (String name : names) {
                assertEquals(meaning(name).contains("stored as it is"),
                        zip.getEntry(name).getMethod() == ZipEntry.STORED, name);
            }
            List<String> lines = new String(content(zip, BundleFormat.SUMS_ENTRY), StandardCharsets.US_ASCII).lines()
                    .toList();
            for (int i = 0; i < lines.size(); i++) {
                assertEquals(Sha256.of(content(zip, names.get(i))) + "  " + names.get(i), lines.get(i));
            }
            assertEquals(names.size() - 1, lines.size());
        }
    }

    private static byte[] content(ZipFile zip, String name) throws Exception {
        try (InputStream in = zip.getInputStream(zip.getEntry(name))) {
            return in.readAllBytes();
        }
    }

    private static String meaning(String entry) {
        String first = entry.replaceFirst("\\d{6}", "000001");
        return rows("entry").stream().filter(row -> Document.plain(row.getFirst()).equals(first)).findFirst()
                .orElseThrow().get(
                        2);
    }

    @Test
    void theFieldsAreThoseOfTheRecords() {
        assertEquals(fields(Header.class, ExperimentText.class, Chunks.class, BootText.class, LogText.class),
                toldFields(
                        "object"));
        assertEquals(fields(CheckpointText.class, PictureText.class, ImageText.class, MapPart.class, ClassPart.class),
                toldFields("part"));
        assertEquals(fields(SimulationPart.class, SimulationText.class, SimulatedInterval.class), toldFields("piece"));
    }

    private static List<String> toldFields(String head) {
        return rows(head).stream()
                .map(row -> Document.plain(row.getFirst() + " " + row.get(1) + " " + row.get(2).replace(
                        " or null", "")))
                .toList();
    }

    private static List<String> fields(Class<?>... records) {
        List<String> fields = new ArrayList<>();
        for (Class<?> record : records) {
            for (RecordComponent component : record.getRecordComponents()) {
                fields.add(record.getSimpleName() + " " + component.getName() + " " + text(component.getGenericType()));
            }
        }
        return fields;
    }

    private static String text(Type type) {
        if (type instanceof ParameterizedType list) {
            return "list of " + text(list.getActualTypeArguments()[0]);
        }
        Class<?> plain = (Class<?>) type;
        if (plain == int.class || plain == long.class || plain == Integer.class) {
            return "number";
        }
        if (plain == JsonNode.class || plain == CheckpointMetrics.class) {
            return "object";
        }
        return Map.of(String.class, "text", Instant.class, "time", byte[].class, "bytes").getOrDefault(plain, plain
                .getSimpleName());
    }

    /// Where an object of each kind is in what is written of [#header], [#checkpoint] and [#simulation].
    private static final Map<String, String> PLACES = Map.of("Header", "", "ExperimentText", "/experiment", "Chunks",
            "/chunks", "BootText", "/bootFiles/0", "LogText", "/log", "CheckpointText", "", "PictureText", "/picture",
            "ClassPart",
            "/pageClasses/0", "ImageText", "/images/0", "MapPart", "/images/0/map/0");
    private static final Map<String, String> PLACES_OF_SIMULATIONS = Map.of("SimulationPart", "", "SimulationText",
            "/simulation", "SimulatedInterval", "/intervals/0");

    @Test
    void whatMayBeNullMayBeNullAndNothingElseMayBeMissing() throws Exception {
        for (String head : List.of("object", "part", "piece")) {
            Object whole = switch (head) {
                case "object" -> header();
                case "part" -> checkpoint();
                default -> simulation();
            };
            for (List<String> row : rows(head)) {
                String object = Document.plain(row.getFirst());
                String field = Document.plain(row.get(1));
                JsonNode tree = BundleFormat.JSON.readTree(BundleFormat.JSON.writeValueAsBytes(whole));
                assertTrue(isTaken(tree, whole.getClass()), object);
                // Jackson makes a node of it, which is no machine
                if (!field.equals("machine")) {
                    ((ObjectNode) tree.at(place(object))).putNull(field);
                    assertEquals(row.get(2).contains("or null"), isTaken(tree, whole.getClass()), object + "." + field);
                }
                ((ObjectNode) tree.at(place(object))).remove(field);
                assertFalse(isTaken(tree, whole.getClass()), object + "." + field + " is left out");
            }
        }
    }

    private static String place(String object) {
        return PLACES.getOrDefault(object, PLACES_OF_SIMULATIONS.get(object));
    }

    private static boolean isTaken(JsonNode tree, Class<?> type) throws IOException {
        try {
            return BundleFormat.JSON.readValue(BundleFormat.JSON.writeValueAsBytes(tree), type) != null;
        } catch (JsonProcessingException e) {
            return false;
        }
    }
}
