package dev.freezeframe.bench;

import dev.freezeframe.qemu.program.Executables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a backup program makes of checkpoints. Everything that it writes stays in one folder.
final class PeerRepository {
    /// Of the repository, in the folder.
    static final String NAME = "repository";

    private final ComparedBackup peer;
    private final Path folder;
    private final List<Long> millis = new ArrayList<>();

    private PeerRepository(ComparedBackup peer, Path folder) {
        this.peer = peer;
        this.folder = folder;
    }

    /// Makes an empty one.
    ///
    /// @param folder empty
    /// @return nothing where the program is not installed
    static Optional<PeerRepository> create(ComparedBackup peer, Path folder) throws IOException, InterruptedException {
        if (Executables.find(Path.of(peer.program())).isEmpty()) {
            return Optional.empty();
        }
        PeerRepository repository = new PeerRepository(peer, folder);
        repository.execute(peer.create());
        return Optional.of(repository);
    }

    /// Adds a checkpoint.
    ///
    /// @param checkpoint a folder with its images
    void add(Path checkpoint) throws IOException, InterruptedException {
        long start = System.nanoTime();
        execute(peer.add(checkpoint));
        millis.add((System.nanoTime() - start) / 1_000_000);
    }

    /// Has the program compact the repository, and looks how large that is.
    StoreBench.Compared compacted() throws IOException, InterruptedException {
        execute(peer.compact());
        return new StoreBench.Compared(peer, DiskRoom.bytes(folder.resolve(NAME)), List.copyOf(millis));
    }

    private void execute(List<String> command) throws IOException, InterruptedException {
        Path log = folder.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(log.toFile()).redirectInput(Path.of("/dev/null").toFile());
        builder.environment().putAll(peer.environment(folder));
        Process process = builder.start();
        try {
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException(peer.program() + " ended with exit status " + status + ": " + Files.readString(
                        log).strip().replace('\n', ' '));
            }
        } finally {
            process.destroyForcibly();
        }
    }
}
