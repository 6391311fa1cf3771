package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// Packages have a manual page for every command, with all of its examples; `installer/package.sh` has groff look at the pages
/// that are made of these sources.
class HandbookTest {
    @TempDir
    Path folder;

    private static String nameOf(CommandLine command) {
        return command.getCommandSpec().qualifiedName("-") + ".adoc";
    }

    @Test
    void everyCommandHasAPageWithItsExamples() throws IOException {
        Handbook.write(folder);
        List<CommandLine> commands = CommandText.withAllBelow(CommandText.program());
        try (Stream<Path> pages = Files.list(folder.resolve("man"))) {
            assertEquals(commands.stream().map(HandbookTest::nameOf).sorted().toList(), pages.map(page -> page
                    .getFileName().toString()).sorted().toList());
        }
        for (CommandLine command : commands) {
            String page = Files.readString(folder.resolve("man").resolve(nameOf(command)));
            for (String line : command.getCommandSpec().usageMessage().footer()) {
                assertTrue(page.contains(line), line + " in " + nameOf(command));
            }
        }
        assertTrue(Files.readString(folder.resolve("completion/freezeframe")).contains("--interval"));
    }
}
