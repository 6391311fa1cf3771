package dev.freezeframe.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.cli.terminal.CliEnvironment;
import dev.freezeframe.suite.TestLog;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// One call of the program in this process, with its streams captured: exit status, standard output, standard error.
record Invocation(int status, String out, String err) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Calls the program as it would be called with all its folders under `home`.
    static Invocation of(Path home, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Map<String, String> environment = Map.of("XDG_DATA_HOME", home.resolve("data").toString(), "XDG_STATE_HOME",
                home.resolve("state").toString());
        CliEnvironment surroundings = new CliEnvironment(InputStream.nullInputStream(), new PrintWriter(out, true),
                new PrintWriter(err, true), environment::get, false);
        TestLog.allow("^freezeframe [a-z ]+ failed: "); // the caller looks at the status
        int status = RootCommand.execute(surroundings, arguments);
        return new Invocation(status, out.toString(), err.toString());
    }

    /// Standard output, read as one JSON object a line.
    List<JsonNode> json() {
        return out.lines().map(line -> {
            try {
                return JSON.readTree(line);
            } catch (JsonProcessingException e) {
                throw new AssertionError("not JSON: " + line, e);
            }
        }).toList();
    }

    /// The objects of one type.
    List<JsonNode> json(String type) {
        return json().stream().filter(object -> object.path("type").asText().equals(type)).toList();
    }

    /// The only object of a type.
    JsonNode single(String type) {
        List<JsonNode> found = json(type);
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " objects of type " + type + " in: " + out + err);
        }
        return found.getFirst();
    }
}
