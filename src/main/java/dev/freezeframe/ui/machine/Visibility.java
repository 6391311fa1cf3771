package dev.freezeframe.ui.machine;

import java.util.ArrayList;
import java.util.List;
import javafx.beans.InvalidationListener;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.value.ObservableValue;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.stage.Window;

/// Whether a node can be seen: it is in a window that shows, and neither it nor anything around it is invisible. What is
/// hidden in this sense need not be kept up to date.
final class Visibility {
    private final Node node;
    private final ReadOnlyBooleanWrapper shown = new ReadOnlyBooleanWrapper(this, "shown", false);
    private final List<ObservableValue<?>> watched = new ArrayList<>();
    private final InvalidationListener onChange = _ -> look();

    private Visibility(Node node) {
        this.node = node;
        look();
    }

    /// Follows a node for as long as it lives.
    static ReadOnlyBooleanProperty of(Node node) {
        return new Visibility(node).shown.getReadOnlyProperty();
    }

    private void look() {
        watched.forEach(value -> value.removeListener(onChange));
        watched.clear();
        boolean visible = true;
        for (Node each = node; each != null; each = each.getParent()) {
            visible &= each.isVisible();
            watch(each.visibleProperty());
            watch(each.parentProperty());
        }
        watch(node.sceneProperty());
        Scene scene = node.getScene();
        if (scene != null) {
            watch(scene.windowProperty());
            Window window = scene.getWindow();
            if (window != null) {
                watch(window.showingProperty());
            }
            shown.set(visible && window != null && window.isShowing());
        } else {
            shown.set(false);
        }
    }

    private void watch(ObservableValue<?> value) {
        value.addListener(onChange);
        watched.add(value);
    }
}
