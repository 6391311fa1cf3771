package dev.freezeframe.cli.run;

import dev.freezeframe.base.Closing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A folder of the owner's that is gone with all its content when closed.
public record TemporaryFolder(Path path) implements AutoCloseable {
    public static TemporaryFolder create(Optional<Path> parent) throws IOException {
        String prefix = "freezeframe-bench-";
        return new TemporaryFolder(parent.isPresent()
                ? Files.createTempDirectory(parent.get(), prefix)
                : Files
                        .createTempDirectory(prefix));
    }

    /// A new folder in this one.
    public Path folder(String name) throws IOException {
        return Files.createDirectory(path.resolve(name));
    }

    @Override
    public void close() throws IOException {
        List<Path> deepestFirst;
        try (Stream<Path> all = Files.walk(path)) {
            deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
        }
        Closing.all(deepestFirst.stream().<AutoCloseable>map(each -> () -> Files.deleteIfExists(each)).toList());
    }
}
