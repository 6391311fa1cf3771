package dev.freezeframe.cli.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.analyse.BlockSums;
import dev.freezeframe.analyse.RunStatistics;
import dev.freezeframe.analyse.RunSummary;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CheckpointLines;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.record.BudgetUse;
import dev.freezeframe.record.Recording;
import dev.freezeframe.record.RecordingListener;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Prints a recording while it goes on, and its summary at the end. What the recording's threads tell is queued and printed
/// by the thread that calls [#follow], so a reader who is slow, or has stopped the terminal, makes no checkpoint late.
final class RunPrinter implements RecordingListener {
    /// How often the status line is renewed and a request to stop looked at.
    private static final long STATUS_MILLIS = 100;

    private static final Duration LONG_FOR_THE_FIRST = Duration.ofSeconds(20);

    static final String PANICKED = "the guest's kernel panicked";

    /// What ends a recording besides its own machine: all of it is known to be wanted, and what comes first counts.
    ///
    /// @param checkpoints how many to take; empty for no limit
    /// @param time how long to record; empty for no limit
    /// @param console what the guest prints
    record End(OptionalLong checkpoints, Optional<Duration> time, ConsoleWatch console) {}

    private sealed interface Event {
        record Stored(CheckpointRecord checkpoint) implements Event {}

        record Failed(int number, Exception cause) implements Event {}

        record Waits(String reason) implements Event {}

        /// Only to look at once.
        record ConsoleSpoke() implements Event {}
    }

    private final TerminalOutput screen;
    private final boolean json;
    private final CheckpointLines table;
    private final RunStatistics statistics = new RunStatistics();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private GuestWatch guest;
    private int failed;
    private boolean firstTold;
    private Optional<CheckpointRecord> newest = Optional.empty();

    /// @param disks whether the machine has disks to tell of
    RunPrinter(TerminalOutput screen, boolean json, boolean disks) {
        this.screen = screen;
        this.json = json;
        guest = new GuestWatch(screen, json, 1, 1, false, Optional.empty());
        table = new CheckpointLines(screen.terminal(), screen.columns(), disks);
    }

    /// Has a guest that sleeps woken after a time.
    void wakeAfter(Duration time) {
        guest = new GuestWatch(screen, json, 1, 1, false, Optional.of(time));
    }

    /// Why the guest does not run, if it does not, with the remedy.
    Optional<String> standing() {
        return guest.standing();
    }

    @Override
    public void checkpointStored(CheckpointRecord checkpoint) {
        events.add(new Event.Stored(checkpoint));
    }

    @Override
    public void checkpointFailed(int number, Exception cause) {
        events.add(new Event.Failed(number, cause));
    }

    @Override
    public void captureWaits(String reason) {
        events.add(new Event.Waits(reason));
    }

    @Override
    public void captureEnded(String reason) {}

    /// Prints until capture has ended by itself, by what `end` says, or a stop is asked for; then ends the recording and
    /// prints what was still on its way to the store.
    void follow(Recording recording, Machine machine, End end, StopRequest stop)
            throws IOException, InterruptedException {
        if (!json) {
            screen.line(
                    "recording " + recording.experiment().name() + " every " + interval(recording.interval())
                            + ", tracker " + recording.trackerName() + ", QEMU process " + machine.pid());
            screen.line(table.header());
        }
        long start = System.nanoTime();
        DiskRetry retry = new DiskRetry(machine);
        boolean ended = false;
        end.console.whenOver(() -> events.add(new Event.ConsoleSpoke()));
        while (!ended && !stop.requested()) {
            Event event = events.poll(STATUS_MILLIS, TimeUnit.MILLISECONDS);
            if (event != null) {
                print(event, end.console);
                if (screen.readerGone()) {
                    stop.request();
                }
            }
            guest.look(machine, recording.isCapturing());
            retry.look();
            Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
            if (!firstTold && elapsed.compareTo(LONG_FOR_THE_FIRST) >= 0) {
                firstTold = true;
                tellOfTheFirst(machine);
            }
            screen.status(status(recording, end, elapsed));
            Optional<String> over = end.time.isPresent() && elapsed.compareTo(end.time.get()) >= 0
                    ? Optional.of("recorded for " + Units.duration(end.time.get()) + ", as asked for")
                    : over(end.console, machine);
            over.ifPresent(recording::stop);
            ended = over.isPresent() || recording.awaitCaptureEnd(Duration.ZERO);
        }
        screen.status("storing what was captured" + (stop.requested() ? "; Ctrl-C again to give it up" : ""));
        recording.close();
        screen.status("");
        for (Event event = events.poll(); event != null; event = events.poll()) {
            print(event, end.console);
        }
    }

