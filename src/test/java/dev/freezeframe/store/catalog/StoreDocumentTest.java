package dev.freezeframe.store.catalog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.freezeframe.base.CorruptionException;
import dev.freezeframe.base.Varints;
import dev.freezeframe.cli.Document;
import dev.freezeframe.restore.ArrayGuest;
import dev.freezeframe.store.BootFiles;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.StoreTables;
import dev.freezeframe.store.StoreTables.Column;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.DiskFigure;
import dev.freezeframe.store.figure.Figure;
import dev.freezeframe.store.lock.StoreLock;
import dev.freezeframe.store.lock.StoreOwner;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ChunkId;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import dev.freezeframe.store.model.PageClass;
import dev.freezeframe.store.model.PageClassCodec;
import dev.freezeframe.store.model.PageClassMap;
import dev.freezeframe.store.model.PageMap;
import dev.freezeframe.store.model.PageMapCodec;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.store.pack.ChunkHash;
import dev.freezeframe.store.pack.LogPiece;
import dev.freezeframe.store.pack.PackCodec;
import dev.freezeframe.store.pack.PackDraft;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import net.openhft.hashing.LongHashFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The document of the store's format tells the truth: its numbers are the code's, its tables are those of stores of every format,
/// and its examples and formulas are what is really written.
class StoreDocumentTest {
    private static final Path FILE = Path.of("src/main/resources/dev/freezeframe/store/FORMAT.md");
    private static final Pattern NUMBER = Pattern.compile("\\d[\\d,]*");

    private static Document document;

    @TempDir
    private Path directory;

    @BeforeAll
    static void read() throws Exception {
        document = Document.read(FILE);
    }

    private static List<List<String>> rows(String head) {
        return document.rowsOfTablesHeaded(head);
    }

    private static List<Long> numbersIn(String cell) {
        return NUMBER.matcher(cell).results().map(MatchResult::group).map(Document::number).toList();
    }

    /// Of the table of numbers.
    private static long told(String name) {
        return Document.number(
                rows("number").stream().filter(row -> row.getFirst().equals(name)).findFirst().orElseThrow().get(
                        1));
    }

    @Test
    void everyNumberStandsInATableThatIsComparedHere() {
        assertEquals(List.of("format", "file", "line", "number", "table", "image", "bits", "byte", "codec",
                "checksum of", "bytes of a page map", "bytes of a class map", "class"), document.headsOfTables());
        assertEquals(List.of(), document.numbersOutsideOfTables());
    }

    @Test
    void everyFormatIsTold() {
        assertEquals(IntStream.rangeClosed(1, Schema.VERSION).mapToObj(Integer::toString).toList(), rows("format")
                .stream().map(List::getFirst).toList());
    }

