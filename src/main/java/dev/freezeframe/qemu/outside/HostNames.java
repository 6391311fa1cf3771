package dev.freezeframe.qemu.outside;

import dev.freezeframe.qemu.outside.HostName.Use;
import dev.freezeframe.qemu.outside.QemuOption.Setting;
import dev.freezeframe.qemu.outside.QemuOption.Syntax;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Everything of this computer that a machine's further arguments name, found by a table of QEMU's options. A path in a place
/// that the table does not know is found too, as [Use#UNKNOWN]; numbers, ids and addresses to call are not.
public final class HostNames {
    /// `host:port`, where the host may be empty or in brackets.
    private static final Pattern ADDRESS = Pattern.compile("(?<host>\\[[^]]*]|[^:,\\[]*):(?<port>\\d+)");
    /// The legacy form of -netdev user's hostfwd: `tcp:127.0.0.1:2222-:22` (slirp_hostfwd in net/slirp.c).
    private static final Pattern FORWARD = Pattern.compile("(?<protocol>tcp|udp|):(?<host>[^:-]*):(?<port>\\d+)-.*");
    private static final Pattern DISPLAY = Pattern.compile("(?<host>\\[[^]]*]|[^:,\\[]*):(?<number>\\d{1,5})");
    private static final Pattern PROTOCOL = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:.*");
    private static final int VNC_PORT = 5900;
    private static final int VNC_WEB_PORT = 5700;
    private static final int GDB_PORT = 1234;
    private static final int LAST_PORT = 65535;
    /// What stands for a process, a device or the kernel, and so holds nothing that could be lost.
    private static final Pattern NO_FILE = Pattern.compile("/(dev(?!/shm/)|proc|sys)(/.*)?|-|");
    /// Settings of shared things that are paths for certain; `script=no` is none.
    private static final Set<String> SHARED_PATHS = Set.of("smb", "tftp", "path", "sock", "dir", "input-path",
            "filename");
    private static final String DEFAULT_WAV = "qemu.wav";

    private final List<QemuOption> options;
    private final List<HostName> names = new ArrayList<>();

    private HostNames(List<QemuOption> options) {
        this.options = options;
        for (int i = 0; i < options.size(); i++) {
            look(i, options.get(i));
        }
    }

    public static HostNames in(List<String> arguments) {
        return new HostNames(QemuOption.parse(arguments).stream().map(HostNames::withDefaults).toList());
    }

    /// A wave file has a name also where none is given (audio/wavaudio.c).
    private static QemuOption withDefaults(QemuOption option) {
        return isWav(option) && option.get("path").isEmpty() && option.syntax() == Syntax.LIST
                ? option.and("path", DEFAULT_WAV)
                : option;
    }

    private static boolean isWav(QemuOption option) {
        return Set.of("audiodev", "audio").contains(option.name()) && option.type("driver").equals("wav");
    }

    public List<HostName> all() {
        return List.copyOf(names);
    }

    /// The option that a name stands in.
    QemuOption option(HostName name) {
        return options.get(name.option());
    }

    /// The same arguments with another name at a place.
    public HostNames with(HostName name, String text) {
        List<QemuOption> changed = new ArrayList<>(options);
        changed.set(name.option(), option(name).with(name.setting(), name.before() + text));
        return new HostNames(List.copyOf(changed));
    }

    public List<String> arguments() {
        return options.stream().flatMap(option -> option.arguments().stream()).toList();
    }

