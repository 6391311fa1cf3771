package dev.freezeframe.qemu.profile;

import dev.freezeframe.base.ShellText;
import dev.freezeframe.qemu.image.Disk;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a machine must be like for QEMU to execute its run again from a checkpoint, exactly. Measured on QEMU 7.2, 10.0 and
/// 11.1.
final class ReplayRules {
    /// Network cards whose state arms a timer when it is loaded; the replay of what follows stands still.
    private static final Pattern CARD_WITH_TIMER = Pattern.compile("(?i)(?:.*\\bdriver\\W+)?\\W*(e1000\\w*|igb)\\b.*",
            Pattern.DOTALL);

    /// A card that sends when QEMU's main loop comes to it, at an instruction that is another one each time (`virtio_net_tx_bh`);
    /// its other way is a timer of the guest's clock.
    private static final Pattern CARD_THAT_SENDS = Pattern.compile(
            "(?i)(?:.*\\bdriver\\W+)?\\W*(virtio-net\\b[-\\w]*)\\b.*",
            Pattern.DOTALL);
    private static final Pattern SENDS_BY_TIMER = Pattern.compile("\\btx\\W+timer\\b");
    private static final Pattern PACKED = Pattern.compile("\\bpacked\\W+(on|true)\\b");

    /// Options that are a matter of replay, or that bring content which is read while the guest runs and is in no log.
    private static final Map<String, Refusal> OPTIONS = Map.ofEntries(Map.entry("icount", own("icount")),
            Map.entry("rtc", own("rtc")), Map.entry("seed", own("seed")), Map.entry("cdrom", medium()),
            Map.entry("drive",
                    medium()),
            Map.entry("blockdev", medium()), Map.entry("hda", medium()), Map.entry("fda", medium()), Map.entry("fsdev",
                    medium()),
            Map.entry("virtfs", medium()), Map.entry("nic", unnamed()), Map.entry("net", unnamed()),
            Map.entry("vga", new Refusal(
                    "a graphics card has memory of its own, which nothing compares yet", "leave -vga out")),
            Map.entry("smp", new Refusal(
                    "QEMU logs one processor only", "leave -smp out")),
            Map.entry("plugin", new Refusal("the plugin of a run is that of its simulation",
                    "leave -plugin out, and give it to freezeframe simulate")));

    private ReplayRules() {}

    /// Why there can be no replay.
    ///
    /// @param why    a clause
    /// @param remedy what to write instead
    record Refusal(String why, String remedy) {}

    private static Refusal own(String option) {
        return new Refusal("-" + option + " is set by it", "leave -" + option + " out");
    }

    private static Refusal medium() {
        return new Refusal("what a guest reads from a medium is not in QEMU's log", "put the files into the initrd");
    }

    private static Refusal unnamed() {
        return new Refusal("what comes by a network is logged only where that has a name",
                "write -netdev user,id=net0 and"
                        + " -device virtio-net-pci,netdev=net0,tx=timer");
    }

    /// What we serve to QEMU, and can ask it about.
    static Optional<Refusal> check(Disk disk) {
        if (disk.diskInterface() != Disk.Interface.VIRTIO) {
            return Optional.of(new Refusal("is a disk of which QEMU does not tell whether requests are under way, which"
                    + " \"replay\": true needs", "set its interface to \"virtio\""));
        }
        if (disk.readOnly()) {
            return Optional
                    .of(new Refusal("is read-only, and a machine with \"replay\": true has disks that are part of its"
                            + " checkpoints only", "leave readOnly out: what the guest writes is discarded anyway"));
        }
        if (disk.format() != Disk.Format.RAW) {
            return Optional.of(new Refusal("is a qcow2 image, and a machine with \"replay\": true has raw ones only",
                    "convert it, and name the new file: qemu-img convert -O raw " + ShellText.quoted(disk.file()
                            .toString()) + " " + ShellText.quoted(
                                    disk.file().toString().replaceFirst(
                                            "(?i)\\.qcow2$", "") + ".raw")));
        }
        return Optional.empty();
    }

    /// Takes the fields as they are written.
    ///
    /// @param cpus         null where it is left out, like the two behind it
    static Optional<Refusal> check(Integer cpus, String accelerator, String machine, String display,
            List<String> arguments) {
        if (cpus != null && cpus > 1) {
            return Optional.of(new Refusal("QEMU logs one processor only", "set cpus to 1"));
        }
        if ("kvm".equals(accelerator)) {
            return Optional.of(new Refusal("KVM logs nothing", "set accelerator to \"auto\" or \"tcg\""));
        }
        if (machine != null && machine.contains("hpet=on")) {
            return Optional.of(new Refusal("the HPET starts a timer when it is loaded, and the run would stand still",
                    "leave hpet=on out"));
        }
        if (machine != null && !machine.matches("(pc|q35)\\b.*")) {
            return Optional
                    .of(new Refusal("it is known of the machines pc and q35 only", "set machine to one of these"));
        }
        if (display != null && !display.equals("none")) {
            return Optional.of(new Refusal("a graphics card has memory of its own, which nothing compares yet",
                    "leave display out"));
        }
        for (int i = 0; i < arguments.size(); i++) {
            String option = String.valueOf(arguments.get(i)).replaceFirst("^--?", "");
            String value = i + 1 < arguments.size() ? String.valueOf(arguments.get(i + 1)) : "";
            Refusal refusal = arguments.get(i) != null && arguments.get(i).startsWith("-") ? OPTIONS.get(option) : null;
            if (refusal != null) {
                return Optional.of(refusal);
            }
            if (option.equals("netdev") && !value.contains("id=")) {
                return Optional.of(unnamed());
            }
            if (option.equals("device")) {
                Matcher card = CARD_WITH_TIMER.matcher(value);
                if (card.matches()) {
                    return Optional.of(
                            new Refusal("the network card " + card.group(1) + " starts a timer when it is loaded, and"
                                    + " the run would stand still", "use virtio-net-pci with tx=timer, or rtl8139"));
                }
                Matcher sending = CARD_THAT_SENDS.matcher(value);
                if (sending.matches() && !SENDS_BY_TIMER.matcher(value).find()) {
                    return Optional.of(new Refusal("the network card " + sending.group(1)
                            + " sends whenever QEMU comes to it, which is in no log",
                            "write tx=timer behind it: -device virtio-net-pci,netdev=net0,tx=timer"));
                }
                if (sending.matches() && PACKED.matcher(value).find()) {
                    return Optional.of(new Refusal("whether the network card " + sending.group(1)
                            + " has something to send cannot be told of packed queues", "leave packed=on out"));
                }
            }
        }
        return Optional.empty();
    }
}
