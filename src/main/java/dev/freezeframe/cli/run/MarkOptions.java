package dev.freezeframe.cli.run;

import dev.freezeframe.base.DurationText;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.MachineState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// The options that let a recording go by what the guest prints, and the waiting for its start. A wait ends at the latest
/// with the machine.
final class MarkOptions {
    private static final Logger LOG = LoggerFactory.getLogger(MarkOptions.class);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    @Option(names = "--after", paramLabel = "TEXT", description = "Take the first checkpoint when the guest has printed TEXT on its serial console.")
    private Optional<String> after;

    @Option(names = "--delay", paramLabel = "TIME", converter = DurationText.class, description = "Let the guest run this long before the first checkpoint.")
    private Optional<Duration> delay;

    @Option(names = "--at", paramLabel = "TEXT", description = "Take a checkpoint also each time that the guest prints TEXT. May be given more than once; with --interval 24h there are hardly others.")
    private List<String> at = List.of();

    @Mixin
    private ConsoleEnd end;

    void check(CommandSpec spec) {
        after.ifPresent(text -> ConsoleEnd.check(spec, "--after", text));
        at.forEach(text -> ConsoleEnd.check(spec, "--at", text));
        end.check(spec);
    }

    /// Whether the guest is to run before the recording begins.
    boolean waits() {
        return after.isPresent() || delay.isPresent();
    }

    ConsoleWatch.Wishes wishes() {
        return new ConsoleWatch.Wishes(after, at, end.until(), end.lines());
    }

    /// Waits for what `--after` and `--delay` ask for.
    ///
    /// @throws CommandFailure if that will not come, or a stop is asked for meanwhile
    void awaitStart(Machine machine, ConsoleWatch watch, TerminalOutput screen, StopRequest stop)
            throws InterruptedException, CommandFailure {
        if (after.isPresent()) {
            awaitText(machine, watch, screen, stop);
        }
        if (delay.isPresent()) {
            screen.status("letting the guest run for " + Units.duration(delay.get()) + "; Ctrl-C ends");
            if (stop.await(delay.get())) {
                throw new CommandFailure("the recording was stopped before it began; nothing was recorded");
            }
        }
        screen.status("");
    }

    private void awaitText(Machine machine, ConsoleWatch watch, TerminalOutput screen, StopRequest stop)
            throws InterruptedException, CommandFailure {
        String awaited = "\"" + ShownText.oneLine(after.get()) + "\"";
        LOG.info("waiting for the guest to print {}", awaited);
        while (!watch.awaitStart(LOOK_AGAIN)) {
            String line = watch.lastLine();
            if (stop.requested()) {
                throw notPrinted("the recording was stopped", "the guest", awaited, line);
            }
            screen.status("waiting for the guest to print " + awaited + "; Ctrl-C ends" + (line.isEmpty()
                    ? ""
                    : "; its last line: " + line));
            Optional<String> ended = machine.state() == MachineState.PANICKED
                    ? Optional.of(RunPrinter.PANICKED)
                    : MachineEnd.of(machine);
            if (ended.isPresent() && !watch.started()) {
                throw notPrinted(ended.get(), "it", awaited, line);
            }
        }
        if (!watch.started()) {
            throw notPrinted(RunPrinter.PANICKED, "it", awaited, watch.lastLine());
        }
    }

    private static CommandFailure notPrinted(String why, String guest, String awaited, String line) {
        return new CommandFailure(why + " before " + guest + " printed " + awaited + "; nothing was recorded"
                + (line.isEmpty()
                        ? ""
                        : "; its last line: " + line));
    }

    /// What is wrong with a recording that ended before what was to end it.
    Optional<String> problem(ConsoleWatch watch, String reason, long stored) {
        return watch.over().isPresent() || !wishes().haveEnd()
                ? Optional.empty()
                : Optional.of("the guest did not print " + wishes().end() + " before the recording ended (" + reason
                        + "); " + (stored == 0 ? "no checkpoint was stored" : "the checkpoints are in the store"));
    }
}
