package dev.freezeframe.store.lock;

import dev.freezeframe.store.lock.StoreOwner.Owner;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What a second program does that took the owner of a store for dead.
public final class Takeover {
    private static final Owner SECOND = new Owner("second", 1, new Owner.Holder("another-boot", "pid:[1]", 1, 1, "0",
            "otherhost"));

    private Takeover() {}

    /// Takes the store in a folder. The first owner may just be at counting, with its look at the file behind it, and write
    /// over that once more.
    public static void of(Path directory) throws IOException {
        Path file = directory.resolve(StoreOwner.FILE_NAME);
        do {
            // in place, as owners do
            try (RandomAccessFile record = new RandomAccessFile(file.toFile(), "rw")) {
                record.write(SECOND.bytes());
            }
            Await.until("the first one sleeps until its next count, or has noticed", () -> Thread.getAllStackTraces()
                    .keySet().stream().filter(each -> each.getName().equals("store-owner"))
                    .allMatch(each -> each.getState() == Thread.State.TIMED_WAITING));
        } while (!Owner.of(Files.readAllBytes(file)).equals(Optional.of(SECOND)));
    }
}
