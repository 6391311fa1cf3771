package dev.freezeframe.bench;

import dev.freezeframe.base.Progress;
import dev.freezeframe.bundle.CheckpointExport.DiskFormat;
import dev.freezeframe.bundle.CheckpointExport;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Compares what checkpoints take in the store with what other programs make of the same: RAM, every disk and the device
/// state of each checkpoint.
public final class StoreBench {
    private static final String RAM = "ram";
    private static final String DEVICE_STATE = "deviceState";

    private StoreBench() {}

    /// What came of one peer.
    public sealed interface Outcome permits Compared, NotInstalled, Failed {
        ComparedBackup peer();
    }

    /// It has all checkpoints.
    ///
    /// @param storedBytes what its repository takes on the disk, compacted
    /// @param millis for each checkpoint, in order
    public record Compared(ComparedBackup peer, long storedBytes, List<Long> millis) implements Outcome {}

    /// Its program is not there.
    public record NotInstalled(ComparedBackup peer) implements Outcome {}

    /// Its program failed.
    public record Failed(ComparedBackup peer, String reason) implements Outcome {}

    /// What of a checkpoint is compared: `ram`, `disk0` and so on, `deviceState`.
    public static List<String> images(CheckpointRecord checkpoint) {
        return Stream.of(Stream.of(RAM), checkpoint.metrics().disks().stream().map(DiskMetrics::disk), Stream.of(
                DEVICE_STATE)).flatMap(each -> each).toList();
    }

    /// How long all that is, holes included.
    public static long imageBytes(CheckpointRecord checkpoint) {
        return checkpoint.metrics().ramPages() * 4096L + checkpoint.metrics().disks().stream().mapToLong(
                DiskMetrics::sizeBytes).sum() + checkpoint.metrics().deviceStateBytes();
    }

    /// Writes what of a checkpoint is compared, each image to a sparse file of its name, as the store gives it back.
    ///
    /// @param folder empty
    public static void write(Store store, CheckpointRecord checkpoint, Path folder) throws IOException {
        CheckpointExport export = new CheckpointExport(store);
        for (String image : images(checkpoint)) {
            Path file = folder.resolve(image);
            switch (image) {
                case RAM -> export.writeRam(checkpoint, file, false, Progress.NONE);
                case DEVICE_STATE -> export.writeDeviceState(checkpoint, file, false);
                default -> export.writeDisk(checkpoint, image, file, DiskFormat.RAW, false, Progress.NONE);
            }
        }
    }

    /// Gives the checkpoints to each peer, one after another. Only one checkpoint's images are on the disk at a time.
    ///
    /// @param folder for the images and the repositories
    /// @param doing told what is going on
    /// @return of each peer, in their order
    public static List<Outcome> compare(Store store, List<CheckpointRecord> checkpoints, List<ComparedBackup> peers,
            Path folder,
            Consumer<String> doing) throws IOException, InterruptedException {
        List<Side> sides = new ArrayList<>();
        for (ComparedBackup peer : peers) {
            Side side = new Side(peer);
            side.attempt(() -> side.begin(Files.createDirectory(folder.resolve(peer.program()))));
            sides.add(side);
        }
        for (CheckpointRecord checkpoint : checkpoints) {
            String name = "checkpoint-" + checkpoint.number();
            doing.accept("writing the images of " + name);
            Path images = Files.createDirectory(folder.resolve(name));
            write(store, checkpoint, images);
            for (Side side : sides) {
                doing.accept(side.peer.program() + ": " + name);
                side.attempt(() -> side.repository.add(images));
            }
            for (String image : images(checkpoint)) {
                Files.delete(images.resolve(image));
            }
            Files.delete(images);
        }
        for (Side side : sides) {
            side.attempt(() -> side.outcome = Optional.of(side.repository.compacted()));
        }
        return sides.stream().map(side -> side.outcome.orElseThrow()).toList();
    }

    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    /// One peer, which is left alone once there is an outcome.
    private static final class Side {
        private final ComparedBackup peer;
        private PeerRepository repository;
        private Optional<Outcome> outcome = Optional.empty();

        Side(ComparedBackup peer) {
            this.peer = peer;
        }

        void begin(Path folder) throws IOException, InterruptedException {
            Optional<PeerRepository> made = PeerRepository.create(peer, folder);
            repository = made.orElse(null);
            outcome = made.isPresent() ? Optional.empty() : Optional.of(new NotInstalled(peer));
        }

        void attempt(Step step) throws InterruptedException {
            if (outcome.isPresent()) {
                return;
            }
            try {
                step.run();
            } catch (IOException e) {
                outcome = Optional.of(new Failed(peer, e.getMessage()));
            }
        }
    }
}
