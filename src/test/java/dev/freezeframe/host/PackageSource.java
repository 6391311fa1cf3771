package dev.freezeframe.host;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.freezeframe.qemu.image.Guest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/// A source of Debian packages on this computer, for the real apt: a kernel, and the static busybox that this computer has.
/// Can stop in the middle of the kernel, and count who asked. An installation of the scripts, as a package has it, is
/// beside it: with the finished init, so that it needs no compiler.
public final class PackageSource implements AutoCloseable {
    static final String KERNEL_PACKAGE = "linux-image-6.1.0-1-cloud-amd64";
    private static final int KERNEL_BYTES = 600_000;

    private final Path folder;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger requests = new AtomicInteger();
    private final Semaphore stalled = new Semaphore(0);
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile boolean stalls;
    private volatile boolean spoils;
    private volatile boolean down;

    /// @param folder an empty one
    public PackageSource(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        byte[] kernel = new byte[KERNEL_BYTES];
        new Random(1).nextBytes(kernel);
        Path unpacked = Files.createDirectories(folder.resolve("unpacked"));
        Files.createDirectories(folder.resolve("pool"));
        Files.createDirectories(folder.resolve("apt/archives/partial"));
        Files.write(Files.createDirectories(unpacked.resolve("kernel/boot")).resolve("vmlinuz-6.1.0-1-cloud-amd64"),
                kernel);
        Path busybox = Files.createDirectories(unpacked.resolve("busybox/bin")).resolve("busybox");
        Files.copy(Path.of(run(Map.of(), "installer/initramfs.sh", "--busybox").strip()), busybox);
        Files.createDirectories(unpacked.resolve("names"));
        StringBuilder index = new StringBuilder();
        index.append(pack("kernel", KERNEL_PACKAGE, ""));
        index.append(pack("names", "linux-image-cloud-amd64", "Depends: " + KERNEL_PACKAGE + "\n"));
        index.append(pack("busybox", "busybox-static", ""));
        Files.writeString(folder.resolve("pool/Packages"), index);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
        Files.writeString(folder.resolve("sources.list"), "deb [trusted=yes] http://127.0.0.1:" + server.getAddress()
                .getPort() + "/ ./\n");
        configure("apt.conf", "lists");
        configure("apt-with-lists.conf", "known-lists");
        install();
    }

    private void configure(String file, String lists) throws IOException {
        Files.createDirectories(folder.resolve(lists).resolve("partial"));
        Files.writeString(folder.resolve(file), String.join("\n", "Dir::Etc::sourcelist \"" + folder.resolve(
                "sources.list") + "\";", "Dir::Etc::sourceparts \"/dev/null\";", "Dir::State::lists \""
                        + folder
                                .resolve(lists)
                        + "\";",
                "Dir::Cache \"" + folder.resolve("apt") + "\";",
                "Acquire::http::Proxy \"DIRECT\";", "Acquire::Retries \"0\";", ""));
    }

    private void install() throws IOException, InterruptedException {
        Path home = folder.resolve("a program");
        Files.createDirectories(home.resolve("installer"));
        Files.createDirectories(home.resolve("assets/guest/prebuilt"));
        for (String file : List.of("guest.sh", "initramfs.sh", "debian-image.sh", "train.sh", "common.sh")) {
            run(Map.of(), "cp", "-p", "installer/" + file, home.resolve("installer").toString());
        }
        try (Stream<Path> sources = Files.list(Path.of("assets/guest"))) {
            for (Path source : sources.filter(Files::isRegularFile).toList()) {
                Files.copy(source, home.resolve("assets/guest").resolve(source.getFileName()));
            }
        }
        run(Map.of(), "installer/initramfs.sh", "--init", home.resolve("assets/guest/prebuilt/init").toString());
    }

