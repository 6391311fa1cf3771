package dev.freezeframe.ui.machine;

import dev.freezeframe.base.Closing;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.ScreenImage;
import java.util.LinkedHashSet;
import java.util.Set;
import javafx.css.PseudoClass;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.image.ImageView;
import javafx.scene.image.PixelFormat;
import javafx.scene.image.WritableImage;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

/// A guest's screen, some pictures a second, and its keyboard while the screen has the focus. Opened while somebody looks,
/// and closed with [#close].
final class GuestScreenView extends BorderPane implements AutoCloseable {
    private static final PseudoClass GRABBED = PseudoClass.getPseudoClass("grabbed");

    private final ScreenSession session;
    private final ImageView picture = new ImageView();
    private final Stage stage = new Stage();
    private final Label hint = new Label();
    private final Label size = new Label();
    private final Set<String> held = new LinkedHashSet<>();
    private WritableImage image;

    /// Lays the picture out in the middle, in whole multiples of its pixels where there is room.
    private final class Stage extends Pane {
        @Override
        protected void layoutChildren() {
            if (image == null) {
                return;
            }
            double room = Math.min(getWidth() / image.getWidth(), getHeight() / image.getHeight());
            double scale = room >= 1 ? Math.floor(room) : room;
            picture.setSmooth(scale < 1);
            picture.setFitWidth(image.getWidth() * scale);
            picture.setFitHeight(image.getHeight() * scale);
            picture.relocate(snapPositionX((getWidth() - image.getWidth() * scale) / 2), snapPositionY((getHeight()
                    - image.getHeight() * scale) / 2));
        }

        @Override
        protected double computePrefWidth(double height) {
            return image == null ? 320 : image.getWidth();
        }

        @Override
        protected double computePrefHeight(double width) {
            return image == null ? 200 : image.getHeight();
        }
    }

    GuestScreenView(Machine machine) {
        getStyleClass().add("guest-screen");
        stage.getStyleClass().add("guest-screen-stage");
        stage.setId("guest-screen");
        stage.setAccessibleText("Screen of the guest. Click or press Enter to type into it");
        stage.setFocusTraversable(true);
        stage.setMinSize(0, 0);
        stage.getChildren().add(picture);
        setCenter(stage);
        Button ctrlAltDel = new Button("Ctrl+Alt+Del");
        ctrlAltDel.setId("ctrl-alt-del");
        ctrlAltDel.getStyleClass().add("small");
        hint.getStyleClass().addAll("text-small", "text-muted");
        hint.setMinWidth(0);
        size.getStyleClass().addAll("text-small", "text-muted");
        size.setMinWidth(Region.USE_PREF_SIZE);
        Region space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        HBox bar = new HBox(8, ctrlAltDel, hint, space, size);
        bar.setAlignment(Pos.CENTER_LEFT);
        bar.getStyleClass().add("drawer-bar");
        setBottom(bar);
        session = new ScreenSession(machine, this::show, why -> hint.setText(why));
        ctrlAltDel.setOnAction(_ -> session.together("ctrl", "alt", "delete"));
        stage.addEventFilter(MouseEvent.MOUSE_PRESSED, _ -> stage.requestFocus());
        stage.addEventFilter(KeyEvent.ANY, this::key);
        stage.focusedProperty().addListener((_, _, focused) -> {
            stage.pseudoClassStateChanged(GRABBED, focused);
            if (!focused) {
                letGo();
            }
            hint(focused);
        });
        hint(false);
    }

    private void hint(boolean grabbed) {
        hint.setText(grabbed
                ? "The keyboard is the guest's. Ctrl+Alt gives it back"
                : "Click into the screen to type");
    }

    private void show(ScreenImage shown) {
        if (image == null || image.getWidth() != shown.width() || image.getHeight() != shown.height()) {
            image = new WritableImage(shown.width(), shown.height());
            picture.setImage(image);
            size.setText(shown.width() + " × " + shown.height());
        }
        image.getPixelWriter().setPixels(0, 0, shown.width(), shown.height(), PixelFormat.getIntArgbInstance(), shown
                .argb(), 0, shown.width());
        stage.requestLayout();
    }

    private void key(KeyEvent event) {
        event.consume();
        if (event.getEventType() == KeyEvent.KEY_TYPED) {
            return;
        }
        boolean down = event.getEventType() == KeyEvent.KEY_PRESSED;
        QemuKeys.name(event.getCode()).ifPresent(name -> {
            if (down) {
                held.add(name);
            } else {
                held.remove(name);
            }
            session.key(name, down);
        });
        boolean isRelease = (event.getCode() == KeyCode.ALT && event.isControlDown()) || (event
                .getCode() == KeyCode.CONTROL && event.isAltDown());
        if (down && isRelease) {
            giveKeyboardBack();
        }
    }

    /// Nothing stays pressed in the guest that is not pressed here.
    private void letGo() {
        held.forEach(name -> session.key(name, false));
        held.clear();
    }

    private void giveKeyboardBack() {
        letGo();
        Node other = lookup("#ctrl-alt-del");
        if (other != null) {
            other.requestFocus();
        }
    }

    /// Takes the keyboard.
    void focus() {
        stage.requestFocus();
    }

    @Override
    public void close() {
        Closing.each(this::letGo, session::close);
    }
}
