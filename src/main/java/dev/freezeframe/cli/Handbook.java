package dev.freezeframe.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;

/// Writes what packages carry beside the program: a manual page for each command and the completion script. The build calls
/// it; the same program, version and date give the same bytes.
final class Handbook {
    private Handbook() {}

    /// Expects the folder to write to, the version, and the moment that the pages are to carry, as ISO 8601.
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 3) {
            throw new IllegalArgumentException("expected: FOLDER VERSION TIMESTAMP");
        }
        LocalDate date = LocalDate.ofInstant(Instant.parse(arguments[2]), ZoneOffset.UTC);
        write(Path.of(arguments[0]), arguments[1], date);
    }

    static void write(Path folder, String version, LocalDate date) throws IOException {
        PrintWriter nowhere = new PrintWriter(PrintWriter.nullWriter());
        Surroundings surroundings = new Surroundings(InputStream.nullInputStream(), nowhere, nowhere, _ -> null, false);
        Path pages = Files.createDirectories(folder.resolve("man"));
        for (Map.Entry<String, String> page : ManPage.all(Freezeframe.commandLine(surroundings), version, date)
                .entrySet()) {
            Files.writeString(pages.resolve(page.getKey()), page.getValue());
        }
        Files.writeString(Files.createDirectories(folder.resolve("completion")).resolve("freezeframe"),
                CompletionScript.of(Freezeframe.commandLine(surroundings)));
    }
}
