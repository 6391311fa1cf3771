package dev.freezeframe.qemu.outside;

import dev.freezeframe.qemu.outside.HostName.Use;
import dev.freezeframe.qemu.program.MachineException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Takes out of a machine's arguments what they have outside the guest, so that a restored machine starts where that is not to
/// be had. The guest's devices stay what they are, since their state loads into no others; what was behind them is gone.
public final class OutsideArguments {
    /// What the label `hostfwd` stands for.
    private static final String FORWARDS = "hostfwd";
    /// Options that make nothing of the guest's.
    private static final Set<String> HOST_ONLY = Set.of("s", "gdb", "vnc", "spice", "pidfile", "D", "trace", "qtest",
            "qtest-log", "writeconfig");

    private OutsideArguments() {}

    /// The same arguments with absolute paths.
    public static List<String> absolute(List<String> arguments) {
        HostNames names = HostNames.in(arguments);
        for (HostName name : names.all()) {
            if (!name.isPort() && name.use() != Use.UNKNOWN) {
                names = names.with(name, name.path().toString());
            }
        }
        return names.arguments();
    }

    /// What to do about a QEMU that does not start with a record's arguments; empty where nothing can be left out.
    public static Optional<String> remedy(List<String> arguments) {
        Set<String> labels = labels(HostNames.in(arguments));
        return labels.isEmpty()
                ? Optional.empty()
                : Optional.of("what is the cause among these can be left out with --without: " + String.join(", ",
                        labels));
    }

    public static Set<String> labels(HostNames names) {
        Set<String> labels = new LinkedHashSet<>();
        names.all().stream().filter(name -> name.use() != Use.READS && name.use() != Use.SHARES).forEach(
                name -> labels.add(name.label()));
        return labels;
    }

    /// Refuses a label that no argument has.
    public static void require(List<String> arguments, String label) throws MachineException {
        HostNames names = HostNames.in(arguments);
        if (names.all().stream().noneMatch(name -> isMeant(names, name, label))) {
            throw notThere(names, label);
        }
    }

    private static boolean isMeant(HostNames names, HostName name, String label) {
        return name.label().equals(label) || names.option(name).name().equals(label);
    }

    private static MachineException notThere(HostNames names, String label) {
        Set<String> there = labels(names);
        return new MachineException("the machine has no argument " + label + " that writes or listens outside; it has "
                + (there.isEmpty() ? "none" : String.join(", ", there)));
    }

    /// The same arguments without what those of a label have outside.
    ///
    /// @param label `hostfwd`, an `id` or an option without its dash
    /// @throws MachineException if there are none, or they cannot be left out
    public static List<String> without(List<String> arguments, String label) throws MachineException {
        HostNames names = HostNames.in(arguments);
        Set<Integer> meant = new LinkedHashSet<>();
        for (HostName name : names.all()) {
            if (isMeant(names, name, label)) {
                meant.add(name.option());
            }
        }
        if (meant.isEmpty()) {
            throw notThere(names, label);
        }
        List<QemuOption> options = QemuOption.parse(arguments);
        List<String> left = new ArrayList<>();
        for (int i = 0; i < options.size(); i++) {
            QemuOption option = options.get(i);
            if (!meant.contains(i)) {
                left.addAll(option.arguments());
                continue;
            }
            Optional<QemuOption> without = without(option, label);
            without.ifPresent(kept -> left.addAll(kept.arguments()));
        }
        return left;
    }

    private static Optional<QemuOption> without(QemuOption option, String label) throws MachineException {
        boolean dumps = option.name().equals("object") && option.type("qom-type").equals("filter-dump");
        if (HOST_ONLY.contains(option.name()) || dumps) {
            return Optional.empty();
        }
        if (option.syntax() == QemuOption.Syntax.JSON) {
            throw cannot(option);
        }
        return Optional.of(switch (option.name()) {
            case "serial", "parallel", "debugcon" -> option.as("null", List.of());
            case "chardev" -> option.as("null", List.of("id", "mux"));
            case "netdev", "nic", "net" -> label.equals(FORWARDS)
                    ? option.without(Set.of(FORWARDS))
                    : option.as("user", List.of("id", "netdev", "model", "mac", "addr", "name")).and("restrict", "on");
            case "audiodev" -> option.as("none", List.of("id"));
            case "audio" -> option.as("none", List.of("id", "model"));
            case "device" -> option.without(Set.of("pcap"));
            default -> throw cannot(option);
        });
    }

    private static MachineException cannot(QemuOption option) {
        return new MachineException("the argument " + option + " cannot be left out of a restored machine");
    }
}
