package dev.freezeframe.store.figure;

/// Where the microseconds of a pause went, one field for each step of the pause window.
public record PhaseMicros(long stop, long deviceState, long harvest, long copy, long disks, long resume) {
    /// Of a checkpoint that was not taken from a running guest.
    public static final PhaseMicros NONE = new PhaseMicros(0, 0, 0, 0, 0, 0);
}
