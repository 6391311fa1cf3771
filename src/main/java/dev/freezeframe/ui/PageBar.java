package dev.freezeframe.ui;

import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The line over every page but the experiment's: which page it is, and the way back.
final class PageBar extends HBox {
    PageBar(WorkbenchModel workbench) {
        super(8);
        getStyleClass().add("page-bar");
        setAlignment(Pos.CENTER_LEFT);
        Button back = new PageCommands(workbench.navigation()).experiment().button();
        back.setGraphic(new FontIcon(Feather.ARROW_LEFT));
        back.setId("back");
        back.getStyleClass().add("flat");
        Label name = new Label();
        name.getStyleClass().addAll("text-large", "text-strong");
        name.textProperty().bind(workbench.navigation().placeProperty().map(PageBar::name));
        getChildren().addAll(back, name);
    }

    private static String name(Navigation.Place place) {
        return switch (place) {
            case Navigation.Place.Experiment _ -> "Experiment";
            case Navigation.Place.Library _ -> "Library";
            case Navigation.Place.Family _ -> "Tree of experiments";
            case Navigation.Place.Compare _ -> "Compare checkpoints";
            case Navigation.Place.Overlay _ -> "Experiments laid over each other";
            case Navigation.Place.Simulate _ -> "Simulate";
            case Navigation.Place.Profile _ -> "Profile";
            case Navigation.Place.Doctor _ -> "This computer";
        };
    }
}
