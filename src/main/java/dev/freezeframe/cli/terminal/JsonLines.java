package dev.freezeframe.cli.terminal;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.analyse.BlockSums;
import dev.freezeframe.analyse.Distribution;
import dev.freezeframe.analyse.RunSummary;
import dev.freezeframe.base.JsonFields;
import dev.freezeframe.qemu.machine.DetachedMachine;
import dev.freezeframe.qemu.outside.MovedFile;
import dev.freezeframe.restore.RestorePhases;
import dev.freezeframe.restore.RestoredMachine;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskFigure;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.util.Optional;

/// What `--json` prints: one object a line, each with a `type`. Scripts rely on the fields; a new one may be added, none
/// may be renamed or taken away.
public final class JsonLines {
    private JsonLines() {}

    public static ObjectNode ofType(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }

    public static ObjectNode checkpoint(CheckpointRecord checkpoint) {
        CheckpointMetrics metrics = checkpoint.metrics();
        ObjectNode json = ofType("checkpoint");
        json.put("checkpoint", checkpoint.name().toString());
        json.put("number", checkpoint.number());
        json.put("capturedAt", metrics.capturedAt().toString());
        for (CheckpointFigure figure : CheckpointFigure.values()) {
            JsonFields.put(json, figure.json(), metrics.of(figure));
        }
        ArrayNode disks = json.putArray("disks");
        metrics.disks().forEach(disk -> disks.add(disk(disk)));
        return json;
    }

    private static ObjectNode disk(DiskMetrics disk) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("disk", disk.disk());
        for (DiskFigure figure : DiskFigure.values()) {
            JsonFields.put(json, figure.json(), disk.of(figure));
        }
        return json;
    }

    /// A checkpoint as it is listed, with what people wrote about it.
    public static ObjectNode checkpoint(CheckpointRecord checkpoint, Annotation annotation) {
        return annotated(checkpoint(checkpoint), annotation);
    }

    public static ObjectNode annotated(ObjectNode json, Annotation annotation) {
        ArrayNode tags = json.putArray("tags");
        annotation.tags().forEach(tags::add);
        return json.put("note", annotation.note());
    }

    /// A machine that was restored.
    ///
    /// @param number counts the machines of one restore from 1
    /// @param left how to reach it, where it runs on without us
    public static ObjectNode restored(CheckpointRecord checkpoint, int number, RestoredMachine restored,
            Optional<DetachedMachine> left) {
        ObjectNode json = ofType("restored");
        json.put("checkpoint", checkpoint.name().toString());
        json.put("machine", number);
        json.put("pid", restored.machine().pid());
        json.put("millis", Math.round(restored.totalMicros() / 1e3));
        json.put("ramVerified", restored.ramVerified());
        json.set("phaseMicros", phases(restored.phases()));
        ArrayNode moved = json.putArray("movedFiles");
        restored.machine().movedFiles()
                .forEach(each -> put(moved.addObject(), each));
        left.ifPresent(machine -> {
            json.put("qmpSocket", machine.qmpSocket().toString());
            json.put("consoleSocket", machine.consoleSocket().toString());
        });
        return json;
    }

    /// What a recorded machine has under another name than its profile says.
    public static ObjectNode moved(MovedFile file) {
        return put(ofType("moved"), file);
    }

    private static ObjectNode put(ObjectNode json, MovedFile file) {
        return json.put("argument", file.argument()).put("named", file.named().toString()).put("used", file.used()
                .toString());
    }

    public static ObjectNode phases(RestorePhases phases) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("spawn", phases.spawnMicros());
        json.put("image", phases.imageMicros());
        json.put("load", phases.loadMicros());
        json.put("verify", phases.verifyMicros());
        return json.put("resume", phases.resumeMicros());
    }

    /// The figures of a run; the caller adds which run it was and how large the store is.
    public static ObjectNode summary(RunSummary run) {
        ObjectNode json = ofType("summary");
        json.put("checkpoints", run.checkpoints());
        json.put("late", run.late());
        json.put("seconds", run.span().toMillis() / 1e3);
        json.set("pauseMicros", distribution(run.pauseMicros()));
        ObjectNode phases = json.putObject("phaseMicros");
        run.phaseMicros().forEach((name, micros) -> phases.set(name, distribution(micros)));
        json.put("firstPipelineMillis", run.firstPipelineMillis());
        json.set("pipelineMillis", distribution(run.pipelineMillis()));
        json.put("dirtyPages", run.dirtyPages());
        json.put("unchangedPages", run.unchangedPages());
        json.put("zeroPages", run.zeroPages());
        json.put("duplicatePages", run.duplicatePages());
        json.put("newPages", run.newPages());
        BlockSums blocks = run.blocks();
        json.put("dirtyBlocks", blocks.dirty());
        json.put("unchangedBlocks", blocks.unchanged());
        json.put("zeroBlocks", blocks.zero());
        json.put("duplicateDiskBlocks", blocks.duplicateDisk());
        json.put("duplicateRamBlocks", blocks.duplicateRam());
        json.put("newBlocks", blocks.fresh());
        json.put("diskReadBytes", blocks.readBytes());
        json.put("diskReadMicros", blocks.readMicros());
        json.put("storedBytes", run.storedBytes());
        return json.put("imageBytes", run.imageBytes());
    }

    public static ObjectNode distribution(Distribution values) {
        return JsonNodeFactory.instance.objectNode().put("median", values.median()).put("p99", values.p99()).put("max",
                values.max());
    }
}
