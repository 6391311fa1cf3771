package dev.freezeframe.cli.run;

import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CliEnvironment;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import dev.freezeframe.qemu.qmp.QmpException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The life of restored machines until they, a text of their guests, a time or the user ends it. What their guests print is
/// shown up to what ended it and no further, however fast the computer is.
///
/// @param shown whether what the guests print is shown
/// @param time how long at most
/// @param wakeAfter how long a guest may sleep; empty for as long as it likes
/// @param until the instruction at which one that is led by a log stands by itself, which is its end
record RestoredRun(CliEnvironment surroundings, TerminalOutput screen, boolean json, boolean shown,
        ConsoleWatch.Wishes wishes,
        Optional<Duration> time, Optional<Duration> wakeAfter,
        OptionalLong until) {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    /// A machine and its console.
    private record Watched(int number, Machine machine, ConsoleFeed feed, ConsoleWatch watch, GuestWatch guest,
            DiskRetry retry, OptionalLong until)
            implements
                AutoCloseable {
        /// Whether it has done what is waited for, or never will.
        boolean ended() {
            return watch.over().isPresent() || (watch.wishes().haveEnd() && watch.panicked()) || MachineEnd.of(machine)
                    .isPresent() || stands();
        }

        private boolean stands() {
            if (until.isEmpty() || machine.state() != MachineState.PAUSED) {
                return false;
            }
            try {
                return machine.instructions() == until.getAsLong();
            } catch (QmpException e) {
                return false; // it has ended, as is seen next time
            }
        }

        @Override
        public void close() {
            feed.close();
            watch.close();
        }
    }

    /// Lets the machines run until it is over.
    ///
    /// @throws CommandFailure if what was waited for did not come
    void run(List<Machine> machines, StopRequest stop) throws InterruptedException, CommandFailure {
        List<Watched> all = new ArrayList<>();
        try {
            for (Machine machine : machines) {
                // the feed is told first, so it has all that the watch has seen
                ConsoleFeed feed = new ConsoleFeed(machine.console());
                int number = all.size() + 1;
                all.add(new Watched(number, machine, feed, new ConsoleWatch(machine.console(), wishes), new GuestWatch(
                        screen, json, number, machines.size(), true, wakeAfter), new DiskRetry(machine), until));
            }
            if (shown && machines.size() == 1) {
                Keyboard.attach(surroundings.in(), machines.getFirst().console());
            }
            boolean timeOver = follow(all, stop);
            if (wishes.haveEnd() && !stop.requested() && !screen.readerGone()) {
                for (Watched each : all) {
                    if (each.watch.over().isEmpty()) {
                        throw new CommandFailure(problem(each, timeOver, all.size()));
                    }
                }
            }
        } finally {
            all.forEach(Watched::close);
        }
    }

    /// @return whether the time was over
    private boolean follow(List<Watched> all, StopRequest stop) throws InterruptedException {
        long start = System.nanoTime();
        boolean timeOver = false;
        boolean over = false;
        while (!over) {
            timeOver = time.isPresent() && System.nanoTime() - start >= time.get().toNanos();
            over = timeOver || stop.await(LOOK_AGAIN) || all.stream().allMatch(Watched::ended);
            all.forEach(each -> {
                if (!each.stands()) { // nobody else has stopped it
                    each.guest.look(each.machine, false);
                }
                each.retry.look();
            });
            boolean last = over;
            all.forEach(each -> show(each, all.size() > 1, last));
            over |= screen.readerGone();
            screen.status(Units.text("running for %s%s; Ctrl-C ends", Units.duration(Duration.ofNanos(System.nanoTime()
                    - start)), time.map(most -> " of " + Units.duration(most)).orElse("")));
        }
        screen.status("");
        return timeOver;
    }

    private void show(Watched each, boolean oneOfSeveral, boolean last) {
        OptionalLong end = each.watch.endBytes();
        List<String> lines = each.feed.newLines(end, last || end.isPresent());
        if (!shown) {
            return;
        }
        for (String line : lines) {
            screen.line(json
                    ? JsonLines.ofType("console").put("machine", each.number).put("text", line).toString()
                    : oneOfSeveral ? "[" + each.number + "] " + line : line);
        }
        if (last && each.feed.lostBytes() > 0) {
            screen.remark("machine " + each.number + " printed faster than this could be read; " + Units.bytes(each.feed
                    .lostBytes()) + " of its console are left out");
        }
    }

    private String problem(Watched each, boolean timeOver, int machines) {
        Optional<String> ended = each.watch.panicked() ? Optional.of(RunPrinter.PANICKED) : MachineEnd.of(each.machine);
        String who = machines > 1 ? "machine " + each.number + " did not print " : "the guest did not print ";
        String line = each.watch.lastLine();
        return who + wishes.end() + (ended.isPresent()
                ? ": " + ended.get()
                : timeOver ? " within " + Units.duration(time.orElseThrow()) : "")
                + (line.isEmpty()
                        ? ""
                        : "; its last line: " + line);
    }
}
