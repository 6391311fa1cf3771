package dev.freezeframe.cli.library;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.analyse.CheckpointComparison.Difference;
import dev.freezeframe.analyse.CheckpointComparison;
import dev.freezeframe.analyse.ImageComparison;
import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CheckpointNameText;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointName;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/// `freezeframe compare`: which pages of two checkpoints differ, and in what way.
@Command(name = "compare", mixinStandardHelpOptions = true, sortOptions = false, header = "Show which pages of two checkpoints differ.", description = "Both may be of different experiments. RAM is compared page by page and disks block by block, 4 KiB each, by what the store knows of their content; the state of the devices is the same or is not.", footer = {
        "  What changed between two checkpoints:",
        "    freezeframe compare tiny-linux-20260101-120000/1 latest",
        "  Every range of pages and blocks, for a script:",
        "    freezeframe compare latest boot-sector-20260101-130000/4 --all --json"})
public final class CompareCommand implements Callable<Integer> {
    private static final int USUAL_RANGES = 40;

    @ParentCommand
    private Program program;

    @Parameters(index = "0", paramLabel = "A", converter = CheckpointNameText.class, description = "EXPERIMENT/NUMBER, EXPERIMENT for its newest, or latest.")
    private CheckpointName first;

    @Parameters(index = "1", paramLabel = "B", converter = CheckpointNameText.class, description = "What to compare it with.")
    private CheckpointName second;

    @Option(names = "--all", description = "Print every range of pages, not only the first " + USUAL_RANGES + ".")
    private boolean all;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    @Override
    public Integer call() throws Exception {
        TerminalOutput screen = new TerminalOutput(program.surroundings());
        try (Store store = storeOption.openExisting(program)) {
            CheckpointComparison comparison = CheckpointComparison.of(store, StoreOption.find(store, first),
                    StoreOption.find(store, second));
            if (format.json()) {
                printJson(comparison, screen);
            } else {
                print(comparison, screen);
            }
        }
        return 0;
    }

    private void print(CheckpointComparison comparison, TerminalOutput screen) {
        screen.line(comparison.first().name() + " and " + comparison.second().name() + ": "
                + Units.count(comparison.pagesDiffering(), "page") + " of " + Units.count(comparison.pages())
                + " differ (" + Units.bytes(comparison.pagesDiffering() * GuestPage.BYTES) + "); the devices are "
                + (comparison.isDeviceStateEqual() ? "in the same state" : "in another state"));
        print(comparison.ram(), screen, "page");
        for (ImageComparison disk : comparison.disks()) {
            screen.line(disk.name() + ": " + Units.count(disk.pagesDiffering(), "block") + " of "
                    + Units.count(disk.pages())
                    + " differ (" + Units.bytes(disk.pagesDiffering() * GuestPage.BYTES) + ")");
            print(disk, screen, "block");
        }
    }

    private void print(ImageComparison image, TerminalOutput screen, String unit) {
        Stream.of(Difference.values()).filter(difference -> image.count(difference) > 0)
                .sorted(Comparator.comparingLong(image::count).reversed())
                .forEach(difference -> screen.line(Units.text("  %,11d %s", image.count(difference), words(
                        difference))));
        long[] printed = {0};
        image.forEachRun((firstPage, count, difference) -> {
            if (all || printed[0] < USUAL_RANGES) {
                screen.line(Units.text("  0x%010x  %,9d %-6s  %s", (long) firstPage * GuestPage.BYTES, count, count == 1
                        ? unit
                        : unit + "s", words(difference)));
                printed[0]++;
            }
        });
        if (printed[0] < image.runs()) {
            screen.line("  and " + Units.count(image.runs() - printed[0], "more range") + "; --all prints them");
        }
    }

    private static String words(Difference difference) {
        return switch (difference) {
            case ZERO_TO_CONTENT -> "zero, then not";
            case CONTENT_TO_ZERO -> "zero now";
            case CHANGED -> "changed";
            case ONLY_IN_FIRST -> "only in the first";
            case ONLY_IN_SECOND -> "only in the second";
        };
    }

    private void printJson(CheckpointComparison comparison, TerminalOutput screen) {
        ObjectNode json = JsonLines.ofType("comparison").put("first", comparison.first().name().toString())
                .put("second",
                        comparison.second().name().toString())
                .put("ramPages", comparison.pages()).put("pagesDiffering",
                        comparison.pagesDiffering());
        for (Difference difference : Difference.values()) {
            json.put(key(difference) + "Pages", comparison.count(difference));
        }
        json.put("deviceStateEqual", comparison.isDeviceStateEqual()).put("ranges", comparison.runs());
        ArrayNode disks = json.putArray("disks");
        for (ImageComparison disk : comparison.disks()) {
            ObjectNode each = disks.addObject().put("disk", disk.name()).put("blocks", disk.pages()).put(
                    "blocksDiffering",
                    disk.pagesDiffering());
            for (Difference difference : Difference.values()) {
                each.put(key(difference) + "Blocks", disk.count(difference));
            }
            each.put("ranges", disk.runs());
        }
        screen.line(json.toString());
        printRanges(comparison.ram(), screen, "firstPage", "pages");
        for (ImageComparison disk : comparison.disks()) {
            printRanges(disk, screen, "firstBlock", "blocks");
        }
    }

    private void printRanges(ImageComparison image, TerminalOutput screen, String start, String unit) {
        long[] printed = {0};
        image.forEachRun((firstPage, count, difference) -> {
            if (all || printed[0]++ < USUAL_RANGES) {
                screen.line(
                        JsonLines.ofType("range").put("image", image.name()).put(start, firstPage).put(unit, count).put(
                                "difference", key(difference)).toString());
            }
        });
    }

    private static String key(Difference difference) {
        return switch (difference) {
            case ZERO_TO_CONTENT -> "zeroToContent";
            case CONTENT_TO_ZERO -> "contentToZero";
            case CHANGED -> "changed";
            case ONLY_IN_FIRST -> "onlyInFirst";
            case ONLY_IN_SECOND -> "onlyInSecond";
        };
    }
}
