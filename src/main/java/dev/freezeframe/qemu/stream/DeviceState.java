package dev.freezeframe.qemu.stream;

import static dev.freezeframe.qemu.stream.StreamFormat.*;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// The state of every device of a stopped machine, without its main memory. Complete by construction: bytes that are cut
/// short, of the wrong kind or claim lengths that they do not have never become one.
///
/// Immutable. The bytes come from QEMU or from the store and count as untrusted; [#of] takes them apart before any
/// QEMU is started for them.
public sealed interface DeviceState {
    /// The bytes to store; [#of] reads them back.
    byte[] toBytes();

    /// What an incoming QEMU of exactly this machine type (as in `pc-i440fx-7.2`, never an alias) has to be fed.
    ///
    /// @throws DeviceStateException the state was saved by another machine type
    byte[] toIncomingStream(String versionedMachineType) throws DeviceStateException;

    /// Whether the reading QEMU needs the migration capability `x-ignore-shared`.
    boolean needsIgnoreShared();

    /// The devices in the order in which QEMU saved them.
    List<String> deviceNames();

    /// Guest memory that KVM writes by itself when it gets this state, as far as it lies in main memory.
    List<KvmClock.Area> kvmClockAreas();

    /// RAM blocks whose contents are part of this state: ROMs, screen memory.
    Set<String> ramBlocks();

    /// Where in its run the machine stood; empty where QEMU did not record that.
    ///
    /// @throws DeviceStateException if that is damaged
    Optional<ReplayPosition> replayPosition() throws DeviceStateException;

    /// What each device has in it, in QEMU's order.
    List<DeviceSection> sections();

    /// The same moment as a QEMU takes it that is led by the log: there, all that the guest had executed is in the log.
    ///
    /// @param log of the run
    /// @throws DeviceStateException if the log does not have it, or the state is damaged
    default DeviceState forReplay(FileChannel log) throws IOException {
        Optional<ReplayPosition> found = replayPosition();
        if (found.isEmpty() || found.get().instructions() == found.get().logged()) {
            return this;
        }
        ReplayPosition position = found.get();
        long ahead = position.instructions() - position.logged();
        OptionalInt run = !position.eventRead()
                ? ReplayEvents.nextRun(log, position.logOffset())
                : position.event() == ReplayEvents.INSTRUCTIONS
                        ? OptionalInt.of(position.runLeft())
                        : OptionalInt.empty();
        if (run.isEmpty() || run.getAsInt() < ahead) {
            throw new DeviceStateException("the log of the run does not have the last " + ahead
                    + " instructions before the checkpoint");
        }
        byte[] bytes = toBytes();
        StreamLayout.Device device = StreamLayout.of(bytes).devices().stream()
                .filter(each -> each.name().equals(ReplayPosition.SECTION))
                .findFirst().orElseThrow();
        byte[] section = ReplayPosition.withAllLogged(
                Arrays.copyOfRange(bytes, device.contentStart(), device.contentEnd()),
                device.version(), position, run.getAsInt());
        System.arraycopy(section, 0, bytes, device.contentStart(), section.length);
        return of(bytes);
    }

    /// Takes apart what [#toBytes], `xen-save-devices-state` or a migration with `x-ignore-shared` wrote.
    static DeviceState of(byte[] bytes) throws DeviceStateException {
        StreamLayout layout = StreamLayout.of(bytes);
        return layout.machineType().isPresent() ? new MigrationStream(bytes, layout) : new SavedDevices(bytes, layout);
    }

    /// Devices as `xen-save-devices-state` writes them, together with the ROMs that they do not include.
    static DeviceState of(byte[] savedDevices, List<RomBlock> roms) throws DeviceStateException {
        if (roms.isEmpty())
            return of(savedDevices);
        StreamLayout layout = StreamLayout.of(savedDevices);
        if (layout.machineType().isPresent() || !layout.ramBlocks().isEmpty())
            throw new DeviceStateException("ROMs can only be added to a devices-only state");
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.write(savedDevices, 0, HEADER_BYTES);
        joined.writeBytes(RomBlock.toRamSection(roms));
        joined.write(savedDevices, HEADER_BYTES, savedDevices.length - HEADER_BYTES);
        return of(joined.toByteArray());
    }

