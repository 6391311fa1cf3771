package dev.freezeframe.machine;

import java.nio.file.Path;

/// A machine that runs on without us, and how to reach it.
///
/// @param directory owner-only; removed by a later run of this program once the machine has ended
/// @param qmpSocket where QEMU listens for a QMP client
/// @param consoleSocket where QEMU listens for a client of the guest's serial port
public record DetachedMachine(long pid, Path directory, Path qmpSocket, Path consoleSocket) {}
