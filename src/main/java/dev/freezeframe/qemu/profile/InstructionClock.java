package dev.freezeframe.qemu.profile;

import java.util.List;
import java.util.OptionalInt;

/// How long an instruction takes on the virtual clock of a machine that counts them, as its `-icount` says. Stateless.
public final class InstructionClock {
    private static final String SHIFT = "shift=";

    private InstructionClock() {}

    /// Nanoseconds of an instruction as a power of two; empty where instructions are not counted, or where QEMU changes that as the
    /// machine runs and keeps it in its state.
    ///
    /// @param arguments of a machine
    public static OptionalInt fixedShift(List<String> arguments) {
        OptionalInt shift = OptionalInt.empty();
        for (int i = 0; i + 1 < arguments.size(); i++) {
            if (!arguments.get(i).matches("--?icount")) {
                continue;
            }
            for (String setting : arguments.get(i + 1).split(",", -1)) {
                String value = setting.startsWith(SHIFT) ? setting.substring(SHIFT.length()) : setting;
                if (value.matches("\\d{1,2}")) {
                    shift = OptionalInt.of(Integer.parseInt(value));
                }
            }
        }
        return shift;
    }
}
