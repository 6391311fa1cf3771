package dev.freezeframe.qemu.profile;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.SizeText;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.image.Guest;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A machine's description, checked: nothing in it breaks checkpointing, and all paths are absolute. The fields are
/// those of the JSON file, documented in `qemu-profiles/README.md`.
///
/// @param name the file's name without `.json`
/// @param machine QEMU's machine type, perhaps an alias, with its options after commas
/// @param append the kernel's command line, empty for none
/// @param display a graphics card as of QEMU's `-vga`, or `none`
/// @param disks in the order in which the firmware tries to boot from them
/// @param bootSector the built-in guest to boot
/// @param replay whether its run can be executed again, instruction by instruction
/// @param arguments further QEMU arguments
public record Profile(String name, String description, long memoryBytes, int cpus, String machine,
        Accelerator accelerator, Optional<Path> firmware, Optional<Path> kernel, Optional<Path> initrd, String append,
        String display, List<Disk> disks, Optional<BootProgram> bootSector, boolean replay, List<String> arguments) {

    public Profile {
        disks = List.copyOf(disks);
        arguments = List.copyOf(arguments);
    }

    /// The same with other further arguments.
    Profile withArguments(List<String> others) {
        return new Profile(name, description, memoryBytes, cpus, machine, accelerator, firmware, kernel, initrd, append,
                display, disks, bootSector, replay, others);
    }

    /// The same with other disks.
    Profile withDisks(List<Disk> others) {
        return new Profile(name, description, memoryBytes, cpus, machine, accelerator, firmware, kernel, initrd, append,
                display, others, bootSector, replay, arguments);
    }

    /// The same that boots from other files.
    Profile withBootFiles(Optional<Path> otherFirmware, Optional<Path> otherKernel, Optional<Path> otherInitrd) {
        return new Profile(name, description, memoryBytes, cpus, machine, accelerator, otherFirmware, otherKernel,
                otherInitrd, append, display, disks, bootSector, replay, arguments);
    }

    /// The guest that has to be prepared before a machine of this profile can start; empty if there is nothing missing, or what
    /// is missing is no guest's.
    public Optional<Guest> missingGuest() {
        return Guest.missingFor(Stream.of(kernel.stream(), initrd.stream(), disks.stream().map(Disk::file)).flatMap(
                files -> files));
    }

    /// The profile as a JSON file would have it, with all paths resolved.
    public ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("description", description).put("memory", SizeText
                .of(memoryBytes)).put("cpus", cpus).put("machine", machine).put("accelerator", accelerator.text());
        firmware.ifPresent(path -> json.put("firmware", path.toString()));
        kernel.ifPresent(path -> json.put("kernel", path.toString()));
        initrd.ifPresent(path -> json.put("initrd", path.toString()));
        if (!append.isEmpty()) {
            json.put("append", append);
        }
        json.put("display", display);
        bootSector.ifPresent(program -> json.put("bootSector", program.text()));
        if (!disks.isEmpty()) {
            ArrayNode images = json.putArray("disks");
            for (Disk disk : disks) {
                ObjectNode image = images.addObject().put("file", disk.file().toString());
                if (disk.formatStated()) {
                    image.put("format", disk.format().text());
                }
                image.put("interface", disk.diskInterface().text());
                if (disk.readOnly()) {
                    image.put("readOnly", true);
                } else {
                    image.put("writes", disk.writes().text());
                }
            }
        }
        if (replay) {
            json.put("replay", true);
        }
        ArrayNode array = json.putArray("arguments");
        arguments.forEach(array::add);
        return json;
    }
}