    private String pack(String from, String name, String more) throws IOException, InterruptedException {
        Path tree = folder.resolve("unpacked").resolve(from);
        String control = "Package: " + name
                + "\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <nobody@localhost>\n"
                + more + "Description: for a test\n";
        Files.writeString(Files.createDirectories(tree.resolve("DEBIAN")).resolve("control"), control);
        Path archive = folder.resolve("pool").resolve(name + ".deb");
        run(Map.of(), "sh", "-c",
                "chmod -R u=rwX,go=rX \"$1\" && dpkg-deb --root-owner-group -Zgzip --build \"$1\" \"$2\"",
                "sh", tree.toString(), archive.toString());
        byte[] content = Files.readAllBytes(archive);
        try {
            String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
            return control + "Filename: ./" + archive.getFileName() + "\nSize: " + content.length + "\nSHA256: " + sum
                    + "\n\n";
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        try (exchange) {
            Path file = folder.resolve("pool").resolve(Path.of(exchange.getRequestURI().getPath()).getFileName());
            if (down || !Files.isRegularFile(file)) {
                exchange.sendResponseHeaders(down ? 503 : 404, -1);
                return;
            }
            byte[] content = Files.readAllBytes(file);
            boolean kernel = file.getFileName().toString().equals(KERNEL_PACKAGE + ".deb");
            if (kernel && spoils) {
                content[content.length / 2] ^= 1;
            }
            exchange.sendResponseHeaders(200, content.length);
            try (OutputStream body = exchange.getResponseBody()) {
                int half = kernel && stalls ? content.length / 2 : content.length;
                body.write(content, 0, half);
                body.flush();
                if (half < content.length) {
                    stalled.release();
                    closing.await();
                }
                body.write(content, half, content.length - half);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// The program's own folder, as a package has it.
    Path program() {
        return folder.resolve("a program");
    }

    /// What tells apt of this source, and of no other.
    public Map<String, String> environment() {
        return Map.of("APT_CONFIG", folder.resolve("apt.conf").toString());
    }

    /// The same on a computer where root has fetched the package lists.
    public Map<String, String> environmentWithLists() throws IOException, InterruptedException {
        Map<String, String> environment = Map.of("APT_CONFIG", folder.resolve("apt-with-lists.conf").toString());
        run(environment, "apt-get", "-q", "-o", "APT::Sandbox::User=root", "update");
        return environment;
    }

    /// The preparation by that program, into a folder of the test's, where apt knows no package yet.
    public GuestPreparation preparation(Path cacheHome) {
        return preparation(cacheHome, environment());
    }

    /// The same in a given environment.
    public GuestPreparation preparation(Path cacheHome, Map<String, String> environment) {
        return new GuestPreparation(Guest.TINY_LINUX, program().resolve("installer/guest.sh"), cacheHome, environment);
    }

    /// Stops in the middle of the kernel, for those who ask before [#deliver].
    public void stall() {
        stalls = true;
    }

    /// Sends everything to those who ask from now on.
    public void deliver() {
        stalls = false;
        spoils = false;
        down = false;
    }

    /// Answers nobody any more.
    public void goDown() {
        down = true;
    }

    /// Sends a kernel with one wrong bit.
    void spoil() {
        spoils = true;
    }

    /// Waits until it has stopped in the middle of the kernel, once more.
    public void awaitStall() throws InterruptedException {
        if (!stalled.tryAcquire(60, TimeUnit.SECONDS)) {
            throw new AssertionError("nobody asked for the kernel");
        }
    }

    /// How often anything was asked for.
    public int requests() {
        return requests.get();
    }

    /// The kernel that the package has.
    byte[] kernel() throws IOException {
        return Files.readAllBytes(folder.resolve("unpacked/kernel/boot/vmlinuz-6.1.0-1-cloud-amd64"));
    }

    /// The length of the kernel's package.
    public long packageBytes() throws IOException {
        return Files.size(folder.resolve("pool/" + KERNEL_PACKAGE + ".deb"));
    }

    static String run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(String.join(" ", command) + " failed: " + output);
        }
        return output;
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
