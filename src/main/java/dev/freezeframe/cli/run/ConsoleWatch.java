package dev.freezeframe.cli.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.base.Registration;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.qemu.machine.Console;
import dev.freezeframe.qemu.machine.TextMarks;
import dev.freezeframe.store.model.CheckpointRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Watches a guest's console for the texts and the number of lines that a command waits for, from the machine's start and as
/// the bytes come. Says at once when one has come, and afterwards how far the guest had gone beyond it at a checkpoint.
///
/// What follows [Wishes#after] counts only from its end; without it everything counts. All methods are for any thread.
public final class ConsoleWatch implements AutoCloseable {
    private static final String PANIC = "Kernel panic - not syncing";
    private static final int MOST_ARRIVALS = 4096;
    private static final long CLOCKS_APART_NANOS = 500_000;
    private static final int MOST_CLOCK_READINGS = 100;

    /// What to watch for.
    ///
    /// @param after nothing else counts before this
    /// @param at each time that one of these comes
    /// @param until the end
    /// @param lines the end as well, when so many lines are complete
    public record Wishes(Optional<String> after, List<String> at, Optional<String> until, OptionalLong lines) {
        static final Wishes NONE = new Wishes(Optional.empty(), List.of(), Optional.empty(), OptionalLong.empty());

        /// Whether it says when something ends.
        boolean haveEnd() {
            return until.isPresent() || lines.isPresent();
        }

        /// What it waits for, for the user.
        String end() {
            return until.map(text -> "\"" + text + "\"" + (lines.isPresent() ? " or " : "")).orElse("") + (lines
                    .isPresent() ? Units.count(lines.getAsLong(), "line") : "");
        }
    }

    /// A text that came, and where the guest was then.
    private record Mark(String text, boolean wantsCheckpoint, long nanos, long bytes, long lines) {}

    /// Where the guest was when some of what it printed had arrived.
    private record Arrival(long nanos, long bytes, long lines) {}

    /// How far the guest had gone at a checkpoint.
    ///
    /// @param text came last before it
    /// @param skipped how often it had come before that since the checkpoint before, or the start
    public record Beyond(String text, long bytes, long lines, Duration time, int skipped) {
        /// As a JSON line of the type `mark`.
        ///
        /// @param checkpoint the one that was taken
        ObjectNode json(CheckpointRecord checkpoint) {
            return JsonLines.ofType("mark").put("text", text).put("checkpoint", checkpoint.name().toString()).put(
                    "beyondMicros", time.toNanos() / 1000).put("beyondBytes", bytes).put("beyondLines", lines).put(
                            "skipped", skipped);
        }
    }

    private final Wishes wishes;
    private final List<String> texts = new ArrayList<>();
    @GuardedBy("this")
    private final TextMarks marks;
    private final Registration registration;
    private final Console console;
    private final CompletableFuture<Void> started = new CompletableFuture<>();
    private final CompletableFuture<String> over = new CompletableFuture<>();
    private final CompletableFuture<Void> panicked = new CompletableFuture<>();
    @GuardedBy("this")
    private long startBytes;
    @GuardedBy("this")
    private long startLines;
    @GuardedBy("this")
    private OptionalLong endBytes = OptionalLong.empty();
    /// Those that no checkpoint has followed yet, the oldest first.
    @GuardedBy("this")
    private final Deque<Mark> pending = new ArrayDeque<>();
    @GuardedBy("this")
    private final Deque<Arrival> arrivals = new ArrayDeque<>();
    @GuardedBy("this")
    private Runnable checkpointNow = () -> {};
    /// The same moment by both clocks.
    @GuardedBy("this")
    private long baseNanos;
    @GuardedBy("this")
    private Instant base;

    public ConsoleWatch(Console console, Wishes wishes) {
        this.console = console;
        this.wishes = wishes;
        readClocks();
        wishes.after.ifPresent(texts::add);
        texts.addAll(wishes.at);
        wishes.until.ifPresent(texts::add);
        texts.add(PANIC);
        marks = new TextMarks(texts);
        if (wishes.after.isEmpty()) {
            started.complete(null);
        }
        registration = console.onOutput(Console.KEPT_BYTES, this::take);
    }

    /// Again if this thread did not get to run in between.
    @GuardedBy("this")
    private void readClocks() {
        int attempts = 0;
        do {
            baseNanos = System.nanoTime();
            base = Instant.now();
        } while (System.nanoTime() - baseNanos > CLOCKS_APART_NANOS && ++attempts < MOST_CLOCK_READINGS);
    }

    private synchronized void take(byte[] printed) {
        long now = System.nanoTime();
        long linesBefore = marks.lines();
        marks.take(printed, (text, bytes, lines) -> found(text, new Mark(texts.get(text), false, now, bytes, lines)));
        if (marks.lines() > linesBefore) {
            lookAtLines(printed);
        }
        if (!pending.isEmpty()) {
            arrivals.add(new Arrival(now, marks.bytes(), marks.lines()));
            if (arrivals.size() > MOST_ARRIVALS) {
                thinOut();
            }
        }
    }

