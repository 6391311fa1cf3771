package dev.freezeframe.cli.library;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Progress;
import dev.freezeframe.base.Units;
import dev.freezeframe.bundle.BundleExport.Exported;
import dev.freezeframe.bundle.BundleExport;
import dev.freezeframe.bundle.CheckpointExport;
import dev.freezeframe.cli.terminal.CheckpointNameText;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StatusProgress;
import dev.freezeframe.cli.terminal.StopRequest;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.figure.DiskMetrics;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.ExperimentRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `freezeframe export`: writes an experiment to a bundle, or what a checkpoint holds to files that other programs read.
@Command(name = "export", mixinStandardHelpOptions = true, sortOptions = false, header = "Write an experiment to a bundle, or a checkpoint's RAM, disks or device state to files.", description = "With EXPERIMENT and FILE: a bundle, from which freezeframe import takes the experiment into another store: all checkpoints with their figures, notes and pictures, and the files that the machine boots from. It holds the guest's memory, with every password that was in it.", footer = {
        "  A whole experiment, to go with a paper:",
        "    freezeframe export tiny-linux-20260101-120000 paper.freezeframe",
        "  What one checkpoint holds, for other programs:",
        "    freezeframe export latest --ram ram.img --device-state devices.bin",
        "  A disk of it, as a virtual machine takes it:",
        "    freezeframe export debian-build-20260101-120000/2 --disk 0 disk.qcow2"})
