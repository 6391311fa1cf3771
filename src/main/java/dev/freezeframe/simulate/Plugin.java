package dev.freezeframe.simulate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.program.ExitStatus;
import dev.freezeframe.qemu.program.QemuProgram;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.store.model.SimulatedInterval;
import dev.freezeframe.store.model.SimulationRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// A TCG plugin that looks on while intervals are executed: one of ours, by its name, or a file of the user's. Ours write one
/// JSON object; of others everything is kept that they print.
///
/// @param file the shared library
/// @param text what the user said
/// @param ours whether it takes `out=FILE` and writes an object there, and `skip=N`
public record Plugin(Path file, PluginText text, boolean ours) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> WITH_FILES = Set.of("bbv", "trace");
    private static final List<String> OWN_FILES = List.of("out", "trace", "vectors", "blocks");
    /// What QEMU takes for itself: another plugin, and an argument in its older form.
    private static final List<String> OF_QEMU = List.of("file", "arg");
    /// How often it is looked what it has written by then: some hundred megabytes at most between two looks.
    static final Duration LOOK = Duration.ofMillis(200);
    /// What it may take to write what it knows.
    private static final Duration LAST_WORDS = Duration.ofSeconds(60);
    private static final ExitStatus RUNS_ON = new ExitStatus(-1);

    /// Finds what a user names.
    ///
    /// @param text   `NAME` or `FILE.so`, with `,NAME=VALUE` behind it as often as one likes; a comma in a value is doubled
    /// @param folder where ours are
    /// @throws IOException in one line, if there is no such plugin for this QEMU
    public static Plugin of(String text, Path folder, QemuProgram qemu) throws IOException {
        PluginText wanted = PluginText.of(text);
        String name = wanted.name();
        if (name.isEmpty()) {
            throw new IOException("the plugin has no name: " + text);
        }
        if (text.length() > SimulationRecord.MAX_PLUGIN_LENGTH) {
            throw new IOException("the plugin's arguments are longer than " + SimulationRecord.MAX_PLUGIN_LENGTH
                    + " characters");
        }
        if (wanted.isOfOurs()) {
            Path file = folder.resolve(name + "-" + api(qemu) + ".so");
            if (OWN_FILES.stream().anyMatch(wanted::sets)) {
                throw new IOException(
                        "the files of a plugin are named for each interval: leave " + wanted.settings().substring(1)
                                + " out, and name a folder for them");
            }
            if (OF_QEMU.stream().anyMatch(wanted::sets)) {
                throw new IOException("file=… and arg=… are QEMU's own and no arguments of the plugin " + name
                        + ": leave " + wanted.settings().substring(1) + " out");
            }
            if (wanted.warmUp() > 0 && wanted.sets("skip")) {
                throw new IOException("a warm-up is skip=N of each interval: leave one of them out of " + text);
            }
            if (!Files.isReadable(file)) {
                throw new IOException("there is no plugin " + name + " in " + folder + (Files.isDirectory(folder)
                        ? "; there are " + String.join(", ", names(folder)) + ", and FILE.so for one of yours"
                        : ", which installer/bootstrap.sh build makes"));
            }
            return new Plugin(file.toAbsolutePath(), wanted, true);
        }
        Path file = Path.of(name).toAbsolutePath();
        if (!Files.isReadable(file)) {
            throw new IOException("there is no plugin " + file + " that can be read");
        }
        if (wanted.warmUp() > 0) {
            throw new IOException(
                    "a warm-up needs a plugin that takes skip=N, as all that come with this program do: leave"
                            + " --warm-up out for " + file);
        }
        return new Plugin(file, wanted, false);
    }

    /// The version of the interface that a QEMU takes; `QEMU_PLUGIN_MIN_VERSION` and `QEMU_PLUGIN_VERSION` in its
    /// `include/qemu/qemu-plugin.h` are the bounds.
    private static int api(QemuProgram qemu) {
        if (qemu.isAtLeast(11, 1)) {
            return 7;
        }
        return qemu.isAtLeast(9, 0) ? 2 : 1;
    }

    private static List<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(each -> each.getFileName().toString())
                    .filter(each -> each.matches("[a-z][a-z0-9]*-[0-9]+\\.so"))
                    .map(each -> each.substring(0, each.indexOf('-'))).distinct().sorted().toList();
        }
    }

    /// Whether it writes files that are worth more than what it says.
    boolean writesFiles() {
        return ours && WITH_FILES.stream().anyMatch(name -> file.getFileName().toString().startsWith(name + "-"));
    }

    /// How it is named in the store: wherever it was named from, it is the same file.
    String record() {
        return (ours ? text : new PluginText(file.toString(), text.settings(), 0)).text();
    }

    /// QEMU's arguments for it.
    ///
    /// @param skip how many instructions it is not to count, at the beginning; for one of ours
    List<String> arguments(PluginOutput output, long skip) {
        List<String> arguments = new ArrayList<>(List.of("-d", "plugin", "-D", output.text().toString()));
        arguments.addAll(
                List.of("-plugin", escape(file) + (ours ? ",out=" + escape(output.object()) : "") + text.settings()
                        + (skip > 0 ? ",skip=" + skip : "")));
        return arguments;
    }

    private static String escape(Path path) {
        return path.toString().replace(",", ",,");
    }

    /// Ends a machine and has what it said, which it writes when QEMU ends.
    ObjectNode lastWords(Machine machine, PluginOutput output) throws IOException {
        // not waited for, as what QEMU is to do then is to end
        machine.qmp().send(QmpCommand.of("quit"));
        long end = System.nanoTime() + LAST_WORDS.toNanos();
        ExitStatus status = RUNS_ON;
        while (status.equals(RUNS_ON)) {
            if (System.nanoTime() > end) {
                throw new IOException("the plugin has not written all within " + LAST_WORDS.toSeconds() + " s");
            }
            output.requireShort();
            status = machine.onExit().completeOnTimeout(RUNS_ON, LOOK.toMillis(), TimeUnit.MILLISECONDS).join();
        }
        if (status.code() != 0) {
            throw new IOException("QEMU " + status.describe() + " before the plugin had written all");
        }
        ObjectNode said = result(output);
        requireShort(said, "the plugin");
        return said;
    }

    /// What it said, once QEMU has ended.
    ///
    /// @throws IOException in one line, if one of ours said nothing, or nothing that can be read
    private ObjectNode result(PluginOutput output) throws IOException {
        if (!ours) {
            return said(output.read(output.text()));
        }
        String text = output.read(output.object());
        return object(text).orElseThrow(() -> new IOException("the plugin " + file.getFileName() + " wrote no result"));
    }

    /// What somebody said who need not say a JSON object: that, or an object that holds it.
    static ObjectNode said(String text) {
        String stripped = text.strip();
        return object(stripped).orElseGet(() -> JsonNodeFactory.instance.objectNode().put("output", stripped));
    }

    /// Refuses what the store would not take.
    ///
    /// @param who said it
    static void requireShort(ObjectNode said, String who) throws IOException {
        if (said.toString().length() > SimulatedInterval.MAX_RESULT_LENGTH) {
            throw new IOException(who + "'s result has more than " + SimulatedInterval.MAX_RESULT_LENGTH
                    + " characters; have it write less");
        }
    }

    private static Optional<ObjectNode> object(String text) {
        try {
            JsonNode json = JSON.readTree(text);
            return json instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }
}
