package dev.freezeframe.simulate;

import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.program.ReplayVersion;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.ExperimentRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The log of a recorded run as QEMU reads it: one file for any number of QEMUs, without a name, gone with this.
final class RunLog implements AutoCloseable {
    private final UnnamedFile file;
    private final long end;

    private RunLog(UnnamedFile file, long end) {
        this.file = file;
        this.end = end;
    }

    /// Takes it out of the store.
    ///
    /// @param qemu which is to read it
    static RunLog of(Store store, ExperimentRecord experiment, Path qemu) throws IOException {
        int version;
        try (UnnamedFile empty = ScratchFolder.newFile()) {
            version = ReplayVersion.of(qemu, empty.path());
        }
        UnnamedFile file = ScratchFolder.newFile();
        boolean done = false;
        try (FileChannel target = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
            target.write(ByteBuffer.allocate(Integer.BYTES).putInt(version).flip(), 0);
            long end = store.replayLogs().end(experiment.id());
            store.replayLogs().copyTo(experiment.id(), target);
            done = true;
            return new RunLog(file, end);
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    /// The byte behind its last one. What the guest did at the end of a recording can be missing.
    long end() {
        return end;
    }

    Path path() {
        return file.path();
    }

    @Override
    public void close() {
        file.close();
    }
}
