package dev.freezeframe.experiment.bench;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.restore.RamImage;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.NewCheckpoint;
import dev.freezeframe.store.PageMap;
import dev.freezeframe.store.Store;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Compares what checkpoints take in the store with what other programs make of the same RAM images.
public final class StoreBench {
    private static final int PIECE_BYTES = 1 << 20;

    private StoreBench() {}

    /// Writes the RAM of each checkpoint to a file of its own, as the store gives it back.
    public static List<Path> writeImages(Store store, List<CheckpointRecord> checkpoints, Path folder)
            throws IOException {
        List<Path> images = new ArrayList<>();
        for (CheckpointRecord checkpoint : checkpoints) {
            PageMap map = store.pageMap(checkpoint.id(), NewCheckpoint.RAM);
            try (SharedMemory memory = SharedMemory.allocate("bench-image",
                    (long) map.pages() * SharedMemory.PAGE_BYTES)) {
                RamImage.fill(memory, store, map, Runtime.getRuntime().availableProcessors());
                Path image = folder.resolve("ram-" + checkpoint.number());
                write(memory, image);
                images.add(image);
            }
        }
        return List.copyOf(images);
    }

    private static void write(SharedMemory memory, Path image) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
        try (FileChannel file = FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long offset = 0; offset < memory.sizeBytes(); offset += PIECE_BYTES) {
                int length = (int) Math.min(PIECE_BYTES, memory.sizeBytes() - offset);
                memory.read(offset, length, piece, 0);
                piece.limit(length).position(0);
                while (piece.hasRemaining()) {
                    file.write(piece);
                }
                piece.clear();
            }
        }
    }

    /// Runs a peer over the images.
    ///
    /// @return empty where it is not installed
    public static Optional<Peer.Result> compare(Peer peer, List<Path> images, Path folder) throws IOException,
            InterruptedException {
        return peer.run(images, Files.createDirectory(folder.resolve(peer.program())));
    }
}
