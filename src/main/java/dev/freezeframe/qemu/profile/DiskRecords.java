package dev.freezeframe.qemu.profile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A 16-bit guest of 512 bytes that writes the same numbers to its memory and to every disk, one after the other, so that a
/// checkpoint whose disk is not of the same moment as its memory is found out. It uses the firmware for the disks (int 13h),
/// so that all kinds of them are alike.
///
/// *What it does.* In rounds n = 1, 2, …: it stores n at [#ANNOUNCED_ADDRESS]; then it writes [#blocksPerRound] blocks of
/// [#BLOCK_BYTES], numbered w = 1, 2, … over all rounds, each to [#block] of every disk; then block [#HEAD_BLOCK] of every
/// disk; and at last it stores n at [#COMPLETED_ADDRESS]. A block's content ([#content]) is made in the memory page [#page]
/// and written from there, so that page and block are equal. Each write is over before the next one begins.
///
/// *What holds at every instant*, with a and c for what is announced and completed in memory:
/// - c ≤ a ≤ c + 1.
/// - Every block of every disk holds what the last write to it in rounds 1 to c wrote, or is as it was before the first
///   round; except that
/// - of round a, if that is c + 1, the first so many writes, in their order over blocks and disks, are on the disks, and
///   the write after these may be there in part: the first so many of its sectors (firmware writes an IDE disk sector by
///   sector).
///
/// Blocks other than 0, which stays as it was, are written. A disk needs at least three blocks; disks are numbered as in the
/// profile, and all of them must be writable.
public final class DiskRecords {
    /// Bytes of a block; a page of memory has as many.
    public static final int BLOCK_BYTES = 4096;
    /// Bytes that a disk writes at once.
    public static final int SECTOR_BYTES = 512;
    /// The block that every round writes last.
    public static final int HEAD_BLOCK = 1;
    /// Where the 32-bit little-endian number of the round under way is.
    public static final long ANNOUNCED_ADDRESS = 0x7e00;
    /// Where the 32-bit little-endian number of the last whole round is.
    public static final long COMPLETED_ADDRESS = 0x7e04;
    /// What every block begins with, little-endian.
    public static final int MAGIC = 0x4b53_4446; // FDSK

    private static final int FIRST_BLOCK = 2;
    private static final int FIRST_PAGE = 32;
    private static final int PAGES = 64;
    private static final int FIRST_MULTIPLIER = 0x9e37_79b1;
    private static final int SECOND_MULTIPLIER = 0x85eb_ca77;
    private static final int FIRST_SHIFT = 15;
    private static final int SECOND_SHIFT = 13;

    private static final int WRITE = 0x7e08; // w, 32 bits
    private static final int HASH = 0x7e0c;
    private static final int DRIVES = 0x7e10;
    private static final int BLOCKS = 0x7e20; // of each drive, 32 bits
    private static final int PACKET = 0x7e80; // disk address packet of int 13h, function 43h
    private static final int PARAMETERS = 0x7ea0; // answer of int 13h, function 48h
    private static final int DISK_COUNT = 0x475; // in the BIOS data area

    private final int blocksPerRound;
    private final int roundsPerLine;

    private DiskRecords(int blocksPerRound, int roundsPerLine) {
        this.blocksPerRound = blocksPerRound;
        this.roundsPerLine = roundsPerLine;
    }

    /// The guest of this name.
    ///
    /// @throws IllegalArgumentException for one that writes no disks
    public static DiskRecords of(BootProgram program) {
        return switch (program) {
            case DISK_RECORDS -> new DiskRecords(1, 32);
            case DISK_WRITES -> new DiskRecords(16, 1);
            case ROUNDS -> throw new IllegalArgumentException(program + " writes no disks");
        };
    }

    /// How many blocks a round writes on every disk, the head block not counted.
    public int blocksPerRound() {
        return blocksPerRound;
    }

    /// How many rounds there are between two lines `round N` on the console; see [BootSector#round].
    public int roundsPerLine() {
        return roundsPerLine;
    }

    /// The round that a write belongs to.
    public long round(long write) {
        return (write - 1) / blocksPerRound + 1;
    }

    /// The number of the last write of a round, which its head block has too; 0 for round 0.
    public long lastWrite(long round) {
        return round * blocksPerRound;
    }

    /// The block that a write goes to, spread over the whole disk as if at random.
    ///
    /// @param diskBytes size of the disk
    public static int block(long write, long diskBytes) {
        int hash = (int) write * FIRST_MULTIPLIER;
        hash ^= hash >>> FIRST_SHIFT;
        hash *= SECOND_MULTIPLIER;
        hash ^= hash >>> SECOND_SHIFT;
        long blocks = diskBytes / BLOCK_BYTES - FIRST_BLOCK;
        return (int) ((Integer.toUnsignedLong(hash) * blocks) >>> 32) + FIRST_BLOCK;
    }

