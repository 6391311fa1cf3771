package dev.freezeframe.bench;

import dev.freezeframe.linux.FileRoom;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

/// What something takes on the disk, holes not counted, once all of it is there. So no measurement pays later for what the
/// one before it wrote.
public final class DiskRoom {
    private DiskRoom() {}

    /// The room of a file, or of all files in a folder.
    public static long bytes(Path fileOrFolder) throws IOException {
        long bytes = 0;
        try (Stream<Path> all = Files.walk(fileOrFolder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                    channel.force(true);
                }
                bytes += FileRoom.allocatedBytes(file);
            }
        }
        return bytes;
    }
}
