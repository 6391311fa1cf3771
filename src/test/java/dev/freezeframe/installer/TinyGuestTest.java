package dev.freezeframe.installer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.TestedQemu;
import dev.freezeframe.linux.Threads;
import dev.freezeframe.suite.TestOutput;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The guest built by `installer/bootstrap.sh guest`, booted in a real QEMU and used through its serial console.
/// It promises numbered lines from each workload, a shell beside them, and a machine that ends when told to.
@Tag("qemu")
class TinyGuestTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String ARGUMENTS = "console=ttyS0 quiet panic=-1 nokaslr mitigations=off tsc=reliable no_timer_check cryptomgr.notests";

    @Test
    @Tag("soak")
    void everyWorkloadRunsFromTheConsoleAndTypedRebootStartsTheGuestAgain() throws Exception {
        try (Guest guest = new Guest("ff.workload=idle")) {
            guest.await("idle");
            guest.type("workload ff.workload=ticker ff.seed=1 ff.end=3 ff.interval=10");
            guest.await("tick 1 sum [0-9a-f]{16}");
            guest.await("tick 3 sum [0-9a-f]{16}");
            guest.type("workload ff.workload=random ff.rate=5000 ff.size=16 ff.end=1");
            long rate = Long.parseLong(guest.await("random 1 rate (\\d+) pages \\d+").group(1));
            assertTrue(rate > 50 && rate < 5500, "asked for 5000 pages a second, got " + rate);
            guest.type("workload ff.workload=cache ff.end=1");
            guest.await("cache 1 stored [1-9]\\d* written [1-9]\\d* read \\d+ sum [0-9a-f]{16}");
            guest.type("workload ff.workload=compute ff.end=1");
            guest.await("work [1-9]\\d*");
            guest.type("reboot");
            guest.await("idle");
            guest.type("poweroff");
            assertEquals(0, guest.exitStatus());
        }
    }

    @Test
    void tickerEndsAfterItsLastTickAndReadsBackWhatItWrote() throws Exception {
        try (Guest guest = new Guest("ff.seed=7 ff.interval=20 ff.end=3")) {
            // xoshiro256** is fixed by its seed: the first sum is a constant of the program, whatever the machine
            assertEquals("b182729177d280be", guest.await("tick 1 sum ([0-9a-f]{16})").group(1));
            guest.await("tick 3 sum [0-9a-f]{16}");
            assertEquals(0, guest.exitStatus());
        }
    }

    private static final class Guest implements AutoCloseable {

        private final Process qemu;
        private final Writer keyboard;
        private final Thread reader;
        private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

        Guest(String workload) throws IOException {
            String cacheHome = System.getenv("XDG_CACHE_HOME");
            Path cache = cacheHome == null || cacheHome.isEmpty()
                    ? Path.of(System.getProperty("user.home"), ".cache")
                    : Path.of(cacheHome);
            Path kernel = cache.resolve("freezeframe/guest/vmlinuz");
            assertTrue(Files.exists(kernel), "no guest at " + kernel + ": run installer/bootstrap.sh guest");
            qemu = new ProcessBuilder("setpriv", "--pdeathsig", "KILL",
                    TestedQemu.binary(), "-nodefaults", "-vga", "none",
                    "-display", "none", "-machine", "pc", "-accel", "tcg", "-m", "128", "-serial", "stdio", "-kernel",
                    kernel.toString(), "-initrd", kernel.resolveSibling("initramfs.cpio.gz").toString(), "-append",
                    ARGUMENTS + " " + workload).redirectError(TestOutput.ofChildren()).start();
            keyboard = qemu.outputWriter(StandardCharsets.US_ASCII);
            reader = Thread.ofPlatform().daemon().name("guest-console").start(this::read);
        }

        private void read() {
            try (BufferedReader console = qemu.inputReader(StandardCharsets.US_ASCII)) {
                for (String line = console.readLine(); line != null; line = console.readLine()) {
                    lines.add(Optional.of(line));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                lines.add(Optional.empty());
            }
        }

        void type(String command) throws IOException {
            keyboard.write(command + "\n");
            keyboard.flush();
        }

        Matcher await(String pattern) throws InterruptedException {
            Pattern wanted = Pattern.compile(pattern);
            StringBuilder seen = new StringBuilder();
            while (true) {
                Optional<String> line = lines.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertNotNull(line, () -> "no line like '" + pattern + "' in time, but:\n" + seen);
                assertTrue(line.isPresent(), () -> "the guest ended before a line like '" + pattern + "':\n" + seen);
                String text = line.orElseThrow();
                Matcher matcher = wanted.matcher(text);
                if (matcher.matches()) {
                    return matcher;
                }
                assertFalse(text.startsWith("CORRUPT"), text);
                seen.append(text).append('\n');
            }
        }

        int exitStatus() throws InterruptedException {
            assertTrue(qemu.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), "the guest did not power off");
            return qemu.exitValue();
        }

        @Override
        public void close() {
            // not by the process itself, which would close the stream under its reader
            qemu.toHandle().destroyForcibly();
            Threads.join(reader);
        }
    }
}
