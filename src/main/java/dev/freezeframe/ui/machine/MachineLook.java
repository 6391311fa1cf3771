package dev.freezeframe.ui.machine;

import dev.freezeframe.cli.Units;
import dev.freezeframe.machine.Machine;
import dev.freezeframe.machine.MachineState;
import dev.freezeframe.ui.model.MachineModel;
import java.time.Duration;
import java.util.Locale;

/// The state of a machine in one word and one style class.
enum MachineLook {
    STARTING("starting…", "starting"), RUNNING("running", "running"), RECORDING("recording", "recording"), PAUSED(
            "paused", "paused"), SUSPENDED("asleep", "paused"), OFF("powered off", "off"), PANICKED("panicked",
                    "failed"), FAULTY("stopped by an error", "failed"), ENDING("ending…", "off"), ENDED("ended",
                            "off"), FAILED("failed", "failed");

    private final String words;
    private final String styleClass;

    MachineLook(String words, String styleClass) {
        this.words = words;
        this.styleClass = styleClass;
    }

    static MachineLook of(MachineModel machine) {
        MachineState state = machine.stateProperty().get();
        if (machine.endingProperty().get()) {
            return ENDING;
        }
        if (state == null) {
            return STARTING;
        }
        return switch (state) {
            case RUNNING -> machine.recordingProperty().get() == null ? RUNNING : RECORDING;
            case PAUSED -> PAUSED;
            case SUSPENDED -> SUSPENDED;
            case SHUT_DOWN -> OFF;
            case PANICKED -> PANICKED;
            case FAULTY -> FAULTY;
            case ENDED -> machine.problemProperty().get().isEmpty() ? ENDED : FAILED;
        };
    }

    /// What a person calls it.
    String words() {
        return words;
    }

    /// The class of its dot in the style sheet.
    String styleClass() {
        return styleClass;
    }

    /// Such as `TCG`.
    static String accelerator(Machine qemu) {
        return qemu.accelerator().text().toUpperCase(Locale.ROOT);
    }

    /// Accelerator, memory and uptime, as far as they are known.
    static String details(MachineModel machine) {
        Machine qemu = machine.machineProperty().get();
        if (qemu == null) {
            return of(machine).words();
        }
        MachineLook look = of(machine);
        if (look == FAULTY && !qemu.stateDetail().isEmpty()) {
            return look.words() + ": " + qemu.stateDetail();
        }
        String words = look == RUNNING ? "" : look.words() + " · ";
        return words + accelerator(qemu) + " · " + Units.bytes(qemu.ramBytes()) + " · " + uptime(machine.uptime());
    }

    /// Whole seconds, so that figures do not flicker.
    static String uptime(Duration uptime) {
        long seconds = uptime.toSeconds();
        return seconds < 100 ? seconds + " s" : Units.duration(uptime);
    }
}