    private void tellOfTheFirst(Machine machine) {
        if (stored() == 0 && failed == 0 && machine.state() == MachineState.RUNNING) {
            screen.remark(
                    "the first checkpoint takes long: all of the memory goes to the store, and the guest writes on"
                            + " meanwhile; those after it have what has changed only");
        }
    }

    /// Why the recording is over by what the guest has printed. A checkpoint that it asked for before comes first, and so does
    /// the first one, unless the guest stands.
    private Optional<String> over(ConsoleWatch console, Machine machine) {
        boolean checkpointComes = statistics.summary().checkpoints() == 0 || console.waitsForCheckpoint();
        if (console.over().isPresent() && checkpointComes && failed == 0 && machine.state() == MachineState.RUNNING) {
            return Optional.empty();
        }
        return console.over().or(() -> console.wishes().haveEnd() && console.panicked()
                ? Optional.of(PANICKED)
                : Optional.empty());
    }

    private String status(Recording recording, End end, Duration elapsed) {
        RunSummary soFar = statistics.summary();
        return Units.text("%s%s, %s%s, %s stored, queue %.0f %%, %d late; Ctrl-C ends",
                Units.count(soFar.checkpoints()),
                end.checkpoints.isPresent() ? " of " + end.checkpoints.getAsLong() : "", Units.duration(elapsed),
                end.time.map(all -> " of " + Units.duration(all)).orElse(""),
                Units.bytes(soFar.storedBytes()), 100 * recording.pipelineFill(),
                soFar.late());
    }

    private void print(Event event, ConsoleWatch console) {
        switch (event) {
            case Event.Stored(CheckpointRecord checkpoint) -> {
                statistics.add(checkpoint);
                newest = Optional.of(checkpoint);
                screen.line(json ? JsonLines.checkpoint(checkpoint).toString() : table.row(checkpoint));
                console.before(checkpoint.metrics().capturedAt()).forEach(beyond -> screen.line(json
                        ? beyond.json(checkpoint).toString()
                        : table.below(text(beyond))));
            }
            case Event.ConsoleSpoke() -> {
                // What it said is looked at after each event.
            }
            case Event.Waits(String reason) -> {
                screen.remark("no checkpoints for now: " + reason);
                guest.standingTold();
            }
            case Event.Failed(int number, Exception cause) -> {
                failed++;
                String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
                if (json) {
                    screen.line(JsonLines.ofType("failed").put("number", number).put("reason", reason).toString());
                }
                screen.remark("checkpoint " + number + " failed: " + reason + "; the guest runs on");
            }
        }
    }

    private static String interval(Duration interval) {
        return interval.toMinutes() < 2 ? Units.text("%d ms", interval.toMillis()) : Units.duration(interval);
    }

    private static String text(ConsoleWatch.Beyond beyond) {
        return Units.text("%s, %s and %s beyond \"%s\"%s", Units.shortDuration(beyond.time()),
                Units.count(beyond.bytes(),
                        "byte"),
                Units.count(beyond.lines(), "line"), ShownText.oneLine(beyond.text()), beyond.skipped() == 0
                        ? ""
                        : ", which came " + Units.count(beyond.skipped(), "more time") + " before");
    }

    /// How many checkpoints were stored.
    long stored() {
        return statistics.summary().checkpoints();
    }

