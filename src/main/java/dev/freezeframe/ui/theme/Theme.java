package dev.freezeframe.ui.theme;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import java.net.URL;
import java.util.List;
import java.util.Objects;
import javafx.application.Application;
import javafx.scene.Scene;

/// The two looks of the window. Applying one changes all windows at once.
public enum Theme {
    LIGHT, DARK;

    /// Ours come after the base theme's, in this order.
    private static final List<String> SHEETS = List.of("freezeframe", "charts", "machines", "checkpoints", "library",
            "simulate");

    /// Makes this the look of a scene and of the whole program.
    public void apply(Scene scene) {
        Application.setUserAgentStylesheet(this == DARK
                ? new PrimerDark().getUserAgentStylesheet()
                : new PrimerLight().getUserAgentStylesheet());
        dress(scene);
    }

    /// Puts our own sheets onto one more scene, such as a dialog's.
    public void dress(Scene scene) {
        scene.getStylesheets().setAll(sheet(this == DARK ? "dark" : "light"));
        SHEETS.forEach(name -> scene.getStylesheets().add(sheet(name)));
    }

    private static String sheet(String name) {
        URL sheet = Theme.class.getResource(name + ".css");
        return Objects.requireNonNull(sheet, () -> "the style sheet " + name + ".css is not in this build")
                .toExternalForm();
    }
}
