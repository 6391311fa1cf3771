package dev.freezeframe.ui.checkpoint;

import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which checkpoints the film strip shows, as a person types it: words that must all hold, see [#GRAMMAR]. Immutable; what it
/// does not understand is refused with one line for the user.
public final class CheckpointFilter {
    /// The grammar, for people.
    public static final String GRAMMAR = """
            Words that must all hold:
            12   10-40   10-   numbers
            late   noted   tagged
            #boot   a tag that begins so
            pause>5ms   pause<=800us   dirty>2,000   new<10
            saved<20%   stored>1MiB   pipeline>100ms   interval=1s
            also zero, duplicate, unchanged
            anything else: text of the note; "in quotes" with spaces""";

    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"?|(\\S+)");
    private static final Pattern NUMBERS = Pattern.compile("(\\d{1,9})(-(\\d{1,9})?)?");
    private static final Pattern CONDITION = Pattern.compile("([a-z]*)(<=|>=|<|>|=)(.*)");
    private static final Pattern QUANTITY = Pattern.compile("(\\d[\\d,]{0,15}(?:\\.\\d{1,9})?)([a-zµ%]*)");

    private static final Map<String, Double> MICROS = Map.of("us", 1.0, "µs", 1.0, "ms", 1e3, "s", 1e6, "", 1e3);
    private static final Map<String, Double> MILLIS = Map.of("ms", 1.0, "s", 1e3, "min", 6e4, "", 1.0);
    private static final Map<String, Double> BYTES = Map.of("b", 1.0, "kib", 1024.0, "mib", 1048576.0, "gib",
            1073741824.0, "kb", 1e3, "mb", 1e6, "gb", 1e9, "", 1.0);
    private static final Map<String, Double> PERCENT = Map.of("%", 1.0, "", 1.0);
    private static final Map<String, Double> COUNT = Map.of("", 1.0, "k", 1e3);

    /// A figure that can be compared.
    ///
    /// @param units what each unit is in that of `value`; the empty one is what is meant without
    private record Figure(Map<String, Double> units, ToDoubleFunction<CheckpointMetrics> value) {}

    private static final Map<String, Figure> FIGURES = Map.ofEntries(
            Map.entry("pause", new Figure(MICROS, CheckpointMetrics::pauseMicros)),
            Map.entry("pipeline", new Figure(MILLIS, CheckpointMetrics::pipelineMillis)),
            Map.entry("interval", new Figure(MILLIS, CheckpointMetrics::intervalMillis)),
            Map.entry("dirty", new Figure(COUNT, CheckpointMetrics::dirtyPages)),
            Map.entry("new", new Figure(COUNT, CheckpointMetrics::newPages)),
            Map.entry("zero", new Figure(COUNT, CheckpointMetrics::zeroPages)),
            Map.entry("duplicate", new Figure(COUNT, CheckpointMetrics::duplicatePages)),
            Map.entry("unchanged", new Figure(COUNT, CheckpointMetrics::unchangedPages)),
            Map.entry("stored", new Figure(BYTES, CheckpointMetrics::storedBytes)),
            Map.entry("saved", new Figure(PERCENT, metrics -> 100 * CheckpointFigures.savedShare(metrics))));

    private final List<BiPredicate<CheckpointRecord, Annotation>> conditions;

    private CheckpointFilter(List<BiPredicate<CheckpointRecord, Annotation>> conditions) {
        this.conditions = List.copyOf(conditions);
    }

    /// Reads a filter as typed; the empty one lets everything through.
    ///
    /// @throws IllegalArgumentException with one line for the user
    public static CheckpointFilter parse(String text) {
        List<BiPredicate<CheckpointRecord, Annotation>> conditions = new ArrayList<>();
        Matcher words = WORD.matcher(text);
        while (words.find()) {
            conditions.add(words.group(1) != null ? inNote(words.group(1)) : condition(words.group(2)));
        }
        return new CheckpointFilter(conditions);
    }

    /// Whether it lets everything through.
    public boolean isEmpty() {
        return conditions.isEmpty();
    }

    /// Whether a checkpoint is to be shown.
    public boolean matches(CheckpointRecord checkpoint, Annotation annotation) {
        return conditions.stream().allMatch(condition -> condition.test(checkpoint, annotation));
    }

    private static BiPredicate<CheckpointRecord, Annotation> condition(String word) {
        String lower = word.toLowerCase(Locale.ROOT);
        Matcher numbers = NUMBERS.matcher(lower);
        if (numbers.matches()) {
            return numbers(numbers);
        }
        if (lower.startsWith("#")) {
            String tag = lower.substring(1);
            return (_, annotation) -> annotation.tags().stream().anyMatch(each -> each.toLowerCase(Locale.ROOT)
                    .startsWith(tag));
        }
        Matcher condition = CONDITION.matcher(lower);
        if (condition.matches()) {
            return figure(word, condition);
        }
        return switch (lower) {
            case "late" -> (checkpoint, _) -> checkpoint.metrics().late() > 0;
            case "noted" -> (_, annotation) -> !annotation.note().isEmpty();
            case "tagged" -> (_, annotation) -> !annotation.tags().isEmpty();
            default -> inNote(word);
        };
    }

    private static BiPredicate<CheckpointRecord, Annotation> numbers(Matcher word) {
        int first = Integer.parseInt(word.group(1));
        int last = word.group(2) == null
                ? first
                : word.group(3) == null ? Integer.MAX_VALUE : Integer.parseInt(word.group(3));
        if (last < first) {
            throw new IllegalArgumentException(word.group() + " holds for none: write the lower number first");
        }
        return (checkpoint, _) -> checkpoint.number() >= first && checkpoint.number() <= last;
    }

    private static BiPredicate<CheckpointRecord, Annotation> figure(String word, Matcher condition) {
        Figure figure = FIGURES.get(condition.group(1));
        if (figure == null) {
            throw new IllegalArgumentException("\"" + word + "\": there is no figure \"" + condition.group(1)
                    + "\"; there are " + String.join(", ", FIGURES.keySet().stream().sorted().toList()));
        }
        Matcher quantity = QUANTITY.matcher(condition.group(3));
        if (!quantity.matches()) {
            throw new IllegalArgumentException("\"" + word + "\" needs a number behind " + condition.group(2)
                    + ", such as pause>5ms");
        }
        Double unit = figure.units.get(quantity.group(2));
        if (unit == null) {
            throw new IllegalArgumentException("\"" + word + "\": " + condition.group(1) + " is not measured in "
                    + quantity.group(2) + "; write " + String.join(" or ", figure.units.keySet().stream()
                            .filter(each -> !each.isEmpty()).sorted().toList()));
        }
        double bound = Double.parseDouble(quantity.group(1).replace(",", "")) * unit;
        ToDoubleFunction<CheckpointMetrics> value = figure.value;
        return switch (condition.group(2)) {
            case "<" -> (checkpoint, _) -> value.applyAsDouble(checkpoint.metrics()) < bound;
            case "<=" -> (checkpoint, _) -> value.applyAsDouble(checkpoint.metrics()) <= bound;
            case ">" -> (checkpoint, _) -> value.applyAsDouble(checkpoint.metrics()) > bound;
            case ">=" -> (checkpoint, _) -> value.applyAsDouble(checkpoint.metrics()) >= bound;
            default -> (checkpoint, _) -> value.applyAsDouble(checkpoint.metrics()) == bound;
        };
    }

    private static BiPredicate<CheckpointRecord, Annotation> inNote(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return (_, annotation) -> annotation.note().toLowerCase(Locale.ROOT).contains(lower);
    }
}
