package dev.freezeframe.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qmp.QmpCommand;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MachineTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static Machine machine;

    @BeforeAll
    static void boot() throws Exception {
        machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")));
    }

    @AfterAll
    static void close() {
        machine.close();
    }

    @Test
    void bootSectorCountsItsRoundsOnTheConsole() throws Exception {
        machine.resume();
        String line = machine.console().awaitLine(l -> BootSector.round(l).orElse(0) >= 5, PATIENCE);
        long round = BootSector.round(line).orElseThrow();
        machine.console().awaitLine(("round " + (round + 3))::equals, PATIENCE);
    }

    @Test
    void everyPageOfTheBootSectorHoldsThisOrTheLastRound() throws Exception {
        machine.resume();
        machine.console().awaitLine(l -> BootSector.round(l).orElse(0) >= 2, PATIENCE);
        machine.pause();
        long round = Integer.toUnsignedLong(read(BootSector.ROUND_ADDRESS, 4).getInt(0));
        int[] pages = BootSector.pages();
        boolean newer = true;
        for (int i = 0; i < pages.length; i++) {
            byte[] page = read(4096L * pages[i], 4096).array();
            // The processor may have stopped in the middle of a round, but not in two places.
            if (newer && !java.util.Arrays.equals(page, BootSector.content(round, i))) {
                newer = false;
                continue;
            }
            assertArrayEquals(BootSector.content(newer ? round : round - 1, i), page, "page " + i);
        }
    }

    @Test
    void tellsItsVersionedMachineType() {
        assertEquals("pc-i440fx-7.2", machine.machineType());
        assertTrue(machine.qemuVersion().startsWith("7.2."));
    }

    @Test
    void roundTripIsShort() throws Exception {
        for (int k = 0; k < 5000; k++) {
            machine.qmp().execute(QmpCommand.of("query-status"));
        }
        long[] nanos = new long[5000];
        for (int k = 0; k < nanos.length; k++) {
            long start = System.nanoTime();
            machine.qmp().execute(QmpCommand.of("query-status"));
            nanos[k] = System.nanoTime() - start;
        }
        java.util.Arrays.sort(nanos);
        System.out.printf("query-status: p10 %d median %d p90 %d p99 %d µs%n", nanos[500] / 1000, nanos[2500] / 1000,
                nanos[4500] / 1000, nanos[4950] / 1000);
    }

    private static ByteBuffer read(long address, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        machine.memory().read(address, length, bytes, 0);
        return bytes;
    }
}
