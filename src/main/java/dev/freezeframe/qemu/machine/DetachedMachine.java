package dev.freezeframe.qemu.machine;

import java.nio.file.Path;

/// A machine that runs on without us, and how to reach it. What QEMU writes to its standard error goes to `qemu.log` in
/// its folder, which has no bound while it runs; each later start of this program empties it once it has more than 1 MiB.
///
/// @param directory owner-only; removed by a later run of this program once the machine has ended
/// @param qmpSocket where QEMU listens for a QMP client
/// @param consoleSocket where QEMU listens for a client of the guest's serial port
public record DetachedMachine(long pid, Path directory, Path qmpSocket, Path consoleSocket) {}
