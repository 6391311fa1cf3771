package dev.freezeframe.ui.chart;

import java.io.File;
import java.nio.file.Path;
import javafx.scene.layout.Region;
import javafx.stage.FileChooser;

/// Asks the user where a picture is to be saved, as PNG or SVG; the name always ends in one of the two.
final class PictureFile {
    private PictureFile() {}

    /// Asks with a dialog of the system; answers null where the user does not want to.
    static Path choose(Region owner, String name) {
        FileChooser chooser = new FileChooser();
        chooser.setTitle("Save the picture");
        FileChooser.ExtensionFilter png = new FileChooser.ExtensionFilter("PNG picture", "*.png");
        FileChooser.ExtensionFilter svg = new FileChooser.ExtensionFilter("SVG drawing", "*.svg");
        chooser.getExtensionFilters().addAll(png, svg);
        chooser.setInitialFileName(name.replaceAll("[^\\w.-]+", "-") + ".png");
        File chosen = chooser.showSaveDialog(owner.getScene().getWindow());
        if (chosen == null) {
            return null;
        }
        boolean named = chosen.getName().endsWith(".png") || chosen.getName().endsWith(".svg");
        String ending = chooser.getSelectedExtensionFilter() == svg ? ".svg" : ".png";
        return named ? chosen.toPath() : Path.of(chosen.getPath() + ending);
    }
}
