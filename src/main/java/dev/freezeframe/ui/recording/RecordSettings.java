package dev.freezeframe.ui.recording;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.record.Budget;
import dev.freezeframe.record.RecordingOptions;
import dev.freezeframe.ui.machine.MachineModel;
import dev.freezeframe.ui.machine.MachinesModel;
import java.time.Duration;
import java.util.Optional;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleObjectProperty;

/// How the next recording begins, and what the running one of the selected machine is changed to: interval and budget.
public final class RecordSettings {
    /// The shortest interval that can be chosen.
    public static final Duration SHORTEST = Duration.ofMillis(100);
    /// The longest interval that can be chosen.
    public static final Duration LONGEST = Duration.ofSeconds(60);
    /// It costs the least, and what others say can be had afterwards.
    private static final String PLUGIN = "count";
    private static final int STEPS_A_DECADE = 20;

    private final ObjectProperty<Duration> interval = new SimpleObjectProperty<>(this, "interval",
            Duration.ofSeconds(1));
    private final ObjectProperty<Budget> budget = new SimpleObjectProperty<>(this, "budget", Budget.UNLIMITED);

    private final BooleanProperty simulating = new SimpleBooleanProperty(this, "simulating", false);

    public RecordSettings(MachinesModel machines) {
        interval.addListener((_, _, wanted) -> {
            RecordingModel recording = recordingOf(machines);
            if (recording != null) {
                recording.changeInterval(wanted);
            }
        });
        budget.addListener((_, _, wanted) -> {
            RecordingModel recording = recordingOf(machines);
            if (recording != null) {
                recording.changeBudget(wanted);
            }
        });
    }

    private static RecordingModel recordingOf(MachinesModel machines) {
        MachineModel machine = machines.selectedProperty().get();
        return machine == null ? null : machine.recordingProperty().get();
    }

    /// Time between two checkpoints, from [#SHORTEST] to [#LONGEST]; a change holds from the next tick on.
    public ObjectProperty<Duration> intervalProperty() {
        return interval;
    }

    /// How much a recording may take.
    public ObjectProperty<Budget> budgetProperty() {
        return budget;
    }

    /// Whether the intervals of a run that is logged are executed again while it is recorded, and counted.
    public BooleanProperty simulatingProperty() {
        return simulating;
    }

    /// Who looks on then.
    public Optional<String> plugin() {
        return simulating.get() ? Optional.of(PLUGIN) : Optional.empty();
    }

    /// The options that a recording started now has.
    public RecordingOptions options() {
        return RecordingOptions.DEFAULT.with(CaptureOptions.DEFAULT.withInterval(interval.get())).with(budget.get());
    }

    /// An interval within the limits.
    public static Duration limited(Duration wanted) {
        return wanted.compareTo(SHORTEST) < 0 ? SHORTEST : wanted.compareTo(LONGEST) > 0 ? LONGEST : wanted;
    }

    /// Where on a logarithmic scale from 0 to 1 an interval lies.
    public static double toScale(Duration interval) {
        return Math.log(interval.toMillis() / (double) SHORTEST.toMillis()) / decades();
    }

    /// The interval at a place of the scale, rounded to what a person would type.
    public static Duration fromScale(double place) {
        double steps = Math.rint(place * decades() / Math.log(10) * STEPS_A_DECADE) / STEPS_A_DECADE;
        double millis = SHORTEST.toMillis() * Math.pow(10, steps);
        double grain = Math.pow(10, Math.floor(Math.log10(millis)) - 1);
        return limited(Duration.ofMillis(Math.round(Math.rint(millis / grain) * grain)));
    }

    private static double decades() {
        return Math.log(LONGEST.toMillis() / (double) SHORTEST.toMillis());
    }
}
