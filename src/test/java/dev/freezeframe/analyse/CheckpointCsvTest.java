package dev.freezeframe.analyse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskFigure;
import dev.freezeframe.store.figure.GivenFigures;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The table has every figure under a name with its unit, and any RFC 4180 reader gets back what was written.
class CheckpointCsvTest {
    private static final CheckpointRecord CHECKPOINT = new CheckpointRecord(7, 3, "odd, \"name\"", 12,
            new CheckpointMetrics(Instant.parse("2026-11-22T10:15:01.5Z"), GivenFigures.checkpoint(1000, 1, 21, 1, 2, 3,
                    4, 5, 6, 22, 23, 24, 25, 26, 27, 28, 29, 30, 16, 14, 33, 34, 35, 36, 37, 38, 39),
                    List.of(GivenFigures
                            .disk("disk0", 40, 41, 42, 43, 44, 45, 46, 47, 48, 49))));

    @Test
    void everyFigureIsThereOnceUnderItsName() throws IOException {
        List<String> lines = csv(Annotation.of("fine", List.of("b", "a")));
        assertEquals("experiment,number,captured_at,interval_millis,late,pause_micros,stop_micros,device_state_micros,"
                + "harvest_micros,copy_micros,disks_micros,resume_micros,pre_copy_rounds,pre_copy_micros,"
                + "pre_copied_pages,pause_pages,ram_pages,dirty_pages,unchanged_pages,zero_pages,duplicate_pages,"
                + "duplicate_within_pages,duplicate_stored_pages,new_pages,dirty_blocks,new_blocks,"
                + "device_state_bytes,stored_bytes,pipeline_millis,tags,note,duplicate_disk_pages,instructions",
                lines.get(0));
        assertEquals(
                "\"odd, \"\"name\"\"\",12,2026-11-22T10:15:01.500Z,1000,1,21,1,2,3,4,5,6,22,23,24,25,26,27,28,29,30,"
                        + "16,14,33,34,35,36,37,38,a b,fine,0,39",
                lines.get(1));
        assertEquals(2, lines.size());
        // all figures, and who, which, when, tags and note
        assertEquals(CheckpointFigure.values().length + 5, lines.get(0).split(",").length);
    }

    @Test
    void eachDiskHasAllItsFiguresAndACheckpointWithoutItHasNone() throws IOException {
        StringBuilder out = new StringBuilder();
        List<String> disks = List.of("disk0", "disk1");
        assertEquals(List.of("disk0"), List.copyOf(CheckpointCsv.disksOf(List.of(CHECKPOINT))));
        new CheckpointCsv(out, disks).add(CHECKPOINT, Annotation.NONE);
        List<String> lines = Arrays.asList(out.toString().split("\r\n"));
        assertTrue(lines.get(0).endsWith(",disk0_size_bytes,disk0_dirty_blocks,disk0_unchanged_blocks,"
                + "disk0_zero_blocks,disk0_duplicate_disk_blocks,disk0_duplicate_ram_blocks,disk0_new_blocks,"
                + "disk0_read_bytes,disk0_read_micros,disk0_stored_bytes,disk1_size_bytes,disk1_dirty_blocks,"
                + "disk1_unchanged_blocks,disk1_zero_blocks,disk1_duplicate_disk_blocks,disk1_duplicate_ram_blocks,"
                + "disk1_new_blocks,disk1_read_bytes,disk1_read_micros,disk1_stored_bytes"), lines.get(0));
        assertTrue(lines.get(1).endsWith(",40,41,42,43,44,45,46,47,48,49,,,,,,,,,,"), lines.get(1));
        assertEquals(DiskFigure.values().length, lines.get(0).split("disk0_", -1).length - 1);
    }

    @Test
    void notesOfSeveralLinesAndQuotesAreQuoted() throws IOException {
        String text = text(Annotation.of("two\nlines, \"quoted\"", List.of()));
        assertTrue(text.endsWith(",38,,\"two\nlines, \"\"quoted\"\"\",0,39\r\n"), text);
    }

    @Test
    void aNoteThatLooksLikeAFormulaIsNone() throws IOException {
        for (String formula : List.of("=1+1", "+cmd", "-2", "@SUM(A1)")) {
            assertTrue(text(Annotation.of(formula, List.of())).endsWith(",'" + formula + ",0,39\r\n"), formula);
        }
    }

    @Test
    void anExperimentThatIsNamedLikeAFormulaIsNoneEither() throws IOException {
        StringBuilder out = new StringBuilder();
        new CheckpointCsv(out).add(new CheckpointRecord(7, 3, "=1+1", 12, CHECKPOINT.metrics()), Annotation.NONE);
        assertTrue(out.toString().contains("\r\n'=1+1,12,"), out.toString());
    }

    private static List<String> csv(Annotation annotation) throws IOException {
        return Arrays.asList(text(annotation).split("\r\n"));
    }

    private static String text(Annotation annotation) throws IOException {
        StringBuilder out = new StringBuilder();
        new CheckpointCsv(out).add(CHECKPOINT, annotation);
        return out.toString();
    }
}
