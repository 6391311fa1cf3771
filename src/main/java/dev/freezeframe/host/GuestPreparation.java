package dev.freezeframe.host;

import dev.freezeframe.base.ProgramFolder;
import dev.freezeframe.qemu.image.Guest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has a guest fetched and built by installer/guest.sh, which documents what it prints. However that ends, each of the
/// guest's files is whole or not there, and no process is left.
///
/// The methods block, for as long as the network takes; any thread may call them.
public final class GuestPreparation {
    private static final Logger LOG = LoggerFactory.getLogger(GuestPreparation.class);
    private static final String SPEAKER = "freezeframe: ";
    private static final long LOOK_AGAIN_MILLIS = 100;
    /// How long the script may take to remove its work folder.
    private static final long SECONDS_TO_END = 30;
    /// For what a process wrote before its end.
    private static final long MILLIS_TO_READ = 2000;
    private static final int LAST_WORDS = 50;

    /// Told how far it is, in the thread that prepares. What it throws ends the preparation.
    @FunctionalInterface
    public interface Listener {
        /// Work has come further.
        ///
        /// @param step    what is done now
        /// @param percent of that, where it is known
        void at(String step, OptionalInt percent);
    }

    private final Guest guest;
    private final Path script;
    private final Path cacheHome;
    private final Map<String, String> environment;

    /// Prepares by a script of the caller's choice.
    ///
    /// @param script      installer/guest.sh
    /// @param cacheHome   where programs keep what can be made anew (XDG_CACHE_HOME)
    /// @param environment what the script finds set besides what this process has
    GuestPreparation(Guest guest, Path script, Path cacheHome, Map<String, String> environment) {
        this.guest = guest;
        this.script = script;
        this.cacheHome = cacheHome;
        this.environment = Map.copyOf(environment);
    }

    /// Prepares for this user, by the script of this installation: the one in the folder named by the system property
    /// `freezeframe.home` (else the working folder).
    public static GuestPreparation of(Guest guest) {
        Path home = ProgramFolder.path();
        return new GuestPreparation(guest, home.resolve("installer/guest.sh"), Guest.folder().getParent()
                .getParent(), Map.of());
    }

    /// What is prepared.
    public Guest guest() {
        return guest;
    }

    /// Where it is prepared.
    public Path folder() {
        return cacheHome.resolve("freezeframe/guest");
    }

    /// Whether all files of the guest are there. Quick.
    public boolean isPrepared() {
        return guest.isPrepared(folder());
    }

    /// Finds out what there is to do; uses no network and changes nothing. Takes a second or two, because it asks apt.
    ///
    /// @throws GuestException if the guest cannot be prepared here, with what to do about it
    public GuestPlan plan() throws GuestException, InterruptedException {
        List<GuestPlan.Fetch> fetches = new ArrayList<>();
        List<Path> files = new ArrayList<>();
        run("--plan", line -> {
            String[] words = line.split("\t", -1);
            if (words.length == 5 && words[0].equals("fetch")) {
                boolean guess = words[2].startsWith("~");
                fetches.add(new GuestPlan.Fetch(words[1], Long.parseLong(guess ? words[2].substring(1) : words[2]),
                        !guess, words[3], words[4]));
            } else if (words.length == 2 && words[0].equals("make")) {
                files.add(Path.of(words[1]));
            }
        }, () -> false);
        return new GuestPlan(fetches, files);
    }

    /// Does what is left to do; a second call does nothing.
    ///
    /// @param listener  told how far it is
    /// @param cancelled asked several times a second
    /// @throws CancellationException once it is cancelled and everything half is removed
    /// @throws GuestException        if it fails, with why and what to do
    public void prepare(Listener listener, BooleanSupplier cancelled) throws GuestException, InterruptedException {
        String[] step = {"preparing"};
        run("--progress", line -> {
            String[] words = line.split("\t", -1);
            if (words.length == 2 && words[0].equals("step")) {
                step[0] = words[1];
                listener.at(step[0], OptionalInt.empty());
            } else if (words.length == 2 && words[0].equals("at")) {
                listener.at(step[0], OptionalInt.of(Math.clamp(Integer.parseInt(words[1]), 0, 100)));
            }
        }, cancelled);
    }