    private void look(int index, QemuOption option) {
        if (option.name().equals("s")) {
            names.add(new HostName(index, -1, "s", Use.LISTENS_AT_PORT, "", "tcp::" + GDB_PORT));
            return;
        }
        for (int i = 0; i < option.settings().size(); i++) {
            Setting setting = option.settings().get(i);
            if (isPlace(option, setting, "hostfwd")) {
                forward(index, i, setting);
                continue;
            }
            Optional<String> address = address(option, setting);
            if (address.isPresent()) {
                names.add(new HostName(index, i, label(option), Use.LISTENS_AT_PORT, "", address.get()));
                continue;
            }
            String before = setting.value().startsWith("file:") && Set.of("drive", "blockdev").contains(option.name())
                    ? "file:"
                    : "";
            String text = setting.value().substring(before.length());
            Optional<Use> use = text.indexOf('\0') >= 0 || NO_FILE.matcher(text).matches()
                    ? Optional.empty()
                    : use(option, setting, text);
            if (use.isPresent() && (use.get() != Use.SHARES || Set.of("L", "D").contains(option.name())
                    || SHARED_PATHS.contains(setting.lastWord()))) {
                names.add(new HostName(index, i, label(option), use.get(), before, text));
            }
        }
    }

    private static String label(QemuOption option) {
        return option.get("id").filter(id -> !id.isEmpty()).orElse(option.name());
    }

    private static boolean isPlace(QemuOption option, Setting setting, String key) {
        return Set.of("netdev", "nic", "net").contains(option.name()) && (setting.key().equals(key) || setting.key()
                .matches(key + "\\.\\d+(\\.str)?"));
    }

    private void forward(int index, int setting, Setting forward) {
        if (forward.value().startsWith("unix:")) {
            String text = forward.value().substring("unix:".length());
            int end = text.lastIndexOf('-');
            names.add(new HostName(index, setting, "hostfwd", Use.UNKNOWN, "unix:", end < 0
                    ? text
                    : text.substring(0,
                            end)));
            return;
        }
        Matcher matcher = FORWARD.matcher(forward.value());
        if (matcher.matches()) {
            String protocol = matcher.group("protocol").isEmpty() ? "tcp" : matcher.group("protocol");
            port(protocol, Optional.of(matcher.group("host")), matcher.group("port")).ifPresent(address -> names.add(
                    new HostName(index, setting, "hostfwd", Use.LISTENS_AT_PORT, "", address)));
        }
    }

    // --- ports

