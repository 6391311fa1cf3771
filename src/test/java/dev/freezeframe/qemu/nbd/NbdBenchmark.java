package dev.freezeframe.qemu.nbd;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/// Throughput of both sides, run by hand: `client IMAGE` reads a raw image several times through a QEMU's own NBD server;
/// `server SOCKET MIB` serves random bytes from memory until it is killed, for `nbdcopy` or `qemu-img`.
final class NbdBenchmark {
    private static final int PIECE_BYTES = 1 << 20;
    private static final int ROUNDS = 8;

    private NbdBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "client" -> client(Path.of(arguments[1]));
            case "server" -> server(Path.of(arguments[1]), Integer.parseInt(arguments[2]));
            default -> throw new IllegalArgumentException("client IMAGE | server SOCKET MIB");
        }
    }

    private static void client(Path image) throws Exception {
        List<ByteBuffer> free = new ArrayList<>();
        for (int i = 0; i < 32; i++)
            free.add(ByteBuffer.allocateDirect(PIECE_BYTES));
        NbdReadSink sink = new NbdReadSink() {
            @Override
            public ByteBuffer target(long offset, int lengthBytes, boolean mayWait) {
                return free.removeLast();
            }

            @Override
            public void delivered(long offset, int lengthBytes, ByteBuffer target, boolean zero) {
                free.add(target);
            }

            @Override
            public void abandoned(long offset, int lengthBytes, ByteBuffer target) {
                free.add(target);
            }
        };
        try (QemuWithDisk qemu = QemuWithDisk.start(image)) {
            qemu.export("disk0", "disk0", List.of());
            try (NbdClient client = NbdClient.connect(qemu.nbdSocket(), "disk0", List.of(), Duration.ofSeconds(10))) {
                for (int round = 0; round < ROUNDS; round++) {
                    long start = System.nanoTime();
                    client.read(List.of(new NbdRange(0, client.sizeBytes())).iterator(), PIECE_BYTES, sink);
                    double seconds = (System.nanoTime() - start) / 1e9;
                    System.out.printf("%.0f MB/s%n", client.sizeBytes() / 1e6 / seconds);
                }
            }
        }
    }

    private static void server(Path socket, int mebibytes) throws Exception {
        Files.deleteIfExists(socket);
        MemoryExport export = MemoryExport.withoutZeroes(mebibytes << 20);
        try (NbdServer server = NbdServer.start(socket, Map.of("disk0", export))) {
            System.out.println("listening on " + server.path());
            new CountDownLatch(1).await(); // until it is killed
        }
    }
}
