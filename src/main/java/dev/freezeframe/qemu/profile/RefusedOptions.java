package dev.freezeframe.qemu.profile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// Which QEMU arguments a profile may not have, and why. Refused is what would put guest memory or device state out of
/// a checkpoint's reach, or take from us what we set ourselves; what is not known here QEMU itself judges at the start
/// (`-only-migratable`).
final class RefusedOptions {
    private static final String FIELD = "use the profile's field ";
    /// A discarded page reads as zero afterwards without a write that the tracker could see.
    private static final String GIVES_BACK_MEMORY = "pages that the guest gives back to the host become zero without "
            + "being written, unseen by the tracker";

    private static final String SECOND_MONITOR = "a second monitor could pause or change the machine in the middle of a"
            + " checkpoint";
    /// Puts a monitor on a character device beside whatever else uses it (`qemu_chr_new_noreplay` in chardev/char.c).
    private static final String WITH_MONITOR = "mon:";
    /// Options whose value QEMU takes as one text, commas and all: a file, or a character device in the old syntax.
    private static final Set<String> WHOLE_VALUES = Set.of("cdrom", "L", "D", "pidfile", "dtb", "gdb", "serial",
            "parallel", "debugcon");

    /// Options that are refused whatever their value is: the reason, and what to do instead.
    private static final Map<String, String[]> OPTIONS = Map.ofEntries(
            // What we set ourselves.
            refuse("m", "guest memory is set by us", FIELD + "memory"),
            refuse("machine", "the machine and its memory backend are set by us", FIELD + "machine"),
            refuse("M", "the machine and its memory backend are set by us", FIELD + "machine"),
            refuse("accel", "the accelerator is set by us", FIELD + "accelerator"),
            refuse("enable-kvm", "the accelerator is set by us", FIELD + "accelerator"),
            refuse("smp", "the number of processors is set by us", FIELD + "cpus"),
            refuse("bios", "the firmware is set by us", FIELD + "firmware"),
            refuse("kernel", "the kernel is set by us", FIELD + "kernel"),
            refuse("initrd", "the initrd is set by us", FIELD + "initrd"),
            refuse("append", "the kernel command line is set by us", FIELD + "append"),
            refuse("vga", "the graphics card is set by us", FIELD + "display"),
            refuse("nographic", "it would take standard output and the first serial port from us", "leave it out"),
            refuse("S", "we start the machine paused and let it go ourselves", "leave it out"),
            refuse("incoming", "restoring is our own work", "leave it out and use freezeframe restore"),
            refuse("loadvm", "restoring is our own work", "leave it out and use freezeframe restore"),
            refuse("qmp", SECOND_MONITOR, "leave it out"), refuse("qmp-pretty", SECOND_MONITOR, "leave it out"),
            refuse("mon", SECOND_MONITOR, "leave it out"), refuse("monitor", SECOND_MONITOR, "leave it out"),
            refuse("qtest", SECOND_MONITOR, "leave it out"),
            refuse("daemonize", "QEMU must stay our child, so that it ends with us", "leave it out"),
            refuse("preconfig", "the machine could not be started in one go", "leave it out"),
            // What takes memory or devices out of reach.
            refuse("mem-path", "guest memory must be the shared memory that we give to QEMU, without huge pages",
                    "leave it out"),
            refuse("mem-prealloc", "every page would count as written, and the memory would be allocated at once",
                    "leave it out"),
            refuse("numa", "guest memory must be one block", "leave it out"),
            refuse("snapshot", "the disk's temporary overlay would be in no checkpoint",
                    FIELD + "disks, where writes are discarded too"),
            refuse("virtfs", "a 9p folder that the guest has mounted cannot be saved", "put the files into the initrd"),
            refuse("fsdev", "a 9p folder that the guest has mounted cannot be saved", "put the files into the initrd"),
            refuse("balloon", GIVES_BACK_MEMORY, "leave it out"),
            refuse("tpmdev", "the TPM's state is in another process or in a chip, not in QEMU", "leave it out"),
            refuse("sandbox", "it could forbid the system calls by which written pages are tracked", "leave it out"),
            refuse("run-with", "it could change the user or the root folder, and QEMU must stay readable for us",
                    "leave it out"),
            refuse("runas", "QEMU must run as the user who runs us, or its written pages cannot be tracked",
                    "leave it out"),
            refuse("chroot", "QEMU must see the memory that we give to it by path", "leave it out"),
            refuse("readconfig", "a configuration file could set what is refused here",
                    "write its content as arguments"),
            refuse("set", "it could change what we set ourselves", "write the option where its object is made"));

