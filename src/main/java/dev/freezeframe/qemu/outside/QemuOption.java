package dev.freezeframe.qemu.outside;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// One option of QEMU's command line, its value taken apart into settings as QEMU does it. Put together again it means the
/// same, and any setting can be given another value or be left out.
///
/// @param written the option as it stands there, such as `-chardev`; empty for a word where an option is expected
/// @param prefix what stands before the settings, such as `file:` of a character device
/// @param syntax how the settings stand there
/// @param settings the settings, in their order; an option without a value has none
/// @param json the value itself, where it is JSON
record QemuOption(String written, String prefix, Syntax syntax, List<Setting> settings, Optional<JsonNode> json) {
    private static final ObjectMapper JSON = JsonMapper.builder().enable(JsonReadFeature.ALLOW_SINGLE_QUOTES).build();

    /// Options that stand alone.
    private static final Set<String> FLAGS = Set.of("usb", "no-shutdown", "no-reboot", "no-acpi", "no-hpet",
            "no-fd-bootchk", "only-migratable", "nodefaults", "no-user-config", "s", "enable-fips", "full-screen",
            "win2k-hack", "xen-attach", "semihosting", "old-param", "singlestep", "one-insn-per-tb");
    /// Options whose value is a path and nothing else.
    private static final Set<String> PATHS = Set.of("cdrom", "dtb", "option-rom", "D", "L", "pidfile", "qtest-log",
            "writeconfig", "dump-vmstate");
    /// Options whose value is a character device in the short form (`qemu_chr_parse_compat` in chardev/char.c).
    private static final Set<String> CHARACTER_DEVICES = Set.of("serial", "parallel", "debugcon", "gdb", "qtest");
    /// What stands before a path that has everything up to the end of the value.
    private static final List<String> PATH_PREFIXES = List.of("file:", "pipe:");
    private static final List<String> ADDRESS_PREFIXES = List.of("unix:", "tcp:", "telnet:", "websocket:", "tn3270:",
            "udp:", "pty:");

    /// How settings stand in a value.
    enum Syntax {
        /// The whole value is one setting without a name.
        WHOLE,
        /// `a=b,c=d`, with doubled commas inside values; the first may have no name.
        LIST,
        /// An object; settings of inner ones are named with dots.
        JSON
    }

    /// @param key its name, empty for a value that stands without one
    /// @param flag whether it is a name without a value, which switches something on
    record Setting(String key, String value, boolean flag) {
        boolean isOn() {
            return flag || Set.of("on", "yes", "true", "y").contains(value);
        }

        /// The name without the objects that it lies in.
        String lastWord() {
            return key.substring(key.lastIndexOf('.') + 1);
        }
    }

    QemuOption {
        settings = List.copyOf(settings);
    }