    /// Told by the marks, within [#take]; synchronized once more because the check of locks does not see that.
    private synchronized void found(int text, Mark mark) {
        int firstAt = wishes.after.isPresent() ? 1 : 0;
        int firstEnd = firstAt + wishes.at.size();
        if (text < firstAt) {
            if (!started.isDone()) {
                startBytes = mark.bytes;
                startLines = mark.lines;
                pending.add(mark);
                started.complete(null);
            }
        } else if (text == texts.size() - 1) {
            panicked.complete(null);
        } else if (!started.isDone() || mark.bytes <= startBytes) {
            return;
        } else if (text < firstEnd) {
            pending.add(new Mark(mark.text, true, mark.nanos, mark.bytes, mark.lines));
            if (pending.size() > MOST_ARRIVALS) {
                pending.removeFirst();
            }
            checkpointNow.run();
        } else {
            end(mark.bytes, "the guest printed \"" + ShownText.oneLine(mark.text) + "\"");
        }
    }

    /// Counts lines; the rest of the line that [Wishes#after] stands in is none.
    @GuardedBy("this")
    private void lookAtLines(byte[] printed) {
        if (wishes.lines.isEmpty() || over.isDone() || !started.isDone()) {
            return;
        }
        boolean restOfLine = wishes.after.isPresent() && !wishes.after.get().endsWith("\n");
        long wanted = startLines + (restOfLine ? 1 : 0) + wishes.lines.getAsLong();
        if (marks.lines() < wanted) {
            return;
        }
        long line = marks.lines();
        int at = printed.length - 1;
        while (printed[at] != '\n' || line > wanted) {
            line -= printed[at--] == '\n' ? 1 : 0;
        }
        end(marks.bytes() - printed.length + at + 1, "the guest printed " + Units.count(wishes.lines.getAsLong(),
                "line"));
    }

    @GuardedBy("this")
    private void end(long bytes, String reason) {
        if (!over.isDone()) {
            endBytes = OptionalLong.of(bytes);
            over.complete(reason);
        }
    }

    @GuardedBy("this")
    private void thinOut() {
        boolean odd = false;
        for (Iterator<Arrival> each = arrivals.iterator(); each.hasNext(); odd = !odd) {
            each.next();
            if (odd) {
                each.remove();
            }
        }
    }

    Wishes wishes() {
        return wishes;
    }

    /// Waits for [Wishes#after], or a panic of the guest's kernel.
    ///
    /// @return whether one of them came within the time
    public boolean awaitStart(Duration time) throws InterruptedException {
        try {
            CompletableFuture.anyOf(started, panicked).get(time.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    public boolean started() {
        return started.isDone();
    }

    /// Whether a Linux guest has printed that its kernel panicked; then nothing else will come.
    public boolean panicked() {
        return panicked.isDone();
    }

    /// Why it is over, once what ends it has come.
    public Optional<String> over() {
        return Optional.ofNullable(over.getNow(null));
    }

    /// Runs something when it is over, or the guest's kernel panicked; at once if that is so already.
    void whenOver(Runnable then) {
        var _ = over.thenRun(then);
        var _ = panicked.thenRun(then);
    }

    /// How much had been printed when it was over, up to the end of what ended it.
    public synchronized OptionalLong endBytes() {
        return endBytes;
    }

    /// A recording has begun.
    ///
    /// @param takeCheckpoint asks it for a checkpoint, without waiting for it
    public synchronized void recording(Runnable takeCheckpoint) {
        checkpointNow = takeCheckpoint;
        readClocks();
        if (waitsForCheckpoint()) {
            takeCheckpoint.run();
        }
    }

    /// Whether one of [Wishes#at] came that no checkpoint has followed yet.
    public synchronized boolean waitsForCheckpoint() {
        return pending.stream().anyMatch(Mark::wantsCheckpoint);
    }

    /// The texts that this checkpoint is the first one after, and how far the guest had gone.
    ///
    /// @param capturedAt when the guest was stopped for it
    public synchronized List<Beyond> before(Instant capturedAt) {
        long nanos = baseNanos + Duration.between(base, capturedAt).toNanos();
        Optional<Arrival> last = arrivals.stream().filter(each -> each.nanos - nanos <= 0).reduce((_, later) -> later);
        Map<String, Beyond> answered = new LinkedHashMap<>();
        while (!pending.isEmpty() && pending.getFirst().nanos - nanos <= 0) {
            Mark mark = pending.removeFirst();
            Beyond earlier = answered.get(mark.text);
            answered.put(mark.text, new Beyond(mark.text, last.map(at -> Math.max(0, at.bytes - mark.bytes)).orElse(0L),
                    last.map(at -> Math.max(0, at.lines - mark.lines)).orElse(0L), Duration.ofNanos(nanos - mark.nanos),
                    earlier == null ? 0 : earlier.skipped + 1));
        }
        if (pending.isEmpty()) {
            arrivals.clear();
        }
        return List.copyOf(answered.values());
    }

    /// The last line that the guest printed.
    public String lastLine() {
        return ShownText.oneLine(ConsoleFeed.withoutControls(console.lastLines(1, MOST_ARRIVALS)));
    }

    @Override
    public void close() {
        registration.close();
    }
}
