package dev.freezeframe.qemu.profile;

import dev.freezeframe.linux.SharedMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Whether the disks of the guest [DiskRecords] are of the same moment as its memory: what holds at every instant, checked for
/// every block of every disk. It tells the first thing that is wrong.
public final class DiskRecordsCheck {
    private static final int SECTORS = DiskRecords.BLOCK_BYTES / DiskRecords.SECTOR_BYTES;

    private final DiskRecords guest;
    private final long announced;
    private final long completed;

    /// A disk's content.
    public interface Content {
        long sizeBytes() throws IOException;

        /// Fills the target from its position 0 to its limit.
        void read(long offset, ByteBuffer target) throws IOException;
    }

    /// A raw image.
    public record RawImage(Path file) implements Content {
        @Override
        public long sizeBytes() throws IOException {
            return java.nio.file.Files.size(file);
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                int done = 0;
                while (done < target.limit()) {
                    int count = channel.read(target.slice(done, target.limit() - done), offset + done);
                    if (count < 0) {
                        throw new IOException(file + " ends too early");
                    }
                    done += count;
                }
            }
        }
    }

    private DiskRecordsCheck(DiskRecords guest, long announced, long completed) {
        this.guest = guest;
        this.announced = announced;
        this.completed = completed;
    }

    /// A check against this memory.
    public static DiskRecordsCheck of(BootProgram program, SharedMemory memory) {
        ByteBuffer numbers = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        memory.read(DiskRecords.ANNOUNCED_ADDRESS, 8, numbers, 0);
        return of(program, numbers.getInt(0), numbers.getInt(4));
    }

    /// A check against these two numbers.
    public static DiskRecordsCheck of(BootProgram program, long announced, long completed) {
        return new DiskRecordsCheck(DiskRecords.of(program), announced, completed);
    }

    /// The round that was announced last.
    public long announced() {
        return announced;
    }

    /// The last whole round.
    public long completed() {
        return completed;
    }

    /// What is wrong, or nothing.
    ///
    /// @param before what every block held before the first round
    public Optional<String> problem(List<? extends Content> disks, byte[] before) throws IOException {
        if (announced != completed && announced != completed + 1) {
            return Optional.of("round " + announced + " is announced and " + completed + " completed");
        }
        List<Map<Integer, List<Write>>> underWay = underWay(disks);
        // how many sectors of the round under way are on the disks, as far as the blocks looked at until now tell
        int least = 0;
        int most = Integer.MAX_VALUE;
        for (int disk = 0; disk < disks.size(); disk++) {
            long[] last = completedWrites(disks.get(disk).sizeBytes());
            for (int block = 0; block < last.length; block++) {
                byte[] found = read(disks.get(disk), block);
                byte[] old = last[block] == 0 ? before : guest.content(last[block], disk, block);
                List<Write> writes = underWay.get(disk).getOrDefault(block, List.of());
                for (int sector = 0; sector < SECTORS; sector++) {
                    Optional<int[]> bounds = bounds(found, sector, old, writes, disk, block);
                    if (bounds.isEmpty()) {
                        return Optional.of(wrong(disk, block, sector, last[block], found));
                    }
                    least = Math.max(least, bounds.get()[0]);
                    most = Math.min(most, bounds.get()[1]);
                    if (least > most) {
                        return Optional.of("disk " + disk + ", block " + block + ", sector " + sector
                                + ": the writes of round " + announced + " are not there in their order");
                    }
                }
            }
        }
        return Optional.empty();
    }

    /// A write of the round under way.
    ///
    /// @param sectorsBefore how many sectors the round has written before it
    private record Write(long write, int sectorsBefore) {}

    private List<Map<Integer, List<Write>>> underWay(List<? extends Content> disks) throws IOException {
        List<Map<Integer, List<Write>>> writes = new ArrayList<>();
        disks.forEach(_ -> writes.add(new HashMap<>()));
        if (announced == completed) {
            return writes;
        }
        int sectors = 0;
        for (int i = 0; i <= guest.blocksPerRound(); i++) {
            boolean head = i == guest.blocksPerRound();
            long write = guest.lastWrite(completed) + (head ? i : i + 1);
            for (int disk = 0; disk < disks.size(); disk++) {
                int block = head ? DiskRecords.HEAD_BLOCK : DiskRecords.block(write, disks.get(disk).sizeBytes());
                writes.get(disk).computeIfAbsent(block, _ -> new ArrayList<>()).add(new Write(write, sectors));
                sectors += SECTORS;
            }
        }
        return writes;
    }

    /// The last write to every block up to the last whole round.
    private long[] completedWrites(long diskBytes) {
        long[] last = new long[Math.toIntExact(diskBytes / DiskRecords.BLOCK_BYTES)];
        for (long write = 1; write <= guest.lastWrite(completed); write++) {
            last[DiskRecords.block(write, diskBytes)] = write;
        }
        last[DiskRecords.HEAD_BLOCK] = guest.lastWrite(completed);
        return last;
    }

    /// Between which numbers of sectors the round under way has written when a sector holds this; empty where it never does.
    private Optional<int[]> bounds(byte[] found, int sector, byte[] old, List<Write> writes, int disk, int block) {
        int least = 0;
        byte[] content = old;
        for (Write next : writes) {
            int reached = next.sectorsBefore + sector;
            if (isSector(found, sector, content)) {
                return Optional.of(new int[]{least, reached});
            }
            least = reached + 1;
            content = guest.content(next.write, disk, block);
        }
        return isSector(found, sector, content)
                ? Optional.of(new int[]{least, Integer.MAX_VALUE})
                : Optional.empty();
    }

    private String wrong(int disk, int block, int sector, long last, byte[] found) {
        ByteBuffer numbers = ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN);
        return "disk " + disk + ", block " + block + ", sector " + sector + " should be of write " + last
                + " or of round " + announced + " if that is under way; the block is of round " + numbers.getInt(4)
                + ", the sector of write " + numbers.getInt((sector + 1) * DiskRecords.SECTOR_BYTES - 4)
                + ", and memory has completed round " + completed;
    }

    private static boolean isSector(byte[] found, int sector, byte[] expected) {
        int from = sector * DiskRecords.SECTOR_BYTES;
        int to = from + DiskRecords.SECTOR_BYTES;
        return Arrays.equals(found, from, to, expected, from, to);
    }

    private static byte[] read(Content disk, int block) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(DiskRecords.BLOCK_BYTES);
        disk.read((long) block * DiskRecords.BLOCK_BYTES, content);
        return content.array();
    }
}
