package dev.freezeframe.cli.library;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StatusProgress;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.upkeep.VerifyReport.Damage;
import dev.freezeframe.store.upkeep.VerifyReport.LogDamage;
import dev.freezeframe.store.upkeep.VerifyReport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/// `freezeframe verify`: reads everything in a store and hashes it anew. Fails when anything is lost, and says what.
@Command(name = "verify", mixinStandardHelpOptions = true, header = "Read a whole store and check every page against its hash.", description = "Names every checkpoint that has lost something, and what it lost, and every log of a run that has; the others are whole. Changes nothing.", exitCodeList = {
        "0:Everything is sound.",
        "1:Something is lost, or the store cannot be read.", "2:Wrong usage."}, footer = {
                "  The usual store:",
                "    freezeframe verify",
                "  Another one, for a script:",
                "    freezeframe verify --store /srv/checkpoints --json"})
public final class VerifyCommand implements Callable<Integer> {
    @ParentCommand
    private Program program;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    @Override
    public Integer call() throws Exception {
        try (Store store = storeOption.openExisting(program);
                TerminalOutput screen = new TerminalOutput(program.surroundings())) {
            VerifyReport report = store.verify(StatusProgress.on(screen));
            screen.status("");
            for (Damage damage : report.damages()) {
                screen.line(format.json()
                        ? json(damage).toString()
                        : damage.checkpoint() + ": " + Units.count(damage
                                .pages(), "page") + " of " + damage.image() + " lost (" + damage.pageRanges() + "): "
                                + damage
                                        .cause());
            }
            for (LogDamage damage : report.logDamages()) {
                screen.line(format.json()
                        ? json(damage).toString()
                        : damage.experiment() + ": " + Units.count(damage.pieces(), "piece") + " of its log lost: "
                                + damage
                                        .cause());
            }
            if (format.json()) {
                screen.line(json(report, store).toString());
            } else {
                report.remarks().forEach(screen::line);
                screen.line(
                        Units.count(report.checkpoints(), "checkpoint") + ", " + Units.count(report.chunks(), "page")
                                + " in " + Units.count(report.packs(), "pack")
                                + (report.logs() > 0 ? ", " + Units.count(report.logs(), "log") : "") + " read back: "
                                + (report.isSound() ? "all sound" : damaged(report)));
            }
            if (!report.isSound()) {
                throw new CommandFailure("the store " + store.directory() + " has lost what is listed above; "
                        + (report.damages().isEmpty()
                                ? "all checkpoints are whole, but these runs cannot be executed again where their log is lost"
                                : "delete these checkpoints, the others are whole"));
            }
        }
        return 0;
    }

    private static ObjectNode json(Damage damage) {
        return JsonLines.ofType("damage").put("checkpoint", damage.checkpoint()).put("image", damage.image())
                .put("pages",
                        damage.pages())
                .put("pageRanges", damage.pageRanges()).put("cause", damage.cause());
    }

    private static String damaged(VerifyReport report) {
        List<String> lost = new ArrayList<>();
        if (!report.damages().isEmpty()) {
            lost.add(Units.count(report.damages().size(), "image"));
        }
        if (!report.logDamages().isEmpty()) {
            lost.add(Units.count(report.logDamages().size(), "log"));
        }
        return String.join(" and ", lost) + " damaged";
    }

    private static ObjectNode json(LogDamage damage) {
        return JsonLines.ofType("logDamage").put("experiment", damage.experiment()).put("pieces", damage.pieces()).put(
                "cause", damage.cause());
    }

    private static ObjectNode json(VerifyReport report, Store store) throws Exception {
        ObjectNode json = JsonLines.ofType("summary").put("checkpoints", report.checkpoints())
                .put("packs", report.packs())
                .put("chunks", report.chunks()).put("sound", report.isSound()).put("damages", report.damages().size())
                .put("logs", report.logs()).put("logDamages", report.logDamages().size());
        ArrayNode remarks = json.putArray("remarks");
        report.remarks().forEach(remarks::add);
        return json.put("storeBytes", store.sizeBytes());
    }
}
