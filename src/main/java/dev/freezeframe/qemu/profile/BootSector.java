package dev.freezeframe.qemu.profile;

import dev.freezeframe.base.GuestPage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// A 16-bit guest of 512 bytes whose memory is known at every moment: fifty times a second it fills a fixed set of
/// pages with a value made of the round's number and the page's, then prints the round on the serial port. It exists
/// so that a test can tell exactly which pages must be dirty and what a restored memory must hold.
///
/// The pages lie above 1 MiB, which a real-mode program reaches after it has loaded a segment with a 4 GiB limit in
/// protected mode once ("unreal mode"). Its code, stack and round counter share the page at 0x7000; with its own timer
/// handler in place, the firmware does not run any more. So nothing outside [#pages] and [#HOUSEKEEPING_PAGE] changes
/// after the first line was printed.
public final class BootSector {
    /// How many pages a round writes.
    public static final int PAGES_PER_ROUND = 64;
    /// Where the 32-bit little-endian number of the round under way is.
    public static final long ROUND_ADDRESS = 0x7e00;
    /// The page with code, stack and round counter.
    public static final int HOUSEKEEPING_PAGE = 7;
    /// On a machine that keeps up with its timer.
    public static final int ROUNDS_PER_SECOND = 50;
    /// Guest memory that it needs.
    public static final long MIN_MEMORY_BYTES = 4 << 20;

    private static final int FIRST_PAGE = 512;
    /// Not neighbours, so that a tracker which reports too much is found out.
    private static final int PAGE_STEP = 3;
    private static final int SECTOR_BYTES = 512;
    private static final int TIMER_HZ = 1_193_182;
    private static final Pattern LINE = Pattern.compile("round (\\d{1,10})");

    private BootSector() {}

    /// The indexes of the pages that every round writes, ascending.
    public static int[] pages() {
        return IntStream.range(0, PAGES_PER_ROUND).map(i -> FIRST_PAGE + i * PAGE_STEP).toArray();
    }

    /// The 32-bit value that fills a page in a round.
    ///
    /// @param index position in [#pages]
    public static int fill(long round, int index) {
        return (int) (round * PAGES_PER_ROUND + index);
    }

