package dev.freezeframe.qemu.stream;

import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.qmp.PendingReply;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/// Device state by `xen-save-devices-state`: one synchronous command, about a third of a millisecond, no migration. For
/// machines whose only writable RAM is the shared one; their ROMs are read once and put in front of every state.
final class SavedDevicesSource implements DeviceStateSource {
    /// A memory file instead of a real one: nothing to name, clean up or read by others. QEMU truncates and rewrites it.
    private final SharedMemory file;
    private final List<RomBlock> roms;
    private final QmpCommand save;

    private SavedDevicesSource(SharedMemory file, List<RomBlock> roms) {
        this.file = file;
        this.roms = roms;
        // live=false: QEMU must not continue the guest by itself, the dirty pages are still to be copied
        this.save = QmpCommand.of("xen-save-devices-state").with("filename", file.path().toString())
                .with("live", false);
    }

    static SavedDevicesSource open(QmpClient qmp) throws IOException {
        List<RomBlock> roms = FirmwareRoms.read(qmp);
        return new SavedDevicesSource(SharedMemory.allocate("device-state", 0), roms);
    }

    @Override
    public QmpCommand arm() {
        return save;
    }

    @Override
    public void awaitSaved(PendingReply reply, Duration timeout) throws IOException {
        reply.await(timeout);
    }

    @Override
    public DeviceState take() throws IOException {
        return DeviceState.of(file.readFile(StreamFormat.MAX_STREAM_BYTES), roms);
    }

    @Override
    public void close() {
        file.close();
    }
}
