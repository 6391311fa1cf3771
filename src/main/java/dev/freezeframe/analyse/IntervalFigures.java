package dev.freezeframe.analyse;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;

/// The numbers in what a plugin said of an interval, by their names; a number inside of an object has the object's name and a
/// point before its own. Lists, and what is no number, are not among them.
public final class IntervalFigures {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// More than that nobody can choose from.
    private static final int MOST = 200;
    private static final int DEEPEST = 4;

    private IntervalFigures() {}

    /// Those of a result as it is kept; none of one that is no object.
    public static Map<String, Double> of(String result) {
        Map<String, Double> figures = new LinkedHashMap<>();
        try {
            add(figures, "", JSON.readTree(result), 0);
        } catch (JsonProcessingException e) {
            return Map.of(); // whoever wants to read it finds it in the export as it is
        }
        return figures;
    }

    private static void add(Map<String, Double> figures, String prefix, JsonNode object, int depth) {
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            JsonNode value = field.getValue();
            String name = prefix + field.getKey();
            if (value.isNumber() && Double.isFinite(value.doubleValue()) && figures.size() < MOST) {
                figures.put(name, value.doubleValue());
            } else if (value.isObject() && depth < DEEPEST) {
                add(figures, name + ".", value, depth + 1);
            }
        }
    }
}
