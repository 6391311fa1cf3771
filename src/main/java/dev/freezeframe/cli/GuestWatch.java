package dev.freezeframe.cli;

import dev.freezeframe.machine.Machine;
import dev.freezeframe.machine.MachineState;
import dev.freezeframe.qmp.QmpException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks, some times a second, whether a guest still runs, and says in one line when it does not and when it does again: it
/// may sleep, or somebody stopped it. Wakes one that sleeps where that is wanted.
///
/// For one machine and one thread.
final class GuestWatch {
    static final String WAKE_AFTER = "Wake the guest when it has slept (S3) for so long. Default: it sleeps until something else wakes it";

    private static final Logger LOG = LoggerFactory.getLogger(GuestWatch.class);

    private final Screen screen;
    private final boolean json;
    private final int machine;
    private final String who;
    private final Optional<Duration> wakeAfter;
    private MachineState told = MachineState.RUNNING;
    private MachineState lastSeen = MachineState.RUNNING;
    private long sinceNanos;
    private boolean woken;

    /// @param machine which of the machines of a command it is, from 1
    /// @param machines how many there are
    /// @param wakeAfter how long it may sleep; empty for as long as it likes
    GuestWatch(Screen screen, boolean json, int machine, int machines, Optional<Duration> wakeAfter) {
        this.screen = screen;
        this.json = json;
        this.machine = machine;
        who = machines == 1 ? "the guest" : "guest " + machine;
        this.wakeAfter = wakeAfter;
    }

    /// Looks.
    ///
    /// @param capturing whether it may stand for a checkpoint just now, which is nothing to tell
    void look(Machine qemu, boolean capturing) {
        MachineState now = qemu.state();
        if (now != lastSeen) {
            sinceNanos = System.nanoTime();
            woken = false;
        }
        // A stop is told at the second look: at the start, and after a checkpoint, a machine is about to run.
        boolean settled = now == lastSeen;
        lastSeen = now;
        if (now == MachineState.PAUSED && (capturing || !settled)) {
            return;
        }
        if (now != told) {
            tell(now, qemu.stateDetail());
            told = now;
        }
        if (now == MachineState.SUSPENDED && !woken && wakeAfter.isPresent()
                && System.nanoTime() - sinceNanos >= wakeAfter.get().toNanos()) {
            wake(qemu);
        }
    }

    private void tell(MachineState now, String detail) {
        Optional<String> words = now == MachineState.RUNNING ? Optional.of("runs again") : standing(now, detail);
        if (words.isEmpty()) {
            return;
        }
        if (json) {
            screen.line(JsonLines.ofType("guest").put("machine", machine).put("state", now.name().toLowerCase(
                    Locale.ROOT)).put("detail", detail).toString());
        } else {
            screen.remark(who + " " + words.get() + (now == MachineState.SUSPENDED ? remedy() : ""));
        }
    }

    private String remedy() {
        return wakeAfter.isPresent() ? "" : "; --wake-after 0s wakes it";
    }

    private void wake(Machine qemu) {
        woken = true;
        try {
            qemu.wake();
        } catch (QmpException e) {
            LOG.info("not woken", e);
            screen.remark(who + " could not be woken: " + e.getMessage());
        }
    }

    /// What keeps the guest from running, with the remedy, as the end of a sentence; empty while it runs, and where it has ended.
    Optional<String> standing() {
        return standing(told, "").map(words -> who + " " + words + (told == MachineState.SUSPENDED ? remedy() : ""));
    }

    private static Optional<String> standing(MachineState state, String detail) {
        return switch (state) {
            case SUSPENDED -> Optional.of("sleeps");
            case PAUSED -> Optional.of("was stopped by " + (detail.equals("debug") ? "a debugger" : "somebody else")
                    + " and waits to be resumed");
            case FAULTY -> detail.equals("watchdog") ? Optional.of("was stopped by its watchdog") : Optional.empty();
            case RUNNING, SHUT_DOWN, PANICKED, ENDED -> Optional.empty();
        };
    }
}
