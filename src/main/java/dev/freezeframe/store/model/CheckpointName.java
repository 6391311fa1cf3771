package dev.freezeframe.store.model;

import java.util.Optional;

/// How a person names a checkpoint: `EXPERIMENT/NUMBER`, or `latest` for the newest of the whole store. An experiment
/// alone stands for its newest checkpoint.
public record CheckpointName(Optional<String> experiment, Optional<Integer> number) {
    /// The newest checkpoint of the store.
    public static final CheckpointName LATEST = new CheckpointName(Optional.empty(), Optional.empty());

    public CheckpointName {
        if (experiment.isEmpty() && number.isPresent()) {
            throw new IllegalArgumentException("a checkpoint number needs an experiment");
        }
    }

    /// The name of a checkpoint of an experiment.
    public static CheckpointName of(String experiment, int number) {
        return new CheckpointName(Optional.of(experiment), Optional.of(number));
    }

    /// Reads a name as typed.
    ///
    /// @throws IllegalArgumentException with a line for the user
    public static CheckpointName parse(String text) {
        if (text.equals("latest")) {
            return LATEST;
        }
        int slash = text.lastIndexOf('/');
        String experiment = slash < 0 ? text : text.substring(0, slash);
        String number = slash < 0 ? "latest" : text.substring(slash + 1);
        if (experiment.isEmpty() || (!number.equals("latest") && !number.matches("[0-9]{1,9}"))) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" names no checkpoint: write EXPERIMENT/NUMBER or latest, such as tiny-linux/3");
        }
        return new CheckpointName(Optional.of(experiment),
                number.equals("latest") ? Optional.empty() : Optional.of(Integer.valueOf(number)));
    }

    @Override
    public String toString() {
        return experiment.map(e -> number.map(n -> e + "/" + n).orElse(e)).orElse("latest");
    }
}
