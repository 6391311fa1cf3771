package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.store.model.Picture;
import java.io.ByteArrayInputStream;
import java.util.List;
import javafx.scene.image.Image;

/// What the guest showed at a checkpoint, ready to be drawn.
sealed interface GuestPicture {
    /// Its screen.
    record Screen(Image image) implements GuestPicture {}

    /// The last lines of its console, without what steers a terminal.
    record Console(List<String> lines) implements GuestPicture {}

    /// There is none.
    record None() implements GuestPicture {}

    int MOST_LINES = 24;
    int MOST_LETTERS = 120;

    /// Decodes a stored picture; for a background thread.
    static GuestPicture of(Picture picture) {
        return switch (picture.kind()) {
            case SCREEN -> {
                Image image = new Image(new ByteArrayInputStream(picture.content()));
                yield image.isError() ? new None() : new Screen(image);
            }
            case CONSOLE -> {
                List<String> lines = ShownText.withoutSteering(picture.text()).lines().map(
                        line -> ShownText.replaced(line, "").stripTrailing())
                        .map(line -> line.length() <= MOST_LETTERS ? line : line.substring(0, MOST_LETTERS))
                        .filter(line -> !line.isEmpty()).toList();
                yield lines.isEmpty()
                        ? new None()
                        : new Console(lines.subList(Math.max(0, lines.size() - MOST_LINES), lines.size()));
            }
        };
    }

    /// Roughly what it takes in memory.
    default int weightBytes() {
        return switch (this) {
            case Screen(Image image) -> (int) (image.getWidth() * image.getHeight() * 4);
            case Console(List<String> lines) -> lines.stream().mapToInt(String::length).sum() + 64;
            case None() -> 64;
        };
    }
}
