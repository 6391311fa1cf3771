package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// The manual pages are complete, groff has nothing to say against them, and what they show is what one has to type.
class ManPageTest {
    private static final LocalDate DATE = LocalDate.of(2026, 1, 1);

    @TempDir
    Path folder;

    private static Map<String, String> pages() {
        return ManPage.all(CommandText.program(), "1.2.3", DATE);
    }

    private static String nameOf(CommandLine command) {
        return command.getCommandSpec().qualifiedName("-") + ".1";
    }

    private List<Path> write() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Map.Entry<String, String> page : pages().entrySet()) {
            files.add(Files.writeString(folder.resolve(page.getKey()), page.getValue()));
        }
        return files;
    }

    private static String groff(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("groff", "-man", "-ww"));
        command.addAll(arguments);
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            assumeTrue(false, "groff is not installed here: " + e.getMessage());
            throw e;
        }
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @Test
    void everyCommandHasAPage() {
        assertEquals(CommandText.withAllBelow(CommandText.program()).stream().map(ManPageTest::nameOf).sorted()
                .toList(), List.copyOf(pages().keySet()));
    }

    @Test
    void theSameProgramGivesTheSamePagesInPlainAscii() {
        assertEquals(pages(), pages());
        pages().forEach((name, page) -> assertTrue(page.chars().allMatch(c -> c == '\n' || (c >= ' ' && c <= '~')),
                name));
    }

    @Test
    void groffFindsNothingToWarnAbout() throws Exception {
        assertEquals("", groff(Stream.concat(Stream.of("-z"), write().stream().map(Path::toString)).toList()));
    }

    @Test
    void everyOptionAndEveryExampleIsReadAsItHasToBeTyped() throws Exception {
        write();
        for (CommandLine command : CommandText.withAllBelow(CommandText.program())) {
            String shown = groff(List.of("-Tascii", "-P-cbou", "-rLL=200n", folder.resolve(nameOf(command))
                    .toString()));
            for (OptionSpec option : command.getCommandSpec().options()) {
                assertEquals(!option.hidden(), shown.contains("\n       " + String.join(", ", option.names())),
                        nameOf(command) + " " + option.longestName() + shown);
            }
            for (String line : command.getCommandSpec().usageMessage().footer()) {
                if (line.startsWith("    ")) {
                    assertTrue(shown.contains("           " + line.strip() + "\n"), line + " in " + shown);
                }
            }
            assertTrue(shown.contains("Freezeframe 1.2.3") && shown.contains("2026-01-01"), shown);
        }
    }
}