    /// Options that name an image which QEMU opens for writing.
    private static final Set<String> WRITABLE_DRIVES = Set.of("hda", "hdb", "hdc", "hdd", "fda", "fdb", "sd",
            "mtdblock",
            "pflash");

    /// Options that stand alone; what follows one of them without a dash is a disk image to QEMU.
    private static final Set<String> FLAGS = Set.of("usb", "no-shutdown", "no-reboot", "no-acpi", "no-hpet",
            "no-fd-bootchk", "only-migratable", "nodefaults", "no-user-config", "s", "enable-fips", "full-screen",
            "win2k-hack", "xen-attach", "semihosting", "old-param", "singlestep", "one-insn-per-tb");

    /// QEMU's own JSON parser takes strings in single quotes too.
    private static final ObjectMapper JSON = JsonMapper.builder().enable(JsonReadFeature.ALLOW_SINGLE_QUOTES).enable(
            DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /// An argument that is refused.
    ///
    /// @param index its position
    record Refusal(int index, String what, String remedy) {}

    /// Reason and remedy, not yet with a position.
    private record Objection(String reason, String remedy) {}

    private RefusedOptions() {}

    private static Map.Entry<String, String[]> refuse(String option, String reason, String remedy) {
        return Map.entry(option, new String[]{reason, remedy});
    }

    /// The first argument that is refused, or empty.
    static Optional<Refusal> check(List<String> arguments) {
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (!argument.startsWith("-") || argument.equals("-")) {
                return Optional.of(new Refusal(i, "\"" + argument + "\" stands where an option is expected, and QEMU "
                        + "would take it for a disk image", "put the option before it"));
            }
            String option = argument.replaceFirst("^--?", "");
            boolean hasValue = !FLAGS.contains(option) && i + 1 < arguments.size() && !isOption(arguments.get(i + 1));
            String value = hasValue ? arguments.get(i + 1) : "";
            Optional<Objection> objection = objection(option, value);
            if (objection.isPresent()) {
                return Optional.of(new Refusal(i, "\"" + argument + (hasValue ? " " + value : "") + "\": " + objection
                        .get().reason, objection.get().remedy));
            }
            if (hasValue) {
                i++;
            }
        }
        return Optional.empty();
    }

    /// A path as it has to stand in an argument so that QEMU sees the same path: where QEMU takes the argument apart, a comma
    /// is doubled, and in JSON it is a part of a string.
    ///
    /// @param option   the argument before, which names the option
    /// @param argument what the path is to be put into
    static String pathInside(String option, String argument, String path) {
        if (argument.startsWith("{")) {
            String quoted = TextNode.valueOf(path).toString();
            return quoted.substring(1, quoted.length() - 1);
        }
        String name = option.replaceFirst("^--?", "");
        boolean whole = WHOLE_VALUES.contains(name) && !argument.startsWith("unix:");
        return whole || !isOption(option) ? path : path.replace(",", ",,");
    }

    private static boolean isOption(String argument) {
        return argument.startsWith("-") && argument.length() > 1;
    }

    /// Why a machine's option (`name=value`) is refused, or empty.
    static Optional<String> machineOption(String option) {
        String key = option.replaceFirst("=.*", "").toLowerCase(Locale.ROOT);
        return switch (key) {
            case "" -> Optional.of("is empty");
            case "memory-backend", "suppress-vmdesc", "accel" -> Optional.of("is set by us");
            case "kernel", "initrd", "append", "firmware" -> Optional.of("has a field of its own");
            case "memory-encryption", "confidential-guest-support" -> Optional.of(
                    "encrypts guest memory, which then cannot be read");
            case "nvdimm", "cxl" -> Optional.of("allows memory outside the main RAM block");
            default -> Optional.empty();
        };
    }

