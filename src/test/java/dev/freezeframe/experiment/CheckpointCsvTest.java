package dev.freezeframe.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.Annotation;
import dev.freezeframe.store.CheckpointMetrics;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.PhaseMicros;
import dev.freezeframe.store.PreCopyMetrics;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The table has every figure under a name with its unit, and any RFC 4180 reader gets back what was written.
class CheckpointCsvTest {
    private static final CheckpointRecord CHECKPOINT = new CheckpointRecord(7, 3, "odd, \"name\"", 12,
            new CheckpointMetrics(Instant.parse("2026-11-22T10:15:01.5Z"), 1000, 1, 21,
                    new PhaseMicros(1, 2, 3, 4, 5, 6),
                    new PreCopyMetrics(22, 23, 24, 25), 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, List.of()));

    @Test
    void everyFigureIsThereOnceUnderItsName() throws IOException {
        List<String> lines = csv(Annotation.of("fine", List.of("b", "a")));
        assertEquals("experiment,number,captured_at,interval_millis,late,pause_micros,stop_micros,device_state_micros,"
                + "harvest_micros,copy_micros,disks_micros,resume_micros,pre_copy_rounds,pre_copy_micros,"
                + "pre_copied_pages,pause_pages,ram_pages,dirty_pages,unchanged_pages,zero_pages,duplicate_pages,"
                + "duplicate_within_pages,duplicate_stored_pages,new_pages,dirty_blocks,new_blocks,"
                + "device_state_bytes,stored_bytes,pipeline_millis,tags,note", lines.get(0));
        assertEquals(
                "\"odd, \"\"name\"\"\",12,2026-11-22T10:15:01.500Z,1000,1,21,1,2,3,4,5,6,22,23,24,25,26,27,28,29,30,"
                        + "31,32,33,34,35,36,37,38,a b,fine",
                lines.get(1));
        assertEquals(2, lines.size());
        // a figure that is added to the metrics is added here too; those of each disk are no columns
        int parts = CheckpointMetrics.class.getRecordComponents().length - 3
                + PhaseMicros.class.getRecordComponents().length + PreCopyMetrics.class.getRecordComponents().length;
        assertEquals(2 + parts + 2, lines.get(0).split(",").length);
    }

    @Test
    void notesOfSeveralLinesAndQuotesAreQuoted() throws IOException {
        String text = text(Annotation.of("two\nlines, \"quoted\"", List.of()));
        assertTrue(text.endsWith(",38,,\"two\nlines, \"\"quoted\"\"\"\r\n"), text);
    }

    @Test
    void aNoteThatLooksLikeAFormulaIsNone() throws IOException {
        for (String formula : List.of("=1+1", "+cmd", "-2", "@SUM(A1)")) {
            assertTrue(text(Annotation.of(formula, List.of())).endsWith(",'" + formula + "\r\n"), formula);
        }
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
