package dev.freezeframe.cli.run;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.CliEnvironment;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.host.GuestException;
import dev.freezeframe.host.GuestPlan;
import dev.freezeframe.host.GuestPreparation;
import dev.freezeframe.qemu.image.Guest;
import dev.freezeframe.qemu.profile.Profile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/// Talks with the user about the preparation of a guest: what it takes, whether they agree, how far it is. Fetches nothing
/// without their word.
public final class GuestDialog {
    private static final int BAR_WIDTH = 30;

    private final CliEnvironment surroundings;
    private final boolean json;

    public GuestDialog(CliEnvironment surroundings, boolean json) {
        this.surroundings = surroundings;
        this.json = json;
    }

    /// Sees to it that the guest of a profile is there: where it is not, offers on a terminal to prepare it.
    ///
    /// @throws CommandFailure where nobody is there to ask, or they do not want it
    void require(Profile profile) throws CommandFailure, IOException, InterruptedException {
        Optional<Guest> missing = profile.missingGuest();
        if (missing.isEmpty()) {
            return;
        }
        String failure = "the guest of " + profile.name() + " is not prepared on this computer; run "
                + missing.get().command() + ", which fetches and builds it";
        if (json || !surroundings.terminal()) {
            throw new CommandFailure(failure);
        }
        GuestPreparation preparation = GuestPreparation.of(missing.get());
        GuestPlan plan = plan(preparation);
        if (!agrees()) {
            throw new CommandFailure(failure);
        }
        prepare(preparation, plan);
    }

    /// Finds out and prints what there is to do.
    GuestPlan plan(GuestPreparation preparation) throws GuestException, InterruptedException {
        try (TerminalOutput screen = new TerminalOutput(surroundings)) {
            screen.status("looking what the guest of " + preparation.guest().profile() + " takes");
            GuestPlan plan = preparation.plan();
            screen.status("");
            if (json) {
                screen.line(json(preparation, plan).toString());
            } else if (!plan.isDone()) {
                print(preparation, plan, screen);
            }
            return plan;
        }
    }

    private static void print(GuestPreparation preparation, GuestPlan plan, TerminalOutput screen) {
        screen.line("The guest of " + preparation.guest().profile() + " is prepared once on each computer:");
        for (GuestPlan.Fetch fetch : plan.fetches()) {
            screen.line(Units.text("  fetch  %-36s %12s  from %s: %s", fetch.name(), Units.download(fetch.bytes(),
                    fetch.exact()), fetch.from(), fetch.purpose()));
        }
        List<Path> files = plan.files().stream().filter(file -> file.startsWith(preparation.folder())).toList();
        if (!files.isEmpty()) {
            screen.line("  build  " + files.stream().map(file -> file.getFileName().toString()).collect(Collectors
                    .joining(", ")) + " in " + preparation.folder());
        }
        if (files.size() < plan.files().size()) {
            screen.line("  learn  what a start of the program needs; it starts quicker afterwards");
        }
    }

    private static ObjectNode json(GuestPreparation preparation, GuestPlan plan) {
        ObjectNode json = JsonLines.ofType("plan").put("guest", preparation.guest().profile()).put("folder", preparation
                .folder().toString()).put("fetchBytes", plan.fetchedBytes()).put("exact", plan.exact());
        ArrayNode fetches = json.putArray("fetch");
        for (GuestPlan.Fetch fetch : plan.fetches()) {
            fetches.addObject().put("name", fetch.name()).put("bytes", fetch.bytes()).put("exact", fetch.exact()).put(
                    "from", fetch.from()).put("purpose", fetch.purpose());
        }
        ArrayNode files = json.putArray("build");
        plan.files().forEach(file -> files.add(file.toString()));
        return json;
    }

    /// Asks, where there is somebody to ask; the end of standard input is a no.
    public boolean agrees() throws IOException {
        if (json || !surroundings.terminal()) {
            return false;
        }
        PrintWriter out = surroundings.out();
        out.print("Nothing is installed. Go ahead? [Y/n] ");
        out.flush();
        Optional<String> answer = line(surroundings.in());
        if (answer.isEmpty()) {
            out.println();
        }
        return answer.filter(word -> word.isEmpty() || "yes".startsWith(word)).isPresent();
    }

    /// A line of standard input, and not a byte more: what comes after may be for somebody else.
    private static Optional<String> line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next = in.read();
        while (next >= 0 && next != '\n') {
            line.write(next);
            next = in.read();
        }
        return next < 0 && line.size() == 0
                ? Optional.empty()
                : Optional.of(line.toString(StandardCharsets.UTF_8).strip().toLowerCase(Locale.ROOT));
    }

    /// Does it and shows how far it is. Ctrl-C ends it in good order.
    void prepare(GuestPreparation preparation, GuestPlan plan) throws CommandFailure, GuestException,
            InterruptedException {
        long start = System.nanoTime();
        try (StopRequest stop = StopRequest.onSignals(); TerminalOutput screen = new TerminalOutput(surroundings)) {
            try {
                if (!plan.isDone()) {
                    preparation.prepare(new Display(screen), stop::requested);
                }
            } catch (CancellationException | GuestException e) {
                // Ctrl-C reaches the script as well as us, and the script may be quicker.
                if (e instanceof GuestException failure && !stop.requested()) {
                    throw failure;
                }
                throw new CommandFailure("stopped; nothing is left half made, and " + preparation.guest().command()
                        + " begins again");
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            if (json) {
                ObjectNode done = JsonLines.ofType("prepared").put("guest", preparation.guest().profile()).put("folder",
                        preparation.folder().toString()).put("seconds", Math.round(seconds * 10) / 10.0);
                ArrayNode files = done.putArray("files");
                preparation.guest().files(preparation.folder()).forEach(file -> files.add(file.toString()));
                screen.line(done.toString());
            } else if (plan.isDone()) {
                screen.line("the guest of " + preparation.guest().profile() + " is there, in " + preparation.folder());
            } else {
                screen.line("the guest of " + preparation.guest().profile() + " is ready after " + Units.duration(
                        Duration.ofMillis(Math.round(seconds * 1e3))));
            }
        }
    }

    /// Shows the steps: one line of status on a terminal, elsewhere a line each, or JSON.
    private final class Display implements GuestPreparation.Listener {
        private final TerminalOutput screen;
        private String last = "";

        Display(TerminalOutput screen) {
            this.screen = screen;
        }

        @Override
        public void at(String step, OptionalInt percent) {
            if (json) {
                ObjectNode line = JsonLines.ofType("progress").put("step", step);
                percent.ifPresent(value -> line.put("percent", value));
                screen.line(line.toString());
            } else if (screen.terminal()) {
                screen.status(percent.isPresent() ? step + " " + bar(percent.getAsInt()) : step);
            } else if (!step.equals(last)) {
                screen.line(step);
            }
            last = step;
        }

        private static String bar(int percent) {
            int filled = BAR_WIDTH * percent / 100;
            return Units.text("[%s%s] %d %%", "=".repeat(filled), " ".repeat(BAR_WIDTH - filled), percent);
        }
    }
}