    private static Optional<Objection> objection(String option, String value) {
        String[] always = OPTIONS.get(option);
        if (always != null) {
            return Optional.of(new Objection(always[0], always[1]));
        }
        if (value.startsWith(WITH_MONITOR)) {
            return Optional.of(new Objection(SECOND_MONITOR, "leave out \"" + WITH_MONITOR + "\""));
        }
        List<Setting> settings;
        try {
            settings = settings(value);
        } catch (JsonProcessingException e) {
            return Optional.of(new Objection("this is not JSON", "correct it, or write name=value,name=value"));
        }
        String all = value.toLowerCase(Locale.ROOT);
        if (WRITABLE_DRIVES.contains(option)) {
            return Optional.of(writableDrive());
        }
        return switch (option) {
            case "drive", "blockdev" -> drive(settings);
            case "object" -> object(settings);
            case "device" -> device(settings);
            case "icount" -> icount(settings);
            case "netdev", "nic", "net", "chardev" -> vhost(all);
            case "global" -> all.startsWith("memory-backend") || all.startsWith("migration.")
                    ? Optional.of(new Objection("it could change what we set ourselves", "leave it out"))
                    : vhost(all);
            default -> Optional.empty();
        };
    }

    private static Objection writableDrive() {
        return new Objection("a disk that the guest can write this way is in no checkpoint, so a restored machine "
                + "would find a disk from another time", FIELD + "disks, or add readonly=on");
    }

    private static Optional<Objection> drive(List<Setting> settings) {
        if (settings.stream().anyMatch(Setting::readsPastQemu)) {
            return Optional.of(anotherProcess());
        }
        if (settings.stream().anyMatch(Setting::bypassesPageCache)) {
            return Optional
                    .of(new Objection("the kernel would read from the disk straight into guest memory, unseen by "
                            + "the tracker", "leave the host's page cache on (cache=writeback)"));
        }
        boolean readOnly = settings.stream().anyMatch(s -> switch (s.key) {
            case "readonly", "read-only" -> s.isOn();
            case "media" -> s.value.equals("cdrom");
            default -> false;
        });
        return readOnly ? Optional.empty() : Optional.of(writableDrive());
    }

    private static Optional<Objection> object(List<Setting> settings) {
        return first(types(settings, "qom-type"), RefusedOptions::object);
    }

    private static Optional<Objection> object(String type) {
        if (type.startsWith("memory-backend")) {
            return Optional.of(new Objection("guest memory must be the one block that we give to QEMU", FIELD
                    + "memory"));
        }
        if (type.contains("vhost")) {
            return vhost(type);
        }
        if (type.startsWith("x-remote") || type.startsWith("x-vfio-user")) {
            return Optional.of(anotherProcess());
        }
        if (type.equals("qtest")) {
            return Optional.of(new Objection(SECOND_MONITOR, "leave it out"));
        }
        if (type.startsWith("sev") || type.startsWith("tdx")) {
            return Optional.of(new Objection("guest memory would be encrypted and could not be read", "leave it out"));
        }
        return Optional.empty();
    }

    private static Objection anotherProcess() {
        return new Objection("another process or device would write guest memory, unseen by the tracker",
                "use a device that QEMU emulates itself");
    }

    private static Optional<Objection> icount(List<Setting> settings) {
        return settings.stream().anyMatch(s -> s.key.startsWith("rr"))
                ? Optional.of(new Objection("QEMU's own record and replay has a state outside the machine, which no "
                        + "checkpoint has", "leave rr= out; -icount alone repeats a run too"))
                : Optional.empty();
    }

    private static Optional<Objection> device(List<Setting> settings) {
        Optional<Objection> byType = first(types(settings, "driver"), RefusedOptions::device);
        if (byType.isPresent()) {
            return byType;
        }
        if (settings.stream().anyMatch(s -> s.key.startsWith("free-page-") && s.isOn())) {
            return Optional.of(new Objection(GIVES_BACK_MEMORY, "leave it out"));
        }
        return settings.stream().anyMatch(s -> s.key.equals("vhost") && s.isOn())
                ? Optional.of(anotherProcess())
                : Optional.empty();
    }

