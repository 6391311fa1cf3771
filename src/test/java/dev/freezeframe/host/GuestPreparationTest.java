package dev.freezeframe.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.image.Guest;
import dev.freezeframe.suite.Underway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The preparation of a guest by the scripts of an installed program, with the real apt, from packages on this computer.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("slow")
class GuestPreparationTest {
    private static final Set<String> GUEST = Set.of("guest/lock", "guest/vmlinuz", "guest/vmlinuz.origin",
            "guest/initramfs.cpio.gz", "guest/initramfs.inputs", "downloads/" + PackageSource.KERNEL_PACKAGE
                    + "_1_amd64.deb");

    /// All that the scripts use.
    private static final String DEBIANS_ESSENTIAL = "bash cat chmod cp cut df dirname env find flock gzip head ldd ln mkdir "
            + "mktemp mv readlink rm sed sha256sum sort stat tail tar uname";
    private static final String APT = "apt-cache apt-config apt-get dpkg dpkg-deb";

    @TempDir
    private static Path shared;
    private static PackageSource source;

    @TempDir
    private Path folder;
    private Path cache;
    private GuestPreparation preparation;

    @BeforeAll
    static void openTheSource() throws Exception {
        source = new PackageSource(shared);
    }

    @AfterAll
    static void closeTheSource() {
        source.close();
    }

    @BeforeEach
    void chooseAFolder() {
        source.deliver();
        cache = folder.resolve("cache");
        preparation = source.preparation(cache);
    }

    @AfterEach
    void noProcessIsLeft() {
        assertEquals(List.of(), ProcessHandle.current().descendants().map(ProcessHandle::info).toList());
    }

