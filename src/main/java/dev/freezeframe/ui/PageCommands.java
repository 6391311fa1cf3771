package dev.freezeframe.ui;

import dev.freezeframe.ui.command.Command;
import java.util.List;
import org.kordamp.ikonli.feather.Feather;

/// Going to the pages of the window.
public final class PageCommands {
    private final Navigation navigation;
    private final Command experiment;
    private final Command library;
    private final Command family;
    private final Command overlay;
    private final Command simulate;
    private final Command doctor;

    /// @param navigation of the window whose pages they are
    public PageCommands(Navigation navigation) {
        this.navigation = navigation;
        experiment = go("_Experiment", new Navigation.Place.Experiment()).icon(Feather.ACTIVITY).help(
                "The experiment that is shown: charts, memory map, checkpoints").key("Shortcut+1");
        library = go("_Library", new Navigation.Place.Library()).icon(Feather.GRID).help(
                "All experiments with their figures").key("Shortcut+2");
        family = go("_Tree of experiments", new Navigation.Place.Family()).icon(Feather.GIT_BRANCH).help(
                "Which experiment began at which checkpoint").key("Shortcut+3");
        overlay = go("_Overlay", new Navigation.Place.Overlay(List.of())).icon(Feather.LAYERS).help(
                "Experiments laid over each other").key("Shortcut+4");
        simulate = go("_Simulate", new Navigation.Place.Simulate()).icon(Feather.PLAY).help(
                "Execute the experiment's intervals again, in parallel").key("Shortcut+5");
        doctor = go("What this computer can _do", new Navigation.Place.Doctor()).icon(Feather.CPU);
    }

    private Command go(String text, Navigation.Place place) {
        return new Command(text, () -> navigation.go(place));
    }

    /// To the shown experiment.
    public Command experiment() {
        return experiment;
    }

    /// To the library of experiments.
    public Command library() {
        return library;
    }

    /// To the simulation of the shown experiment.
    public Command simulate() {
        return simulate;
    }

    /// To what the doctor found.
    public Command doctor() {
        return doctor;
    }

    /// To those about experiments, in the order of a menu.
    List<Command> aboutExperiments() {
        return List.of(experiment, library, family, overlay, simulate);
    }
}
