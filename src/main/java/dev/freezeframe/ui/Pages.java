package dev.freezeframe.ui;

import dev.freezeframe.store.model.StoreException;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressIndicator;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import javafx.scene.text.TextAlignment;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;

/// The pages that stand where there is nothing to work with: one picture, one sentence, and what to do.
public final class Pages {
    private static final double TEXT_WIDTH = 560;

    private Pages() {}

    /// A store is being opened.
    static Node opening(StoreState.Opening state) {
        ProgressIndicator progress = new ProgressIndicator();
        progress.setMaxSize(48, 48);
        return page(progress, "Opening the store", state.directory().toString());
    }

    /// A store could not be opened.
    ///
    /// @param retry to try the same again
    /// @param other to choose another
    static Node failed(StoreState.Failed state, Runnable retry, Runnable other) {
        String title = switch (state.reason()) {
            case IN_USE -> "The store is in use";
            case NEWER_FORMAT -> "The store was written by a newer Freezeframe";
            case DAMAGED -> "The store is damaged";
            case DISK_FULL -> "The disk is full";
            case NOT_FOUND, REFUSED, FAILED -> "The store could not be opened";
        };
        return page(icon(state.reason() == StoreException.Reason.IN_USE ? Feather.LOCK : Feather.ALERT_TRIANGLE), title,
                state.message(), button("Try again", "store-retry", retry, true), button("Open another store…",
                        "store-other", other, false));
    }

    /// No store is open.
    static Node closed(StoreState.Closed state, Runnable open, Runnable other) {
        return page(icon(Feather.DATABASE), "No store is open", state.directory().toString(), button("Open it",
                "store-retry", open, true), button("Open another store…", "store-other", other, false));
    }

    /// Such a page.
    public static VBox page(Node picture, String title, String sentence, Node... remedies) {
        Label heading = new Label(title);
        heading.getStyleClass().addAll("text-figure", "page-title");
        heading.setWrapText(true);
        heading.setTextAlignment(TextAlignment.CENTER);
        Label text = new Label(sentence);
        text.getStyleClass().add("text-muted");
        text.setWrapText(true);
        text.setMaxWidth(TEXT_WIDTH);
        text.setTextAlignment(TextAlignment.CENTER);
        VBox page = new VBox(picture, heading, text);
        if (remedies.length > 0) {
            HBox buttons = new HBox(8, remedies);
            buttons.setAlignment(Pos.CENTER);
            page.getChildren().add(buttons);
        }
        page.getStyleClass().add("page");
        return page;
    }

    /// Its picture.
    public static FontIcon icon(Ikon which) {
        FontIcon icon = new FontIcon(which);
        icon.getStyleClass().add("page-icon");
        return icon;
    }

    /// A remedy; one of a page is the one to take first.
    public static Button button(String text, String id, Runnable action, boolean isDefault) {
        Button button = new Button(text);
        button.setId(id);
        button.setOnAction(_ -> action.run());
        if (isDefault) {
            button.getStyleClass().add("accent");
        }
        return button;
    }
}