    private interface LineReader {
        void read(String line);
    }

    private void run(String mode, LineReader reader, BooleanSupplier cancelled) throws GuestException,
            InterruptedException {
        Process process = start(mode);
        BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
        Deque<String> lastWords = new ArrayDeque<>();
        Thread out = pump("guest-progress", process.inputReader(StandardCharsets.UTF_8), line -> lines.add(Optional.of(
                line)), () -> lines.add(Optional.empty()));
        Thread err = pump("guest-messages", process.errorReader(StandardCharsets.UTF_8), line -> {
            LOG.info("{}", line);
            if (lastWords.size() == LAST_WORDS) {
                lastWords.removeFirst();
            }
            lastWords.addLast(line);
        }, () -> {});
        try {
            while (true) {
                Optional<String> line = lines.poll(LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
                if (cancelled.getAsBoolean()) {
                    throw new CancellationException();
                }
                if (line != null && line.isEmpty()) {
                    break;
                }
                if (line != null) {
                    reader.read(line.get());
                }
            }
            int status = process.waitFor();
            err.join(MILLIS_TO_READ);
            if (status != 0) {
                throw new GuestException(reason(status, lastWords));
            }
        } catch (NumberFormatException e) {
            throw new GuestException(script + " is not of this version of the program: install it again", e);
        } finally {
            end(process);
            out.join(MILLIS_TO_READ);
            err.join(MILLIS_TO_READ);
        }
    }

    private Process start(String mode) throws GuestException {
        if (!Files.isExecutable(script)) {
            throw new GuestException("the script that prepares guests is not there (" + script
                    + "): run the program by its start script, or install it again");
        }
        List<String> command = new ArrayList<>(List.of(script.toString(), mode));
        guest.argument().ifPresent(command::add);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        builder.environment().put("XDG_CACHE_HOME", cacheHome.toString());
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            return process;
        } catch (IOException e) {
            throw new GuestException(script + " cannot be started: " + e.getMessage() + "; it needs bash", e);
        }
    }

    private static Thread pump(String name, BufferedReader from, LineReader to, Runnable atEnd) {
        return Thread.ofPlatform().daemon().name(name).start(() -> {
            try (from) {
                from.lines().forEach(to::read);
            } catch (IOException | UncheckedIOException e) {
                LOG.debug("{} ended", name, e);
            } finally {
                atEnd.run();
            }
        });
    }

    private String reason(int status, Deque<String> lastWords) {
        return Stream.iterate(lastWords.pollLast(), line -> line != null, _ -> lastWords.pollLast()).filter(
                line -> line.startsWith(SPEAKER)).map(line -> line.substring(SPEAKER.length())).findFirst().orElse(
                        script + " ended with status " + status + "; the log has what it said");
    }

    /// Ends what is left of the script. It comes first, so that it does not take the end of its apt-get for a failure of
    /// the network and tries again; while apt-get runs, it does not listen.
    private static void end(Process process) {
        List<ProcessHandle> all = Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
        all.forEach(ProcessHandle::destroy);
        try {
            CompletableFuture.allOf(all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new)).get(
                    SECONDS_TO_END, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.warn(
                    "{} of the guest's preparation did not end within {} s; killed, and the next preparation tidies up",
                    all.stream().filter(ProcessHandle::isAlive).map(GuestPreparation::named).toList(), SECONDS_TO_END,
                    e);
            all.forEach(ProcessHandle::destroyForcibly);
            process.descendants().forEach(ProcessHandle::destroyForcibly);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String named(ProcessHandle process) {
        return process.info().command().orElse("a program") + " (process " + process.pid() + ")";
    }
}
