package dev.freezeframe.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A deduplicating backup program that the store is compared with, on the same images.
public enum ComparedBackup {
    /// Fixed chunks of 4 KiB, as ours are. Holes are not read.
    BORG("borg") {
        @Override
        List<String> create() {
            return List.of(program(), "init", "--encryption", "none", PeerRepository.NAME);
        }

        @Override
        List<String> add(Path checkpoint) {
            return List.of(program(), "create", "--chunker-params", "fixed,4096", "--sparse", "--compression", "lz4",
                    PeerRepository.NAME + "::" + checkpoint.getFileName(), checkpoint.toString());
        }

        @Override
        List<String> compact() {
            return List.of(program(), "compact", PeerRepository.NAME);
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
            return List.of(program(), "init", "--repo", PeerRepository.NAME);
        }

        @Override
        List<String> add(Path checkpoint) {
            return List.of(program(), "backup", "--repo", PeerRepository.NAME, "--quiet", checkpoint.toString());
        }

        @Override
        List<String> compact() {
            return List.of(program(), "prune", "--repo", PeerRepository.NAME, "--quiet");
        }

        @Override
        Map<String, String> environment(Path folder) {
            return Map.of("RESTIC_PASSWORD", "bench", "RESTIC_CACHE_DIR", folder.resolve("cache").toString());
        }
    };

    private final String program;

    ComparedBackup(String program) {
        this.program = program;
    }

    /// Its name, and its program's.
    public String program() {
        return program;
    }

    /// Makes the repository, in the working folder.
    abstract List<String> create();

    /// Adds all files of a folder.
    abstract List<String> add(Path checkpoint);

    /// Gives back what it does not need.
    abstract List<String> compact();

    abstract Map<String, String> environment(Path folder);
}
