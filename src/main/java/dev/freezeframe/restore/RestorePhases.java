package dev.freezeframe.restore;

/// Where the time from the call to the running machine went. The phases follow each other and add up to the whole, but for
/// the wait for a free processor in front of a later machine of a series.
///
/// @param spawnMicros  QEMU's start until it answers; the image is being filled meanwhile
/// @param imageMicros  the wait for the rest of the image
/// @param loadMicros   loading the device state
/// @param verifyMicros comparing RAM with the store; 0 when that was not asked for
/// @param resumeMicros letting the guest run
public record RestorePhases(long spawnMicros, long imageMicros, long loadMicros, long verifyMicros,
        long resumeMicros) {}