    @Test
    void theNumbersAreThoseOfTheCode() {
        Map<String, Long> expected = new LinkedHashMap<>();
        expected.put("chunk", (long) ChunkId.CHUNK_BYTES);
        expected.put("slot bits", (long) ChunkId.SLOT_BITS);
        expected.put("id bits", (long) ChunkId.ID_BITS);
        expected.put("zero chunk", ChunkId.ZERO);
        expected.put("first chunk", ChunkId.of(1, 0));
        expected.put("pack id", ChunkId.MAX_PACK_ID);
        expected.put("slots", (long) ChunkId.MAX_SLOTS);
        expected.put("chunks of a new pack", (long) PackDraft.CHUNKS);
        expected.put("hash", 2L * Long.BYTES);
        expected.put("row", (long) PackCodec.MAX_ROW_BYTES);
        expected.put("map entries", (long) PageMapCodec.MAX_ENTRIES);
        expected.put("map entry, shortest", (long) least(StoreDocumentTest::isLengthOfAMapEntry));
        expected.put("map entry, longest", (long) most(StoreDocumentTest::isLengthOfAMapEntry));
        expected.put("class runs", (long) PageClassCodec.MAX_RUNS);
        expected.put("class run, shortest", (long) least(StoreDocumentTest::isLengthOfAClassRun));
        expected.put("class run, longest", (long) most(StoreDocumentTest::isLengthOfAClassRun));
        expected.put("class bits", (long) Integer.numberOfTrailingZeros(
                encoded(classMap(2, List.of(PageClass.UNCHANGED, PageClass.UNCHANGED)))[1]));
        expected.put("varint", (long) most(StoreDocumentTest::isLengthOfANumber));
        expected.put("chain", (long) ImageTable.MAX_CHAIN);
        expected.put("image", ImageTable.MAX_IMAGE_BYTES);
        expected.put("log piece", (long) LogPiece.MAX_BYTES);
        expected.put("note", (long) Annotation.MAX_NOTE_LENGTH);
        expected.put("tag", (long) Annotation.MAX_TAG_LENGTH);
        expected.put("tags", (long) Annotation.MAX_TAGS);
        expected.put("screen", (long) Picture.MAX_SCREEN_BYTES);
        expected.put("console", (long) Picture.MAX_CONSOLE_BYTES);
        expected.put("header block", (long) FileHeader.BLOCK_BYTES);
        expected.put("header", (long) FileHeader.BYTES);
        expected.put("states kept", (long) OwnedFiles.VERSIONS_KEPT);
        Map<String, Long> told = new LinkedHashMap<>();
        rows("number").forEach(row -> told.put(row.getFirst(), Document.number(row.get(1))));
        assertEquals(expected, told);
        assertEquals(List.of("0–" + (ChunkId.SLOT_BITS - 1), ChunkId.SLOT_BITS + "–" + (ChunkId.ID_BITS - 1)), rows(
                "bits").stream().map(List::getFirst).toList());
        assertEquals(List.of(NewCheckpoint.RAM, NewCheckpoint.DEVICE_STATE, NewCheckpoint.disk("ID")), rows("image")
                .stream().map(row -> Document.plain(row.getFirst())).toList());
    }

    private static int least(IntPredicate allowed) {
        return IntStream.rangeClosed(0, 62).filter(allowed).min().orElseThrow();
    }

    private static int most(IntPredicate allowed) {
        return IntStream.rangeClosed(0, 62).filter(allowed).max().orElseThrow();
    }

    private static boolean isLengthOfAMapEntry(int bytes) {
        try {
            PageMapCodec.decode(new PageMapCodec.Piece(1, bytes, Zstd.compress(new byte[bytes])), 1, (page, id) -> {});
            return true;
        } catch (CorruptionException e) {
            return !e.getMessage().contains("cannot be");
        }
    }

    private static boolean isLengthOfAClassRun(int bytes) {
        try {
            PageClassCodec.decode(new PageClassCodec.Piece(1, 1, bytes, Zstd.compress(new byte[bytes])), 1,
                    (first, count, pageClass) -> {});
            return true;
        } catch (CorruptionException e) {
            return !e.getMessage().contains("cannot be");
        }
    }

    private static boolean isLengthOfANumber(int bits) {
        byte[] bytes = new byte[16];
        long value = bits == 0 ? 0 : 1L << (bits - 1);
        Varints.put(bytes, 0, value);
        try {
            return new Varints(bytes, "a number").next() == value;
        } catch (CorruptionException e) {
            return false;
        }
    }

    static List<Integer> formats() {
        return IntStream.rangeClosed(1, Schema.VERSION).boxed().toList();
    }

    @ParameterizedTest
    @MethodSource("formats")
    void theTablesAreThoseOfAStoreOfTheFormat(int format) throws Exception {
        if (format == Schema.VERSION) {
            Store.open(directory).close();
        } else {
            StoreTables.copyStoreOfFormat(format, directory);
        }
        assertEquals(new TreeSet<>(toldColumns(format).stream().map(Column::toString).toList()), new TreeSet<>(
                StoreTables.of(directory).stream().map(Column::toString).toList()));
    }

