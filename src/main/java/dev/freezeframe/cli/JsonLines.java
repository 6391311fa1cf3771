package dev.freezeframe.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.experiment.Distribution;
import dev.freezeframe.experiment.RunStatistics;
import dev.freezeframe.experiment.RunSummary;
import dev.freezeframe.store.CheckpointMetrics;
import dev.freezeframe.store.CheckpointRecord;

/// What `--json` prints: one object a line, each with a `type`. Scripts rely on the fields; a new one may be added, none
/// may be renamed or taken away.
final class JsonLines {
    private JsonLines() {}

    static ObjectNode ofType(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }

    static ObjectNode checkpoint(CheckpointRecord checkpoint) {
        CheckpointMetrics metrics = checkpoint.metrics();
        ObjectNode json = ofType("checkpoint").put("checkpoint", checkpoint.name().toString()).put("number", checkpoint
                .number()).put("capturedAt", metrics.capturedAt().toString()).put("intervalMillis", metrics
                        .intervalMillis())
                .put("pauseMicros", metrics.pauseMicros());
        ObjectNode phases = json.putObject("phaseMicros");
        RunStatistics.phases(metrics.phaseMicros()).forEach(phases::put);
        return json.put("preCopyRounds", metrics.preCopyRounds()).put("preCopyMicros", metrics.preCopyMicros()).put(
                "preCopiedPages", metrics.preCopiedPages()).put("pausePages", metrics.pausePages()).put("ramPages",
                        metrics.ramPages())
                .put("dirtyPages", metrics.dirtyPages()).put("unchangedPages", metrics
                        .unchangedPages())
                .put("zeroPages", metrics.zeroPages()).put("duplicatePages", metrics
                        .duplicatePages())
                .put("duplicateWithinPages", metrics.duplicateWithinPages())
                .put("duplicateStoredPages", metrics.duplicateStoredPages()).put("newPages", metrics.newPages()).put(
                        "dirtyBlocks", metrics.dirtyBlocks())
                .put("newBlocks", metrics.newBlocks()).put(
                        "deviceStateBytes", metrics.deviceStateBytes())
                .put("storedBytes", metrics
                        .storedBytes())
                .put("pipelineMillis", metrics.pipelineMillis()).put("late",
                        metrics.late());
    }

    /// The figures of a run; the caller adds which run it was and how large the store is.
    static ObjectNode summary(RunSummary run) {
        ObjectNode json = ofType("summary").put("checkpoints", run.checkpoints()).put("late", run.late()).put("seconds",
                run.span().toMillis() / 1e3);
        json.set("pauseMicros", distribution(run.pauseMicros()));
        ObjectNode phases = json.putObject("phaseMicros");
        run.phaseMicros().forEach((name, micros) -> phases.set(name, distribution(micros)));
        json.put("firstPipelineMillis", run.firstPipelineMillis()).set("pipelineMillis", distribution(run
                .pipelineMillis()));
        return json.put("dirtyPages", run.dirtyPages()).put("unchangedPages", run.unchangedPages()).put("zeroPages", run
                .zeroPages()).put("duplicatePages", run.duplicatePages()).put("newPages", run.newPages()).put(
                        "storedBytes", run.storedBytes())
                .put("imageBytes", run.imageBytes());
    }

    static ObjectNode distribution(Distribution values) {
        return JsonNodeFactory.instance.objectNode().put("median", values.median()).put("p99", values.p99()).put("max",
                values.max());
    }
}