public final class ExportCommand implements Callable<Integer> {
    @ParentCommand
    private Program program;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "EXPERIMENT|CHECKPOINT", converter = CheckpointNameText.class, description = "The experiment for a bundle; with the options below EXPERIMENT/NUMBER, EXPERIMENT for its newest, or latest.")
    private CheckpointName name;

    @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "The bundle to write, such as tiny-linux.freezeframe.")
    private Optional<Path> bundle;

    @Option(names = "--ram", paramLabel = "FILE", description = "Write the RAM, byte for byte; zero pages become holes.")
    private Optional<Path> ram;

    @Option(names = "--device-state", paramLabel = "FILE", description = "Write the state of the devices, as QEMU saved it.")
    private Optional<Path> deviceState;

    @Option(names = "--disk", arity = "2", paramLabel = "N FILE", description = "Write a disk, counted from 0; raw, or qcow2 where the file is called so. May be given for several disks.")
    private List<String> disks = List.of();

    @Option(names = "--format", paramLabel = "raw|qcow2", description = "What the disks' files are to be. Default: qcow2 for files called *.qcow2, else raw")
    private Optional<CheckpointExport.DiskFormat> diskFormat;

    @Option(names = "--force", description = "Replace files that are there.")
    private boolean force;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    /// Thrown through the export to end it.
    private static final class Interrupted extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient Path file;

        Interrupted(Path file) {
            super("interrupted");
            this.file = file;
        }
    }

    @Override
    public Integer call() throws Exception {
        boolean parts = ram.isPresent() || deviceState.isPresent() || !disks.isEmpty();
        if (parts == bundle.isPresent()) {
            throw new ParameterException(spec.commandLine(), parts
                    ? "give either a FILE for a bundle, or --ram, --disk and --device-state"
                    : "nothing to write: give a FILE for a bundle, or --ram FILE, --disk N FILE or --device-state FILE");
        }
        if (bundle.isPresent()) {
            exportBundle(bundle.get());
        } else {
            exportParts();
        }
        return 0;
    }

    private void exportBundle(Path file) throws Exception {
        if (name.experiment().isEmpty() || name.number().isPresent()) {
            throw new ParameterException(spec.commandLine(), "a bundle holds a whole experiment: write EXPERIMENT FILE"
                    + name.experiment().map(experiment -> ", such as " + experiment + " " + file).orElse(""));
        }
        try (StopRequest stop = StopRequest.onSignals();
                Store store = storeOption.openExisting(program);
                TerminalOutput screen = new TerminalOutput(program.surroundings())) {
            ExperimentRecord experiment = store.experiment(name.experiment().get()).orElseThrow(
                    () -> new CommandFailure("there is no experiment " + name.experiment().get() + " in " + store
                            .directory() + "; freezeframe list shows those that there are"));
            requireFree(file);
            Exported exported = new BundleExport(store).write(experiment, file, force, progress(screen, stop, file));
            screen.status("");
            if (format.json()) {
                ObjectNode json = JsonLines.ofType("exported").put("experiment", experiment.name()).put("file", file
                        .toString()).put("checkpoints", exported.checkpoints()).put("chunks", exported.chunks()).put(
                                "fileBytes", exported.fileBytes())
                        .put("sha256", exported.sha256());
                ArrayNode leftOut = json.putArray("leftOut");
                exported.leftOut().forEach(leftOut::add);
                screen.line(json.toString());
            } else {
                screen.line("wrote " + Units.count(exported.checkpoints(), "checkpoint") + " of " + experiment.name()
                        + " to " + file + ", " + Units.bytes(exported.fileBytes()));
                screen.line("sha256 " + exported.sha256());
                exported.leftOut().forEach(line -> screen.line("note: " + line));
            }
        } catch (Interrupted e) {
            throw new CommandFailure("interrupted; " + e.file + " was not written");
        }
    }

    private void exportParts() throws Exception {
        try (StopRequest stop = StopRequest.onSignals();
                Store store = storeOption.openExisting(program);
                CheckpointExport.Batch together = new CheckpointExport.Batch();
                TerminalOutput screen = new TerminalOutput(program.surroundings())) {
            CheckpointRecord checkpoint = StoreOption.find(store, name);
            List<DiskFile> diskFiles = diskFiles(checkpoint);
            for (Path file : Stream.of(ram.stream(), deviceState.stream(), diskFiles.stream().map(DiskFile::file))
                    .flatMap(
                            Function.identity())
                    .toList()) {
                requireFree(file);
            }
            var export = new CheckpointExport(store, together);
            ObjectNode json = JsonLines.ofType("exported").put("checkpoint", checkpoint.name().toString());
            List<String> written = new ArrayList<>();
            if (deviceState.isPresent()) {
                long bytes = export.writeDeviceState(checkpoint, deviceState.get(), force);
                json.put("deviceState", deviceState.get().toString()).put("deviceStateBytes", bytes);
                written.add(Units.bytes(bytes) + " of device state to " + deviceState.get());
            }
            if (ram.isPresent()) {
                long bytes = export.writeRam(checkpoint, ram.get(), force, progress(screen, stop, ram.get()));
                json.put("ram", ram.get().toString()).put("ramBytes", bytes);
                written.add(Units.bytes(bytes) + " of RAM to " + ram.get());
            }
            ArrayNode disksJson = json.putArray("disks");
            for (DiskFile each : diskFiles) {
                long bytes = export.writeDisk(checkpoint, each.id, each.file, each.format, force, progress(screen, stop,
                        each.file));
                disksJson.addObject().put("disk", each.id).put("file", each.file.toString())
                        .put("format", each.format.text())
                        .put("bytes", bytes);
                written.add(Units.bytes(bytes) + " of " + each.id + " to " + each.file);
            }
            together.commit();
            screen.status("");
            screen.line(format.json()
                    ? json.toString()
                    : "wrote " + String.join(" and ", written) + ", from " + checkpoint.name());
        } catch (Interrupted e) {
            throw new CommandFailure("interrupted; nothing was written");
        }
    }

    /// A disk and where it is to go.
    private record DiskFile(String id, Path file, CheckpointExport.DiskFormat format) {}

    private List<DiskFile> diskFiles(CheckpointRecord checkpoint) throws CommandFailure {
        List<String> there = checkpoint.metrics().disks().stream().map(DiskMetrics::disk).toList();
        List<DiskFile> files = new ArrayList<>();
        for (int i = 0; i < disks.size(); i += 2) {
            String id = disks.get(i).startsWith("disk") ? disks.get(i) : "disk" + disks.get(i);
            if (!there.contains(id)) {
                throw new CommandFailure(checkpoint.name() + " has no " + id + "; " + (there.isEmpty()
                        ? "it has no disks"
                        : "it has " + String.join(", ", there)));
            }
            Path file = Path.of(disks.get(i + 1));
            files.add(new DiskFile(id, file, diskFormat.orElseGet(() -> CheckpointExport.DiskFormat.of(file))));
        }
        return files;
    }

    private static Progress progress(TerminalOutput screen, StopRequest stop, Path file) {
        Progress bar = StatusProgress.on(screen);
        return (step, done, total) -> {
            if (stop.requested()) {
                throw new Interrupted(file);
            }
            bar.at(step, done, total);
        };
    }

    /// Before the first file is written, so that not one comes without the other.
    private void requireFree(Path file) throws CommandFailure {
        if (!force && Files.exists(file)) {
            throw new CommandFailure(file + " is there already; choose another name, or --force to replace it");
        }
    }
}
