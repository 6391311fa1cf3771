package dev.freezeframe.simulate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What a plugin said of some intervals as if it had said it of all of them at once: numbers of one name are added, lists
/// place by place, objects name by name. What is no number is kept where it is the same everywhere. Whole numbers are exact.
final class MergedResult {
    private final ObjectNode sum = JsonNodeFactory.instance.objectNode();
    private boolean first = true;

    /// Takes one more in.
    void add(ObjectNode result) {
        if (first) {
            sum.setAll(result.deepCopy());
            first = false;
        } else {
            merge(sum, result);
        }
    }

    /// What it comes to.
    ObjectNode sum() {
        ObjectNode known = sum.deepCopy();
        removeUnknown(known);
        return known;
    }

    private static void removeUnknown(ObjectNode object) {
        List<String> unknown = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            if (field.getValue().isNull()) {
                unknown.add(field.getKey());
            } else if (field.getValue() instanceof ObjectNode inner) {
                removeUnknown(inner);
            }
        }
        object.remove(unknown);
    }

    private static void merge(ObjectNode into, ObjectNode other) {
        for (Map.Entry<String, JsonNode> field : other.properties()) {
            JsonNode mine = into.get(field.getKey());
            JsonNode merged = mine == null ? field.getValue().deepCopy() : merged(mine, field.getValue());
            // marked, or the next one would look like the first
            into.set(field.getKey(), merged == null ? NullNode.instance : merged);
        }
    }

    /// @return null where there is nothing to say of both
    private static JsonNode merged(JsonNode one, JsonNode other) {
        if (one.isNumber() && other.isNumber()) {
            if (one.isIntegralNumber() && other.isIntegralNumber()) {
                return JsonNodeFactory.instance.numberNode(one.bigIntegerValue().add(other.bigIntegerValue()));
            }
            // what is beyond a double is no figure, and could be longer than memory
            return Double.isFinite(one.doubleValue()) && Double.isFinite(other.doubleValue())
                    ? DecimalNode
                            .valueOf(BigDecimal.valueOf(one.doubleValue()).add(BigDecimal.valueOf(other.doubleValue())))
                    : null;
        }
        if (one instanceof ObjectNode mine && other instanceof ObjectNode theirs) {
            merge(mine, theirs);
            return mine;
        }
        if (one instanceof ArrayNode mine && other instanceof ArrayNode theirs) {
            return merged(mine, theirs);
        }
        return one.equals(other) ? one : null;
    }

    private static ArrayNode merged(ArrayNode one, ArrayNode other) {
        ArrayNode sums = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < Math.max(one.size(), other.size()); i++) {
            JsonNode value = i >= one.size()
                    ? other.get(i).deepCopy()
                    : i >= other.size() ? one.get(i) : merged(one.get(i), other.get(i));
            if (value == null) {
                sums.addNull();
            } else {
                sums.add(value);
            }
        }
        return sums;
    }
}
