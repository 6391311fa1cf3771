package dev.freezeframe.cli;

import dev.freezeframe.store.model.CheckpointName;
import java.nio.file.Path;
import java.util.Optional;

/// The desktop window, as the command line knows it. The implementation is above this package and is found by
/// [java.util.ServiceLoader].
public interface WindowLauncher {

    /// What the window is opened with.
    ///
    /// @param store         the store; empty for the one of the last time, or else the user's default
    /// @param defaultStore  the user's default store
    /// @param configuration the folder in which the window remembers its state
    /// @param screenshot    render the window into a file and end; empty to open it for work
    /// @param bundle        a bundle that the user is asked about once the store is open
    record Opening(Optional<Path> store, Path defaultStore, Path configuration, Optional<Screenshot> screenshot,
            Optional<Path> bundle) {}

    /// A picture of the window on a store. Needs no display.
    ///
    /// @param file       the PNG file to write
    /// @param dark       in the dark theme
    /// @param width      of the window, logical pixels
    /// @param height     of the window, logical pixels
    /// @param scale      pixels of the file for each logical one
    /// @param page       which part of the window is shown, as in [Page]
    /// @param checkpoint the checkpoint that is selected; [CheckpointName#LATEST] for the newest of the store
    record Screenshot(Path file, boolean dark, int width, int height, double scale, Page page,
            CheckpointName checkpoint) {}

    /// The parts of the window that a screenshot can show.
    enum Page {
        /// The experiment of the selected checkpoint: charts, memory map, details and film strip.
        EXPERIMENT,
        /// The library of experiments.
        LIBRARY,
        /// The tree of experiments.
        FAMILY,
        /// The selected checkpoint compared with the first of its experiment.
        COMPARE,
        /// The two newest experiments laid over each other.
        OVERLAY,
        /// The simulation of the selected checkpoint's experiment.
        SIMULATE,
        /// The editor with the first profile.
        PROFILE,
        /// What the doctor found.
        DOCTOR
    }

    /// Opens the window and returns when it was closed.
    ///
    /// @return 0 when all went well
    int open(Opening opening) throws Exception;
}