    /// Takes an argument list apart.
    static List<QemuOption> parse(List<String> arguments) {
        List<QemuOption> options = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (!isOption(argument)) {
                options.add(new QemuOption("", "", Syntax.WHOLE, List.of(new Setting("", argument, false)), Optional
                        .empty()));
            } else if (!FLAGS.contains(name(argument)) && i + 1 < arguments.size() && !isOption(arguments.get(i + 1))) {
                options.add(of(argument, arguments.get(++i)));
            } else {
                options.add(new QemuOption(argument, "", Syntax.LIST, List.of(), Optional.empty()));
            }
        }
        return options;
    }

    private static boolean isOption(String argument) {
        return argument.startsWith("-") && argument.length() > 1;
    }

    private static String name(String written) {
        return written.replaceFirst("^--?", "");
    }

    private static QemuOption of(String written, String value) {
        String name = name(written);
        if (PATHS.contains(name)) {
            return whole(written, "", value);
        }
        if (value.startsWith("{")) {
            try {
                JsonNode tree = JSON.readTree(value);
                List<Setting> settings = new ArrayList<>();
                flatten("", tree, settings);
                return new QemuOption(written, "", Syntax.JSON, settings, Optional.of(tree));
            } catch (JsonProcessingException e) {
                return whole(written, "", value); // QEMU refuses it
            }
        }
        // not a value of -display, but another way to write -vnc (parse_display in softmmu/vl.c)
        if (name.equals("display") && value.startsWith("vnc=")) {
            return of("-vnc", value.substring("vnc=".length()));
        }
        String prefix = CHARACTER_DEVICES.contains(name) && value.startsWith("mon:") ? "mon:" : "";
        String rest = value.substring(prefix.length());
        if (CHARACTER_DEVICES.contains(name)) {
            for (String each : PATH_PREFIXES) {
                if (rest.startsWith(each)) {
                    return whole(written, prefix + each, rest.substring(each.length()));
                }
            }
            if (rest.startsWith("/")) {
                return whole(written, prefix, rest);
            }
        }
        if (CHARACTER_DEVICES.contains(name) || name.equals("vnc")) {
            for (String each : ADDRESS_PREFIXES) {
                if (rest.startsWith(each)) {
                    return list(written, prefix + each, rest.substring(each.length()));
                }
            }
        }
        return list(written, prefix, rest);
    }

    private static QemuOption whole(String written, String prefix, String value) {
        return new QemuOption(written, prefix, Syntax.WHOLE, List.of(new Setting("", value, false)), Optional.empty());
    }

    private static QemuOption list(String written, String prefix, String value) {
        List<Setting> settings = new ArrayList<>();
        for (String part : value.replace(",,", "\0").split(",", -1)) {
            String text = part.replace('\0', ',');
            int equals = text.indexOf('=');
            settings.add(equals >= 0
                    ? new Setting(text.substring(0, equals), text.substring(equals + 1), false)
                    : settings.isEmpty() ? new Setting("", text, false) : new Setting(text, "", true));
        }
        return new QemuOption(written, prefix, Syntax.LIST, settings, Optional.empty());
    }

    private static void flatten(String before, JsonNode node, List<Setting> settings) {
        if (node.isObject()) {
            node.properties().forEach(each -> flatten(before.isEmpty() ? each.getKey() : before + "." + each.getKey(),
                    each.getValue(), settings));
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                flatten(before + "." + i, node.get(i), settings);
            }
        } else {
            settings.add(new Setting(before, node.asText(), false));
        }
    }

    /// Its name without dashes, such as `chardev`.
    String name() {
        return name(written);
    }

    /// The last value of a setting, which is the one that counts.
    Optional<String> get(String key) {
        return settings.stream().filter(each -> each.key.equals(key)).map(Setting::value).reduce((_, last) -> last);
    }

    boolean isOn(String key) {
        return settings.stream().filter(each -> each.key.equals(key)).reduce((_, last) -> last).filter(Setting::isOn)
                .isPresent();
    }

    /// What kind of object it makes: its first word, or what one of these settings says.
    String type(String... keys) {
        Optional<String> first = settings.isEmpty() || !settings.getFirst().key.isEmpty()
                ? Optional.empty()
                : Optional.of(settings.getFirst().value);
        return Stream.concat(Stream.of(keys).map(this::get).flatMap(Optional::stream), first.stream()).findFirst()
                .orElse("").toLowerCase(Locale.ROOT);
    }

    /// The same with another value of one setting.
    QemuOption with(int setting, String value) {
        List<Setting> changed = new ArrayList<>(settings);
        changed.set(setting, new Setting(settings.get(setting).key, value, false));
        return new QemuOption(written, prefix, syntax, changed, json.map(tree -> {
            JsonNode copy = tree.deepCopy();
            String key = settings.get(setting).key;
            JsonPointer pointer = JsonPointer.compile("/" + key.replace('.', '/'));
            JsonNode parent = copy.at(pointer.head());
            if (parent instanceof ObjectNode object) {
                object.put(pointer.last().getMatchingProperty(), value);
            } else if (parent instanceof ArrayNode array) {
                array.set(pointer.last().getMatchingIndex(), value);
            }
            return copy;
        }));
    }

    /// The same with one setting more; not for JSON.
    QemuOption and(String key, String value) {
        return new QemuOption(written, prefix, syntax, Stream.concat(settings.stream(), Stream.of(new Setting(key,
                value, false))).toList(), json);
    }

    /// The same without the settings of these names; not for JSON.
    QemuOption without(Set<String> keys) {
        return new QemuOption(written, prefix, syntax, settings.stream().filter(each -> !keys.contains(each.key))
                .toList(), json);
    }

    /// The same option with these settings alone, behind a first word.
    QemuOption as(String first, List<String> keys) {
        Map<String, String> kept = keys.stream().filter(key -> get(key).isPresent()).collect(Collectors.toMap(key -> key,
                key -> get(key).get()));
        QemuOption made = list(written, "", first);
        for (String key : keys) {
            made = kept.containsKey(key) ? made.and(key, kept.get(key)) : made;
        }
        return made;
    }

    /// The value as QEMU takes it.
    String value() {
        return prefix + switch (syntax) {
            case WHOLE -> settings.getFirst().value;
            case JSON -> json.orElseThrow().toString();
            case LIST -> IntStream.range(0, settings.size()).mapToObj(i -> {
                Setting each = settings.get(i);
                String value = each.value.replace(",", ",,");
                return each.flag ? each.key : each.key.isEmpty() ? value : each.key + "=" + value;
            }).collect(Collectors.joining(","));
        };
    }

    /// As it stands on the command line.
    List<String> arguments() {
        if (written.isEmpty()) {
            return List.of(value());
        }
        return settings.isEmpty() ? List.of(written) : List.of(written, value());
    }

    @Override
    public String toString() {
        return String.join(" ", arguments());
    }
}
