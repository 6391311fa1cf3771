package dev.freezeframe.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.BundleImport.Options;
import dev.freezeframe.bundle.BundleImport.Report;
import dev.freezeframe.restore.ArrayGuest;
import dev.freezeframe.store.ImportChecks;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.suite.Forged;
import dev.freezeframe.suite.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A file that is no whole bundle, or that somebody made to do harm, is refused with one line, and the store is as it was.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileBundleTest {
    private static final String HEADER = "freezeframe.json";
    private static final String FIRST = "checkpoints/000001.json";
    private static final String SECOND = "checkpoints/000002.json";
    private static final String CHUNKS = "chunks/ram/000001.zst";
    private static final String LOG = "log/000001.zst";
    private static final String REST_OF_LOG = "log/000002.zst";
    private static final String SIMULATION = "simulations/000001.json";
    private static final String REST_OF_SIMULATION = "simulations/000002.json";
    private static final int LOG_BYTES = BundleFormat.LOG_SEGMENT_BYTES + 5000;

    private Path file;
    private Store from;
    private Store to;
    private ExperimentRecord recorded;
    private byte[] bundle;

    @BeforeAll
    void record(@TempDir Path folder) throws Exception {
        file = folder.resolve("run.freezeframe");
        from = Store.open(folder.resolve("from"));
        to = Store.open(folder.resolve("to"));
        recorded = ArrayGuest.record(from, "run", 4, 1);
        ArrayGuest.addLog(from, recorded, 12, LOG_BYTES, 1);
        ArrayGuest.addSimulation(from, recorded, "count", ImportChecks.MAX_PART_INTERVALS + 2, true);
        new BundleExport(from).write(recorded, file, false, Progress.NONE);
        bundle = Files.readAllBytes(file);
    }

    @AfterEach
    void theStoreIsAsItWas() throws Exception {
        assertEquals(List.of(), to.experiments());
        assertEquals(0, to.verify(Progress.NONE).chunks());
        assertFalse(Files.exists(to.directory().resolve("boot")));
    }

    @AfterAll
    void close() throws Exception {
        from.close();
        to.close();
    }

    private Report take(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        return new BundleImport(to).run(file, Options.DEFAULT, Progress.NONE);
    }

    private String refused(String what, byte[] bytes) {
        IOException refusal = assertThrows(IOException.class, () -> take(bytes), what);
        assertTrue(refusal instanceof BundleException || refusal instanceof StoreException, what + ": " + refusal);
        assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
        assertTrue(refusal.getMessage().length() < 600, refusal.getMessage());
        return refusal.getMessage();
    }

    @Test
    void aFileThatWasCutOffAnywhereIsRefused() {
        TreeSet<Integer> lengths = new TreeSet<>(List.of(0, 1, 29, 72, bundle.length - 1, bundle.length - 22));
        for (int i = 0; i < bundle.length - 1; i++) {
            if (bundle[i] == 'P' && bundle[i + 1] == 'K') {
                lengths.addAll(List.of(i, i + 1, i + 30));
            }
        }
        new Random(1).ints(200, 0, bundle.length).forEach(lengths::add);
        lengths.headSet(bundle.length).forEach(length -> refused("of length " + length, Arrays.copyOf(bundle, length)));
    }

    @Test
    void bytesThatWereAddedAreRefused() {
        refused("behind", Arrays.copyOf(bundle, bundle.length + 1));
        byte[] before = new byte[bundle.length + 5];
        System.arraycopy(bundle, 0, before, 5, bundle.length);
        refused("before", before);
    }

    /// What stands in the archive beside the contents, such as a time of day, may change without harm.
    @Test
    @Tag("slow")
    void aBitThatFlippedAnywhereIsRefusedOrHarmless() throws Exception {
        Random random = new Random(2);
        int[] places = IntStream.concat(IntStream.concat(random.ints(30, 0, 150), random.ints(40, bundle.length - 400,
                bundle.length)), random.ints(130, 0, bundle.length)).toArray();
        int refusals = 0;
        for (int place : places) {
            byte[] flipped = bundle.clone();
            flipped[place] ^= (byte) (1 << random.nextInt(8));
            try {
                Report report = take(flipped);
                ArrayGuest.assertEqual(from, recorded, to, report.experiment());
                to.deleteExperiment("run");
            } catch (BundleException e) {
                assertFalse(e.getMessage().contains("\n"), e.getMessage());
                refusals++;
            }
        }
        to.gc(Progress.NONE);
        assertTrue(refusals > places.length * 3 / 4, refusals + " of " + places.length);
    }

    @Test
    void whatIsNoBundleIsRefused() throws Exception {
        refused("nothing", new byte[0]);
        refused("text", "hello".repeat(1000).getBytes(StandardCharsets.UTF_8));
        ByteArrayOutputStream other = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(other)) {
            zip.putNextEntry(new ZipEntry("../../evil"));
        }
        refused("another archive", other.toByteArray());
        assertThrows(BundleException.class, () -> BundleImport.look(file.resolveSibling("nowhere")));
        assertThrows(BundleException.class, () -> BundleImport.look(file.getParent()));
    }

    @Test
    void aNewerFormatIsNamed() throws Exception {
        String message = refused("newer",
                changed(HEADER, text -> text.replace("\"format\":3,", "\"format\":7,\"more\":{},")));
        assertTrue(message.endsWith("was written by a newer Freezeframe (format 7); this one reads up to 3"), message);
        for (String format : List.of("0", "-1", "1e9", "\"1\"", "99999999999", "null", "[]")) {
            refused(format, changed(HEADER, text -> text.replaceFirst("\"format\":3,", "\"format\":" + format + ",")));
        }
    }

    @Test
    void anArchiveWithOtherEntriesIsRefused() throws Exception {
        for (String more : List.of("../../evil", "/etc/evil", "boot/x", "checkpoints/000005.json", "x\0y", "mimetype2",
                "chunks/ram/../../x", "log/000003.zst", "log/x", "simulations/000003.json",
                "simulations/x")) {
            refused(more, archive(entries -> entries.put(more, new byte[]{1}), true));
        }
        for (String gone : List.of(FIRST, CHUNKS, LOG, SIMULATION, REST_OF_SIMULATION, HEADER, "SHA256SUMS")) {
            refused(gone, archive(entries -> entries.remove(gone), !gone.equals("SHA256SUMS")));
        }
        refused("renamed", archive(entries -> entries.put("checkpoints/00001.json", entries.remove(FIRST)), true));
        // the archive cannot be written with one name twice, so a name is changed to that of another afterwards
        byte[] twice = archive(entries -> entries.put("chunks/ram/00000X.zst", new byte[]{1}), true);
        refused("twice", replaced(twice, "chunks/ram/00000X.zst", CHUNKS));
        byte[] instead = replaced(bundle, SECOND, FIRST);
        refused("one instead of another", instead);
    }

    @Test
    void contentsThatAreNotAsListedAreRefused() throws Exception {
        refused("note", archive(entries -> entries.compute(FIRST, (_, old) -> text(old, text -> text.replace("note",
                "Note"))), false));
        refused("chunks", archive(entries -> entries.put(CHUNKS, Zstd.compress(new byte[4096])), false));
        refused("list",
                archive(entries -> entries.compute("SHA256SUMS", (_, old) -> text(old, text -> text.replaceFirst(
                        "  ", " *"))), false));
        refused("order",
                archive(entries -> entries.compute("SHA256SUMS", (_, old) -> text(old, text -> String.join("\n",
                        text.lines().toList().reversed()) + "\n")), false));
        refused("empty", archive(entries -> entries.put("SHA256SUMS", new byte[0]), false));
    }

    @Test
    void countsThatCannotBeAreRefusedBeforeAnythingIsAllocated() throws Exception {
        for (String count : List.of("0", "-1", "3", "5", "100000", "2147483647", "9999999999", "4.0", "\"4\"")) {
            refused(count, changed(HEADER, text -> text.replace("\"checkpoints\":4", "\"checkpoints\":" + count)));
        }
        for (String count : List.of("0", "-1", "1", "4097", "549755813888", "9223372036854775807")) {
            refused(count, changed(HEADER, text -> text.replaceFirst("\"ram\":\\d+", "\"ram\":" + count)));
            refused(count, changed(HEADER, text -> text.replaceFirst("\"disk\":\\d+", "\"disk\":" + count)));
        }
        for (int at : List.of(10, 12, 16, 20)) {
            byte[] end = bundle.clone();
            ByteBuffer.wrap(end).order(ByteOrder.LITTLE_ENDIAN).putShort(end.length - 22 + at, (short) 0x7fff);
            refused("end of the archive, field " + at, end);
        }
        byte[] directory = bundle.clone();
        ByteBuffer.wrap(directory).order(ByteOrder.LITTLE_ENDIAN).putInt(directory.length - 22 + 12, 0x7fff_fff0);
        assertTrue(refused("directory", directory).contains("more entries"));
    }

    @Test
    @Tag("slow")
    void lengthBombsAreRefused() throws Exception {
        byte[] spaces = new byte[33 << 20];
        Arrays.fill(spaces, (byte) ' ');
        for (String name : List.of(HEADER, "SHA256SUMS", "mimetype")) {
            refused(name, archive(entries -> entries.put(name, spaces), !name.equals("SHA256SUMS")));
        }
        refused("checkpoint", bombed(FIRST, 257 << 20));
        // one that begins as a bundle does, and has another entry of that name behind it
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.write(bundle, 0, new String(bundle, StandardCharsets.ISO_8859_1).indexOf("PK\3\4", 1));
        both.write(bombed("mimetype", 1 << 20));
        String longer = refused("second mimetype", both.toByteArray());
        assertTrue(longer.contains("mimetype is longer"), longer);
        byte[] unfolds = Zstd.compress(new byte[64 << 20]);
        assertTrue(unfolds.length < 10_000);
        refused("chunks", archive(entries -> entries.put(CHUNKS, unfolds), true));
        refused("fewer chunks", archive(entries -> entries.put(CHUNKS, Zstd.compress(new byte[4096])), true));
        refused("no zstd", archive(entries -> entries.put(CHUNKS, new byte[100]), true));
        refused("too long", archive(entries -> entries.put(CHUNKS, new byte[17 << 20]), true));
        for (String json : List.of("[".repeat(100_000), "{\"a\":".repeat(100_000),
                "[" + "[],".repeat(1_000_000) + "[]]",
                "{\"number\":" + "1".repeat(100_000) + "}", "{\"note\":\"" + "x".repeat(3_000_000) + "\"}", "null", "",
                "7", "{}", "[]", "{\"number\":1,\"number\":1}")) {
            refused(json.substring(0, Math.min(20, json.length())), changed(FIRST, _ -> json));
            refused(json.substring(0, Math.min(20, json.length())), changed(HEADER, _ -> json));
        }
    }

    @Test
    void logsThatCannotBeAreRefused() throws Exception {
        String log = "\"log\":{\"start\":12,\"bytes\":" + LOG_BYTES + "}";
        for (String other : List.of("{\"start\":12,\"bytes\":0}", "{\"start\":12,\"bytes\":-1}",
                "{\"start\":-1,\"bytes\":" + LOG_BYTES + "}", "{\"start\":11,\"bytes\":" + LOG_BYTES + "}",
                "{\"start\":" + ImportChecks.MAX_LOG_BYTES + ",\"bytes\":" + LOG_BYTES + "}",
                "{\"start\":9223372036854775807,\"bytes\":" + LOG_BYTES + "}",
                "{\"start\":12,\"bytes\":9223372036854775807}", "{\"start\":12,\"bytes\":" + 3L * LOG_BYTES + "}",
                "{\"start\":12,\"bytes\":" + BundleFormat.LOG_SEGMENT_BYTES + "}", "{\"start\":12}",
                "{\"start\":12,\"bytes\":" + LOG_BYTES + ",\"more\":1}", "{}", "[]", "7", "null", "\"\"")) {
            refused(other, changed(HEADER, text -> text.replace(log, "\"log\":" + other)));
        }
        refused("no field", changed(HEADER, text -> text.replace("," + log, "")));
        String first = refused("in the first format", changed(HEADER, text -> text.replaceFirst("\"format\":3,",
                "\"format\":1,")));
        assertTrue(first.contains("its format has no field \"log\""), first);
        for (int bytes : new int[]{LOG_BYTES - 1, LOG_BYTES + 1}) {
            String message = refused("of " + bytes, changed(HEADER, text -> text.replace("\"bytes\":" + LOG_BYTES,
                    "\"bytes\":" + bytes)));
            assertTrue(message.contains(REST_OF_LOG + (bytes < LOG_BYTES ? " does not decompress" : " has 5000 bytes")),
                    message);
        }
    }

    @Test
    @Tag("slow")
    void segmentsOfALogThatAreNotAsLongAsTheyMustBeAreRefused() throws Exception {
        byte[] unfolds = Zstd.compress(new byte[64 << 20]);
        assertTrue(unfolds.length < 10_000);
        for (String name : List.of(LOG, REST_OF_LOG)) {
            for (byte[] content : List.of(unfolds, new byte[0], new byte[100], Zstd.compress(new byte[0]),
                    Zstd.compress(
                            new byte[4096]),
                    new byte[5 << 20])) {
                String message = refused(name + " of " + content.length, archive(entries -> entries.put(name, content),
                        true));
                assertTrue(message.contains(name), message);
            }
        }
        refused("exchanged", archive(entries -> {
            byte[] rest = entries.get(REST_OF_LOG);
            entries.put(REST_OF_LOG, entries.get(LOG));
            entries.put(LOG, rest);
        }, true));
        refused("not as listed", archive(entries -> entries.put(LOG, Zstd.compress(
                new byte[BundleFormat.LOG_SEGMENT_BYTES])), false));
    }

    @Test
    @Tag("slow")
    void simulationsThatCannotBeAreRefused() throws Exception {
        for (String count : List.of("0", "-1", "1", "3", "2147483647", "9999999999", "null", "\"2\"")) {
            refused(count, changed(HEADER, text -> text.replace("\"simulations\":2", "\"simulations\":" + count)));
        }
        refused("no field", changed(HEADER, text -> text.replace(",\"simulations\":2", "")));
        String second = refused("in the second format", changed(HEADER, text -> text.replaceFirst("\"format\":3,",
                "\"format\":2,")));
        assertTrue(second.contains("its format has no field \"simulations\""), second);
        for (String[] wrong : new String[][]{{"\"plugin\":\"count\"", "\"plugin\":null"},
                {"\"plugin\":\"count\"", "\"plugin\":\"a\\\\nb\""},
                {"\"plugin\":\"count\"", "\"plugin\":\"" + "x".repeat(2001) + "\""},
                {"\"first\":1,", "\"first\":0,"}, {"\"first\":1,", "\"first\":2000000000,"},
                {"\"last\":\\d+", "\"last\":1"}, {"\"last\":\\d+", "\"last\":2147483647"},
                {"\"every\":1", "\"every\":0"}, {"\"proof\":true", "\"proof\":1"},
                {"\"startedAt\":\"[^\"]*\"", "\"startedAt\":\"-0001-01-01T00:00:00Z\""},
                {"\"endedAt\":\"[^\"]*\"", "\"endedAt\":\"+1000000000-12-31T23:59:59Z\""},
                {"\"endedAt\":\"[^\"]*\"", "\"endedAt\":null"}, {"\"simulation\":\\{[^}]*}", "\"simulation\":null"},
                {"\"from\":1,", "\"from\":0,"}, {"\"from\":1,", "\"from\":2,"}, {"\"to\":2,", "\"to\":1,"},
                {"\"to\":2,", "\"to\":2000,"}, {"\"instructions\":1000,", "\"instructions\":-1,"},
                {"\"instructions\":1000,", "\"instructions\":99999999999999999999,"},
                {"\"state\":\"[A-Z_]*\"", "\"state\":\"FINE\""}, {"\"state\":\"[A-Z_]*\"", "\"state\":0"},
                {"\"state\":\"[A-Z_]*\"", "\"state\":null"}, {"\"reason\":\"\"", "\"reason\":\"\\\\u001b[31m\""},
                {"\"reason\":\"\"", "\"reason\":null"}, {"\"cpu\"", "\"a\\\\nb\""}, {"\"cpu\"", "null"},
                {"\"worker\":2", "\"worker\":0"}, {"\"runMillis\":1001", "\"runMillis\":-1"},
                {"\"result\":\"", "\"result\":\"["}, {"\"result\":\"", "\"result\":\"{} "},
                {"\"result\":\"[^}]*}\"", "\"result\":\"\""}, {"\"result\":\"[^}]*}\"", "\"result\":\"" + "["
                        .repeat(5000) + "\""},
                {"\"intervals\":\\[", "\"intervals\":[null,"}, {"\"intervals\":", "\"Intervals\":"},
                {"\"intervals\":", "\"more\":1,\"intervals\":"}}) {
            refused(wrong[0] + " to " + wrong[1], changed(SIMULATION, text -> text.replaceFirst(wrong[0], wrong[1])));
        }
        String said = refused("more than is read at once", changed(SIMULATION, text -> text.replace("\"result\":\"",
                "\"result\":\"" + " ".repeat(5000))));
        assertTrue(said.contains("what is said of its intervals is too long"), said);
        refused("more intervals than is read at once", archive(entries -> entries.put(SIMULATION, text(entries.get(
                SIMULATION), text -> text.replaceFirst("]}$", "," + interval(1001) + "," + interval(1002) + "]}"))),
                true));
        refused("exchanged", archive(entries -> {
            byte[] rest = entries.get(REST_OF_SIMULATION);
            entries.put(REST_OF_SIMULATION, entries.get(SIMULATION));
            entries.put(SIMULATION, rest);
        }, true));
        refused("twice", archive(entries -> entries.put(REST_OF_SIMULATION, text(entries.get(SIMULATION),
                text -> text.replaceFirst("\"simulation\":\\{[^}]*}", "\"simulation\":null"))), true));
    }

    private static String interval(int from) {
        return "{\"from\":" + from + ",\"to\":" + (from + 1)
                + ",\"instructions\":1,\"state\":\"PROVEN\",\"reason\":\"\","
                + "\"pagesDiffering\":0,\"devicesDiffering\":[],\"restoreMillis\":1,\"runMillis\":1,\"proofMillis\":1,"
                + "\"worker\":1,\"result\":\"{}\"}";
    }

    @Test
    void textsThatAreTooLongOrNoTextsAreRefused() throws Exception {
        for (String name : List.of("", "a/b", "../x", "x\\n", "\\u001b[31m", "\\u202egpj", "latest", "x".repeat(201),
                "-rf")) {
            refused(name, changed(HEADER, text -> text.replace("\"name\":\"run\"", "\"name\":\"" + name + "\"")));
        }
        refused("writer",
                changed(HEADER, text -> text.replaceFirst("\"writtenBy\":\"[^\"]*\"", "\"writtenBy\":\"\\\\n\"")));
        refused("reason", changed(HEADER, text -> text.replaceFirst("\"endReason\":\"[^\"]*\"", "\"endReason\":\""
                + "x".repeat(2001) + "\"")));
        for (String date : List.of("+1000000000-12-31T23:59:59Z", "-0001-01-01T00:00:00Z", "yesterday", "")) {
            refused(date,
                    changed(HEADER, text -> text.replaceFirst("\"startedAt\":\"[^\"]*\"", "\"startedAt\":\"" + date
                            + "\"")));
            refused(date,
                    changed(FIRST, text -> text.replaceFirst("\"capturedAt\":\"[^\"]*\"", "\"capturedAt\":\"" + date
                            + "\"")));
        }
        refused("note", changed(FIRST, text -> text.replaceFirst("\"note\":\"", "\"note\":\"" + "x".repeat(4001))));
        refused("NUL", changed(FIRST, text -> text.replaceFirst("\"note\":\"", "\"note\":\"\\\\u0000")));
        refused("tag", changed(FIRST, text -> text.replace("\"keep\"", "\"two words\"")));
        refused("null", changed(FIRST, text -> text.replace("\"keep\"", "null")));
        refused("picture", changed(FIRST, text -> text.replace("\"kind\":\"console\"", "\"kind\":\"screen\"")));
        refused("kind", changed(FIRST, text -> text.replace("\"kind\":\"console\"", "\"kind\":\"film\"")));
        ByteBuffer screen = ByteBuffer.allocate(100).put(new byte[]{(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'})
                .putInt(13).put("IHDR".getBytes(StandardCharsets.US_ASCII)).putInt(60_000).putInt(60_000);
        refused("a screen that unfolds", changed(FIRST, text -> text.replaceFirst("\"picture\":\\{[^}]*}",
                "\"picture\":{\"kind\":\"screen\",\"content\":\"" + Base64.getEncoder().encodeToString(screen.array())
                        + "\"}")));
    }

    @Test
    void mapsThatPointNowhereAreRefused() throws Exception {
        int chunks = Integer.parseInt(new String(entries(bundle).get(HEADER), StandardCharsets.UTF_8).replaceFirst(
                "(?s).*\"disk\":(\\d+).*", "$1"));
        byte[] raw = Zstd.decompress(entries(bundle).get("chunks/disk/000001.zst"), chunks * ChunkId.CHUNK_BYTES);
        assertTrue(refused("a chunk less", archive(entries -> {
            entries.put("chunks/disk/000001.zst", Zstd.compress(Arrays.copyOf(raw, raw.length - ChunkId.CHUNK_BYTES)));
            entries.compute(HEADER, (_, old) -> text(old, text -> text.replace("\"disk\":" + chunks, "\"disk\":"
                    + (chunks - 1))));
        }, true)).contains("names a chunk that is not there"));
        for (String base : List.of("2", "3", "0", "-1", "99", "2147483647")) {
            refused("base " + base, changed(SECOND, text -> text.replaceFirst("\"base\":1", "\"base\":" + base)));
        }
        refused("a base of the first", changed(FIRST, text -> text.replaceFirst("\"base\":null", "\"base\":1")));
        for (String[] wrong : new String[][]{{"\"lengthBytes\":1048576", "\"lengthBytes\":4398046511104"},
                {"\"lengthBytes\":1048576", "\"lengthBytes\":-1"}, {"\"name\":\"ram\"", "\"name\":\"disk/disk0\""},
                {"\"name\":\"ram\"", "\"name\":\"disk/../x\""}, {"\"name\":\"ram\"", "\"name\":\"other\""},
                {"\"name\":\"disk/disk0\"", "\"name\":\"disk/disk1\""}, {"\"entries\":\\d+", "\"entries\":32768"},
                {"\"entries\":\\d+", "\"entries\":-1"}, {"\"encodedBytes\":\\d+", "\"encodedBytes\":2147483647"},
                {"\"content\":\"[^\"]*\"}]}", "\"content\":\"AAAA\"}]}"},
                {"\"content\":\"[^\"]*\"}]}", "\"content\":null}]}"},
                {"\"runs\":\\d+", "\"runs\":1"}, {"\"pages\":\\d+", "\"pages\":-5"}, {"\"images\":", "\"Images\":"},
                {"\"map\":\\[\\{", "\"map\":[null,{"}}) {
            refused(wrong[0] + " to " + wrong[1], changed(FIRST, text -> text.replaceFirst(wrong[0], wrong[1])));
        }
    }

    @Test
    void figuresThatCannotBeAreRefused() throws Exception {
        for (String field : List.of("dirtyPages", "newPages", "zeroPages", "ramPages", "storedBytes", "dirtyBlocks",
                "pauseMicros", "deviceStateBytes", "sizeBytes", "readBytes", "rounds")) {
            // A pause may be below zero: see BundleTest.
            long little = field.equals("pauseMicros") ? Long.MIN_VALUE : -3;
            refused(field, changed(FIRST, text -> text.replaceFirst("\"" + field + "\":\\d+", "\"" + field + "\":"
                    + little)));
            refused(field, changed(FIRST, text -> text.replaceFirst("\"" + field + "\":\\d+", "\"" + field
                    + "\":9223372036854775807")));
        }
        for (String number : List.of("0", "-1", "2", "2147483647")) {
            refused(number, changed(FIRST, text -> text.replaceFirst("\"number\":1", "\"number\":" + number)));
        }
        refused("disk", changed(FIRST, text -> text.replaceFirst("\"disk\":\"disk0\"", "\"disk\":\"../x\"")));
        String back = refused("instructions", changed(FIRST, text -> text.replaceFirst("\"dirtyPages\"",
                "\"instructions\":5,\"dirtyPages\"")));
        assertTrue(back.contains("its instructions are less than those before it"), back);
        refused("null", changed(FIRST, text -> text.replaceFirst("\"phaseMicros\":\\{[^}]*}", "\"phaseMicros\":null")));
        refused("missing", changed(FIRST, text -> text.replaceFirst("\"lateX?\":\\d+,", "")));
    }

    @Test
    void machinesThatCannotBeAreRefused() throws Exception {
        for (String[] wrong : new String[][]{{"\"memoryBytes\":1048576", "\"memoryBytes\":2097152"},
                {"\"ramBytes\":1048576", "\"ramBytes\":2097152"},
                {"\"profileName\":\"array\"", "\"profileName\":\"../x\""},
                {"\"machineType\":\"pc-i440fx-7.2\"", "\"machineType\":\"\""},
                {"\"machineType\":\"pc-i440fx-7.2\"", "\"machineType\":\"pc,dumpdtb=x\""},
                {"\"machineType\":\"pc-i440fx-7.2\"", "\"machineType\":\"x-remote\""},
                {"\"machine\":\"pc\"", "\"machine\":\"x-remote\""},
                {"\"machine\":\"pc\"", "\"machine\":\"xenfv\""},
                {"\"machine\":\"pc\"", "\"machine\":\"pc,dumpdtb=/home/x\""},
                {"\"display\":\"none\"", "\"display\":\"none\",\"kernel\":\"/etc/passwd\""},
                {"\"display\":\"none\"", "\"display\":\"none\",\"firmware\":\"/etc/passwd\""},
                {"\"machine\":\\{\"format\":1", "\"machine\":{\"format\":9"},
                {"\"machine\":\\{\"format\":1", "\"machine\":[],\"x\":{\"format\":1"},
                {"\"bootFiles\":\\[]}}",
                        "\"bootFiles\":[{\"role\":\"kernel\",\"path\":\"/x\\\\u0000y\",\"sha256\":\"0\"}]}}"},
                {"\"bootFiles\":\\[],\"log\"", "\"bootFiles\":[{\"sha256\":\"../../x\",\"bytes\":1}],\"log\""}}) {
            refused(wrong[1], changed(HEADER, text -> text.replaceFirst(wrong[0], wrong[1])));
        }
    }

    /// With a list of contents that fits, as whoever makes it on purpose can write one.
    @Test
    void anotherValueAnywhereIsRefusedOrTaken() throws Exception {
        Seeds.check(40, random -> {
            String name = List.of(HEADER, FIRST, SECOND, REST_OF_SIMULATION).get(random.nextInt(4));
            byte[] forged = archive(entries -> entries.compute(name, (_, old) -> text(old, json -> Forged.json(random,
                    json))), true);
            try {
                to.deleteExperiment(take(forged).experiment().name());
            } catch (BundleException | StoreException e) {
                assertFalse(e.getMessage().contains("\n"), e.getMessage());
                assertTrue(e.getMessage().length() < 600, e.getMessage());
            }
        });
        to.gc(Progress.NONE);
    }

    // --- making archives

    private byte[] changed(String name, UnaryOperator<String> change) throws IOException {
        byte[] before = entries(bundle).get(name);
        byte[] after = text(before, change);
        assertFalse(Arrays.equals(before, after),
                "nothing was changed in " + new String(before, StandardCharsets.UTF_8));
        return archive(entries -> entries.put(name, after), true);
    }

    private static byte[] text(byte[] old, UnaryOperator<String> change) {
        return change.apply(new String(old, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, byte[]> entries(byte[] archive) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(archive))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                entries.put(entry.getName(), zip.readAllBytes());
            }
        }
        return entries;
    }

    /// The bundle with other entries.
    ///
    /// @param listed whether the list of contents is made to fit
    private byte[] archive(Consumer<Map<String, byte[]>> change, boolean listed) throws IOException {
        Map<String, byte[]> entries = entries(bundle);
        change.accept(entries);
        if (listed) {
            entries.remove("SHA256SUMS");
            Map<String, String> sums = new LinkedHashMap<>();
            entries.forEach((name, content) -> sums.put(name, Sha256.of(content)));
            entries.put("SHA256SUMS", Sha256.list(sums));
        }
        return zipped(entries);
    }

    private static byte[] zipped(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(archive)) {
            for (Map.Entry<String, byte[]> each : entries.entrySet()) {
                put(zip, each.getKey(), each.getValue());
            }
        }
        return archive.toByteArray();
    }

    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(java.time.LocalDateTime.of(1980, 2, 1, 0, 0));
        if (name.equals("mimetype")) {
            CRC32 crc = new CRC32();
            crc.update(content);
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(content.length);
            entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    /// The bundle with an entry of spaces, with the right hash.
    private byte[] bombed(String bomb, int bytes) throws IOException {
        Map<String, byte[]> entries = entries(bundle);
        entries.remove("SHA256SUMS");
        byte[] spaces = new byte[1 << 20];
        Arrays.fill(spaces, (byte) ' ');
        Map<String, String> sums = new LinkedHashMap<>();
        var digest = Sha256.digest();
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(archive)) {
            for (Map.Entry<String, byte[]> each : entries.entrySet()) {
                if (each.getKey().equals(bomb)) {
                    zip.putNextEntry(new ZipEntry(bomb));
                    OutputStream out = new java.security.DigestOutputStream(zip, digest);
                    for (int written = 0; written < bytes; written += spaces.length) {
                        out.write(spaces);
                    }
                    zip.closeEntry();
                    sums.put(bomb, java.util.HexFormat.of().formatHex(digest.digest()));
                } else {
                    put(zip, each.getKey(), each.getValue());
                    sums.put(each.getKey(), Sha256.of(each.getValue()));
                }
            }
            put(zip, "SHA256SUMS", Sha256.list(sums));
        }
        return archive.toByteArray();
    }

    /// The bytes with one name in the place of another of the same length.
    private static byte[] replaced(byte[] archive, String name, String other) {
        String text = new String(archive, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains(name));
        return text.replace(name, other).getBytes(StandardCharsets.ISO_8859_1);
    }
}