    @Test
    void theColumnsOfANewStoreAreInTheOrderThatIsTold() throws Exception {
        Store.open(directory).close();
        Map<String, List<Column>> found = StoreTables.of(directory).stream().collect(Collectors.groupingBy(
                Column::table));
        assertEquals(toldColumns(Schema.VERSION).stream().collect(Collectors.groupingBy(Column::table)), found);
    }

    private static List<Column> toldColumns(int format) {
        List<Column> columns = new ArrayList<>();
        for (List<String> row : rows("table")) {
            String table = Document.plain(row.getFirst());
            if (row.get(1).equals("*figures*")) {
                List<? extends Figure> figures = table.equals("checkpoint")
                        ? CheckpointFigure.KEPT
                        : List.of(DiskFigure.values());
                figures.stream().filter(figure -> figure.sinceFormat() <= format).forEach(figure -> columns.add(
                        new Column(table, figure.column(), figure.unit().sqlType(), "")));
            } else if (Document.number(row.get(4)) <= format) {
                columns.add(new Column(table, Document.plain(row.get(1)), row.get(2), Document.plain(row.get(3))));
            }
        }
        return columns;
    }

    /// The table says that ticks and rounds are INT and all others BIGINT.
    @Test
    void aFiguresTypeFollowsFromItsUnit() {
        for (Figure.Unit unit : Figure.Unit.values()) {
            assertEquals(Set.of(Figure.Unit.TICKS, Figure.Unit.ROUNDS).contains(unit) ? "INT" : "BIGINT", unit
                    .sqlType());
        }
    }

    @Test
    void theFilesAreThoseOfAStore() throws Exception {
        Map<String, String> lengths = new TreeMap<>();
        rows("file").forEach(row -> lengths.put(Document.plain(row.getFirst()), row.get(1)));
        assertEquals(Set.of(Database.FILE_NAME, StoreFile.COMPACTED, StoreVersion.FILE_NAME, StoreLock.FILE_NAME,
                StoreOwner.FILE_NAME, StoreReserve.FILE_NAME, "boot/SHA256"), lengths.keySet());
        assertEquals(StoreReserve.BYTES, Document.number(lengths.get(StoreReserve.FILE_NAME)));
        String hash = "5".repeat(64);
        try (Store _ = Store.open(directory)) {
            new BootFiles(directory).put(hash, out -> out.write(1));
            for (Path file : files()) {
                String name = directory.relativize(file).toString().replace(hash, "SHA256");
                assertTrue(lengths.containsKey(name), name + " is not told of");
                if (!lengths.get(name).isEmpty()) {
                    assertEquals(Document.number(lengths.get(name)), Files.size(file), name);
                }
            }
            assertEquals("pid " + ProcessHandle.current().pid(), Files.readString(directory.resolve(
                    StoreLock.FILE_NAME)));
        }
        assertTrue(Files.readString(directory.resolve(StoreVersion.FILE_NAME)).matches("[0-9]+ *\n"));
        String header = new String(Files.readAllBytes(directory.resolve(Database.FILE_NAME)),
                StandardCharsets.ISO_8859_1).substring(0, (int) told("header"));
        int block = (int) told("header block");
        assertEquals(header.substring(0, block), header.substring(block));
        assertTrue(header.startsWith("H:") || header.contains(",H:"), header.strip());
        assertTrue(header.contains("clean:"), header.strip());
    }

