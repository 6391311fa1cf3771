package dev.freezeframe.qemu.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Registration;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.Underway;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A command that is prepared runs when it is fired, once, or never.
@Tag("qemu")
class ArmedCommandTest {

    private static final Duration PATIENCE = Await.PATIENCE;
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
            for (int i = 0; i < 50; i++) {
                assertEquals("running", machine.runState());
            }
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
        Underway<String> other;
        try (ArmedCommand stop = qmp.arm(STOP)) {
            assertThrows(IllegalStateException.class, () -> qmp.execute(QmpCommand.of("query-status")));
            assertThrows(IllegalStateException.class, () -> qmp.arm(STOP));
            other = Underway.start(machine::runState).awaitInside(QmpClient.class, "send");
            stop.fire().await(PATIENCE);
        }
        assertEquals("paused", other.result());
    }

    @Test
    void aReservedSessionKeepsOthersWaitingUntilItIsGivenBack() throws Exception {
        Underway<Boolean> resumed;
        try (Registration _ = machine.qmp().reserve()) {
            machine.qmp().execute(STOP);
            resumed = Underway.start(() -> {
                machine.resume();
                return true;
            }).awaitInside(QmpClient.class, "send");
            assertEquals("paused", machine.runState());
        }
        assertTrue(resumed.result());
        assertEquals("running", machine.runState());
    }
}