    /// `protocol:host:port` where a setting has QEMU listen at a port.
    private static Optional<String> address(QemuOption option, Setting setting) {
        String key = setting.key();
        return switch (option.name()) {
            case "serial", "parallel", "debugcon", "gdb", "qtest" -> {
                boolean serves = option.isOn("server")
                        || (option.name().equals("gdb") && option.prefix().endsWith("tcp:"));
                String address = setting.value();
                if (key.isEmpty() && option.prefix().endsWith("udp:")) {
                    yield address.contains("@")
                            ? tcp("udp", address.substring(address.indexOf('@') + 1))
                            : Optional.empty();
                }
                yield key.isEmpty() && serves && option.prefix().matches("(mon:)?(tcp|telnet|websocket|tn3270):")
                        ? tcp("tcp", address)
                        : Optional.empty();
            }
            case "chardev" -> switch (option.type("backend")) {
                case "socket" -> key.equals("port") && option.isOn("server")
                        ? port("tcp", option.get("host"), setting.value())
                        : Optional.empty();
                case "udp" -> key.equals("localport")
                        ? port("udp", option.get("localaddr"), setting.value())
                        : Optional.empty();
                default -> Optional.empty();
            };
            case "netdev", "nic", "net" -> switch (option.type("type")) {
                case "socket" -> switch (key) {
                    case "listen" -> tcp("tcp", setting.value());
                    case "localaddr" ->
                        option.get("mcast").isPresent() ? Optional.empty() : tcp("udp", setting.value());
                    default -> Optional.empty();
                };
                case "stream" -> key.equals("addr.port") && option.isOn("server")
                        ? port("tcp", option.get("addr.host"), setting.value())
                        : Optional.empty();
                case "dgram" -> key.equals("local.port")
                        ? port("udp", option.get("local.host"), setting.value())
                        : Optional.empty();
                default -> Optional.empty();
            };
            case "vnc" -> vnc(option, setting);
            case "spice" -> (key.equals("port") || key.equals("tls-port")) && !option.isOn("unix")
                    ? port("tcp", option.get("addr"), setting.value())
                    : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static Optional<String> vnc(QemuOption option, Setting setting) {
        if (option.isOn("reverse") || option.get("to").isPresent() || option.settings().isEmpty()) {
            return Optional.empty();
        }
        Matcher display = DISPLAY.matcher(option.settings().getFirst().value());
        if (!display.matches() || !option.prefix().isEmpty()) {
            return Optional.empty();
        }
        String host = display.group("host");
        int number = Integer.parseInt(display.group("number"));
        return switch (setting.key()) {
            case "", "vnc" -> port("tcp", Optional.of(host), String.valueOf(VNC_PORT + number));
            case "websocket" -> port("tcp", Optional.of(host), setting.value().matches("\\d+") || !setting.isOn()
                    ? setting.value()
                    : String.valueOf(VNC_WEB_PORT + number));
            default -> Optional.empty();
        };
    }

    private static Optional<String> tcp(String protocol, String address) {
        Matcher matcher = ADDRESS.matcher(address);
        return matcher.matches()
                ? port(protocol, Optional.of(matcher.group("host")), matcher.group("port"))
                : Optional
                        .empty();
    }

    /// Empty for what is no port, which QEMU refuses, and for 0, by which it may take any.
    private static Optional<String> port(String protocol, Optional<String> host, String port) {
        boolean is = port.matches("\\d{1,5}") && Integer.parseInt(port) > 0 && Integer.parseInt(port) <= LAST_PORT;
        return is
                ? Optional.of(protocol + ":" + host.orElse("") + ":" + port)
                : Optional.empty();
    }

    // --- files and sockets

    /// What QEMU does with a path, or empty for what is none.
    private static Optional<Use> use(QemuOption option, Setting setting, String text) {
        String key = setting.key();
        String last = setting.lastWord();
        Optional<Use> known = switch (option.name()) {
            case "cdrom" -> file(text);
            case "dtb", "option-rom" -> Optional.of(Use.READS);
            case "L" -> Optional.of(Use.SHARES);
            case "D" -> Optional.of(text.contains("%d") ? Use.SHARES : Use.WRITES);
            case "pidfile", "qtest-log", "writeconfig", "dump-vmstate" -> Optional.of(Use.WRITES);
            case "trace" -> only(key, "file", Use.WRITES, "events", Use.READS);
            case "acpitable" -> Set.of("file", "data").contains(key) && text.indexOf(':') < 0
                    ? Optional.of(Use.READS)
                    : Optional.empty();
            case "smbios" -> only(key, "file", Use.READS, "path", Use.READS);
            case "fw_cfg" -> only(key, "file", Use.READS, "file", Use.READS);
            case "boot" -> only(key, "splash", Use.READS, "splash", Use.READS);
            case "plugin" -> key.isEmpty() || key.equals("file") ? Optional.of(Use.READS) : Optional.empty();
            case "drive", "blockdev" -> last.equals("filename") || last.equals("file") || last.equals("config")
                    ? file(text)
                    : key.contains("server.") || key.contains("socket") ? Optional.of(Use.SHARES) : Optional.empty();
            case "serial", "parallel", "debugcon", "gdb", "qtest" -> legacy(option, key);
            case "chardev" -> chardev(option, key);
            case "vnc" -> option.prefix().equals("unix:") && key.isEmpty()
                    ? Optional.of(Use.LISTENS_AT_SOCKET)
                    : tls(key);
            case "spice" -> key.equals("addr") && option.isOn("unix") ? Optional.of(Use.LISTENS_AT_SOCKET) : tls(key);
            case "object" -> object(option, key);
            case "audiodev", "audio" -> isWav(option) && key.equals("path")
                    ? Optional.of(Use.WRITES)
                    : Optional.of(
                            Use.SHARES);
            case "device" -> device(key);
            case "global" -> device(option.get("property").filter(_ -> key.equals("value")).orElse(last));
            case "netdev", "nic", "net" -> network(option, key);
            default -> Optional.empty();
        };
        return known.isPresent() || !isPath(text) ? known : Optional.of(Use.UNKNOWN);
    }

    private static Optional<Use> only(String key, String first, Use use, String second, Use otherUse) {
        return key.equals(first) ? Optional.of(use) : key.equals(second) ? Optional.of(otherUse) : Optional.empty();
    }

    /// The file of a drive; what begins with a protocol (`nbd:…`, `https://…`, `fat:…`) is none.
    private static Optional<Use> file(String text) {
        return PROTOCOL.matcher(text).matches() ? Optional.empty() : Optional.of(Use.READS);
    }

    private static Optional<Use> tls(String key) {
        return key.startsWith("tls") || key.startsWith("x509") || key.equals("rendernode")
                ? Optional.of(Use.SHARES)
                : Optional.empty();
    }

    private static Optional<Use> legacy(QemuOption option, String key) {
        if (key.equals("logfile")) {
            return Optional.of(Use.WRITES);
        }
        if (!key.isEmpty()) {
            return Optional.empty();
        }
        return switch (option.prefix().replaceFirst("^mon:", "")) {
            case "file:" -> Optional.of(Use.WRITES);
            case "pipe:" -> Optional.of(Use.PIPE);
            case "pty:" -> Optional.of(Use.LISTENS_AT_SOCKET);
            case "unix:" -> Optional.of(option.isOn("server") ? Use.LISTENS_AT_SOCKET : Use.SHARES);
            default -> Optional.empty();
        };
    }

    private static Optional<Use> chardev(QemuOption option, String key) {
        if (key.equals("logfile")) {
            return Optional.of(Use.WRITES);
        }
        String backend = option.type("backend");
        return switch (backend) {
            case "file" -> key.equals("path")
                    ? Optional.of(Use.WRITES)
                    : key.equals("input-path") ? Optional.of(Use.SHARES) : Optional.empty();
            case "pipe" -> key.equals("path") ? Optional.of(Use.PIPE) : Optional.empty();
            case "pty" -> key.equals("path") ? Optional.of(Use.LISTENS_AT_SOCKET) : Optional.empty();
            case "socket" -> key.equals("path")
                    ? Optional.of(option.isOn("server") ? Use.LISTENS_AT_SOCKET : Use.SHARES)
                    : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static Optional<Use> object(QemuOption option, String key) {
        String type = option.type("qom-type");
        return switch (type) {
            case "filter-dump" -> key.equals("file") ? Optional.of(Use.WRITES) : Optional.empty();
            case "authz-list-file", "rng-random" -> Optional.of(Use.SHARES);
            case "pr-manager-helper", "input-linux" -> Optional.of(Use.SHARES);
            default ->
                type.startsWith("secret") || type.startsWith("tls-") ? Optional.of(Use.SHARES) : Optional.empty();
        };
    }

    private static Optional<Use> device(String property) {
        return switch (property.substring(property.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT)) {
            case "pcap" -> Optional.of(Use.WRITES);
            case "romfile", "file", "sdrfile", "furfile", "frufile", "fruareadfile" -> Optional.of(Use.READS);
            default -> Optional.empty();
        };
    }

    private static Optional<Use> network(QemuOption option, String key) {
        return switch (option.type("type")) {
            case "dump" -> key.equals("file") ? Optional.of(Use.WRITES) : Optional.empty();
            case "stream" -> key.equals("addr.path")
                    ? Optional.of(option.isOn("server") ? Use.LISTENS_AT_SOCKET : Use.SHARES)
                    : Optional.empty();
            case "dgram" -> key.equals("local.path")
                    ? Optional.of(Use.LISTENS_AT_SOCKET)
                    : key.equals("remote.path") ? Optional.of(Use.SHARES) : Optional.empty();
            default -> key.equals("romfile")
                    ? Optional.of(Use.READS)
                    : key.contains("fwd")
                            ? Optional.empty()
                            : Optional
                                    .of(Use.SHARES);
        };
    }

    /// Whether a text in a place that is not known is a path; `10.0.2.0/24` is none.
    private static boolean isPath(String text) {
        return text.startsWith("/") || text.startsWith("./") || text.startsWith("../") || text.contains("-file:/")
                || text.contains("-pipe:/") || text.contains("-unix:/");
    }
}
