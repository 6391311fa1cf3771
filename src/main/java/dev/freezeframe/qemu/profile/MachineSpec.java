package dev.freezeframe.qemu.profile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.ShownText;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.image.DiskBacking;
import dev.freezeframe.qemu.image.Guest;
import dev.freezeframe.qemu.outside.BootFile;
import dev.freezeframe.qemu.outside.HostNames;
import dev.freezeframe.qemu.outside.OutsideArguments;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.program.QemuProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What to start: a profile and what the user wants otherwise this time. A value; the `with…` methods return changed
/// copies.
///
/// @param memoryBytes guest RAM
/// @param qemuBinary a path, or a name that is looked up in `PATH`
/// @param kernelArguments appended to the profile's kernel command line
/// @param startPaused leave a freshly booted machine paused before its first instruction
/// @param detachable let the machine outlive this JVM when [dev.freezeframe.qemu.machine.Machine#detach] is called
/// @param machineType the versioned machine type to use instead of the profile's, from a record
/// @param bootFiles what a recorded machine booted from; empty for a fresh one
/// @param acceptChangedBootFiles start also when a boot file is not the recorded one; a missing one is left out
/// @param outside what it is to find on this computer
/// @param diskBackings what a writable disk, by its id, is to hold instead of its image file, which then need not be there
/// @param background let all else on this computer go first
public record MachineSpec(Profile profile, long memoryBytes, Accelerator accelerator, Path qemuBinary,
        List<String> kernelArguments, boolean startPaused, boolean detachable, Optional<String> machineType,
        List<BootFile> bootFiles, boolean acceptChangedBootFiles, Map<String, DiskBacking> diskBackings,
        OutsideTerms outside, boolean background) {
    private static final Pattern CPU = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.,+=:-]{0,499}");
    /// Without options: those are the profile's.
    private static final Pattern MACHINE_TYPE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
    private static final int RECORD_FORMAT = 1;

    public MachineSpec {
        kernelArguments = List.copyOf(kernelArguments);
        bootFiles = List.copyOf(bootFiles);
        diskBackings = Map.copyOf(diskBackings);
        Set<String> writable = profile.disks().stream().filter(disk -> !disk.readOnly()).map(Disk::id).collect(
                Collectors.toSet());
        if (!writable.containsAll(diskBackings.keySet())) {
            throw new IllegalArgumentException("content for " + diskBackings.keySet() + ", but the writable disks are "
                    + writable);
        }
    }

    /// The machine as the profile describes it.
    public static MachineSpec of(Profile profile) {
        return new MachineSpec(profile, profile.memoryBytes(), profile.accelerator(), QemuProgram.DEFAULT_BINARY,
                List.of(), false,
                false, Optional.empty(), List.of(), false, Map.of(), OutsideTerms.FRESH,
                false);
    }

    public MachineSpec withMemoryBytes(long bytes) {
        return new MachineSpec(profile, bytes, accelerator, qemuBinary, kernelArguments, startPaused, detachable,
                machineType, bootFiles, acceptChangedBootFiles, diskBackings, outside, background);
    }

    public MachineSpec withAccelerator(Accelerator other) {
        return new MachineSpec(profile, memoryBytes, other, qemuBinary, kernelArguments, startPaused, detachable,
                machineType, bootFiles, acceptChangedBootFiles, diskBackings, outside, background);
    }

    /// The same with another processor model, as of QEMU's `-cpu`, instead of the profile's.
    ///
    /// @throws IllegalArgumentException if that is no processor model, with a line for the user
    public MachineSpec withCpu(String model) {
        checkCpu(model);
        List<String> arguments = new ArrayList<>(profile.arguments());
        int old = arguments.indexOf("-cpu");
        if (old >= 0) {
            arguments.subList(old, Math.min(old + 2, arguments.size())).clear();
        }
        arguments.addAll(List.of("-cpu", model));
        return new MachineSpec(profile.withArguments(arguments), memoryBytes, accelerator, qemuBinary, kernelArguments,
                startPaused, detachable, machineType, bootFiles, acceptChangedBootFiles, diskBackings, outside,
                background);
    }

    /// Refuses what cannot be a processor model with its features.
    ///
    /// @throws IllegalArgumentException with a line for the user
    public static void checkCpu(String model) {
        if (!CPU.matcher(model).matches()) {
            throw new IllegalArgumentException("\"" + ShownText.marked(model)
                    + "\" is no processor model; write one that qemu-system-x86_64 -cpu help lists, such as qemu64 or max,-avx2");
        }
    }

    public MachineSpec withQemuBinary(Path binary) {
        return new MachineSpec(profile, memoryBytes, accelerator, binary, kernelArguments, startPaused, detachable,
                machineType, bootFiles, acceptChangedBootFiles, diskBackings, outside, background);
    }

    /// Adds kernel arguments behind those that are there; for most of them the last one counts.
    public MachineSpec withKernelArguments(String... more) {
        return new MachineSpec(profile, memoryBytes, accelerator, qemuBinary, Stream.concat(kernelArguments.stream(),
                Stream.of(more)).toList(), startPaused, detachable, machineType, bootFiles, acceptChangedBootFiles,
                diskBackings, outside, background);
    }

    public MachineSpec withStartPaused(boolean paused) {
        return new MachineSpec(profile, memoryBytes, accelerator, qemuBinary, kernelArguments, paused, detachable,
                machineType, bootFiles, acceptChangedBootFiles, diskBackings, outside, background);
    }

    public MachineSpec withDetachable(boolean mayStay) {
        return new MachineSpec(profile, memoryBytes, accelerator, qemuBinary, kernelArguments, startPaused, mayStay,
                machineType, bootFiles, acceptChangedBootFiles, diskBackings, outside, background);
    }

    /// The same that lets all else go first, or not.
    public MachineSpec withBackground(boolean yields) {
        return new MachineSpec(profile, memoryBytes, accelerator, qemuBinary, kernelArguments, startPaused, detachable,
                machineType, bootFiles, acceptChangedBootFiles, diskBackings, outside, yields);
    }

    public MachineSpec withMachineType(String versioned) {
        return new MachineSpec(profile, memoryBytes, accelerator, qemuBinary, kernelArguments, startPaused, detachable,
                Optional.of(versioned), bootFiles, acceptChangedBootFiles, diskBackings, outside, background);
    }

    public MachineSpec withAcceptChangedBootFiles(boolean accept) {
        return new MachineSpec(profile, memoryBytes, accelerator, qemuBinary, kernelArguments, startPaused, detachable,
                machineType, bootFiles, accept, diskBackings, outside, background);
    }

    /// The same with other content in its writable disks than that of their image files, by the disks' ids. The guest's writes
    /// to such a disk are gone with the machine, whatever the profile says.
    ///
    /// @throws IllegalArgumentException for an id that no writable disk has
    public MachineSpec withDiskBackings(Map<String, DiskBacking> backings) {
        return new MachineSpec(profile, memoryBytes, accelerator, qemuBinary, kernelArguments, startPaused, detachable,
                machineType, bootFiles, acceptChangedBootFiles, backings, outside, background);
    }

    /// What will execute the guest on this computer: never `AUTO`.
    public Accelerator decidedAccelerator() {
        return accelerator.resolve(profile).accelerator();
    }

    /// The same with other further arguments of QEMU.
    public MachineSpec withArguments(List<String> arguments) {
        return new MachineSpec(profile.withArguments(arguments), memoryBytes, accelerator, qemuBinary, kernelArguments,
                startPaused, detachable, machineType, bootFiles, acceptChangedBootFiles, diskBackings, outside,
                background);
    }

    private MachineSpec with(Profile other, List<BootFile> otherBootFiles, OutsideTerms terms) {
        return new MachineSpec(other, memoryBytes, accelerator, qemuBinary, kernelArguments, startPaused, detachable,
                machineType, otherBootFiles, acceptChangedBootFiles, diskBackings, terms, background);
    }

    /// The same that starts, or does not, when a file that the guest only reads is not the recorded one.
    public MachineSpec withAcceptChangedMedia(boolean accept) {
        return with(profile, bootFiles, outside.withAcceptChangedMedia(accept));
    }

    /// The same where some arguments' files are used as they are named, whoever else has them.
    ///
    /// @param labels ids or options, such as `debugcon`
    /// @throws MachineException if an argument is not there, in one line
    public MachineSpec withKept(Set<String> labels) throws MachineException {
        for (String label : labels) {
            OutsideArguments.require(profile.arguments(), label);
        }
        return with(profile, bootFiles, outside.withKept(labels));
    }

    /// The same without what some arguments have outside the guest; the guest's devices stay.
    ///
    /// @param labels ids or options, such as `hostfwd` or `serial`
    /// @throws MachineException if that cannot be, in one line
    public MachineSpec without(Set<String> labels) throws MachineException {
        List<String> arguments = profile.arguments();
        for (String label : labels) {
            arguments = OutsideArguments.without(arguments, label);
        }
        return withArguments(arguments);
    }

    /// The same with another file in the place of a recorded one, which is to have the recorded content.
    ///
    /// @param role `disk1`, `cdrom`, `kernel` …
    /// @throws MachineException if it has no such file, in one line
    public MachineSpec withFile(String role, Path file) throws MachineException {
        Path path = file.toAbsolutePath().normalize();
        List<BootFile> boot = bootFiles.stream().map(each -> each.role().equals(role)
                ? new BootFile(role, path, each.sha256())
                : each).toList();
        Optional<Path> named = Optional.of(path);
        switch (role) {
            case "firmware" -> {
                if (profile.firmware().isPresent()) {
                    return with(profile.withBootFiles(named, profile.kernel(), profile.initrd()), boot, outside);
                }
            }
            case "kernel" -> {
                if (profile.kernel().isPresent()) {
                    return with(profile.withBootFiles(profile.firmware(), named, profile.initrd()), boot, outside);
                }
            }
            case "initrd" -> {
                if (profile.initrd().isPresent()) {
                    return with(profile.withBootFiles(profile.firmware(), profile.kernel(), named), boot, outside);
                }
            }
            default -> {
                Optional<Profile> replaced = MediaFile.replaced(profile, role, path);
                if (replaced.isPresent()) {
                    return with(replaced.get(), bootFiles, outside.withMedia(outside.media().stream().map(
                            each -> each.role().equals(role) ? each.withPath(path) : each).toList()));
                }
            }
        }
        throw new MachineException(noSuchFile(role));
    }

    private String noSuchFile(String role) {
        if (profile.disks().stream().anyMatch(disk -> disk.id().equals(role))) {
            return role
                    + " is a disk that the guest can write: its content comes from the checkpoint, no file is needed";
        }
        List<String> roles = Stream.concat(MediaFile.of(profile).stream().map(MediaFile::role), bootFiles.stream().map(
                BootFile::role)).toList();
        return "the recorded machine reads no file called " + role + "; " + (roles.isEmpty()
                ? "it reads none"
                : "it reads " + String.join(", ", roles));
    }

    /// The same with absolute paths in its arguments; relative ones begin where we were started, as QEMU would take them.
    public MachineSpec withAbsolutePaths() {
        return withArguments(OutsideArguments.absolute(profile.arguments()));
    }

    /// Labels of the arguments that write or listen outside the guest, for [#without].
    public List<String> outsideArguments() {
        return List.copyOf(OutsideArguments.labels(HostNames.in(profile.arguments())));
    }

    /// The files that the guest reads and cannot write, which no checkpoint has.
    public List<MediaFile> mediaFiles() {
        return MediaFile.of(profile);
    }

    /// The files that the guest reads and cannot write, as they are now.
    ///
    /// @throws MachineException if one is not as recorded and that is not accepted, in one line
    public List<MediaFile> currentMedia() throws MachineException {
        List<MediaFile> files = new ArrayList<>();
        for (MediaFile file : MediaFile.of(profile)) {
            Optional<MediaFile> recorded = outside.recorded(file.role());
            Optional<String> difference = machineType.isPresent()
                    ? recorded.orElse(file).withPath(file.path()).difference()
                    : Optional.empty();
            if (difference.isPresent() && (!outside.acceptChangedMedia() || file.isMissing())) {
                throw MachineException.outside(difference.get(),
                        "put it back, or name the same file elsewhere with --with "
                                + file.role() + "=PATH" + (file.isMissing() || !Files.isRegularFile(file.path())
                                        ? ""
                                        : ", or use --accept-changed-media: the guest then reads other data than before"),
                        null);
            }
            try {
                files.add((difference.isPresent() ? file : recorded.orElse(file).withPath(file.path())).current());
            } catch (IOException e) {
                files.add(file); // QEMU will say what is wrong
            }
        }
        return files;
    }

    /// Whether the guest's writes to this disk go to a file that is gone with the machine.
    public boolean discardsWrites(Disk disk) {
        return !disk.readOnly() && (disk.writes() == Disk.Writes.DISCARD || diskBackings.containsKey(disk.id()));
    }

    /// Whether we serve its disks to QEMU, so that its run can be executed again.
    public boolean servesDisks() {
        return profile.replay() && !profile.disks().isEmpty();
    }

    /// What is not as it was when the machine was recorded, one line each; empty for a fresh machine.
    public List<String> bootFileDifferences() {
        return bootFiles.stream().map(BootFile::difference).flatMap(
                Optional::stream).toList();
    }

    /// What to do about those differences, in the words of the command line.
    public String remedyForBootFiles() {
        List<BootFile> different = bootFiles.stream().filter(file -> file.difference().isPresent()).toList();
        return (different.stream().allMatch(BootFile::mayOpen)
                ? "put it back, or name the same file elsewhere with "
                : "name it with ") + different.stream().map(file -> "--with " + file.role() + "=PATH").collect(
                        Collectors.joining(" "))
                + ", or use --accept-changed-boot-files: the restored guest runs on"
                + " either way, only its next reboot finds other files or none";
    }

    /// The same with other paths for those boot files that are not as recorded at theirs any more.
    ///
    /// @param keeper finds a file with a SHA-256, in lower-case hexadecimal, elsewhere
    /// @param imported whether the paths are a stranger's: then they are not even looked at, and what the keeper has not is
    ///     missing
    public MachineSpec withBootFilesFrom(Function<String, Optional<Path>> keeper, boolean imported) {
        Optional<Path> firmware = profile.firmware();
        Optional<Path> kernel = profile.kernel();
        Optional<Path> initrd = profile.initrd();
        List<BootFile> files = new ArrayList<>();
        for (BootFile file : bootFiles) {
            Optional<Path> kept = imported || file.difference().isPresent()
                    ? keeper.apply(file.sha256())
                    : Optional.empty();
            files.add(new BootFile(file.role(), kept.orElse(file.path()), file.sha256(), kept.isPresent()
                    || !imported));
            if (kept.isPresent()) {
                switch (file.role()) {
                    case "firmware" -> firmware = kept;
                    case "kernel" -> kernel = kept;
                    case "initrd" -> initrd = kept;
                    default -> {
                    }
                }
            }
        }
        return new MachineSpec(profile.withBootFiles(firmware, kernel, initrd), memoryBytes, accelerator, qemuBinary,
                kernelArguments, startPaused, detachable, machineType, files, acceptChangedBootFiles, diskBackings,
                outside, background);
    }

    /// Leaves out what cannot be opened, because QEMU would not start with it.
    public MachineSpec withoutUnreadableBootFiles() {
        Profile p = profile;
        Optional<Path> kernel = p.kernel().filter(this::mayBeOpened);
        Profile reduced = p.withBootFiles(p.firmware().filter(this::mayBeOpened), kernel,
                p.initrd().filter(path -> kernel.isPresent() && mayBeOpened(path)));
        return new MachineSpec(reduced, memoryBytes, accelerator, qemuBinary, kernelArguments, startPaused, detachable,
                machineType, bootFiles, acceptChangedBootFiles, diskBackings, outside, background);
    }

    private boolean mayBeOpened(Path file) {
        return bootFiles.stream().noneMatch(each -> each.path().equals(file) && !each.mayOpen()) && Files
                .isRegularFile(file) && Files.isReadable(file);
    }

    /// The files that this machine boots from, hashed now.
    public List<BootFile> currentBootFiles() throws MachineException {
        List<BootFile> files = new ArrayList<>();
        if (profile.firmware().isPresent()) {
            files.add(bootFile("firmware", profile.firmware().get()));
        }
        if (profile.kernel().isPresent()) {
            files.add(bootFile("kernel", profile.kernel().get()));
        }
        if (profile.initrd().isPresent()) {
            files.add(bootFile("initrd", profile.initrd().get()));
        }
        return files;
    }

    private BootFile bootFile(String role, Path path) throws MachineException {
        return BootFile.of(role, path, machineType.isPresent()
                ? "name one with --with " + role + "=PATH"
                : Guest.remedyForMissing(path));
    }

    /// Everything needed to start the same machine again, as JSON.
    public ObjectNode toRecord(String versionedMachineType, String qemuVersion, Accelerator used,
            List<BootFile> bootedFrom, List<MediaFile> media) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("format", RECORD_FORMAT).put("profileName",
                profile.name());
        json.set("profile", profile.toJson());
        json.put("memoryBytes", memoryBytes).put("accelerator", used.text()).put("machineType", versionedMachineType)
                .put("qemuVersion", qemuVersion).put("qemuBinary", qemuBinary.toString());
        ArrayNode arguments = json.putArray("kernelArguments");
        kernelArguments.forEach(arguments::add);
        ArrayNode files = json.putArray("bootFiles");
        bootedFrom.forEach(file -> files.addObject().put("role", file.role()).put("path", file.path().toString()).put(
                "sha256", file.sha256()));
        ArrayNode read = json.putArray("media");
        media.forEach(file -> file.writeTo(read.addObject()));
        return json;
    }

    /// Reads what [dev.freezeframe.qemu.machine.Machine#toRecord] wrote, be it by an earlier version of this program.
    ///
    /// @throws MachineException when it is not such a record, or its profile is refused by now
    public static MachineSpec fromRecord(JsonNode json) throws MachineException {
        if (json.path("format").asInt() != RECORD_FORMAT) {
            throw new MachineException("the recorded machine has format " + json.path("format").asText("none")
                    + ", this program reads " + RECORD_FORMAT + "; use a newer version");
        }
        Profile profile;
        try {
            profile = ProfileReader.fromJson(text(json, "profileName"), json.path("profile"));
        } catch (ProfileException e) {
            throw new MachineException("the recorded machine cannot be started: " + e.getMessage(), e);
        }
        long memoryBytes = json.path("memoryBytes").asLong(-1);
        Optional<String> problem = ProfileReader.memoryProblem(memoryBytes, profile.bootSector());
        if (problem.isPresent()) {
            throw new MachineException("the recorded machine's memory is broken: " + problem.get());
        }
        Accelerator accelerator = Accelerator.parse(text(json, "accelerator")).orElseThrow(() -> new MachineException(
                "the recorded machine has no known accelerator"));
        List<String> kernelArguments = new ArrayList<>();
        json.path("kernelArguments").forEach(argument -> kernelArguments.add(argument.asText()));
        List<BootFile> files = new ArrayList<>();
        for (JsonNode file : json.path("bootFiles")) {
            files.add(new BootFile(text(file, "role"), Path.of(text(file, "path")), text(file, "sha256"), true));
        }
        String machineType = text(json, "machineType");
        if (!MACHINE_TYPE.matcher(machineType).matches()) {
            throw new MachineException("the recorded machine's type \"" + ShownText.marked(machineType)
                    + "\" is none; its record is damaged");
        }
        List<MediaFile> media = new ArrayList<>();
        json.path("media").forEach(file -> media.add(MediaFile.from(file)));
        return new MachineSpec(profile, memoryBytes, accelerator, Path.of(text(json, "qemuBinary")), kernelArguments,
                false, false, Optional.of(machineType), files, false, Map.of(), OutsideTerms.FRESH.withMedia(media),
                false);
    }

    private static String text(JsonNode json, String field) throws MachineException {
        JsonNode value = json.path(field);
        if (!value.isTextual() || value.textValue().isEmpty() || value.textValue().indexOf('\0') >= 0) {
            throw new MachineException("the recorded machine has no " + field);
        }
        return value.textValue();
    }
}
