package dev.freezeframe.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.machine.Machine;
import dev.freezeframe.machine.MachineSpec;
import dev.freezeframe.machine.Profiles;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A command that is prepared runs when it is fired, once, or never.
@Tag("qemu")
class ArmedCommandTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final QmpCommand STOP = QmpCommand.of("stop");

    private static Machine machine;

    @BeforeAll
    static void boot() throws Exception {
        machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")));
    }

    @AfterAll
    static void close() {
        machine.close();
    }

    @BeforeEach
    void run() throws Exception {
        machine.resume();
    }

    @Test
    void anArmedCommandDoesNothingBeforeItIsFired() throws Exception {
        try (ArmedCommand stop = machine.captureQmp().arm(STOP)) {
            Thread.sleep(50);
            assertEquals("running", machine.runState());
            stop.fire().await(PATIENCE);
            assertEquals("paused", machine.runState());
        }
    }

    @Test
    void anArmedCommandThatIsGivenUpNeverRunsAndTheSessionGoesOn() throws Exception {
        for (int i = 0; i < 20; i++) {
            machine.captureQmp().arm(STOP).close();
        }
        assertTrue(machine.captureQmp().execute(QmpCommand.of("query-status")).path("running").asBoolean());
    }

    @Test
    void whileACommandIsArmedOthersWaitAndItsOwnThreadMustNotSend() throws Exception {
        QmpClient qmp = machine.qmp();
        CompletableFuture<String> other;
        try (ArmedCommand stop = qmp.arm(STOP)) {
            assertThrows(IllegalStateException.class, () -> qmp.execute(QmpCommand.of("query-status")));
            assertThrows(IllegalStateException.class, () -> qmp.arm(STOP));
            other = CompletableFuture.supplyAsync(() -> {
                try {
                    return machine.runState();
                } catch (QmpException e) {
                    return e.toString();
                }
            });
            Thread.sleep(50);
            assertFalse(other.isDone());
            stop.fire().await(PATIENCE);
        }
        assertEquals("paused", other.get(20, TimeUnit.SECONDS));
    }

    @Test
    void aReservedSessionKeepsOthersWaitingUntilItIsGivenBack() throws Exception {
        CompletableFuture<Boolean> resumed;
        try (Registration _ = machine.qmp().reserve()) {
            machine.qmp().execute(STOP);
            resumed = CompletableFuture.supplyAsync(() -> {
                try {
                    machine.resume();
                    return true;
                } catch (QmpException e) {
                    return false;
                }
            });
            Thread.sleep(50);
            assertEquals("paused", machine.runState());
        }
        assertTrue(resumed.get(20, TimeUnit.SECONDS));
        assertEquals("running", machine.runState());
    }
}
