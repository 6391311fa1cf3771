package dev.freezeframe.ui.profile;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The text of a profile's file, of which single fields can be changed while all else, comments too, stays as it was written.
///
/// It knows where fields are, not what they may hold: that is the engine's to say.
final class ProfileText {
    private static final JsonFactory FACTORY = JsonFactory.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).enable(
            JsonReadFeature.ALLOW_TRAILING_COMMA).build();
    private static final JsonMapper MAPPER = JsonMapper.builder(FACTORY).build();
    private static final String INDENT = "  ";

    private final String text;
    private final Map<String, Field> fields;
    /// Behind the opening brace.
    private final int inside;
    /// Where the closing brace is.
    private final int end;

    /// @param start of the name's quote
    /// @param valueStart of the value
    /// @param valueEnd behind the value
    private record Field(int start, int valueStart, int valueEnd, JsonNode value) {}

    private ProfileText(String text, Map<String, Field> fields, int inside, int end) {
        this.text = text;
        this.fields = fields;
        this.inside = inside;
        this.end = end;
    }

    /// Finds the fields; empty where the text is no JSON object.
    static Optional<ProfileText> of(String text) {
        Map<String, Field> fields = new LinkedHashMap<>();
        try (JsonParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            int inside = offset(parser.currentLocation().getCharOffset());
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                int start = offset(parser.currentTokenLocation().getCharOffset());
                parser.nextToken();
                int valueStart = offset(parser.currentTokenLocation().getCharOffset());
                JsonNode value = MAPPER.readTree(parser);
                // of a string the parser may have read no more than the opening quote until it is asked for
                int valueEnd = offset(parser.currentLocation().getCharOffset());
                fields.put(name, new Field(start, valueStart, valueEnd, value));
            }
            int end = offset(parser.currentTokenLocation().getCharOffset());
            return parser.nextToken() == null
                    ? Optional.of(new ProfileText(text, fields, inside, end))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static int offset(long chars) {
        return Math.toIntExact(chars);
    }

    /// What the field holds, if it is there.
    Optional<JsonNode> value(String name) {
        return Optional.ofNullable(fields.get(name)).map(Field::value);
    }

    /// The text with another value of a field, which is added where it is not there.
    String with(String name, JsonNode value) {
        String json = written(value);
        Field field = fields.get(name);
        if (field != null) {
            return text.substring(0, field.valueStart) + json + text.substring(field.valueEnd);
        }
        String line = "\n" + INDENT + MAPPER.getNodeFactory().textNode(name) + ": " + json;
        if (fields.isEmpty()) {
            return text.substring(0, inside) + line + "\n" + text.substring(inside).stripLeading();
        }
        int last = fields.values().stream().mapToInt(Field::valueEnd).max().orElseThrow();
        int comma = comma(last);
        int at = comma < 0 ? last : comma + 1;
        return text.substring(0, at) + (comma < 0 ? "," : "") + line + text.substring(at);
    }

    private static String written(JsonNode value) {
        if (!value.isArray() || value.isEmpty()) {
            return value.toString();
        }
        StringBuilder lines = new StringBuilder("[");
        String between = "\n";
        for (JsonNode element : value) {
            lines.append(between).append(INDENT).append(INDENT).append(element);
            between = ",\n";
        }
        return lines.append("\n").append(INDENT).append("]").toString();
    }

    /// The text without a field. Comments beside it stay.
    String without(String name) {
        Field field = fields.get(name);
        if (field == null) {
            return text;
        }
        int from = field.start;
        int to = field.valueEnd;
        int comma = comma(to);
        if (comma >= 0) {
            to = comma + 1;
        } else {
            // the last field takes the comma before it along
            int before = fields.values().stream().filter(other -> other.valueEnd <= field.start).mapToInt(
                    Field::valueEnd).max().orElse(-1);
            int commaBefore = before < 0 ? -1 : comma(before);
            if (commaBefore >= 0) {
                return new ProfileText(text, fields, inside, end).cut(from, to, commaBefore);
            }
        }
        return cut(from, to, -1);
    }

    private String cut(int from, int to, int comma) {
        int start = from;
        while (start > 0 && (text.charAt(start - 1) == ' ' || text.charAt(start - 1) == '\t')) {
            start--;
        }
        boolean wholeLine = start > 0 && text.charAt(start - 1) == '\n' && (to >= text.length() || text.charAt(
                to) == '\n');
        String rest = text.substring(to);
        String kept = text.substring(0, wholeLine ? start - 1 : start);
        return (comma < 0 ? kept : kept.substring(0, comma) + kept.substring(comma + 1)) + rest;
    }

    /// Where the comma behind a value is, -1 for none. Skips white space and comments.
    private int comma(int from) {
        int i = from;
        while (i < end) {
            char c = text.charAt(i);
            if (c == ',') {
                return i;
            }
            if (c == '/' && text.startsWith("//", i)) {
                int line = text.indexOf('\n', i);
                i = line < 0 ? end : line + 1;
            } else if (c == '/' && text.startsWith("/*", i)) {
                i = text.indexOf("*/", i + 2) + 2;
            } else if (Character.isWhitespace(c)) {
                i++;
            } else {
                return -1;
            }
        }
        return -1;
    }
}