    private List<Path> files() throws Exception {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void theOwnersRecordHasTheLinesThatAreTold() throws Exception {
        try (Store _ = Store.open(directory)) {
            byte[] bytes = Files.readAllBytes(directory.resolve(StoreOwner.FILE_NAME));
            int sumAt = bytes.length - 8;
            CRC32 sum = new CRC32();
            sum.update(bytes, 0, sumAt);
            assertEquals(String.format(Locale.ROOT, "%08x", sum.getValue()), new String(bytes, sumAt, 8,
                    StandardCharsets.US_ASCII));
            List<String> lines = new String(bytes, 0, sumAt, StandardCharsets.UTF_8).lines().toList();
            List<List<String>> told = rows("line");
            assertEquals(IntStream.rangeClosed(1, told.size()).mapToObj(Integer::toString).toList(), told.stream().map(
                    List::getFirst).toList());
            assertEquals("", lines.get(told.size()).replace("\0", ""), "zero bytes behind the lines");
            assertEquals(told.size() + 1, lines.size());
            assertEquals(Document.plain(told.getFirst().get(1)), lines.getFirst());
            assertEquals(Long.toString(ProcessHandle.current().pid()), lines.get(lineOf("the process id")));
            assertTrue(Long.parseLong(lines.get(lineOf("a count"))) > 0);
            assertEquals(Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip(), lines.get(lineOf(
                    "the kernel's boot_id")));
            assertEquals(Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString(), lines.get(lineOf(
                    "the PID namespace")));
            String stat = Files.readString(Path.of("/proc/self/stat"));
            // proc(5): field 22, and the second one, in brackets, may hold anything
            assertEquals(stat.substring(stat.lastIndexOf(") ") + 2).split(" ", -1)[22 - 3], lines.get(lineOf(
                    "when the process started")));
            assertEquals(Files.getAttribute(Path.of("/proc/self"), "unix:uid").toString(), lines.get(lineOf(
                    "the user's number")));
            assertEquals(Files.readString(Path.of("/proc/sys/kernel/hostname")).strip(), lines.get(lineOf(
                    "the host's name")));
        }
    }

    private static int lineOf(String beginning) {
        List<List<String>> lines = rows("line");
        return IntStream.range(0, lines.size()).filter(i -> Document.plain(lines.get(i).get(1)).startsWith(beginning))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aPackIsWrittenAsItIsTold() {
        assertEquals(List.of(PackCodec.RAW, PackCodec.ZSTD), rows("codec").stream().map(row -> (int) Document.number(row
                .getFirst())).toList());
        List<List<String>> parts = rows("byte");
        int slotsAt = (int) Document.number(parts.getFirst().getFirst());
        int slotsLength = (int) Document.number(parts.getFirst().get(1));
        int bitsAt = (int) Document.number(parts.get(1).getFirst());
        int slotsPerByte = numbersIn(parts.get(1).get(1)).getFirst().intValue();
        assertEquals(slotsAt + slotsLength, bitsAt);
        assertEquals(Byte.SIZE, slotsPerByte);
        assertEquals(List.of("behind", "the rest"), parts.get(2).subList(0, 2));
        int slots = 11;
        BitSet live = new BitSet();
        live.set(0);
        live.set(9);
        byte[] chunks = new byte[live.cardinality() * ChunkId.CHUNK_BYTES];
        new Random(1).nextBytes(chunks);
        Arrays.fill(chunks, 0, ChunkId.CHUNK_BYTES, (byte) 3);
        ByteBuffer raw = ByteBuffer.allocateDirect(chunks.length).put(0, chunks);
        try (PackCodec codec = new PackCodec()) {
            for (int level : new int[]{Integer.MIN_VALUE, 3}) {
                PackCodec.Row row = codec.encode(7, slots, live, raw, level);
                byte[] content = row.content();
                assertEquals(slots, new BigInteger(1, Arrays.copyOfRange(content, slotsAt, slotsAt + slotsLength))
                        .intValue());
                int head = bitsAt + Math.ceilDiv(slots, slotsPerByte);
                assertEquals(live, BitSet.valueOf(Arrays.copyOfRange(content, bitsAt, head)));
                byte[] rest = Arrays.copyOfRange(content, head, content.length);
                assertEquals(level == Integer.MIN_VALUE ? "as they are" : "as one zstd frame", rows("codec").get(row
                        .codec()).get(1));
                assertArrayEquals(chunks, row.codec() == PackCodec.RAW ? rest : Zstd.decompress(rest, chunks.length));
            }
        }
    }

    @Test
    void theExampleOfAPageMapIsWhatIsWritten() {
        Pattern entry = Pattern.compile("page (\\d+) (?:holds chunk ([\\d,]+)|is zero)");
        int pages = 16;
        PageMap.Editor before = PageMap.allZero(pages).edit();
        PageMap.Editor after = PageMap.allZero(pages).edit();
        for (List<String> row : rows("bytes of a page map")) {
            Matcher told = entry.matcher(row.get(1));
            assertTrue(told.matches(), row.toString());
            int page = Integer.parseInt(told.group(1));
            if (told.group(2) == null) {
                before.set(page, ChunkId.of(1, 1));
            } else {
                after.set(page, Document.number(told.group(2)));
            }
        }
        PageMapCodec.Piece piece = PageMapCodec.encodeDifference(before.map(), after.map()).getFirst();
        assertEquals(hex("bytes of a page map"), HexFormat.ofDelimiter(" ").formatHex(Zstd.decompress(piece.content(),
                piece.encodedBytes())));
    }

    @Test
    void theExampleOfAClassMapIsWhatIsWritten() {
        Pattern run = Pattern.compile("pages? (\\d+)(?: to (\\d+))? (?:are|is) of class (\\d)");
        PageClassMap.Builder map = PageClassMap.builder(16);
        for (List<String> row : rows("bytes of a class map")) {
            Matcher told = run.matcher(row.get(1));
            assertTrue(told.matches(), row.toString());
            int first = Integer.parseInt(told.group(1));
            int last = told.group(2) == null ? first : Integer.parseInt(told.group(2));
            for (int page = first; page <= last; page++) {
                map.add(page, List.of(PageClass.values()).get(Integer.parseInt(told.group(3))));
            }
        }
        assertEquals(hex("bytes of a class map"), HexFormat.ofDelimiter(" ").formatHex(encoded(map.map())));
    }

    private static String hex(String head) {
        return rows(head).stream().map(row -> Document.plain(row.getFirst())).collect(Collectors.joining(" "));
    }

    private static PageClassMap classMap(int pages, List<PageClass> classes) {
        PageClassMap.Builder map = PageClassMap.builder(pages);
        for (int page = 0; page < classes.size(); page++) {
            map.add(page, classes.get(page));
        }
        return map.map();
    }

    private static byte[] encoded(PageClassMap map) {
        PageClassCodec.Piece piece = map.pieces().getFirst();
        return Zstd.decompress(piece.content(), piece.encodedBytes());
    }

    @Test
    void theClassesHaveTheNumbersThatAreTold() {
        Map<PageClass, String> words = Map.of(PageClass.UNCHANGED, "unchanged", PageClass.ZERO, "zero",
                PageClass.DUPLICATE_WITHIN, "a duplicate of what another page", PageClass.DUPLICATE_STORED,
                "a duplicate of what RAM", PageClass.NEW, "new", PageClass.DUPLICATE_DISK,
                "a duplicate of what a disk");
        assertEquals(PageClass.values().length, rows("class").size());
        for (PageClass each : PageClass.values()) {
            int code = encoded(classMap(1, List.of(each)))[1];
            List<String> row = rows("class").get(code);
            assertEquals(code, Document.number(row.getFirst()));
            assertTrue(row.get(1).startsWith(words.get(each)), each + ": " + row.get(1));
        }
    }

    /// The row of a checksum, as what is computed with the numbers that it has.
    private static List<Long> factorsOf(String table, String seed) {
        String told = rows("checksum of").stream().filter(row -> Document.plain(row.getFirst()).equals(table))
                .findFirst()
                .orElseThrow().get(1);
        assertEquals(seed, Document.plain(told).replaceAll("\\d+", "#"));
        return numbersIn(told);
    }

    @Test
    void checksumsAndHashesAreThoseThatAreTold() throws Exception {
        long chunk;
        long[] hash = new long[2];
        try (Store store = Store.open(directory)) {
            ExperimentRecord experiment = ArrayGuest.record(store, "run", 3, 1);
            ArrayGuest.addLog(store, experiment, 12, 300_000, 1);
            CheckpointRecord checkpoint = store.checkpoints(experiment.id()).getFirst();
            PageMap ram = store.pageMap(checkpoint.id(), NewCheckpoint.RAM);
            chunk = IntStream.range(0, ram.pages()).mapToLong(ram::chunkId).filter(id -> id != ChunkId.ZERO).findFirst()
                    .orElseThrow();
            ByteBuffer content = ByteBuffer.allocateDirect(ChunkId.CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            store.readChunk(chunk, content);
            ChunkHash.xxh128().hash(content.clear(), 0, hash);
        }
        assertEquals(List.of(), factorsOf("pack", "id"));
        assertEquals(List.of(), factorsOf("pack_chunks", "the checksum of live with the seed pack_id"));
        long factor = factorsOf("page_map", "image_id × # + piece").getFirst();
        List<Long> factors = factorsOf("page_class", "(checkpoint_id × # + piece) × # + pieces");
        assertEquals(List.of(), factorsOf("picture",
                "the checksum of kind, as UTF-# with the low byte first, with the seed checkpoint_id").stream().filter(
                        bits -> bits != Character.SIZE)
                .toList());
        long logFactor = factorsOf("replay_log", "experiment_id × # + start_offset").getFirst();
        assertEquals(6, rows("checksum of").size());
        try (Connection connection = StoreTables.connection(directory);
                Statement query = connection.createStatement()) {
            compare(query, "SELECT checksum, content, id FROM pack", row -> row.getLong(3));
            compare(query, "SELECT checksum, hashes, pack_id, live FROM pack_chunks", row -> LongHashFunction.xx3(row
                    .getLong(3)).hashBytes(row.getBytes(4)));
            compare(query, "SELECT checksum, content, image_id, piece FROM page_map", row -> row.getLong(3) * factor
                    + row.getLong(4));
            compare(query, "SELECT checksum, content, experiment_id, start_offset FROM replay_log",
                    row -> row.getLong(3)
                            * logFactor + row.getLong(4));
            compare(query, "SELECT checksum, content, checkpoint_id, piece, pieces FROM page_class",
                    row -> (row.getLong(
                            3) * factors.getFirst() + row.getLong(4)) * factors.getLast() + row.getLong(5));
            compare(query, "SELECT checksum, content, checkpoint_id, kind FROM picture", row -> LongHashFunction.xx3(row
                    .getLong(3)).hashBytes(row.getString(4).getBytes(StandardCharsets.UTF_16LE)));
            try (ResultSet row = query.executeQuery("SELECT live, hashes, live_slots FROM pack_chunks WHERE pack_id = "
                    + ChunkId.packId(chunk))) {
                assertTrue(row.next());
                int length = (int) told("hash");
                assertEquals(length * row.getInt(3), row.getBytes(2).length);
                int place = BitSet.valueOf(row.getBytes(1)).get(0, ChunkId.slot(chunk)).cardinality();
                assertEquals(ByteBuffer.allocate(length).putLong(hash[0]).putLong(hash[1]).flip(), ByteBuffer.wrap(row
                        .getBytes(2), place * length, length).slice());
            }
        }
    }

    /// The seed of a row's checksum.
    @FunctionalInterface
    private interface Seed {
        long of(ResultSet row) throws Exception;
    }

    private static void compare(Statement query, String text, Seed seed) throws Exception {
        int count = 0;
        try (ResultSet row = query.executeQuery(text)) {
            while (row.next()) {
                assertEquals(row.getLong(1), LongHashFunction.xx3(seed.of(row)).hashBytes(row.getBytes(2)), text);
                count++;
            }
        }
        assertTrue(count > 0, text);
    }
}
