package dev.freezeframe.cli.run;

import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks, some times a second, whether a guest still runs, and says in one line when it does not and when it does again: it
/// may sleep, or somebody stopped it. Wakes one that sleeps where that is wanted.
///
/// For one machine and one thread.
public final class GuestWatch {
    static final String WAKE_AFTER = "Wake the guest when it has slept (S3) for so long. Default: it sleeps until something else wakes it";

    private static final Logger LOG = LoggerFactory.getLogger(GuestWatch.class);

    private static final Set<MachineState> STANDING = EnumSet.of(MachineState.SUSPENDED, MachineState.PAUSED,
            MachineState.FAULTY);

    private final TerminalOutput screen;
    private final boolean json;
    private final int machine;
    private final String who;
    private final boolean tellsFaults;
    private final Optional<Duration> wakeAfter;
    private MachineState told = MachineState.RUNNING;
    private MachineState lastSeen = MachineState.RUNNING;
    private long sinceNanos;
    private boolean woken;
    private boolean standingTold;
    private boolean logged;

    /// @param machine which of the machines of a command it is, from 1
    /// @param machines how many there are
    /// @param tellsFaults whether it tells a person of a disk that failed, too, which nobody else does
    /// @param wakeAfter how long it may sleep; empty for as long as it likes
    public GuestWatch(TerminalOutput screen, boolean json, int machine, int machines, boolean tellsFaults,
            Optional<Duration> wakeAfter) {
        this.screen = screen;
        this.json = json;
        this.machine = machine;
        who = machines == 1 ? "the guest" : "guest " + machine;
        this.tellsFaults = tellsFaults;
        this.wakeAfter = wakeAfter;
    }

    /// Looks.
    ///
    /// @param capturing whether it may stand for a checkpoint just now, which is nothing to tell
    public void look(Machine qemu, boolean capturing) {
        MachineState now = qemu.state();
        logged = qemu.isLogged();
        if (now != lastSeen) {
            sinceNanos = System.nanoTime();
            woken = false;
        }
        // A stop is told at the second look: at the start, and after a checkpoint, a machine is about to run.
        boolean settled = now == lastSeen;
        lastSeen = now;
        // One whose disk failed runs for moments only, as long as the disk does.
        boolean passing = (now == MachineState.PAUSED && (capturing || !settled))
                || (told == MachineState.FAULTY && now == MachineState.RUNNING && !settled);
        if (passing) {
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
        boolean runs = now == MachineState.RUNNING;
        if (json && (runs || STANDING.contains(now))) {
            screen.line(JsonLines.ofType("guest").put("machine", machine).put("state", now.name().toLowerCase(
                    Locale.ROOT)).put("detail", detail).toString());
            return;
        }
        Optional<String> words = runs
                ? Optional.of("runs again").filter(_ -> standingTold)
                : standing(now, detail).or(() -> Optional.of(detail)
                        .filter(_ -> tellsFaults && now == MachineState.FAULTY)
                        .map(fault -> "stands: " + fault + "; that is done every " + Units.duration(DiskRetry.PERIOD)));
        words.ifPresent(said -> {
            screen.remark(who + " " + said + (now == MachineState.SUSPENDED ? remedy() : ""));
            standingTold = !runs;
        });
    }

    /// Somebody else has told that the guest stands, and why.
    void standingTold() {
        standingTold = true;
    }

    private String remedy() {
        return wakeAfter.isPresent() || logged ? "" : "; --wake-after 0s wakes it";
    }

    private void wake(Machine qemu) {
        woken = true;
        try {
            qemu.wake();
        } catch (IOException e) {
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
