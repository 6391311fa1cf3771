package dev.freezeframe.qemu.machine;

/// What a machine does, as a person would say it. The short pauses of checkpoints do not count: a machine that is being
/// recorded is running.
public enum MachineState {
    /// The guest's processors run.
    RUNNING,
    /// Somebody stopped the processors, or they have not been started yet.
    PAUSED,
    /// The guest put itself to sleep and waits for a key or the power button.
    SUSPENDED,
    /// The guest powered off; QEMU is still there, and a reset boots it again.
    SHUT_DOWN,
    /// The guest's kernel panicked and told so; QEMU is still there.
    PANICKED,
    /// QEMU stopped the guest because of an error of its own, or because a disk could not be read or written; of a disk,
    /// resuming tries again.
    FAULTY,
    /// QEMU has ended.
    ENDED
}
