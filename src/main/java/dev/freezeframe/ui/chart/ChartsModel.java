package dev.freezeframe.ui.chart;

import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.analyse.DirtyCounts;
import dev.freezeframe.base.Registration;
import dev.freezeframe.plot.ChartColors;
import dev.freezeframe.plot.ChartFrame;
import dev.freezeframe.plot.TimeWindow;
import dev.freezeframe.record.DirtySample;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.ui.ExperimentModel;
import dev.freezeframe.ui.WorkbenchModel;
import dev.freezeframe.ui.recording.RecordingModel;
import java.time.Instant;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import javafx.application.Platform;
import javafx.collections.ListChangeListener;

/// What the charts show of the experiment, without any control: its checkpoints in columns, the counts of dirty pages between
/// them, and the stretch of time in view. For the JavaFX thread.
final class ChartsModel {
    private final ExperimentModel experiment;
    private final ShownRecording shownRecording;
    private final TimeWindow window = new TimeWindow();
    private final Runnable changed;
    private CheckpointSeries series = new CheckpointSeries(Instant.EPOCH);
    private DirtyCounts counts = new DirtyCounts();
    private final ConcurrentLinkedQueue<DirtySample> counted = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean delivering = new AtomicBoolean();
    private Registration counting;
    private long shownId = -1;
    private boolean looking;

    /// @param changed is called whenever there is something new to paint
    ChartsModel(WorkbenchModel workbench, Runnable changed) {
        this.changed = changed;
        experiment = workbench.experiment();
        shownRecording = new ShownRecording(workbench);
        experiment.checkpoints().addListener(this::checkpointsChanged);
        experiment.experimentProperty().addListener((_, _, _) -> begin());
        experiment.summaryProperty().addListener((_, _, _) -> changed.run());
        shownRecording.recordingProperty().addListener((_, _, _) -> followRecording());
        begin();
    }

    TimeWindow window() {
        return window;
    }

    /// What there is now, until more comes.
    CheckpointSeries series() {
        return series;
    }

    /// Says whether anybody looks: counting dirty pages between checkpoints costs the machine some time.
    void look(boolean looks) {
        looking = looks;
        followRecording();
    }

    /// What is to be painted now.
    ChartFrame frame(ChartColors colors) {
        return new ChartFrame(series.snapshot(), counts.snapshot(), experiment.summaryProperty().get(), window.from(),
                window.to(), window.isLive(), colors);
    }

    private void begin() {
        ExperimentRecord shown = experiment.experimentProperty().get();
        long id = shown == null ? -1 : shown.id();
        if (id != shownId) {
            shownId = id;
            counts = new DirtyCounts();
            window.begin(false);
            rebuild();
        }
        followRecording();
    }

    private void rebuild() {
        ExperimentRecord shown = experiment.experimentProperty().get();
        series = new CheckpointSeries(shown == null ? Instant.EPOCH : shown.startedAt());
        experiment.checkpoints().forEach(series::add);
        reach();
    }

    private void checkpointsChanged(ListChangeListener.Change<? extends CheckpointRecord> change) {
        boolean onlyMore = true;
        while (change.next()) {
            if (change.wasAdded() && !change.wasRemoved() && change.getFrom() == series.size()) {
                change.getAddedSubList().forEach(series::add);
            } else {
                onlyMore = false;
            }
        }
        if (onlyMore && series.size() == experiment.checkpoints().size()) {
            reach();
        } else {
            rebuild();
        }
    }

    private void reach() {
        double last = series.lastSeconds();
        if (counts.size() > 0) {
            last = Math.max(last, counts.seconds(counts.size() - 1));
        }
        RecordingModel recording = shownRecording.recordingProperty().get();
        int newest = series.size() - 1;
        double interval = recording != null
                ? recording.recording().interval().toNanos() / 1e9
                : newest >= 0 ? series.record(newest).metrics().intervalMillis() / 1e3 : 1;
        window.reach(last, interval);
        changed.run();
    }

    private void followRecording() {
        if (counting != null) {
            counting.close();
            counting = null;
        }
        RecordingModel recording = shownRecording.recordingProperty().get();
        window.setLive(recording != null);
        if (recording != null && looking) {
            Instant start = series.start();
            recording.recording().dirtySamples().forEach(sample -> counts.add(start, sample));
            counting = recording.recording().onDirtySample(sample -> {
                counted.add(sample);
                if (delivering.compareAndSet(false, true)) {
                    Platform.runLater(this::deliver);
                }
            });
        }
        reach();
    }

    private void deliver() {
        delivering.set(false);
        Instant start = series.start();
        for (DirtySample next = counted.poll(); next != null; next = counted.poll()) {
            if (counting != null) {
                counts.add(start, next);
            }
        }
        reach();
    }
}
