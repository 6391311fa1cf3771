package dev.freezeframe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.restore.CheckpointExport;
import dev.freezeframe.store.CheckpointName;
import dev.freezeframe.store.CheckpointRecord;
import dev.freezeframe.store.Progress;
import dev.freezeframe.store.Store;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `freezeframe export`: writes what a checkpoint holds to files that other programs read.
@Command(name = "export", mixinStandardHelpOptions = true, sortOptions = false, header = "Write a checkpoint's RAM or device state to a file.")
final class ExportCommand implements Callable<Integer> {
    @ParentCommand
    private Freezeframe program;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "CHECKPOINT", converter = CheckpointNameText.class, description = "EXPERIMENT/NUMBER, EXPERIMENT for its newest, or latest.")
    private CheckpointName name;

    @Option(names = "--ram", paramLabel = "FILE", description = "Write the RAM, byte for byte; zero pages become holes.")
    private Optional<Path> ram;

    @Option(names = "--device-state", paramLabel = "FILE", description = "Write the state of the devices, as QEMU saved it.")
    private Optional<Path> deviceState;

    @Option(names = "--force", description = "Replace files that are there.")
    private boolean force;

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    /// Thrown through the export to end it.
    private static final class Interrupted extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Override
    public Integer call() throws Exception {
        if (ram.isEmpty() && deviceState.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "nothing to write: give --ram FILE or --device-state FILE");
        }
        try (StopRequest stop = StopRequest.onSignals();
                Store store = storeOption.openExisting(program);
                Screen screen = new Screen(program.surroundings())) {
            CheckpointRecord checkpoint = StoreOption.find(store, name);
            CheckpointExport export = new CheckpointExport(store);
            ObjectNode json = JsonLines.ofType("exported").put("checkpoint", checkpoint.name().toString());
            StringBuilder text = new StringBuilder("wrote ");
            if (ram.isPresent()) {
                requireFree(ram.get());
            }
            if (deviceState.isPresent()) {
                requireFree(deviceState.get());
                long bytes = export.writeDeviceState(checkpoint, deviceState.get(), force);
                json.put("deviceState", deviceState.get().toString()).put("deviceStateBytes", bytes);
                text.append(Units.bytes(bytes)).append(" of device state to ").append(deviceState.get());
            }
            if (ram.isPresent()) {
                Progress bar = StatusProgress.on(screen);
                long bytes = export.writeRam(checkpoint, ram.get(), force, (step, done, total) -> {
                    if (stop.requested()) {
                        throw new Interrupted();
                    }
                    bar.at(step, done, total);
                });
                json.put("ram", ram.get().toString()).put("ramBytes", bytes);
                text.append(deviceState.isPresent() ? " and " : "").append(Units.bytes(bytes)).append(" of RAM to ")
                        .append(ram.get());
            }
            screen.status("");
            screen.line(format.json() ? json.toString() : text.append(", from ").append(checkpoint.name()).toString());
        } catch (Interrupted e) {
            throw new CommandFailure("interrupted; " + ram.get() + " was not written");
        }
        return 0;
    }

    /// Before the first file is written, so that not one comes without the other.
    private void requireFree(Path file) throws CommandFailure {
        if (!force && Files.exists(file)) {
            throw new CommandFailure(file + " is there already; choose another name, or --force to replace it");
        }
    }
}
