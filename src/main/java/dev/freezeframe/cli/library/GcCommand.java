package dev.freezeframe.cli.library;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StatusProgress;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.upkeep.GcReport;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/// `freezeframe gc`: gives the space of what was deleted back to the file system.
@Command(name = "gc", mixinStandardHelpOptions = true, header = "Give the space of deleted checkpoints back.", description = "Content that no checkpoint has any more is dropped, and what is left of its packs written anew. Wait for a recording to end before, because a store is for one process at a time.", footer = {
        "  After a freezeframe delete:",
        "    freezeframe gc",
        "  Of another store:",
        "    freezeframe gc --store /srv/checkpoints"})
public final class GcCommand implements Callable<Integer> {
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
            GcReport report = store.gc(StatusProgress.on(screen));
            screen.status("");
            ObjectNode json = JsonLines.ofType("summary").put("chunksDropped", report.chunksDropped())
                    .put("packsDeleted",
                            report.packsDeleted())
                    .put("packsRewritten", report.packsRewritten()).put("bytesBefore", report
                            .bytesBefore())
                    .put("storeBytes", report.bytesAfter());
            report.notShrunk().ifPresent(why -> json.put("notShrunk", why));
            screen.line(format.json()
                    ? json.toString()
                    : Units.count(report.chunksDropped(), "page")
                            + " dropped; the store was " + Units.bytes(report.bytesBefore()) + ", is "
                            + Units.bytes(report
                                    .bytesAfter())
                            + " in " + store.directory() + report.notShrunk().map(why -> "; " + why).orElse(""));
        }
        return 0;
    }
}
