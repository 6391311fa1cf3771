package dev.freezeframe.qemu.machine;

import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;

/// A program that starts a machine, tells its process id and folder, and lives until it is killed or whoever started
/// it is gone.
final class MachineInAChildJvm {
    private MachineInAChildJvm() {}

    public static void main(String[] arguments) throws Exception {
        boolean detach = arguments[0].equals("detach");
        boolean detachable = detach || arguments[0].equals("about-to-detach");
        Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector")).withDetachable(
                detachable));
        if (detach) {
            DetachedMachine detached = machine.detach();
            System.out.println(detached.pid() + " " + detached.directory());
        } else {
            System.out.println(machine.pid() + (detachable
                    ? " " + machine.commandLine().stream().filter(word -> word.contains("ff-qmp-extra,path="))
                            .findFirst().orElseThrow().replaceAll(".*path=|/qmp,.*", "")
                    : ""));
        }
        System.in.read();
    }
}
