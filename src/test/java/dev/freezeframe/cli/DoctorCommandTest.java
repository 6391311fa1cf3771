package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.TestedQemu;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `freezeframe doctor` for people and for scripts, and the options of a budget.
@Tag("qemu")
class DoctorCommandTest {
    @TempDir
    Path home;

    @Test
    void whereMachinesCanBeRecordedTheStatusIsZeroAndEveryLineIsAFinding() {
        Invocation doctor = Invocation.of(home, "doctor", "--qemu", TestedQemu.binary(), "--json");
        assertEquals(0, doctor.status(), doctor.out() + doctor.err());
        List<JsonNode> findings = doctor.json("finding");
        assertEquals(doctor.out().lines().count(), findings.size());
        for (JsonNode finding : findings) {
            assertTrue(Set.of("good", "degraded", "missing").contains(finding.get("severity").asText()));
            assertEquals(finding.get("severity").asText().equals("good"), !finding.has("remedy"));
        }
    }

    @Test
    void withoutAQemuTheStatusIsOneAndTheRemedyIsPrinted() {
        Invocation doctor = Invocation.of(home, "doctor", "--qemu", home.resolve("none").toString());
        assertEquals(1, doctor.status());
        assertTrue(doctor.out().contains("remedy  install the package "), doctor.out());
        assertTrue(doctor.out().endsWith("Machines cannot be recorded yet: 1 thing is missing.\n"), doctor.out());
        assertFalse(doctor.err().contains("Exception"), doctor.err());
    }

    @Test
    void aBudgetThatCannotBeKeptIsWrongUsage() {
        for (String[] options : new String[][]{{"--budget-rule", "thin"},
                {"--budget-rule", "thin", "--budget-checkpoints", "2"}, {"--budget-bytes", "1K"}}) {
            Invocation record = Invocation.of(home, java.util.stream.Stream.concat(java.util.stream.Stream.of("record",
                    "boot-sector"), java.util.stream.Stream.of(options)).toArray(String[]::new));
            assertEquals(2, record.status());
            assertEquals(1, record.err().lines().count(), record.err());
            assertTrue(record.err().contains("budget"), record.err());
        }
    }

    @Test
    void aRecordingThatIsStoppedByItsBudgetWentWell() {
        Invocation record = Invocation.of(home, "record", "boot-sector", "--interval", "50ms", "--budget-checkpoints",
                "3",
                "--json");
        assertEquals(0, record.status(), record.err());
        JsonNode summary = record.single("summary");
        assertEquals(3, summary.get("checkpoints").asInt());
        assertTrue(summary.get("endReason").asText().contains("the budget is used up"));
    }
}
