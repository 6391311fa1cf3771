package dev.freezeframe.ui.theme;

import dev.freezeframe.store.model.PageClass;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javafx.beans.property.ReadOnlyLongProperty;
import javafx.beans.property.ReadOnlyLongWrapper;
import javafx.css.CssMetaData;
import javafx.css.SimpleStyleableObjectProperty;
import javafx.css.Styleable;
import javafx.css.StyleablePropertyFactory;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;

/// Makes the colours of the style sheets readable to what is painted on canvases. It is an invisible node of the window, and
/// takes the colours from the style class `palette`; [#changesProperty] counts up when the theme was changed.
public final class Palette extends Region {
    private static final StyleablePropertyFactory<Palette> FACTORY = new StyleablePropertyFactory<>(Region
            .getClassCssMetaData());

    private static final int LINES = 8;
    private static final int HEAT_STEPS = 7;

    private final ReadOnlyLongWrapper changes = new ReadOnlyLongWrapper(this, "changes", 0);
    private final SimpleStyleableObjectProperty<Color> fresh = color("-ff-new");
    private final SimpleStyleableObjectProperty<Color> duplicateWithin = color("-ff-duplicate-within");
    private final SimpleStyleableObjectProperty<Color> duplicateStored = color("-ff-duplicate-stored");
    private final SimpleStyleableObjectProperty<Color> duplicateDisk = color("-ff-duplicate-disk");
    private final SimpleStyleableObjectProperty<Color> zero = color("-ff-zero");
    private final SimpleStyleableObjectProperty<Color> unchanged = color("-ff-unchanged");
    private final SimpleStyleableObjectProperty<Color> untouched = color("-ff-untouched");
    private final List<SimpleStyleableObjectProperty<Color>> phases = List.of(color("-ff-phase-1"),
            color("-ff-phase-2"),
            color("-ff-phase-3"), color("-ff-phase-4"), color("-ff-phase-5"), color("-ff-phase-6"));
    private final List<SimpleStyleableObjectProperty<Color>> lines = IntStream.rangeClosed(1, LINES).mapToObj(
            number -> color("-ff-line-" + number)).toList();
    private final List<SimpleStyleableObjectProperty<Color>> heat = IntStream.rangeClosed(1, HEAT_STEPS).mapToObj(
            number -> color("-ff-heat-" + number)).toList();
    private final SimpleStyleableObjectProperty<Color> dirty = color("-ff-dirty");
    private final SimpleStyleableObjectProperty<Color> raw = color("-ff-raw");
    private final SimpleStyleableObjectProperty<Color> kept = color("-ff-kept");
    private final SimpleStyleableObjectProperty<Color> late = color("-ff-late");
    private final SimpleStyleableObjectProperty<Color> median = color("-ff-median");
    private final SimpleStyleableObjectProperty<Color> percentile = color("-ff-percentile");
    private final SimpleStyleableObjectProperty<Color> restore = color("-ff-restore");
    private final SimpleStyleableObjectProperty<Color> run = color("-ff-run");
    private final SimpleStyleableObjectProperty<Color> proof = color("-ff-proof");
    private final SimpleStyleableObjectProperty<Color> proven = color("-ff-proven");
    private final SimpleStyleableObjectProperty<Color> across = color("-ff-across");
    private final SimpleStyleableObjectProperty<Color> selection = color("-ff-selection");
    private final SimpleStyleableObjectProperty<Color> text = color("-ff-text");
    private final SimpleStyleableObjectProperty<Color> mutedText = color("-ff-text-muted");
    private final SimpleStyleableObjectProperty<Color> grid = color("-ff-grid");
    private final SimpleStyleableObjectProperty<Color> background = color("-ff-background");

    /// Invisible, and takes no room.
    public Palette() {
        getStyleClass().add("palette");
        setManaged(false);
        setVisible(false);
    }

    private SimpleStyleableObjectProperty<Color> color(String name) {
        CssMetaData<Palette, Color> metaData = FACTORY.createColorCssMetaData(name, palette -> palette.byName(name),
                Color.GRAY, false);
        SimpleStyleableObjectProperty<Color> property = new SimpleStyleableObjectProperty<>(metaData, this, name,
                Color.GRAY);
        property.addListener((_, _, _) -> changes.set(changes.get() + 1));
        return property;
    }

    private SimpleStyleableObjectProperty<Color> byName(String name) {
        return all().filter(property -> property.getName().equals(name)).findFirst().orElseThrow();
    }

    private Stream<SimpleStyleableObjectProperty<Color>> all() {
        return Stream.concat(Stream.of(phases, lines, heat).flatMap(List::stream), Stream.of(fresh, duplicateWithin,
                duplicateStored, duplicateDisk, zero, unchanged, untouched, dirty, raw, kept, late, median, percentile,
                restore, run, proof, proven, across, selection, text, mutedText, grid, background));
    }

    /// Counts up with every colour that changed; a painter listens to it to paint again.
    public ReadOnlyLongProperty changesProperty() {
        return changes.getReadOnlyProperty();
    }

    /// What a page of this class has everywhere.
    public Color of(PageClass pageClass) {
        return switch (pageClass) {
            case NEW -> fresh.get();
            case DUPLICATE_WITHIN -> duplicateWithin.get();
            case DUPLICATE_STORED -> duplicateStored.get();
            case DUPLICATE_DISK -> duplicateDisk.get();
            case ZERO -> zero.get();
            case UNCHANGED -> unchanged.get();
        };
    }

    /// A page that was not dirty.
    public Color untouched() {
        return untouched.get();
    }

    /// The colour of a phase of the pause, counted from 0 in their order.
    public Color phase(int index) {
        return phases.get(index).get();
    }

    /// Colours for experiments laid over each other; told apart by their dashes as well.
    public List<Color> lines() {
        return lines.stream().map(SimpleStyleableObjectProperty::get).toList();
    }

    /// A scale from seldom to often, evenly spaced to the eye.
    public List<Color> heat() {
        return heat.stream().map(SimpleStyleableObjectProperty::get).toList();
    }

    public Color dirty() {
        return dirty.get();
    }

    /// Bytes as the guest has them.
    public Color raw() {
        return raw.get();
    }

    /// Bytes as the store keeps them.
    public Color kept() {
        return kept.get();
    }

    /// Lateness and errors.
    public Color late() {
        return late.get();
    }

    public Color median() {
        return median.get();
    }

    /// The 99th percentile.
    public Color percentile() {
        return percentile.get();
    }

    /// The restore of an interval that is simulated.
    public Color restore() {
        return restore.get();
    }

    /// The execution of an interval that is simulated.
    public Color run() {
        return run.get();
    }

    /// The comparison of a simulated interval's end.
    public Color proof() {
        return proof.get();
    }

    /// Intervals that ended as they were recorded.
    public Color proven() {
        return proven.get();
    }

    /// Those that did so but for an interrupt.
    public Color across() {
        return across.get();
    }

    public Color selection() {
        return selection.get();
    }

    public Color text() {
        return text.get();
    }

    public Color mutedText() {
        return mutedText.get();
    }

    public Color grid() {
        return grid.get();
    }

    public Color background() {
        return background.get();
    }

    @Override
    public List<CssMetaData<? extends Styleable, ?>> getCssMetaData() {
        return FACTORY.getCssMetaData();
    }
}
