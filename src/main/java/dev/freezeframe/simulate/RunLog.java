package dev.freezeframe.simulate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.UnnamedFile;
import dev.freezeframe.qemu.image.ScratchFolder;
import dev.freezeframe.qemu.machine.ReplayLogFile;
import dev.freezeframe.qemu.program.ReplayVersion;
import dev.freezeframe.qemu.stream.DeviceState;
import dev.freezeframe.qemu.stream.ReplayPosition;
import dev.freezeframe.store.ReplayLogs;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.NewCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The log of a recorded run as QEMU reads it: one file for any number of QEMUs, without a name, gone with this. What is lost
/// of it in the store is a hole in it. That of a run that is being recorded [grows][#grow]. For any thread.
final class RunLog implements AutoCloseable {
    private final Store store;
    private final ExperimentRecord experiment;
    private final UnnamedFile file;
    private final List<Interval> intervals;
    @GuardedBy("this")
    private ReplayLogs.Extent extent;
    @GuardedBy("this")
    private final List<ReplayLogs.Extent> lost = new ArrayList<>();
    /// What to do about intervals that it does not reach, once somebody has asked.
    @GuardedBy("this")
    private String remedy = "";

    private RunLog(Store store, ExperimentRecord experiment, UnnamedFile file, long start, List<Interval> intervals) {
        this.store = store;
        this.experiment = experiment;
        this.file = file;
        this.intervals = intervals;
        extent = new ReplayLogs.Extent(start, 0);
        // nothing that a checkpoint needs is before it, unless that is lost
        lost.add(new ReplayLogs.Extent(0, start));
    }

    /// Takes it out of the store. The file's header is this QEMU's, whatever the log says.
    ///
    /// @param qemu      which is to read it
    /// @param intervals all that are wanted, in the order of the run
    /// @throws IOException in one line, if there is none, or no room for it
    static RunLog of(Store store, ExperimentRecord experiment, Path qemu, List<Interval> intervals) throws IOException {
        ReplayLogs.Extent extent = store.replayLogs().extent(experiment.id()).orElseThrow(() -> new IOException(
                "the log of the run of " + experiment.name() + " is not in the store, so it cannot be executed again;"
                        + " if it came in a bundle, export it anew where it was recorded"));
        try (UnnamedFile empty = ScratchFolder.newFile()) {
            return of(store, experiment, extent, ReplayVersion.of(qemu, empty.path()), intervals);
        }
    }

    /// @param version of the logs that the QEMU reads
    static RunLog of(Store store, ExperimentRecord experiment, ReplayLogs.Extent extent, int version,
            List<Interval> intervals) throws IOException {
        UnnamedFile file = ScratchFolder.newFile();
        boolean done = false;
        try {
            RunLog log = new RunLog(store, experiment, file, extent.start(), intervals);
            log.take(extent);
            try (FileChannel target = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
                target.write(ByteBuffer.allocate(ReplayLogFile.HEADER_BYTES).putInt(0, version), 0);
            }
            done = true;
            return log;
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    private synchronized void take(ReplayLogs.Extent now) throws IOException {
        ReplayLogs.Extent more = new ReplayLogs.Extent(extent.end(), now.end() - extent.end());
        ScratchFolder.requireRoom("the log of the run of " + experiment.name(), more.bytes());
        try (FileChannel target = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
            lost.addAll(store.replayLogs().copyTo(experiment.id(), more, target));
        }
        extent = now;
    }

    /// Takes what has come to it in the store since, of a run that is being recorded. No QEMU may be led by it meanwhile.
    void grow() throws IOException {
        Optional<ReplayLogs.Extent> now = store.replayLogs().extent(experiment.id());
        if (now.isPresent()) {
            take(now.get());
        }
    }

    /// Whether it goes on behind a checkpoint.
    ///
    /// @param behind how many bytes at least
    boolean reaches(CheckpointRecord checkpoint, int behind) throws IOException {
        return position(checkpoint).isReachedBy(end() - behind);
    }

    private synchronized long end() {
        return extent.end();
    }

    private synchronized Optional<ReplayLogs.Extent> firstLost(ReplayPosition from, ReplayPosition to) {
        return lost.stream().filter(each -> !to.isReachedBy(each.start()) && from.logOffset() < each.end()).findFirst();
    }

    /// Why an interval cannot be executed for want of it, and what to do; a line, or empty.
    Optional<String> missing(Interval interval) throws IOException {
        ReplayPosition from = position(interval.from());
        ReplayPosition to = position(interval.to());
        if (!to.isReachedBy(end())) {
            return Optional.of("the log of the run ends before checkpoint " + interval.to().number()
                    + ", as QEMU was ended before it had written all of it; " + remedy());
        }
        return firstLost(from, to)
                .map(each -> "the log of the run is damaged from byte " + each.start() + " to " + each.end()
                        + "; intervals that do not need these can be executed all the same");
    }

    private synchronized String remedy() throws IOException {
        for (int i = intervals.size() - 1; i >= 0 && remedy.isEmpty(); i--) {
            if (position(intervals.get(i).to()).isReachedBy(extent.end())) {
                remedy = endWith(intervals.get(i).to().number());
            }
        }
        remedy = remedy.isEmpty() ? "record the run anew" : remedy;
        return remedy;
    }

    /// What to do where the ends of the last intervals cannot be told. [Simulation] goes on with what there is then.
    static String endWith(int checkpoint) {
        return "end with checkpoint " + checkpoint + " (--to " + checkpoint + "), which goes on with what there is";
    }

    private ReplayPosition position(CheckpointRecord checkpoint) throws IOException {
        return DeviceState.of(store.readImageBytes(checkpoint.id(), NewCheckpoint.DEVICE_STATE)).replayPosition()
                .orElseThrow(() -> new IOException("checkpoint " + checkpoint.number()
                        + " does not say where in the log of the run it is"));
    }

    Path path() {
        return file.path();
    }

    @Override
    public void close() {
        file.close();
    }
}
