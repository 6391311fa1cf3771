package dev.freezeframe.capture;

import dev.freezeframe.qemu.machine.Machine;
import java.io.IOException;
import java.util.List;

/// Captures the writable disks of a machine: freezes what they hold in the pause, and reads what changed afterwards, while the
/// guest writes on. Whatever fails, the guest's disks stay as the guest left them, and no block that changed is ever left out of
/// the next checkpoint. For the checkpointing thread.
interface DiskFreezer extends AutoCloseable {

    /// For a machine without a disk to write.
    DiskFreezer NONE = new DiskFreezer() {
        @Override
        public void start() {
            // there is none
        }

        @Override
        public List<BlockRanges> nothing() {
            return List.of();
        }

        @Override
        public List<BlockRanges> everything() {
            return List.of();
        }

        @Override
        public void prepare(List<BlockRanges> besides) {
            // there is none
        }

        @Override
        public void freeze() {
            // there is none
        }

        @Override
        public List<CapturedDisk> read(int number, long generation, FrameSink sink, SlabPool pool,
                List<BlockRanges> besides) {
            return List.of();
        }

        @Override
        public void finish() {
            // there is none
        }

        @Override
        public void giveUp() {
            // there is none
        }

        @Override
        public void close() {
            // there is none
        }
    };

    /// The way for a machine: by ourselves where we serve its disks, otherwise by QEMU's means.
    static DiskFreezer of(Machine machine, Sessions sessions, CaptureOptions options) {
        if (!machine.servedDisks().isEmpty()) {
            return new ServedDiskCapture(sessions, machine.disks(), machine.servedDisks());
        }
        return sessions.disks()
                .<DiskFreezer>map(qmp -> new DiskCapture(qmp, sessions.patience(), machine.disks(), options
                        .scratchBytes()))
                .orElse(NONE);
    }

    /// Begins to note what the guest writes.
    ///
    /// @throws IOException if there is no room for what that needs, or QEMU refuses; close it then as well
    void start() throws IOException;

    /// No block of any disk.
    List<BlockRanges> nothing();

    /// Every block of every disk.
    List<BlockRanges> everything();

    /// Prepares the next freezing while the guest runs. Follow it with [#read] or [#giveUp].
    ///
    /// @param besides blocks to read whether they changed or not, for each disk
    void prepare(List<BlockRanges> besides) throws IOException;

    /// Sends ahead what [#freeze] will send, when the pause is near.
    default void arm() throws IOException {}

    /// Takes back what was sent ahead and not used.
    default void disarm() {}

    /// Goes the way of [#freeze] without an effect, so that its code is compiled.
    default void rehearse() throws IOException {}

    /// Whether the guest, which stands, may be captured at this moment as far as its disks go.
    default boolean isQuiet() throws IOException {
        return true;
    }

    /// Freezes what all disks hold, in the pause.
    void freeze() throws IOException;

    /// Reads what changed until they were frozen and hands it to the sink. The guest runs meanwhile. Follow it with [#finish],
    /// or, if it fails, with [#giveUp].
    ///
    /// @param besides as [#prepare] had it
    List<CapturedDisk> read(int number, long generation, FrameSink sink, SlabPool pool, List<BlockRanges> besides)
            throws IOException, InterruptedException;

    /// Lets go of what was frozen, after it was read. What cannot be done now will be before the next one is prepared.
    void finish();

    /// Lets go of what was frozen, read or not, and keeps the blocks that changed for the next checkpoint.
    ///
    /// @throws IOException if QEMU refused some of it; to be tried again
    void giveUp() throws IOException;

    /// Leaves the machine as it was found.
    @Override
    void close();
}
