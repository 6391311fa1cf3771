package dev.freezeframe.store.model;

import java.util.List;
import java.util.Objects;

/// One interval of a recorded run that was executed again. Immutable.
///
/// @param from             the number of the checkpoint where it begins
/// @param to               of the one where it ends
/// @param instructions     of the guest between these; 0 of a run in which nobody counted them
/// @param state            what came of it
/// @param reason           why it failed or diverged, or how far from the recording it ended where nothing led it, a line; otherwise
///                         empty
/// @param pagesDiffering   of RAM, at its end
/// @param devicesDiffering those that are in another state at its end, but for clocks of the host
/// @param restoreMillis    until the guest stood at its beginning
/// @param runMillis        from there to its end
/// @param proofMillis      of comparing
/// @param worker           who executed it, from 1
/// @param result           what the plugin said, a JSON object; `{}` without one
public record SimulatedInterval(int from, int to, long instructions, EndState state, String reason, long pagesDiffering,
        List<String> devicesDiffering, long restoreMillis, long runMillis, long proofMillis, int worker,
        String result) {
    /// Names of devices at most; what differs so much is another run.
    public static final int MAX_DEVICES = 100;
    /// Characters of such a name at most.
    public static final int MAX_DEVICE_LENGTH = 250;
    /// Characters of a reason at most.
    public static final int MAX_REASON_LENGTH = 2_000;
    /// Characters of a result at most.
    public static final int MAX_RESULT_LENGTH = 1_000_000;

    /// Takes copies, and cuts reason and devices to what the store keeps.
    public SimulatedInterval {
        Objects.requireNonNull(state);
        devicesDiffering = devicesDiffering.stream().limit(MAX_DEVICES).map(each -> cut(each, MAX_DEVICE_LENGTH))
                .toList();
        reason = cut(reason, MAX_REASON_LENGTH);
        if (result.length() > MAX_RESULT_LENGTH) {
            throw new IllegalArgumentException("a result of " + result.length() + " characters");
        }
    }

    private static String cut(String text, int most) {
        return text.substring(0, Math.min(text.length(), most));
    }

    /// The same with other texts.
    public SimulatedInterval withTexts(String why, List<String> devices) {
        return new SimulatedInterval(from, to, instructions, state, why, pagesDiffering, devices, restoreMillis,
                runMillis, proofMillis, worker, result);
    }

    /// All of it.
    public long millis() {
        return restoreMillis + runMillis + proofMillis;
    }
}