    /// The newest checkpoint that was stored.
    Optional<CheckpointRecord> newest() {
        return newest;
    }

    void printSummary(Recording recording, Store store) throws StoreException {
        RunSummary run = statistics.summary();
        String experiment = recording.experiment().name();
        long logBytes = store.replayLogs().storedBytes(recording.experiment().id());
        if (json) {
            ObjectNode summary = JsonLines.summary(run).put("experiment", experiment).put("failed", failed)
                    .put("tracker",
                            recording.trackerName())
                    .put("thinned", recording.budgetUse().thinned()).put("budgetBytes", recording.budgetUse().bytes())
                    .put("standingTicks", recording.standingTicks()).put("endReason", recording.endReason())
                    .put("logBytes", logBytes).put("storeBytes", store.sizeBytes());
            screen.line(summary.toString());
            return;
        }
        screen.line(CheckpointLines.PHASE_KEY);
        screen.line(Units.text("%s: %s in %s%s (%s)", experiment, Units.count(run.checkpoints(), "checkpoint"), Units
                .duration(run.span()),
                (run.late() > 0 ? ", " + run.late() + " late" : "") + (failed > 0
                        ? ", " + failed
                                + " failed"
                        : ""),
                recording.endReason()));
        if (recording.standingTicks() > 0) {
            screen.line("stood     " + Units.count(recording.standingTicks(), "tick")
                    + " without a checkpoint, while the guest slept or was stopped");
        }
        BudgetUse use = recording.budgetUse();
        if (!use.budget().isUnlimited()) {
            screen.line(
                    Units.text("budget    %s and %s used, %s thinned out (%s)", Units.bytes(use.bytes()), Units.count(
                            use.checkpoints(), "checkpoint"), Units.count(use.thinned()), use.budget().describe()));
        }
        if (run.checkpoints() == 0) {
            return;
        }
        StringBuilder phases = new StringBuilder();
        run.phaseMicros().forEach((name, micros) -> phases.append(phases.isEmpty() ? "" : ", ").append(name).append(' ')
                .append(Units.millis(micros.median())));
        screen.line(
                Units.text("pause     median %s, p99 %s, longest %s", Units.millis(run.pauseMicros().median()), Units
                        .millis(run.pauseMicros().p99()), Units.millis(run.pauseMicros().max())));
        screen.line("phases    " + phases + " (medians)");
        screen.line(Units.text("pages     %s dirty: %s new, %s duplicate, %s zero, %s the same again", Units.count(run
                .dirtyPages()), Units.count(run.newPages()), Units.count(run.duplicatePages()), Units.count(
                        run
                                .zeroPages()),
                Units.count(run.unchangedPages())));
        BlockSums blocks = run.blocks();
        if (blocks.dirty() > 0) {
            screen.line(
                    Units.text(
                            "blocks    %s dirty: %s new, %s as on a disk, %s as in RAM (%.0f %%), %s zero, %s the same"
                                    + " again; read at %s/s",
                            Units.count(blocks.dirty()), Units.count(blocks.fresh()), Units.count(blocks
                                    .duplicateDisk()),
                            Units.count(blocks.duplicateRam()), 100 * blocks.sharedWithRam(), Units
                                    .count(blocks.zero()),
                            Units.count(blocks.unchanged()), Units.bytes(Math.round(blocks
                                    .readBytesPerSecond()))));
        }
        screen.line(Units.text("stored    %s instead of %s of %s images%s; the store has %s now, in %s", Units.bytes(run
                .storedBytes()), Units.bytes(run.imageBytes()), blocks.dirty() > 0 ? "RAM and disk" : "RAM",
                logBytes > 0 ? ", and a log of " + Units.bytes(logBytes) : "", Units.bytes(store.sizeBytes()),
                store.directory()));
        screen.line(Units.text("pipeline  %s ms for the first, then %s ms (median)", Units.count(run
                .firstPipelineMillis()), Units.count(run.pipelineMillis().median())));
    }
}
