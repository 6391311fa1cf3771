package dev.freezeframe.linux;

import dev.freezeframe.TestedQemu;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// A real QEMU that runs a boot sector of a few dozen bytes, which writes to known pages of its RAM for ever. Driven
/// through QEMU's monitor on its standard input; gone with this process.
final class BootSectorGuest implements AutoCloseable {

    /// Counts the guest's rounds, little-endian 32 bits.
    static final long COUNTER_ADDRESS = 0x8000;

    /// 32-bit protected mode: writes a pseudo-random word at base + (word & mask), counts, waits, again. Source:
    /// ```
    /// cli; xor ax,ax; mov ds,ax; lgdt [gdtr]; mov eax,cr0; or al,1; mov cr0,eax; ljmp 8:pm
    /// pm: mov ax,16; mov ds,ax; mov esi,0x12345678
    /// loop: (esi ^= esi << 13; esi ^= esi >> 17; esi ^= esi << 5, by way of eax)
    /// mov ebx,esi; and ebx,[0x7de4]; add ebx,[0x7de0]; mov [ebx],esi; inc dword [0x8000]
    /// mov ecx,[0x7de8]; 1: dec ecx; jnz 1b; jmp loop
    /// gdt: null, flat code, flat data; gdtr
    /// ```
    private static final String RANDOM_WRITER = "fa31c08ed80f0116707c0f20c00c010f22c0ea177c080066b810008ed8be7856341289f0"
            + "c1e00d31c689f0c1e81131c689f0c1e00531c689f3231de47d0000031de07d00008933ff05008000008b0de87d00004975fdebca"
            + "0000000000000000ffff0000009acf00ffff00000092cf001700587c0000";

    /// 16-bit real mode, as a BIOS of its own: counts in 64 successive pages from 0x20000, and at 0x8000. Runs under a
    /// KVM that emulates, too, where SeaBIOS takes for ever. Source:
    /// ```
    /// cli; xor si,si
    /// outer: inc si; mov bx,0x2000; mov dx,64
    /// loop: mov ds,bx; mov [0x10],si; add bx,0x100; dec dx; jnz loop
    /// xor ax,ax; mov ds,ax; inc dword [0x8000]; mov ecx,cs:[0x1e8]; 1: dec ecx; jnz 1b; jmp outer
    /// ```
    private static final String SIXTY_FOUR_PAGES_WRITER = "fa31f646bb0020ba40008edb8936100081c300014a75f331c08ed866ff060080"
            + "2e668b0ee801664975fcebd7";
    private static final int BIOS_BYTES = 65536;
    private static final int RESET_VECTOR = 0xfff0;
    private static final String JUMP_TO_START_OF_BIOS = "ea000000f0";

    private static final int PARAMETERS = 0x1e0;
    private static final String IMAGE = "guest.img";

    private final Path directory;
    private final Process process;
    private final SharedMemory memory;

    private BootSectorGuest(Path directory, Process process, SharedMemory memory) {
        this.directory = directory;
        this.process = process;
        this.memory = memory;
    }

    static BootSectorGuest sixtyFourPagesWriter(SharedMemory memory, String accelerator, int delay)
            throws IOException {
        ByteBuffer bios = image(BIOS_BYTES, SIXTY_FOUR_PAGES_WRITER, 0, 0, delay);
        bios.put(RESET_VECTOR, HexFormat.of().parseHex(JUMP_TO_START_OF_BIOS));
        return start(memory, accelerator, bios, "-bios", "");
    }

    /// Writes random words into `spanBytes` (a power of two) from `base`, and waits `delay` rounds after each.
    static BootSectorGuest randomWriter(SharedMemory memory, long base, long spanBytes, int delay,
            String... moreArguments) throws IOException {
        ByteBuffer floppy = image(512, RANDOM_WRITER, (int) base, (int) (spanBytes - 1) & ~3, delay);
        floppy.putShort(510, (short) 0xaa55);
        return start(memory, "tcg", floppy, "-drive", "if=floppy,format=raw,readonly=on,file=", moreArguments);
    }

    private static ByteBuffer image(int sizeBytes, String code, int base, int mask, int delay) {
        ByteBuffer image = ByteBuffer.allocate(sizeBytes).order(ByteOrder.LITTLE_ENDIAN);
        image.put(HexFormat.of().parseHex(code));
        image.putInt(PARAMETERS, base).putInt(PARAMETERS + 4, mask).putInt(PARAMETERS + 8, delay);
        return image;
    }

    private static BootSectorGuest start(SharedMemory memory, String accelerator, ByteBuffer image, String option,
            String optionPrefix, String... moreArguments) throws IOException {
        Path directory = Files.createTempDirectory("freezeframe-guest",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path imageFile = directory.resolve(IMAGE);
        try (FileChannel file = FileChannel.open(imageFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            file.write(image.clear());
        }
        List<String> command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", TestedQemu.binary(),
                "-nodefaults", "-no-user-config", "-vga", "none", "-display", "none", "-net", "none", "-machine",
                "pc,accel=" + accelerator + ",memory-backend=ram", "-m", memory.sizeBytes() / (1 << 20) + "M",
                "-object",
                "memory-backend-file,id=ram,size=" + memory.sizeBytes() + ",mem-path=" + memory.path() + ",share=on",
                option, optionPrefix + imageFile, "-monitor", "stdio"));
        command.addAll(List.of(moreArguments));
        BootSectorGuest guest = new BootSectorGuest(directory,
                new ProcessBuilder(command).redirectErrorStream(true).start(), memory);
        try {
            guest.awaitPrompt();
            return guest;
        } catch (IOException | RuntimeException e) {
            guest.close();
            throw e;
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void pause() throws IOException {
        monitor("stop");
    }

    void resume() throws IOException {
        monitor("cont");
    }

    /// One command of QEMU's human monitor; returns when it is done.
    String monitor(String command) throws IOException {
        process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
        return awaitPrompt();
    }

    long counter() {
        ByteBuffer word = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        memory.read(COUNTER_ADDRESS, 4, word, 0);
        return Integer.toUnsignedLong(word.getInt(0));
    }

    /// Returns once the guest has done that many more rounds; a guest that stands still fails this.
    void awaitRounds(long rounds) {
        long before = counter();
        Await.until("the guest goes on", () -> {
            if (!process.isAlive()) {
                throw new AssertionError("The guest has ended at round " + counter());
            }
            return counter() - before >= rounds;
        });
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws IOException {
        try {
            kill();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            Files.deleteIfExists(directory.resolve(IMAGE));
            Files.deleteIfExists(directory);
        }
    }

    private String awaitPrompt() throws IOException {
        InputStream output = process.getInputStream();
        StringBuilder text = new StringBuilder();
        while (text.indexOf("(qemu) ") < 0) {
            int next = output.read();
            if (next < 0) {
                throw new IOException("QEMU ended: " + text);
            }
            text.append((char) next);
        }
        return text.toString();
    }
}