    /// All files, but for the busybox that is fetched where this computer has none.
    private Set<String> files() throws IOException {
        if (!Files.exists(cache)) {
            return Set.of();
        }
        Path root = cache.resolve("freezeframe");
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(file -> !Files.isDirectory(file) || file.toString().endsWith(".part")).map(
                    file -> root.relativize(file).toString()).filter(name -> !name.equals("guest/busybox")).collect(
                            Collectors.toSet());
        }
    }

    private static void ignore(String step, OptionalInt percent) {
        assertFalse(step.isBlank());
    }

    @Test
    void aPlanSaysWhatIsFetchedAndDoesNothing() throws Exception {
        GuestPlan guess = preparation.plan();
        assertFalse(guess.exact());
        assertTrue(guess.fetches().stream().anyMatch(fetch -> fetch.name().equals("package lists")), guess.toString());
        Map<String, String> environment = source.environmentWithLists();
        int requests = source.requests();
        GuestPlan plan = source.preparation(cache, environment).plan();
        GuestPlan.Fetch kernel = plan.fetches().getFirst();
        assertEquals(PackageSource.KERNEL_PACKAGE, kernel.name());
        assertEquals(source.packageBytes(), kernel.bytes());
        assertTrue(plan.exact());
        assertTrue(kernel.from().startsWith("127.0.0.1:"), kernel.from());
        assertEquals(Guest.TINY_LINUX.files(preparation.folder()), plan.files());
        assertEquals(requests, source.requests());
        assertEquals(Set.of(), files());
        assertFalse(preparation.isPrepared());
    }

    @Test
    void preparingMakesTheGuestOfTheCheckoutAndTheSecondTimeNothing() throws Exception {
        List<String> steps = new ArrayList<>();
        List<Integer> percents = new ArrayList<>();
        preparation.prepare((step, percent) -> {
            steps.add(step);
            percent.ifPresent(percents::add);
        }, () -> false);
        assertTrue(preparation.isPrepared());
        assertEquals(GUEST, files());
        assertArrayEquals(source.kernel(), Files.readAllBytes(preparation.folder().resolve("vmlinuz")));
        // Made by the compiler here, and of the finished init there.
        PackageSource.run(Map.of(), "installer/initramfs.sh", folder.resolve("compiled.gz").toString());
        assertArrayEquals(Files.readAllBytes(folder.resolve("compiled.gz")), Files.readAllBytes(preparation.folder()
                .resolve("initramfs.cpio.gz")));
        assertTrue(steps.stream().anyMatch(step -> step.startsWith("fetching " + PackageSource.KERNEL_PACKAGE)), steps
                .toString());
        assertTrue(percents.contains(100) && percents.stream().allMatch(percent -> percent >= 0 && percent <= 100),
                percents.toString());
        assertTrue(preparation.plan().isDone());
        int requests = source.requests();
        preparation.prepare((step, _) -> {
            throw new AssertionError("there was nothing to do, and yet: " + step);
        }, () -> false);
        assertEquals(requests, source.requests());
    }

    @Test
    void anOrdinaryUserNeedsNoCompilerNoCpioAndNoPackageLists() throws Exception {
        Path tools = tools(DEBIANS_ESSENTIAL + " " + APT);
        boolean root = PackageSource.run(Map.of(), "id", "-u").strip().equals("0");
        String user = root ? "setpriv --reuid 1000 --regid 1000 --clear-groups " : "";
        Path script = Files.writeString(folder.resolve("as-a-user"),
                "#!/bin/sh\nexec " + user + "env -i HOME=\"$HOME\" "
                        + "XDG_CACHE_HOME=\"$XDG_CACHE_HOME\" APT_CONFIG=\"$APT_CONFIG\" PATH='" + tools + "' '"
                        + source.program().resolve("installer/guest.sh") + "' \"$@\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createDirectory(cache);
        if (root) {
            PackageSource.run(Map.of(), "chmod", "-R", "go+rX", folder.toString(), shared.toString());
            PackageSource.run(Map.of(), "chown", "1000:1000", cache.toString());
        }
        GuestPreparation users = new GuestPreparation(Guest.TINY_LINUX, script, cache, source.environment());
        users.prepare(GuestPreparationTest::ignore, () -> false);
        assertTrue(users.isPrepared());
        assertEquals(GUEST, files());
        assertTrue(users.plan().isDone());
    }

    /// A folder with links to these programs.
    private Path tools(String names) throws IOException {
        Path tools = Files.createDirectory(folder.resolve("tools"));
        for (String name : names.split(" ", -1)) {
            Path program = Stream.of("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/").map(place -> Path.of(place + name))
                    .filter(Files::exists).findFirst().orElseThrow(() -> new AssertionError(name + " is not here"));
            Files.createSymbolicLink(tools.resolve(name), program);
        }
        return tools;
    }

    @AfterEach
    void removeTheTools() throws IOException {
        if (Files.exists(folder.resolve("tools"))) {
            try (Stream<Path> links = Files.list(folder.resolve("tools"))) {
                for (Path link : links.toList()) {
                    Files.delete(link);
                }
            }
        }
    }

    @Test
    void withoutAptTheKernelOfThisComputerIsTakenOrTheFailureSaysWhatToDo() throws Exception {
        Map<String, String> environment = Map.of("PATH", tools(DEBIANS_ESSENTIAL).toString());
        GuestPreparation without = source.preparation(cache, environment);
        Path own = Path.of("/boot/vmlinuz-" + System.getProperty("os.version"));
        if (Files.isReadable(own)) {
            without.prepare(GuestPreparationTest::ignore, () -> false);
            assertEquals(-1, Files.mismatch(own, without.folder().resolve("vmlinuz")));
            return;
        }
        GuestException failure = assertThrows(GuestException.class, without::plan);
        assertTrue(failure.getMessage().startsWith("no apt-get here"), failure.getMessage());
        assertTrue(failure.getMessage().contains(without.folder().resolve("vmlinuz").toString()), failure.getMessage());
        assertEquals(1, failure.getMessage().lines().count());
        assertEquals(Set.of(), files());
    }

    @Test
    void cancellingInTheMiddleOfADownloadLeavesNothingHalfAndTheNextTimeItWorks() throws Exception {
        source.stall();
        AtomicBoolean cancelled = new AtomicBoolean();
        Underway<Void> work = Underway.start(() -> {
            preparation.prepare(GuestPreparationTest::ignore, cancelled::get);
            return null;
        });
        source.awaitStall();
        cancelled.set(true);
        assertThrows(CancellationException.class, work::result);
        assertEquals(Set.of("guest/lock"), files());
        assertEquals(List.of(), ProcessHandle.current().descendants().map(ProcessHandle::info).toList());
        source.deliver();
        preparation.prepare(GuestPreparationTest::ignore, () -> false);
        assertEquals(GUEST, files());
    }

    @Test
    void whatAKilledPreparationLeftIsTidiedAway() throws Exception {
        Path rest = Files.createDirectories(preparation.folder().resolve("preparing.part/downloads"));
        Files.writeString(rest.resolve("half.deb"), "half");
        preparation.prepare(GuestPreparationTest::ignore, () -> false);
        assertEquals(GUEST, files());
    }

    @Test
    void aPackageThatWasTamperedWithIsRefusedInOneLine() throws Exception {
        source.spoil();
        GuestException refusal = assertThrows(GuestException.class, () -> preparation.prepare(
                GuestPreparationTest::ignore, () -> false));
        assertTrue(refusal.getMessage().contains("cannot fetch " + PackageSource.KERNEL_PACKAGE), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("Hash Sum mismatch"), refusal.getMessage());
        assertEquals(1, refusal.getMessage().lines().count());
        assertEquals(Set.of("guest/lock"), files());
        source.deliver();
        preparation.prepare(GuestPreparationTest::ignore, () -> false);
        assertEquals(GUEST, files());
    }

    @Test
    void withoutASourceTheFailureSaysWhatToDo() {
        source.goDown();
        GuestException failure = assertThrows(GuestException.class, () -> preparation.prepare(
                GuestPreparationTest::ignore, () -> false));
        assertTrue(failure.getMessage().contains("check the network and apt's sources"), failure.getMessage());
        assertTrue(failure.getMessage().contains(preparation.folder().resolve("vmlinuz").toString()), failure
                .getMessage());
        assertEquals(1, failure.getMessage().lines().count());
    }

    @Test
    void aFolderThatCannotBeWrittenIsNamed() throws Exception {
        Files.createFile(cache);
        GuestException failure = assertThrows(GuestException.class, () -> preparation.prepare(
                GuestPreparationTest::ignore, () -> false));
        assertTrue(failure.getMessage().startsWith("cannot write to " + preparation.folder()), failure.getMessage());
    }
}
