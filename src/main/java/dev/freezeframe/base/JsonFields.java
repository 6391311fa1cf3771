package dev.freezeframe.base;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// Fields of a JSON object that may be in an object of it: `pauseMicros`, or `phaseMicros.stop`.
public final class JsonFields {
    private JsonFields() {}

    /// Puts a number there, with the object around it where that is not there yet.
    public static void put(ObjectNode json, String path, long value) {
        int dot = path.indexOf('.');
        if (dot < 0) {
            json.put(path, value);
        } else {
            put(json.withObjectProperty(path.substring(0, dot)), path.substring(dot + 1), value);
        }
    }

    /// What is there; a missing node where nothing is.
    public static JsonNode get(JsonNode json, String path) {
        int dot = path.indexOf('.');
        JsonNode at = json.isObject() ? json : MissingNode.getInstance();
        return dot < 0 ? at.path(path) : get(at.path(path.substring(0, dot)), path.substring(dot + 1));
    }
}