    /// What a page holds after a round has written it.
    public static byte[] content(long round, int index) {
        ByteBuffer page = ByteBuffer.allocate(GuestPage.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (page.hasRemaining()) {
            page.putInt(fill(round, index));
        }
        return page.array();
    }

    /// The number of the round that a console line reports, or empty for any other line.
    public static OptionalLong round(String consoleLine) {
        Matcher matcher = LINE.matcher(consoleLine.strip());
        return matcher.matches() ? OptionalLong.of(Long.parseLong(matcher.group(1))) : OptionalLong.empty();
    }

    /// The machine code, a boot sector with its signature.
    static byte[] sector() {
        RealModeCode code = new RealModeCode(0x7c00);
        int round = (int) ROUND_ADDRESS;
        int timerDivisor = TIMER_HZ / ROUNDS_PER_SECOND;

        code.emit(0xfa); // cli
        code.emit(0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0); // xor ax,ax; mov ds,ax; mov ss,ax
        code.emit(0xbc).word(0x7c00); // mov sp,0x7c00
        code.emit(0xfc); // cld
        code.emit(0xe4, 0x92, 0x0c, 0x02, 0x24, 0xfe, 0xe6, 0x92); // A20 on by port 0x92
        // Load es with a 4 GiB limit in protected mode; the limit stays when real mode sets the base to 0.
        code.emit(0x0f, 0x01, 0x16).address("gdtr"); // lgdt [gdtr]
        code.emit(0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0); // mov eax,cr0; or al,1; mov cr0,eax
        code.emit(0xeb, 0x00); // jmp $+2
        code.emit(0xbb).word(8).emit(0x8e, 0xc3); // mov bx,8; mov es,bx
        code.emit(0x24, 0xfe, 0x0f, 0x22, 0xc0); // and al,0xfe; mov cr0,eax
        code.emit(0x31, 0xdb, 0x8e, 0xc3); // xor bx,bx; mov es,bx
        code.emit(0x66, 0x31, 0xc0, 0x66, 0xa3).word(round); // xor eax,eax; mov [round],eax
        // Interrupt 8 to us, timer to our rate, all other interrupts masked.
        code.emit(0xc7, 0x06).word(8 * 4).address("timer");
        code.emit(0xc7, 0x06).word(8 * 4 + 2).word(0);
        code.outByte(0x43, 0x34).outByte(0x40, timerDivisor & 0xff).outByte(0x40, timerDivisor >> 8);
        code.outByte(0x21, 0xfe);
        // Serial port: 115200 baud, 8 bits, no parity.
        code.emit(0xba).word(0x3fb).emit(0xb0, 0x80, 0xee); // mov dx,0x3fb; mov al,0x80; out dx,al
        code.emit(0xba).word(0x3f8).emit(0xb0, 0x01, 0xee, 0x42, 0xb0, 0x00, 0xee); // divisor 1
        code.emit(0xba).word(0x3fb).emit(0xb0, 0x03, 0xee);
        code.emit(0xfb); // sti

        code.label("round");
        code.emit(0x66, 0xff, 0x06).word(round); // inc dword [round]
        code.emit(0x66, 0xa1).word(round); // mov eax,[round]
        code.emit(0x66, 0xc1, 0xe0, Integer.numberOfTrailingZeros(PAGES_PER_ROUND)); // shl eax,6
        code.emit(0x66, 0xbf).dword(FIRST_PAGE * GuestPage.BYTES); // mov edi,first page
        code.emit(0xba).word(PAGES_PER_ROUND); // mov dx,64
        code.label("page");
        code.emit(0x66, 0xb9).dword(GuestPage.BYTES / 4); // mov ecx,1024
        code.emit(0xf3, 0x67, 0x66, 0xab); // rep stosd [es:edi]
        code.emit(0x66, 0x40); // inc eax
        code.emit(0x66, 0x81, 0xc7).dword((PAGE_STEP - 1) * GuestPage.BYTES); // add edi, the pages between
        code.emit(0x4a).jump(0x75, "page"); // dec dx; jnz page

        code.emit(0xbe).address("text"); // mov si,text
        code.label("letter");
        code.emit(0xac, 0x84, 0xc0).jump(0x74, "number"); // lodsb; test al,al; jz number
        code.call("print").jump(0xeb, "letter");
        code.label("number");
        code.emit(0x66, 0xa1).word(round); // mov eax,[round]
        code.emit(0x66, 0xbb).dword(10).emit(0x31, 0xc9); // mov ebx,10; xor cx,cx
        code.label("digit");
        code.emit(0x66, 0x31, 0xd2, 0x66, 0xf7, 0xf3); // xor edx,edx; div ebx
        code.emit(0x52, 0x41, 0x66, 0x85, 0xc0); // push dx; inc cx; test eax,eax
        code.jump(0x75, "digit");
        code.label("write");
        code.emit(0x58, 0x04, '0').call("print").jump(0xe2, "write"); // pop ax; add al,'0'; loop
        code.emit(0xb0, '\r').call("print").emit(0xb0, '\n').call("print");
        code.emit(0xf4).jumpNear("round"); // hlt until the timer; jmp round

        code.label("print"); // al to the serial port
        code.emit(0x52, 0x50).emit(0xba).word(0x3fd); // push dx; push ax; mov dx,line status
        code.label("busy");
        code.emit(0xec, 0xa8, 0x20).jump(0x74, "busy"); // in al,dx; test al,0x20; jz busy
        code.emit(0x58).emit(0xba).word(0x3f8).emit(0xee, 0x5a, 0xc3); // pop ax; mov dx,data; out; pop dx; ret

        code.label("timer"); // end of interrupt, nothing else
        code.emit(0x50, 0xb0, 0x20, 0xe6, 0x20, 0x58, 0xcf);

        code.label("text");
        code.emit('r', 'o', 'u', 'n', 'd', ' ', 0);
        code.label("gdtr");
        code.word(2 * 8 - 1).address("gdt").word(0);
        code.label("gdt");
        code.dword(0).dword(0);
        code.emit(0xff, 0xff, 0, 0, 0, 0x92, 0xcf, 0); // base 0, limit 4 GiB, writable data

        byte[] sector = code.bytes(SECTOR_BYTES);
        sector[SECTOR_BYTES - 2] = 0x55;
        sector[SECTOR_BYTES - 1] = (byte) 0xaa;
        return sector;
    }
}
