package dev.freezeframe.experiment.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// A deduplicating backup program that the store is compared with, on the same images.
public enum Peer {
    /// Fixed chunks of 4 KiB, as ours are.
    BORG("borg") {
        @Override
        List<String> create() {
            return List.of(program(), "init", "--encryption", "none", "repository");
        }

        @Override
        List<String> add(String image) {
            return List.of(program(), "create", "--chunker-params", "fixed,4096", "--compression", "lz4", "repository::"
                    + image, image);
        }

        @Override
        Map<String, String> environment(Path folder) {
            return Map.of("BORG_BASE_DIR", folder.toString(), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes",
                    "BORG_RELOCATED_REPO_ACCESS_IS_OK", "yes");
        }
    },
    /// Chunks by content, the only way it has.
    RESTIC("restic") {
        @Override
        List<String> create() {
            return List.of(program(), "init", "--repo", "repository");
        }

        @Override
        List<String> add(String image) {
            return List.of(program(), "backup", "--repo", "repository", "--quiet", image);
        }

        @Override
        Map<String, String> environment(Path folder) {
            return Map.of("RESTIC_PASSWORD", "bench", "RESTIC_CACHE_DIR", folder.resolve("cache").toString());
        }
    };

    private final String program;

    Peer(String program) {
        this.program = program;
    }

    /// Its name, and its program's.
    public String program() {
        return program;
    }

    abstract List<String> create();

    abstract List<String> add(String image);

    abstract Map<String, String> environment(Path folder);

    /// What it made of the images.
    ///
    /// @param storedBytes size of the repository
    /// @param millis for each image, in order
    public record Result(Peer peer, long storedBytes, List<Long> millis) {
    }

    /// Stores images one after another.
    ///
    /// @param images in one folder
    /// @param folder empty; the repository and everything else that the program writes goes here
    /// @return empty where the program is not installed
    Optional<Result> run(List<Path> images, Path folder) throws IOException, InterruptedException {
        try {
            execute(folder, create());
        } catch (IOException e) {
            if (e.getMessage() != null && e.getMessage().contains("error=2,")) {
                return Optional.empty();
            }
            throw e;
        }
        List<Long> millis = new ArrayList<>();
        for (Path image : images) {
            Path here = folder.resolve(image.getFileName());
            Files.createLink(here, image);
            long start = System.nanoTime();
            execute(folder, add(here.getFileName().toString()));
            millis.add((System.nanoTime() - start) / 1_000_000);
            Files.delete(here);
        }
        try (Stream<Path> files = Files.walk(folder.resolve("repository"))) {
            long bytes = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
            return Optional.of(new Result(this, bytes, List.copyOf(millis)));
        }
    }

    private void execute(Path folder, List<String> command) throws IOException, InterruptedException {
        Path log = folder.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(log.toFile()).redirectInput(Path.of("/dev/null").toFile());
        builder.environment().putAll(environment(folder));
        int status = builder.start().waitFor();
        if (status != 0) {
            throw new IOException(program + " ended with exit status " + status + ": " + Files.readString(log).strip()
                    .replace('\n', ' '));
        }
    }
}