    private static Optional<Objection> device(String type) {
        if (type.startsWith("nvme")) {
            return Optional.of(new Objection("QEMU cannot save the state of an emulated NVMe device",
                    "use virtio-blk or virtio-scsi"));
        }
        if (type.startsWith("vfio") || type.startsWith("ivshmem") || type.startsWith("x-pci-proxy") || type.equals(
                "scsi-block") || type.contains("vhost")) {
            return Optional.of(anotherProcess());
        }
        if (type.contains("balloon")) {
            return Optional.of(new Objection(GIVES_BACK_MEMORY, "leave it out"));
        }
        if (type.contains("dimm") || type.contains("virtio-mem") || type.startsWith("virtio-pmem") || type.startsWith(
                "cxl")) {
            return Optional.of(new Objection("guest memory must be one block", FIELD + "memory"));
        }
        if (type.equals("vmgenid")) {
            return Optional.of(new Objection("QEMU writes a new generation id into guest memory when it loads a "
                    + "checkpoint, so the restored memory would not be the recorded one", "leave it out"));
        }
        if (type.startsWith("virtio-9p")) {
            return Optional.of(new Objection("a 9p folder that the guest has mounted cannot be saved",
                    "put the files into the initrd"));
        }
        return Optional.empty();
    }

    private static Optional<Objection> first(List<String> types, Function<String, Optional<Objection>> rule) {
        return types.stream().map(rule).flatMap(Optional::stream).findFirst();
    }

    /// Network back ends and the like: vhost-user, vhost-vdpa, `vhost=on`, `vhostforce=on`, `vhostfds=…`.
    private static Optional<Objection> vhost(String text) {
        for (String part : text.split("[,\\s{}\"]+", -1)) {
            if (part.contains("vhost") && !part.equals("vhost=off") && !part.equals("vhostforce=off")) {
                return Optional.of(anotherProcess());
            }
        }
        return Optional.empty();
    }

    /// Every type that an option names: QEMU takes the last one where it is named twice.
    private static List<String> types(List<Setting> settings, String key) {
        return settings.stream().filter(s -> s.key.equals(key) || s.key.isEmpty()).map(s -> s.value.toLowerCase(
                Locale.ROOT)).toList();
    }

    /// One `key=value` of an option; the first word may stand without a key.
    private record Setting(String key, String value) {
        boolean isOn() {
            return switch (value) {
                case "on", "yes", "true", "y", "" -> true;
                default -> false;
            };
        }

        /// Whether this is a drive that a device of the host reads into guest memory by itself.
        boolean readsPastQemu() {
            return switch (lastWord()) {
                case "", "driver" -> value.startsWith("nvme") || value.contains("vhost");
                default -> value.contains("nvme://");
            };
        }

        /// Whether this has a drive opened with `O_DIRECT`.
        boolean bypassesPageCache() {
            return switch (lastWord()) {
                case "cache" -> Set.of("none", "directsync", "off").contains(value);
                case "direct" -> isOn();
                default -> false;
            };
        }

        /// The key without the objects that it lies in.
        private String lastWord() {
            return key.substring(key.lastIndexOf('.') + 1);
        }
    }

    /// Splits an option's value as QEMU does: `a=b,c=d` with doubled commas inside values, or a JSON object, whose inner
    /// objects are named with dots.
    private static List<Setting> settings(String value) throws JsonProcessingException {
        List<Setting> settings = new ArrayList<>();
        if (value.startsWith("{")) {
            flatten("", JSON.readTree(value), settings);
            return settings;
        }
        for (String part : value.replace(",,", "\0").split(",", -1)) {
            String text = part.replace('\0', ',');
            int equals = text.indexOf('=');
            // A word without value is a flag that is on, except for the first, which is the option's main value.
            settings.add(equals >= 0
                    ? new Setting(text.substring(0, equals), text.substring(equals + 1))
                    : settings.isEmpty() ? new Setting("", text) : new Setting(text, ""));
        }
        return settings;
    }

    private static void flatten(String prefix, JsonNode node, List<Setting> settings) {
        node.properties().forEach(e -> {
            String key = prefix + e.getKey();
            if (e.getValue().isObject()) {
                flatten(key + ".", e.getValue(), settings);
            } else {
                settings.add(new Setting(key, e.getValue().asText()));
            }
        });
    }
}
