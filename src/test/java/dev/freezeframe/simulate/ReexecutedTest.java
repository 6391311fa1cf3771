package dev.freezeframe.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.base.Progress;
import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.record.Recording;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.EndState;
import dev.freezeframe.store.model.ExperimentRecord;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.suite.Await;
import dev.freezeframe.suite.BuiltPlugins;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run that nobody logged is executed again for as long as it took, and how far from the recording it ended is told.
@Tag("qemu")
class ReexecutedTest {
    private static final Duration INTERVAL = Duration.ofMillis(300);
    private static final int CHECKPOINTS = 4;
    private static final double NEAR_MILLIS = 2.1;
    private static final Pattern TOLD = Pattern.compile(
            "([\\d,.]+) ms of guest time for ([\\d,.]+) ms; ([\\d,]+) pages? otherwise than recorded, which changed"
                    + " ([\\d,]+); ([\\d,]+) devices? in another state");

    @TempDir
    private Path folder;

    private static double number(Matcher told, int group) {
        return Double.parseDouble(told.group(group).replace(",", ""));
    }

    /// One that two machines cannot have at a time.
    private static MachineSpec withPort(MachineSpec spec) throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        List<String> arguments = new ArrayList<>(spec.profile().arguments());
        arguments.addAll(List.of("-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:" + port + "-:22", "-device",
                "virtio-net-pci,netdev=net0"));
        return spec.withArguments(arguments);
    }

    private Simulation simulation(Store store, ExperimentRecord run, String plugin) {
        return new Simulation(store, run, new Simulation.Options(2, true, Optional.of(plugin), Optional.empty(),
                Optional.empty()));
    }

    @Test
    void eachIntervalTakesAsMuchOfTheGuestsTimeAsItsRecordingAndIsNeverCalledProven() throws Exception {
        BuiltPlugins.require();
        HeardCheckpoints stored = new HeardCheckpoints();
        try (Store store = Store.open(folder.resolve("store"))) {
            ExperimentRecord run;
            try (Machine machine = Machine.boot(withPort(MachineSpec.of(Profiles.standard().find("boot-sector"))));
                    Recording recording = Recording.start(store, machine, Optional.empty(), false,
                            RecordingOptions.DEFAULT.with(CaptureOptions.DEFAULT.withInterval(INTERVAL)).stoppingAfter(
                                    CHECKPOINTS),
                            stored)) {
                run = recording.experiment();
                assertTrue(recording.awaitCaptureEnd(Await.PATIENCE), "the recording does not end");
            }
            List<Interval> intervals = Interval.between(stored.checkpoints, 1);
            Simulation.Outcome outcome = simulation(store, run, "count").run(intervals, 1, (_, _) -> {});
            assertEquals(CHECKPOINTS - 1, outcome.count(EndState.REEXECUTED), outcome::toString);
            assertTrue(outcome.isSound());
            assertTrue(outcome.said().path("instructions").asLong() > 0, outcome::toString);
            for (SimulatedInterval each : outcome.results()) {
                Matcher told = TOLD.matcher(each.reason());
                assertTrue(told.matches(), each.reason());
                assertTrue(number(told, 2) > 0, each.reason());
                assertTrue(number(told, 1) > number(told, 2) - NEAR_MILLIS, each.reason());
                assertEquals(each.pagesDiffering(), (long) number(told, 3));
                assertEquals(each.devicesDiffering().size(), (int) number(told, 5));
            }
            assertTrue(store.verify(Progress.NONE).isSound());

            String refusal = assertThrows(IOException.class,
                    () -> simulation(store, run, "count,warm-up=1").run(intervals,
                            1, (_, _) -> {}))
                    .getMessage();
            assertTrue(refusal.contains("leave --warm-up out"), refusal);
        }
    }
}