    /// The index of the page in which a write's content is made; with several disks it holds that of the last one.
    public static int page(long write) {
        return FIRST_PAGE + (int) (write % PAGES);
    }

    /// What a block holds after a write to it.
    ///
    /// @param disk position of the disk in the profile
    /// @param block where it was written: that of [#block] or the head block
    public byte[] content(long write, int disk, int block) {
        ByteBuffer content = ByteBuffer.allocate(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        content.putInt(MAGIC).putInt((int) round(write)).putInt(disk).putInt(block);
        while (content.hasRemaining()) {
            content.putInt((int) write);
        }
        return content.array();
    }

    /// The machine code, a boot sector with its signature.
    byte[] sector() {
        RealModeCode code = new RealModeCode(0x7c00);
        int announced = (int) ANNOUNCED_ADDRESS;
        int completed = (int) COMPLETED_ADDRESS;

        code.emit(0xfa); // cli
        code.emit(0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0); // xor ax,ax; mov ds,ax; mov es,ax; mov ss,ax
        code.emit(0xbc).word(0x7c00).emit(0xfb, 0xfc); // mov sp,0x7c00; sti; cld
        code.emit(0xbf).word(announced).emit(0xb9).word(128).emit(0xf3, 0xab); // mov di,…; mov cx,128; rep stosw
        // Serial port: 115200 baud, 8 bits, no parity.
        code.outByteTo(0x3fb, 0x80).outByteTo(0x3f8, 1).outByteTo(0x3f9, 0).outByteTo(0x3fb, 3);
        code.emit(0xa0).word(DISK_COUNT).emit(0xa2).word(DRIVES); // mov al,[count]; mov [drives],al

        code.emit(0x31, 0xed); // xor bp,bp
        code.label("measure");
        code.emit(0x3b, 0x2e).word(DRIVES).jump(0x73, "round"); // cmp bp,[drives]; jae round
        code.emit(0xbe).word(PARAMETERS).emit(0xc7, 0x04).word(0x1a); // mov si,…; mov word [si],26
        code.emit(0xb4, 0x48).call("bios"); // mov ah,0x48
        code.emit(0x66, 0xa1).word(PARAMETERS + 0x10); // mov eax,[sectors]
        code.emit(0x66, 0xc1, 0xe8, 3, 0x66, 0x83, 0xe8, FIRST_BLOCK); // shr eax,3; sub eax,2
        code.emit(0x89, 0xeb, 0xc1, 0xe3, 2); // mov bx,bp; shl bx,2
        code.emit(0x66, 0x89, 0x87).word(BLOCKS); // mov [bx+blocks],eax
        code.emit(0x45).jump(0xeb, "measure"); // inc bp

        code.label("round");
        code.emit(0x66, 0xff, 0x06).word(announced); // inc dword [announced]
        code.emit(0xb9).word(blocksPerRound); // mov cx,…
        code.label("block");
        code.emit(0x51); // push cx
        code.emit(0x66, 0xff, 0x06).word(WRITE); // inc dword [write]
        code.emit(0x66, 0xa1).word(WRITE); // mov eax,[write]
        code.emit(0x66, 0x69, 0xc0).dword(FIRST_MULTIPLIER); // imul eax,eax,…
        code.emit(0x66, 0x89, 0xc2, 0x66, 0xc1, 0xea, FIRST_SHIFT); // mov edx,eax; shr edx,15
        code.emit(0x66, 0x31, 0xd0); // xor eax,edx
        code.emit(0x66, 0x69, 0xc0).dword(SECOND_MULTIPLIER);
        code.emit(0x66, 0x89, 0xc2, 0x66, 0xc1, 0xea, SECOND_SHIFT);
        code.emit(0x66, 0x31, 0xd0);
        code.emit(0x66, 0xa3).word(HASH); // mov [hash],eax
        code.emit(0x31, 0xed); // xor bp,bp
        code.label("drive");
        code.emit(0x3b, 0x2e).word(DRIVES).jump(0x73, "written"); // cmp bp,[drives]; jae written
        code.emit(0x89, 0xeb, 0xc1, 0xe3, 2); // mov bx,bp; shl bx,2
        code.emit(0x66, 0xa1).word(HASH); // mov eax,[hash]
        code.emit(0x66, 0xf7, 0xa7).word(BLOCKS); // mul dword [bx+blocks]
        code.emit(0x66, 0x83, 0xc2, FIRST_BLOCK); // add edx,2
        code.call("write").emit(0x45).jump(0xeb, "drive"); // inc bp
        code.label("written");
        code.emit(0x59).jump(0xe2, "block"); // pop cx; loop block

        code.emit(0x31, 0xed); // xor bp,bp
        code.label("head");
        code.emit(0x3b, 0x2e).word(DRIVES).jump(0x73, "whole");
        code.emit(0x66, 0xba).dword(HEAD_BLOCK); // mov edx,1
        code.call("write").emit(0x45).jump(0xeb, "head");
        code.label("whole");
        code.emit(0x66, 0xa1).word(announced).emit(0x66, 0xa3).word(completed); // mov eax,[…]; mov [completed],eax
        code.emit(0xa9).word(roundsPerLine - 1).jump(0x75, "round"); // test ax,…; jnz round
        code.emit(0xbe).address("text").call("prints"); // mov si,text
        code.emit(0x66, 0xa1).word(completed); // mov eax,[completed]
        code.emit(0x66, 0xbb).dword(10).emit(0x31, 0xc9); // mov ebx,10; xor cx,cx
        code.label("digit");
        code.emit(0x66, 0x31, 0xd2, 0x66, 0xf7, 0xf3); // xor edx,edx; div ebx
        code.emit(0x52, 0x41, 0x66, 0x85, 0xc0).jump(0x75, "digit"); // push dx; inc cx; test eax,eax; jnz
        code.label("letter");
        code.emit(0x58, 0x04, '0').call("print").jump(0xe2, "letter"); // pop ax; add al,'0'; loop
        code.emit(0xb0, '\r').call("print").emit(0xb0, '\n').call("print");
        code.emit(0xf4).jumpNear("round"); // hlt until the firmware's timer; jmp round

        code.label("write"); // block edx of drive bp
        code.emit(0x66, 0xa1).word(WRITE); // mov eax,[write]
        code.emit(0x88, 0xc7, 0x80, 0xe7, PAGES - 1); // mov bh,al; and bh,63
        code.emit(0x80, 0xc7, FIRST_PAGE, 0x30, 0xdb); // add bh,32; xor bl,bl
        code.emit(0x8e, 0xc3, 0x31, 0xff); // mov es,bx; xor di,di
        code.emit(0xb9).word(BLOCK_BYTES / 4).emit(0xf3, 0x66, 0xab, 0x31, 0xff); // mov cx,…; rep stosd; xor di,di
        code.emit(0x66, 0xb8).dword(MAGIC).emit(0x66, 0xab); // mov eax,…; stosd
        code.emit(0x66, 0xa1).word(announced).emit(0x66, 0xab);
        code.emit(0x66, 0x0f, 0xb7, 0xc5, 0x66, 0xab); // movzx eax,bp; stosd
        code.emit(0x66, 0x89, 0xd0, 0x66, 0xab); // mov eax,edx; stosd
        code.emit(0xbe).word(PACKET); // mov si,packet
        code.emit(0x66, 0xc7, 0x04).dword((BLOCK_BYTES / SECTOR_BYTES) << 16 | 0x10); // mov dword [si], sectors and size
        code.emit(0x89, 0x5c, 6); // mov [si+6],bx
        code.emit(0x66, 0xc1, 0xe2, 3, 0x66, 0x89, 0x54, 8); // shl edx,3; mov [si+8],edx
        code.emit(0xb8).word(0x4300); // mov ax,0x4300
        code.label("bios");
        code.emit(0x89, 0xea, 0x80, 0xca, 0x80, 0xcd, 0x13); // mov dx,bp; or dl,0x80; int 0x13
        code.jump(0x72, "failed").emit(0xc3); // jc failed; ret

        code.label("failed");
        code.emit(0xbe).address("failure").call("prints").emit(0xfa, 0xf4); // mov si,failure; cli; hlt

        code.label("prints"); // the text at si
        code.emit(0xac, 0x84, 0xc0).jump(0x74, "end").call("print").jump(0xeb, "prints"); // lodsb; test al,al; jz end
        code.label("end");
        code.emit(0xc3);

        code.label("print"); // al to the serial port
        code.emit(0x52, 0x50).emit(0xba).word(0x3fd); // push dx; push ax; mov dx,line status
        code.label("busy");
        code.emit(0xec, 0xa8, 0x20).jump(0x74, "busy"); // in al,dx; test al,0x20; jz busy
        code.emit(0x58).emit(0xba).word(0x3f8).emit(0xee, 0x5a, 0xc3); // pop ax; mov dx,data; out; pop dx; ret

        code.label("text");
        code.emit('r', 'o', 'u', 'n', 'd', ' ', 0);
        code.label("failure");
        code.emit('d', 'i', 's', 'k', ' ', 'e', 'r', 'r', 'o', 'r', '\r', '\n', 0);

        byte[] sector = code.bytes(SECTOR_BYTES);
        sector[SECTOR_BYTES - 2] = 0x55;
        sector[SECTOR_BYTES - 1] = (byte) 0xaa;
        return sector;
    }
}
