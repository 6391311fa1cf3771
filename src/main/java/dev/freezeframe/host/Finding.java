package dev.freezeframe.host;

import java.util.Optional;

/// What [Doctor] found about one thing that recording needs.
///
/// @param subject what was looked at, such as `QEMU`
/// @param found what is there, one line
/// @param cost what cannot be done, or only worse, because of it; empty where all is well
/// @param remedy what to do about it, one line; empty where nothing is to be done
/// @param command a command line that does it, where there is one
public record Finding(String subject, Severity severity, String found, String cost, String remedy,
        Optional<String> command) {

    /// How bad it is.
    public enum Severity {
        /// As it should be.
        GOOD,
        /// Machines can be recorded, but something is slower or less exact than it could be.
        DEGRADED,
        /// Machines cannot be recorded before this is put right.
        MISSING
    }

    static Finding good(String subject, String found) {
        return new Finding(subject, Severity.GOOD, found, "", "", Optional.empty());
    }

    static Finding degraded(String subject, String found, String cost, String remedy, String command) {
        return new Finding(subject, Severity.DEGRADED, found, cost, remedy, Optional.of(command).filter(c -> !c
                .isEmpty()));
    }

    static Finding missing(String subject, String found, String cost, String remedy, String command) {
        return new Finding(subject, Severity.MISSING, found, cost, remedy, Optional.of(command).filter(c -> !c
                .isEmpty()));
    }
}
