package dev.freezeframe.plot;

import dev.freezeframe.analyse.IntervalState;
import dev.freezeframe.plot.ink.InkColor;

/// What the parts of a simulation are painted in. Immutable.
///
/// @param restore of an interval's time
/// @param run     of an interval's time
/// @param proof   of an interval's time
/// @param proven  ends as they were recorded
/// @param across  ends as they were recorded, but for an interrupt
/// @param waiting what is yet to be done
/// @param problem what is not as recorded
public record SimulationColors(InkColor restore, InkColor run, InkColor proof, InkColor proven, InkColor across,
        InkColor waiting, InkColor problem) {
    InkColor of(IntervalState state) {
        return switch (state) {
            case WAITING -> waiting;
            case RUNNING -> run;
            case PROVEN -> proven;
            case PROVEN_ACROSS_INTERRUPT -> across;
            case ENDED, REEXECUTED -> restore;
            case DIVERGED, FAILED -> problem;
        };
    }
}
