package dev.freezeframe.ui.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ProfileTextTest {
    private static final String COMMENTED = """
            // what it is
            {
              "description": "a {\\"b\\": 1} // no comment",
              "memory": "1 GiB", // half a millisecond of pause
              "cpus": 1,
              /* more */
              "arguments": [
                "-cpu", "max", // the last
              ]
            }
            """;

    private static ProfileText of(String text) {
        return ProfileText.of(text).orElseThrow();
    }

    @Test
    void aFieldThatIsChangedLeavesAllElseAsItWas() {
        assertEquals(COMMENTED.replace("1 GiB", "2 GiB"), of(COMMENTED).with("memory", TextNode.valueOf("2 GiB")));
        assertEquals(COMMENTED.replace("\"cpus\": 1", "\"cpus\": 16"), of(COMMENTED).with("cpus", IntNode.valueOf(
                16)));
        assertEquals("{\"memory\": \"2 GiB\" }", of("{\"memory\": \"1 GiB\" }").with("memory", TextNode.valueOf(
                "2 GiB")));
    }

    @Test
    void listsAreWrittenAnElementALine() {
        String changed = of("{\n  \"arguments\": []\n}\n").with("arguments", JsonNodeFactory.instance.arrayNode().add(
                "-cpu").add("max"));
        assertEquals("{\n  \"arguments\": [\n    \"-cpu\",\n    \"max\"\n  ]\n}\n", changed);
    }

    @Test
    void aFieldThatIsAddedComesLast() {
        assertEquals("{\n  \"memory\": \"1 GiB\",\n  \"cpus\": 2\n}\n", of("{\n  \"memory\": \"1 GiB\"\n}\n").with(
                "cpus", IntNode.valueOf(2)));
        assertEquals("{\n  \"cpus\": 2\n}", of("{}").with("cpus", IntNode.valueOf(2)));
        String trailing = of("{\n  \"memory\": \"1 GiB\", // here\n}\n").with("cpus", IntNode.valueOf(2));
        assertEquals(JsonNodeFactory.instance.numberNode(2), of(trailing).value("cpus").orElseThrow());
        assertTrue(trailing.contains("// here"), trailing);
    }

    @Test
    void aFieldThatIsTakenOutTakesOneComma() {
        assertEquals("{\n  \"cpus\": 2\n}\n", of("{\n  \"memory\": \"1 GiB\",\n  \"cpus\": 2\n}\n").without("memory"));
        assertEquals("{\n  \"memory\": \"1 GiB\"\n}\n", of("{\n  \"memory\": \"1 GiB\",\n  \"cpus\": 2\n}\n").without(
                "cpus"));
        assertEquals("{\n}\n", of("{\n  \"cpus\": 2\n}\n").without("cpus"));
        for (String name : List.of("description", "memory", "cpus", "arguments")) {
            String less = of(COMMENTED).without(name);
            assertTrue(of(less).value(name).isEmpty(), less);
            for (String other : List.of("description", "memory", "cpus", "arguments")) {
                if (!other.equals(name)) {
                    assertEquals(of(COMMENTED).value(other), of(less).value(other), less);
                }
            }
        }
    }

    @Test
    void whatIsNoObjectHasNoFields() {
        for (String text : List.of("", "{", "[]", "\"memory\"", "{} {}", "{\"a\": }", "null")) {
            assertTrue(ProfileText.of(text).isEmpty(), text);
        }
    }

    @Test
    void everyFieldOfEveryProfileCanBeChangedAlone() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("qemu-profiles"))) {
            for (Path file : files.filter(path -> !path.toString().endsWith(".md")).toList()) {
                String text = Files.readString(file);
                for (String name : List.of("memory", "append", "arguments", "display", "cpus")) {
                    JsonNode value = TextNode.valueOf("changed");
                    String changed = of(text).with(name, value);
                    assertEquals(value, of(changed).value(name).orElseThrow(), changed);
                    assertTrue(of(of(changed).without(name)).value(name).isEmpty(), changed);
                }
            }
        }
    }
}
