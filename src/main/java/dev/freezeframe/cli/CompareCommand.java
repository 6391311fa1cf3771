package dev.freezeframe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.experiment.CheckpointComparison;
import dev.freezeframe.experiment.CheckpointComparison.Difference;
import dev.freezeframe.store.CheckpointName;
import dev.freezeframe.store.Store;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/// `freezeframe compare`: which pages of two checkpoints differ, and in what way.
@Command(name = "compare", mixinStandardHelpOptions = true, sortOptions = false, header = "Show which pages of two checkpoints differ.")
final class CompareCommand implements Callable<Integer> {
    private static final int USUAL_RANGES = 40;
    private static final long PAGE_BYTES = 4096;

    @ParentCommand
    private Freezeframe program;

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
        Screen screen = new Screen(program.surroundings());
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

    private void print(CheckpointComparison comparison, Screen screen) {
        screen.line(comparison.first().name() + " and " + comparison.second().name() + ": "
                + Units.count(comparison.pagesDiffering(), "page") + " of " + Units.count(comparison.pages())
                + " differ (" + Units.bytes(comparison.pagesDiffering() * PAGE_BYTES) + "); the devices are "
                + (comparison.isDeviceStateEqual() ? "in the same state" : "in another state"));
        for (Difference difference : Difference.values()) {
            if (comparison.count(difference) > 0) {
                screen.line(Units.text("  %,11d %s", comparison.count(difference), words(difference)));
            }
        }
        long[] printed = {0};
        comparison.forEachRun((firstPage, count, difference) -> {
            if (all || printed[0] < USUAL_RANGES) {
                screen.line(Units.text("  0x%010x  %,9d %-5s  %s", firstPage * PAGE_BYTES, count,
                        count == 1 ? "page" : "pages", words(difference)));
                printed[0]++;
            }
        });
        if (printed[0] < comparison.runs()) {
            screen.line("  and " + Units.count(comparison.runs() - printed[0], "more range") + "; --all prints them");
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

    private void printJson(CheckpointComparison comparison, Screen screen) {
        ObjectNode json = JsonLines.ofType("comparison").put("first", comparison.first().name().toString())
                .put("second",
                        comparison.second().name().toString())
                .put("ramPages", comparison.pages()).put("pagesDiffering",
                        comparison.pagesDiffering());
        for (Difference difference : Difference.values()) {
            json.put(key(difference) + "Pages", comparison.count(difference));
        }
        json.put("deviceStateEqual", comparison.isDeviceStateEqual()).put("ranges", comparison.runs());
        screen.line(json.toString());
        long[] printed = {0};
        comparison.forEachRun((firstPage, count, difference) -> {
            if (all || printed[0]++ < USUAL_RANGES) {
                screen.line(JsonLines.ofType("range").put("firstPage", firstPage).put("pages", count).put("difference",
                        key(difference)).toString());
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
