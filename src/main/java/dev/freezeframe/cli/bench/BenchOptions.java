package dev.freezeframe.cli.bench;

import dev.freezeframe.base.DurationText;
import dev.freezeframe.cli.run.TemporaryFolder;
import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.ProfileException;
import dev.freezeframe.qemu.profile.Profiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/// What all measurements have in common.
final class BenchOptions {
    /// The guest that a measurement of disks uses when none is named.
    static final String WITH_A_DISK = "debian-build";

    private static final String USUAL = "tiny-linux";

    @Option(names = "--profile", paramLabel = "PROFILE", description = "The guest; it must understand tiny-linux's kernel arguments. Default: tiny-linux, and debian-build where a disk is measured")
    private Optional<String> profile;

    @Option(names = "--qemu", paramLabel = "BINARY", description = "QEMU to run. Default: qemu-system-x86_64")
    private Optional<Path> qemu;

    @Option(names = "--accel", paramLabel = "auto|kvm|tcg", description = "Accelerator instead of the profile's.")
    private Optional<Accelerator> accelerator;

    @Option(names = "--interval", paramLabel = "TIME", defaultValue = "1s", converter = DurationText.class, description = "Time between two checkpoints. Default: 1s")
    private Duration interval;

    @Option(names = "--folder", paramLabel = "DIR", description = "Where the temporary store and images go. Default: the folder for temporary files")
    private Optional<Path> folder;

    MachineSpec machine() throws ProfileException {
        return machine(USUAL);
    }

    /// @param usual the profile to use when none is named
    MachineSpec machine(String usual) throws ProfileException {
        MachineSpec machine = MachineSpec.of(Profiles.standard().find(profile.orElse(usual)));
        machine = qemu.isPresent() ? machine.withQemuBinary(qemu.get()) : machine;
        return accelerator.isPresent() ? machine.withAccelerator(accelerator.get()) : machine;
    }

    Duration interval() {
        return interval;
    }

    TemporaryFolder temporaryFolder() throws java.io.IOException {
        return TemporaryFolder.create(folder);
    }
}
