package dev.freezeframe.ui.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/// A disk of a profile as a form shows it, a text for each of its fields. What is left out is empty, and then the default of
/// the reader of profiles holds.
///
/// @param file the image's path
/// @param format `raw` or `qcow2`
/// @param attachment the profile's field `interface`
/// @param writes the profile's field `writes`, or [#READ_ONLY] where that one is true
public record DiskRow(String file, String format, String attachment, String writes) {
    /// A disk that the guest cannot write.
    public static final String READ_ONLY = "read only";

    private static final List<String> TEXTS = List.of("file", "format", "interface", "writes");

    /// A new disk.
    public static final DiskRow EMPTY = new DiskRow("", "", "", "");

    /// Reads what is written.
    ///
    /// @return null where a field holds what a form cannot show
    public static DiskRow of(ObjectNode json) {
        boolean shown = TEXTS.stream()
                .allMatch(field -> json.path(field).isTextual() || json.path(field).isMissingNode())
                && (json.path("readOnly").isBoolean() || json.path("readOnly").isMissingNode());
        return shown
                ? new DiskRow(json.path("file").asText(), json.path("format").asText(), json.path("interface").asText(),
                        json.path("readOnly").booleanValue() ? READ_ONLY : json.path("writes").asText())
                : null;
    }

    /// Writes it over what is there; fields that a form does not show stay.
    public void into(ObjectNode json) {
        json.put("file", file);
        put(json, "format", format);
        put(json, "interface", attachment);
        boolean readOnly = writes.equals(READ_ONLY);
        put(json, "writes", readOnly ? "" : writes);
        if (readOnly) {
            json.put("readOnly", true);
        } else {
            json.remove("readOnly");
        }
    }

    private static void put(ObjectNode json, String field, String text) {
        if (text.isBlank()) {
            json.remove(field);
        } else {
            json.put(field, text);
        }
    }
}
