package dev.freezeframe.qemu.stream;

import static dev.freezeframe.qemu.stream.StreamFormat.*;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Where the parts of one QEMU stream lie. Made only from bytes that form a whole stream, from the magic number to the end
/// byte; anything cut, padded or of another kind is refused.
///
/// The idea: the stream does not say how long a device's section is, only QEMU's own code knows. But each section ends in a
/// footer that repeats its number, and behind a footer stands another section's header or the end. So the sections are found
/// by looking for that pattern; where a guest's own bytes inside a section happen to look like it, the search goes back and
/// takes the next match, because the last section must end exactly at the end byte.
///
/// @param machineType         versioned machine type, when the stream has a configuration section
/// @param sectionsStart       first byte behind magic, version and configuration section
/// @param endByte             position of QEMU_VM_EOF; a JSON description may follow it and is of no use to a restore
/// @param devices             all sections in stream order, without RAM
/// @param ramBlocks           names of the RAM blocks that have contents in the stream
/// @param sharedRamLeftOut    whether it was written with capability x-ignore-shared, which its reader then needs as well
record StreamLayout(Optional<String> machineType, int sectionsStart, int endByte, List<Device> devices,
        Set<String> ramBlocks, boolean sharedRamLeftOut) {

    /// Bytes that the search for sections may look at, per stream; a real stream needs a few MiB, as RAM is not searched.
    private static final long SEARCH_BUDGET_BYTES = 1L << 28;

    /// A device's section.
    ///
    /// @param instance     which of its kind
    /// @param version      of its content
    /// @param contentStart first byte behind its header
    /// @param contentEnd   its footer
    record Device(String name, int instance, int version, int contentStart, int contentEnd) {}

    List<String> deviceNames() {
        return devices.stream().map(Device::name).toList();
    }

    static StreamLayout of(byte[] stream) throws DeviceStateException {
        if (stream.length > MAX_STREAM_BYTES)
            throw new DeviceStateException("device state of " + stream.length + " bytes is larger than the limit of "
                    + MAX_STREAM_BYTES + "; it was not written by Freezeframe");
        StreamCursor cursor = new StreamCursor(stream, 0);
        if (cursor.be32("magic number") != QEMU_VM_FILE_MAGIC)
            throw new DeviceStateException("device state does not begin with QEMU's magic number QEVM; "
                    + "it is damaged or of another program");
        int version = cursor.be32("version");
        if (version != QEMU_VM_FILE_VERSION)
            throw new DeviceStateException(
                    "device state has stream version " + Integer.toUnsignedString(version) + ", only "
                            + QEMU_VM_FILE_VERSION + " can be loaded; use the Freezeframe that wrote it");
        Optional<String> machineType = Optional.empty();
        boolean ignoreShared = false;
        if (cursor.remaining() > 0 && stream[cursor.position()] == QEMU_VM_CONFIGURATION) {
            cursor.u8("configuration section");
            machineType = Optional.of(cursor.text(cursor.length32("machine type"), "machine type"));
            ignoreShared = skipConfigurationSubsections(stream, cursor);
        }
        int sectionsStart = cursor.position();
        Search search = new Search(stream, ignoreShared);
        int endByte = search.run(sectionsStart);
        return new StreamLayout(machineType, sectionsStart, endByte, search.devices(),
                Set.copyOf(search.ramBlocks()), ignoreShared);
    }

    /// `vmstate_configuration` in `migration/savevm.c`: the three subsections that there are.
    private static boolean skipConfigurationSubsections(byte[] stream, StreamCursor cursor)
            throws DeviceStateException {
        boolean ignoreShared = false;
        while (cursor.remaining() > 0 && stream[cursor.position()] == QEMU_VM_SUBSECTION) {
            cursor.u8("subsection");
            String name = cursor.name("configuration subsection");
            cursor.be32("subsection version");
            switch (name) {
                case "configuration/target-page-bits" -> cursor.skip(4, name);
                case "configuration/uuid" -> cursor.skip(16, name);
                case "configuration/capabilities" -> {
                    long count = cursor.be32(name) & 0xffff_ffffL;
                    for (long i = 0; i < count; i++)
                        ignoreShared |= cursor.name("capability").equals("x-ignore-shared");
                }
                default -> throw new DeviceStateException("device state has the unknown configuration '" + name
                        + "'; it is damaged, or its QEMU is newer than this Freezeframe");
            }
        }
        return ignoreShared;
    }

    /// One section's header: where it stands, and where its contents begin.
    private record Header(int position, int type, int id, String name, int instance, int version, int contentStart) {
        boolean isRam() {
            return name.equals(RAM_SECTION);
        }
    }

    /// Depth-first over the possible section ends.
    private static final class Search {
        private final byte[] stream;
        private final boolean addressesListed;
        private final List<Header> path = new ArrayList<>();
        private final List<Integer> resumeAt = new ArrayList<>();
        /// The RAM block that QEMU named last up to the end of each section of the path: the next one may go on in it.
        private final List<String> ramBlockAt = new ArrayList<>();
        private final Set<Integer> deadEnds = new HashSet<>();
        private final Map<Integer, String> startedNames = new HashMap<>();
        private final Set<String> ramBlocks = new LinkedHashSet<>();
        private DeviceStateException ramDamage;
        private long budget = SEARCH_BUDGET_BYTES;

        Search(byte[] stream, boolean addressesListed) {
            this.stream = stream;
            this.addressesListed = addressesListed;
        }

        int run(int start) throws DeviceStateException {
            Header first = header(start);
            if (first == null)
                throw new DeviceStateException("no device section at byte " + start
                        + " of the device state; it is cut short or damaged");
            push(first);
            String deepest = first.name();
            int deepestAt = start;
            while (!path.isEmpty()) {
                Header current = path.getLast();
                int footer = footerOf(current, resumeAt.getLast());
                if (footer < 0) {
                    deadEnds.add(current.position());
                    path.removeLast();
                    resumeAt.removeLast();
                    ramBlockAt.removeLast();
                    continue;
                }
                resumeAt.set(resumeAt.size() - 1, footer + 1);
                int next = behindCommands(footer + FOOTER_BYTES);
                if (isEnd(next))
                    return next;
                Header following = deadEnds.contains(next) ? null : header(next);
                if (following != null) {
                    push(following);
                    if (next > deepestAt) {
                        deepestAt = next;
                        deepest = following.name();
                    }
                }
            }
            if (ramDamage != null)
                throw ramDamage;
            throw new DeviceStateException("device state of " + stream.length + " bytes has no proper end; it is cut"
                    + " short or damaged in or behind device '" + deepest + "' at byte " + deepestAt);
        }

        List<Device> devices() {
            List<Device> devices = new ArrayList<>();
            for (int i = 0; i < path.size(); i++) {
                Header header = path.get(i);
                if (!header.isRam()) {
                    // the search for the next end of a section begins behind its footer's first byte
                    devices.add(new Device(header.name(), header.instance(), header.version(), header.contentStart(),
                            resumeAt.get(i) - 1));
                }
            }
            return List.copyOf(devices);
        }

        Set<String> ramBlocks() {
            return ramBlocks;
        }

        private void push(Header header) {
            path.add(header);
            resumeAt.add(header.contentStart());
            ramBlockAt.add(ramBlockAt.isEmpty() ? "" : ramBlockAt.getLast());
            if (header.type() == QEMU_VM_SECTION_START)
                startedNames.put(header.id(), header.name());
        }

        /// The first byte that is no command. Between RAM and the devices QEMU 10.0 and later tell that the source has
        /// stopped; it has no contents, and whoever knows the machine type of the stream knows it. Of the other commands
        /// none is written without a capability that we do not set.
        private int behindCommands(int position) {
            int next = position;
            while (next + COMMAND_BYTES <= stream.length && stream[next] == QEMU_VM_COMMAND
                    && be32(next + 1) == MIG_CMD_SWITCHOVER_START << 16) {
                next += COMMAND_BYTES;
            }
            return next;
        }

        /// The header at this byte, or null where none can be.
        private Header header(int position) {
            StreamCursor cursor = new StreamCursor(stream, position);
            try {
                int type = cursor.u8("section type");
                int id = cursor.be32("section number");
                return switch (type) {
                    case QEMU_VM_SECTION_START, QEMU_VM_SECTION_FULL -> {
                        String name = cursor.name("section name");
                        int instance = cursor.be32("instance");
                        int version = cursor.be32("version");
                        yield new Header(position, type, id, name, instance, version, cursor.position());
                    }
                    case QEMU_VM_SECTION_PART, QEMU_VM_SECTION_END -> {
                        String name = startedNames.get(id);
                        yield name == null ? null : new Header(position, type, id, name, 0, 0, cursor.position());
                    }
                    default -> null;
                };
            } catch (DeviceStateException notAHeader) {
                return null;
            }
        }

        private int footerOf(Header section, int from) throws DeviceStateException {
            if (!section.isRam())
                return findFooter(section, from);
            if (from != section.contentStart())
                return -1;
            try {
                return ramFooter(section);
            } catch (DeviceStateException damage) {
                // not final: it may be a guest's own bytes that look like a section
                ramDamage = ramDamage == null ? damage : ramDamage;
                return -1;
            }
        }

        private int findFooter(Header section, int from) throws DeviceStateException {
            int last = stream.length - FOOTER_BYTES;
            for (int i = from; i <= last; i++) {
                if (--budget < 0)
                    throw new DeviceStateException("device state cannot be taken apart: too many bytes in it look like"
                            + " section ends; it is damaged");
                if (stream[i] == QEMU_VM_SECTION_FOOTER && be32(i + 1) == section.id())
                    return i;
            }
            return -1;
        }

        /// The end of a RAM section, whose format says how long everything in it is.
        private int ramFooter(Header section) throws DeviceStateException {
            StreamCursor cursor = new StreamCursor(stream, section.contentStart());
            String block = ramBlockAt.getLast();
            while (true) {
                long word = cursor.be64("RAM record");
                long offset = word & -TARGET_PAGE_SIZE;
                int flags = (int) (word & (TARGET_PAGE_SIZE - 1));
                if (flags == RAM_SAVE_FLAG_EOS)
                    break;
                if (flags == RAM_SAVE_FLAG_MEM_SIZE) {
                    skipBlockList(cursor, offset);
                    continue;
                }
                if ((flags & RAM_SAVE_FLAG_CONTINUE) == 0)
                    block = cursor.name("RAM block name");
                if (block.isEmpty())
                    throw new DeviceStateException("RAM page without a block at byte " + (cursor.position() - 8)
                            + " of the device state; it is damaged");
                switch (flags & ~RAM_SAVE_FLAG_CONTINUE) {
                    case RAM_SAVE_FLAG_ZERO -> cursor.skip(1, "zero page");
                    case RAM_SAVE_FLAG_PAGE -> cursor.skip(TARGET_PAGE_SIZE, "page of " + block);
                    default -> throw new DeviceStateException("RAM record with unknown flags 0x"
                            + Integer.toHexString(flags) + " before byte " + cursor.position()
                            + " of the device state; it is damaged, or written with a capability that is not supported");
                }
                ramBlocks.add(block);
            }
            int footer = cursor.position();
            if (cursor.u8("section footer") != QEMU_VM_SECTION_FOOTER || cursor.be32("footer") != section.id())
                throw new DeviceStateException(
                        "RAM section without its footer at byte " + footer + " of the device state; it is damaged");
            ramBlockAt.set(ramBlockAt.size() - 1, block);
            return footer;
        }

        private void skipBlockList(StreamCursor cursor, long totalBytes) throws DeviceStateException {
            long left = totalBytes;
            while (left > 0) {
                String name = cursor.name("RAM block name");
                long length = cursor.be64("length of RAM block " + name);
                if (length <= 0 || length > left)
                    throw new DeviceStateException("RAM block '" + name + "' claims " + Long.toUnsignedString(length)
                            + " of " + left + " bytes; the device state is damaged");
                if (addressesListed)
                    cursor.be64("address of RAM block " + name);
                left -= length;
            }
        }

        /// The end byte as the very last one, or with nothing but a JSON description behind it.
        private boolean isEnd(int position) {
            if (position >= stream.length || stream[position] != QEMU_VM_EOF)
                return false;
            int rest = stream.length - position - 1;
            return rest == 0 || (rest >= 5 && stream[position + 1] == QEMU_VM_VMDESCRIPTION
                    && be32(position + 2) == rest - 5);
        }

        private int be32(int at) {
            return (stream[at] & 0xff) << 24 | (stream[at + 1] & 0xff) << 16 | (stream[at + 2] & 0xff) << 8
                    | (stream[at + 3] & 0xff);
        }
    }
}
