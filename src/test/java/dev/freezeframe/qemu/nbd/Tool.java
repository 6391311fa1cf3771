package dev.freezeframe.qemu.nbd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// One run of another program that speaks NBD.
record Tool(int status, String output) {
    static Tool run(Path folder, String... command) throws IOException, InterruptedException {
        Path file = Files.createTempFile(folder, "output", "");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(file.toFile()).start();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS))
                throw new IOException(List.of(command) + " does not end");
            return new Tool(process.exitValue(), Files.readString(file, StandardCharsets.ISO_8859_1));
        } finally {
            process.destroyForcibly();
        }
    }

    /// The output of a program that must succeed.
    static String output(Path folder, String... command) throws IOException, InterruptedException {
        Tool run = run(folder, command);
        if (run.status != 0)
            throw new IOException(List.of(command) + " ended with " + run.status + ": " + run.output);
        return run.output;
    }
}
