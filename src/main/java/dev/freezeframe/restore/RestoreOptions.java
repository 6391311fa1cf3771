package dev.freezeframe.restore;

import dev.freezeframe.qemu.profile.Accelerator;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.program.MachineException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How a checkpoint is to be brought back. A value; the `with…` methods return changed copies.
///
/// @param count                  how many machines; they share one image copy-on-write
/// @param recordable             give the machine memory of its own that can be tracked and captured; for one machine
/// @param detachable             the machines may outlive this process
/// @param leavePaused            do not let the guests run
/// @param verifyRam              compare every byte of RAM with the store before the guest runs
/// @param acceptChangedBootFiles restore also when a kernel or firmware file is not the recorded one any more
/// @param qemuBinary             another QEMU than the recorded one; it must know the recorded versioned machine type
/// @param accelerator            another accelerator than the recorded one
/// @param cpu                    another processor model, as of QEMU's `-cpu`, than the recorded one; QEMU refuses a state that
///                               it cannot hold
/// @param threads                how many read packs at once
/// @param timeout                the longest wait for any single step of QEMU
/// @param outside                what is to be otherwise than recorded outside the guest
/// @param replay                 what the machine is to execute again
/// @param moreArguments          of QEMU, behind the recorded ones
/// @param background             let all else on this computer go first
public record RestoreOptions(int count, boolean recordable, boolean detachable, boolean leavePaused, boolean verifyRam,
        boolean acceptChangedBootFiles, Optional<Path> qemuBinary, Optional<Accelerator> accelerator,
        Optional<String> cpu, int threads,
        Duration timeout, OutsideWishes outside, Optional<Replay> replay, List<String> moreArguments,
        boolean background) {
    /// Refuses what contradicts itself.
    public RestoreOptions {
        if (count < 1)
            throw new IllegalArgumentException("count " + count + " is not a number of machines");
        if (recordable && count != 1)
            throw new IllegalArgumentException("only a single restored machine can be recorded; restore it by itself");
        cpu.ifPresent(MachineSpec::checkCpu);
        if (threads < 1)
            throw new IllegalArgumentException("threads " + threads);
        moreArguments = List.copyOf(moreArguments);
    }

    /// One machine as it was, running, ending with us.
    public static RestoreOptions standard() {
        return new RestoreOptions(1, false, false, false, false, false, Optional.empty(), Optional.empty(),
                Optional.empty(),
                Runtime.getRuntime().availableProcessors(), Duration.ofSeconds(30), OutsideWishes.NONE,
                Optional.empty(), List.of(), false);
    }

    /// The same for another number of machines.
    public RestoreOptions withCount(int machines) {
        return new RestoreOptions(machines, recordable, detachable, leavePaused, verifyRam, acceptChangedBootFiles,
                qemuBinary, accelerator, cpu, threads, timeout, outside, replay, moreArguments, background);
    }

    /// The same with or without memory that can be recorded.
    public RestoreOptions withRecordable(boolean value) {
        return new RestoreOptions(count, value, detachable, leavePaused, verifyRam, acceptChangedBootFiles, qemuBinary,
                accelerator, cpu, threads, timeout, outside, replay, moreArguments, background);
    }

    /// The same for machines that may, or may not, outlive this process.
    public RestoreOptions withDetachable(boolean value) {
        return new RestoreOptions(count, recordable, value, leavePaused, verifyRam, acceptChangedBootFiles, qemuBinary,
                accelerator, cpu, threads, timeout, outside, replay, moreArguments, background);
    }

    /// The same for guests that are left paused, or run.
    public RestoreOptions withLeavePaused(boolean value) {
        return new RestoreOptions(count, recordable, detachable, value, verifyRam, acceptChangedBootFiles, qemuBinary,
                accelerator, cpu, threads, timeout, outside, replay, moreArguments, background);
    }

    /// The same with or without comparing all RAM first.
    public RestoreOptions withVerifyRam(boolean value) {
        return new RestoreOptions(count, recordable, detachable, leavePaused, value, acceptChangedBootFiles, qemuBinary,
                accelerator, cpu, threads, timeout, outside, replay, moreArguments, background);
    }

    /// The same with or without accepting changed boot files.
    public RestoreOptions withAcceptChangedBootFiles(boolean value) {
        return new RestoreOptions(count, recordable, detachable, leavePaused, verifyRam, value, qemuBinary, accelerator,
                cpu, threads, timeout, outside, replay, moreArguments, background);
    }

    /// The same with another QEMU.
    public RestoreOptions withQemuBinary(Path binary) {
        return new RestoreOptions(count, recordable, detachable, leavePaused, verifyRam, acceptChangedBootFiles,
                Optional.of(binary), accelerator, cpu, threads, timeout, outside, replay, moreArguments, background);
    }

    /// The same with another accelerator.
    public RestoreOptions withAccelerator(Accelerator other) {
        return new RestoreOptions(count, recordable, detachable, leavePaused, verifyRam, acceptChangedBootFiles,
                qemuBinary, Optional.of(other), cpu, threads, timeout, outside, replay, moreArguments, background);
    }

    /// The same with another processor model.
    public RestoreOptions withCpu(String model) {
        return new RestoreOptions(count, recordable, detachable, leavePaused, verifyRam, acceptChangedBootFiles,
                qemuBinary, accelerator, Optional.of(model), threads, timeout, outside, replay, moreArguments,
                background);
    }

    /// The same with other wishes about what is outside the guest.
    public RestoreOptions withOutside(OutsideWishes wishes) {
        return new RestoreOptions(count, recordable, detachable, leavePaused, verifyRam, acceptChangedBootFiles,
                qemuBinary, accelerator, cpu, threads, timeout, wishes, replay, moreArguments, background);
    }

    /// The same for a machine that executes again what was recorded behind the checkpoint. It runs when it is restored, and stops by
    /// itself.
    ///
    /// @param moreArguments of QEMU, such as `-plugin` and what follows it
    public RestoreOptions withReplay(Replay what, List<String> moreArguments) {
        return new RestoreOptions(1, recordable, false, true, verifyRam, acceptChangedBootFiles, qemuBinary,
                accelerator, cpu,
                threads, timeout, outside, Optional.of(what), moreArguments, background);
    }

    /// The same with more arguments of QEMU, such as `-plugin` and what follows it.
    public RestoreOptions withMoreArguments(List<String> more) {
        return new RestoreOptions(count, recordable, detachable, leavePaused, verifyRam, acceptChangedBootFiles,
                qemuBinary, accelerator, cpu, threads, timeout, outside, replay, more, background);
    }

    /// The same with another number of threads that read packs.
    public RestoreOptions withThreads(int readers) {
        return new RestoreOptions(count, recordable, detachable, leavePaused, verifyRam, acceptChangedBootFiles,
                qemuBinary,
                accelerator, cpu, readers, timeout, outside, replay, moreArguments, background);
    }

    /// The same for machines that let all else go first.
    public RestoreOptions withBackground(boolean value) {
        return new RestoreOptions(count, recordable, detachable, leavePaused, verifyRam, acceptChangedBootFiles,
                qemuBinary, accelerator, cpu, threads, timeout, outside, replay, moreArguments, value);
    }

    MachineSpec applyTo(MachineSpec recorded) throws MachineException {
        MachineSpec spec = recorded.withDetachable(detachable).withBackground(background)
                .withAcceptChangedBootFiles(acceptChangedBootFiles);
        spec = qemuBinary.isPresent() ? spec.withQemuBinary(qemuBinary.get()) : spec;
        spec = accelerator.isPresent() ? spec.withAccelerator(accelerator.get()) : spec;
        spec = outside.applyTo(cpu.isPresent() ? spec.withCpu(cpu.get()) : spec);
        if (moreArguments.isEmpty()) {
            return spec;
        }
        List<String> arguments = new ArrayList<>(spec.profile().arguments());
        arguments.addAll(moreArguments);
        return spec.withArguments(arguments);
    }
}
