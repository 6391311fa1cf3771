package dev.freezeframe.bench;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.record.Recording;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// Ours: one recording, whose checkpoints are asked for one by one. Its first, which has all of RAM, is taken when this is
/// opened.
final class RecordingTaker implements CheckpointTaker {
    /// None comes by itself.
    private static final Duration NEVER = Duration.ofDays(1);

    private final Store store;
    private final Recording recording;
    private final RunMeter meter;
    private final CheckpointRecord first;
    private CheckpointRecord newest;

    private RecordingTaker(Store store, Recording recording, RunMeter meter, CheckpointRecord first) {
        this.store = store;
        this.recording = recording;
        this.meter = meter;
        this.first = first;
        newest = first;
    }

    static RecordingTaker open(Store store, Machine machine) throws IOException, InterruptedException {
        RunMeter meter = new RunMeter(_ -> {});
        Recording recording = Recording.start(store, machine, Optional.empty(), false, PauseBench.options(
                Integer.MAX_VALUE, NEVER), meter);
        RecordingTaker taker = null;
        try {
            taker = new RecordingTaker(store, recording, meter, meter.awaitStored(1));
            return taker;
        } finally {
            if (taker == null) {
                recording.close();
            }
        }
    }

    /// What the first checkpoint added to the store.
    long firstKeptBytes() {
        return first.metrics().storedBytes();
    }

    @Override
    public void take() throws IOException, InterruptedException {
        int next = meter.stored() + 1;
        recording.checkpointNow();
        newest = meter.awaitStored(next);
    }

    @Override
    public long keptBytes() throws IOException {
        // As for the others: nothing of it is still to be written in the next one's turn.
        DiskRoom.bytes(store.directory());
        return newest.metrics().storedBytes();
    }

    @Override
    public void close() throws IOException {
        recording.close();
    }
}
