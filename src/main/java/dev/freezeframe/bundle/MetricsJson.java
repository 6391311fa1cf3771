package dev.freezeframe.bundle;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.freezeframe.base.JsonFields;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.store.figure.CheckpointFigure;
import dev.freezeframe.store.figure.CheckpointMetrics;
import dev.freezeframe.store.figure.DiskFigure;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.figure.Figure;
import dev.freezeframe.store.figure.FigureValues;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The figures of a checkpoint in a bundle: each under its name there, in the order of the table, then those of each disk; later
/// ones only where they are not 0. What is read has every figure of the first format as a whole number, later ones or none, and
/// nothing else.
final class MetricsJson {
    private static final String CAPTURED_AT = "capturedAt";
    private static final String DISKS = "disks";
    private static final String DISK = "disk";
    /// The format of stores when bundles began to hold them.
    static final int FIRST_FORMAT = 4;

    private MetricsJson() {}

    /// Whether it has figures that a bundle of the first format does not have.
    static boolean hasLaterFigures(CheckpointMetrics metrics) {
        return CheckpointFigure.KEPT.stream().anyMatch(figure -> isLater(figure) && metrics.of(figure) != 0)
                || metrics.disks().stream().anyMatch(disk -> Arrays.stream(DiskFigure.values()).anyMatch(
                        figure -> isLater(figure) && disk.of(figure) != 0));
    }

    private static boolean isLater(Figure figure) {
        return figure.sinceFormat() > FIRST_FORMAT;
    }

    static final class Writer extends StdSerializer<CheckpointMetrics> {
        private static final long serialVersionUID = 1L;

        Writer() {
            super(CheckpointMetrics.class);
        }

        @Override
        public void serialize(CheckpointMetrics metrics, JsonGenerator out, SerializerProvider provider)
                throws IOException {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put(CAPTURED_AT, metrics.capturedAt().toString());
            CheckpointFigure.KEPT.forEach(figure -> put(json, figure, metrics.of(figure)));
            ArrayNode disks = json.putArray(DISKS);
            for (DiskMetrics disk : metrics.disks()) {
                ObjectNode each = disks.addObject().put(DISK, disk.disk());
                List.of(DiskFigure.values()).forEach(figure -> put(each, figure, disk.of(figure)));
            }
            out.writeTree(json);
        }

        private static void put(ObjectNode json, Figure figure, long value) {
            if (value != 0 || !isLater(figure)) {
                JsonFields.put(json, figure.bundle(), value);
            }
        }
    }

    static final class Reader extends StdDeserializer<CheckpointMetrics> {
        private static final long serialVersionUID = 1L;

        Reader() {
            super(CheckpointMetrics.class);
        }

        @Override
        public CheckpointMetrics deserialize(JsonParser in, DeserializationContext context) throws IOException {
            JsonNode json = context.readTree(in);
            refuseUnknown(context, json, CheckpointFigure.KEPT, Set.of(CAPTURED_AT, DISKS));
            FigureValues<CheckpointFigure> figures = FigureValues.read(CheckpointFigure.class,
                    figure -> number(context, json, figure));
            JsonNode disks = json.path(DISKS);
            if (!disks.isArray()) {
                throw refused(context, DISKS);
            }
            List<DiskMetrics> read = new ArrayList<>();
            for (JsonNode disk : disks) {
                refuseUnknown(context, disk, List.of(DiskFigure.values()), Set.of(DISK));
                if (!disk.path(DISK).isTextual()) {
                    throw refused(context, DISK);
                }
                read.add(new DiskMetrics(disk.path(DISK).textValue(), FigureValues.read(DiskFigure.class,
                        figure -> number(context, disk, figure))));
            }
            return new CheckpointMetrics(time(context, json.path(CAPTURED_AT)), figures, read);
        }

        private static long number(DeserializationContext context, JsonNode json, Figure figure) throws IOException {
            JsonNode value = JsonFields.get(json, figure.bundle());
            if (value.isMissingNode() && isLater(figure)) {
                return 0;
            }
            if (!value.isIntegralNumber() || !value.canConvertToLong()) {
                throw refused(context, figure.bundle());
            }
            return value.longValue();
        }

        private static Instant time(DeserializationContext context, JsonNode json) throws IOException {
            String text = json.isTextual() ? json.textValue() : "";
            try {
                if (text.length() <= BundleFormat.MAX_TIME_LENGTH) {
                    return Instant.parse(text);
                }
            } catch (DateTimeException e) {
                // said below
            }
            throw refused(context, CAPTURED_AT);
        }

        /// Names of objects are fields, too: `phaseMicros` may hold nothing but phases.
        private static void refuseUnknown(DeserializationContext context, JsonNode json,
                List<? extends Figure> figures, Set<String> others) throws IOException {
            if (!json.isObject()) {
                throw refused(context, "metrics");
            }
            Set<String> known = new HashSet<>(others);
            figures.forEach(figure -> known.add(figure.bundle()));
            for (var field : json.properties()) {
                String name = field.getKey();
                if (known.contains(name)) {
                    continue;
                }
                if (!field.getValue().isObject() || field.getValue().isEmpty()) {
                    throw refused(context, name);
                }
                for (var inner : field.getValue().properties()) {
                    if (!known.contains(name + "." + inner.getKey())) {
                        throw refused(context, name + "." + inner.getKey());
                    }
                }
            }
        }

        private static IOException refused(DeserializationContext context, String field) {
            return MismatchedInputException.from(context.getParser(),
                    CheckpointMetrics.class, "the figure \"" + ShownText.marked(field)
                            + "\" is missing, is none, or is not what it should be");
        }
    }
}