    /// The devices-only form: magic, version, device sections, end byte. A RAM section with ROMs may stand in front.
    final class SavedDevices implements DeviceState {
        private final byte[] bytes;
        private final StreamLayout layout;

        private SavedDevices(byte[] bytes, StreamLayout layout) {
            this.bytes = Arrays.copyOf(bytes, layout.endByte() + 1);
            this.layout = layout;
        }

        @Override
        public byte[] toBytes() {
            return bytes.clone();
        }

        @Override
        public byte[] toIncomingStream(String versionedMachineType) {
            byte[] name = countedString(versionedMachineType);
            ByteArrayOutputStream stream = new ByteArrayOutputStream(bytes.length + 64);
            stream.write(bytes, 0, HEADER_BYTES);
            stream.write(QEMU_VM_CONFIGURATION);
            // a 32-bit length: three zero bytes in front of the counted string's own length byte
            stream.write(new byte[3], 0, 3);
            stream.writeBytes(name);
            stream.write(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES);
            stream.writeBytes(emptyDescription());
            return stream.toByteArray();
        }

        @Override
        public boolean needsIgnoreShared() {
            return false;
        }

        @Override
        public List<String> deviceNames() {
            return layout.deviceNames();
        }

        @Override
        public List<KvmClock.Area> kvmClockAreas() {
            return KvmClock.areas(bytes, layout);
        }

        @Override
        public Set<String> ramBlocks() {
            return layout.ramBlocks();
        }

        @Override
        public Optional<ReplayPosition> replayPosition() throws DeviceStateException {
            return ReplayPosition.in(bytes, layout);
        }

        @Override
        public List<DeviceSection> sections() {
            return DeviceSection.of(bytes, layout);
        }
    }

    /// A whole migration stream in which only shared RAM is left out.
    final class MigrationStream implements DeviceState {
        private final byte[] bytes;
        private final StreamLayout layout;

        private MigrationStream(byte[] bytes, StreamLayout layout) throws DeviceStateException {
            if (!layout.sharedRamLeftOut())
                throw new DeviceStateException("device state is a migration stream without x-ignore-shared, "
                        + "so it would overwrite the restored memory; it was not written by Freezeframe");
            // QEMU's JSON description behind the end byte is a third of the stream and nobody reads it
            this.bytes = Arrays.copyOf(bytes, layout.endByte() + 1);
            this.layout = layout;
        }

        /// The versioned machine type that wrote it.
        public String machineType() {
            return layout.machineType().orElseThrow();
        }

        @Override
        public byte[] toBytes() {
            return bytes.clone();
        }

        @Override
        public byte[] toIncomingStream(String versionedMachineType) throws DeviceStateException {
            if (!versionedMachineType.equals(machineType()))
                throw new DeviceStateException("device state is of machine type " + machineType() + " and does not load"
                        + " into " + versionedMachineType + "; start the machine as " + machineType());
            byte[] description = emptyDescription();
            byte[] stream = Arrays.copyOf(bytes, bytes.length + description.length);
            System.arraycopy(description, 0, stream, bytes.length, description.length);
            return stream;
        }

        @Override
        public boolean needsIgnoreShared() {
            return true;
        }

        @Override
        public List<String> deviceNames() {
            return layout.deviceNames();
        }

        @Override
        public List<KvmClock.Area> kvmClockAreas() {
            return KvmClock.areas(bytes, layout);
        }

        @Override
        public Set<String> ramBlocks() {
            return layout.ramBlocks();
        }

        @Override
        public Optional<ReplayPosition> replayPosition() throws DeviceStateException {
            return ReplayPosition.in(bytes, layout);
        }

        @Override
        public List<DeviceSection> sections() {
            return DeviceSection.of(bytes, layout);
        }
    }
}
