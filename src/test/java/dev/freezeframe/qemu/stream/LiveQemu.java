package dev.freezeframe.qemu.stream;

import com.fasterxml.jackson.databind.JsonNode;
import dev.freezeframe.TestedQemu;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.linux.socket.UnixListener;
import dev.freezeframe.qemu.qmp.QmpClient;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.RunDirectory;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// A QEMU with a guest of a few bytes that fills screen memory and counts on the serial port. Started by hand here, because
/// this package lies below {@code machine}.
final class LiveQemu implements AutoCloseable {
    static final int RAM_BYTES = 32 << 20;

    /// cli; segments and stack at 0; es=0xb800; forever: inc ebx, store it in the screen, print its eight hex digits and a
    /// newline on COM1, wait some hundred thousand turns.
    private static final String GUEST = "fa31c08ed88ed0bc007cb800b88ec06631db" // set up
            + "6643" + "2666891e0000" // inc ebx; mov [es:0],ebx
            + "b908006689da" + "66c1c20488d0240f04303c397602040752baf803ee5ae2e8" // mov cx,8; mov edx,ebx; a digit
            + "52baf803b00aee5a" // newline
            + "66b9400d0300664975fc" + "ebc6"; // mov ecx,200000; dec ecx; jnz; again

    private final RunDirectory directory;
    private final Process process;
    private final SharedMemory ram;
    private final QmpClient qmp;

    private LiveQemu(RunDirectory directory, Process process, SharedMemory ram, QmpClient qmp) {
        this.directory = directory;
        this.process = process;
        this.ram = ram;
        this.qmp = qmp;
    }

    static LiveQemu start(SharedMemory ram, boolean vga, String... more) throws IOException {
        RunDirectory directory = RunDirectory.create();
        Path floppy = directory.path().resolve("floppy");
        byte[] image = new byte[1_474_560];
        byte[] code = HexFormat.of().parseHex(GUEST);
        System.arraycopy(code, 0, image, 0, code.length);
        image[510] = 0x55;
        image[511] = (byte) 0xaa;
        Files.write(floppy, image, StandardOpenOption.CREATE_NEW);
        try (UnixListener listener = UnixListener.bind(directory.socket("qmp"))) {
            List<String> command = new ArrayList<>(List.of(TestedQemu.binary(), "-nodefaults", "-display", "none",
                    "-machine", "pc,accel=tcg,memory-backend=ram", "-m", RAM_BYTES / (1 << 20) + "M", "-object",
                    "memory-backend-file,id=ram,size=" + RAM_BYTES + ",share=on,mem-path=" + ram.path(), "-chardev",
                    "socket,id=qmp,path=" + listener.path(), "-qmp", "chardev:qmp", "-serial",
                    "file:" + directory.path().resolve("serial"), "-vga", vga ? "std" : "none", "-drive",
                    "if=floppy,format=raw,readonly=on,file=" + floppy, "-boot", "a"));
            command.addAll(List.of(more));
            Process process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(directory.path().resolve("stderr").toFile()).start();
            QmpClient qmp = QmpClient.open(
                    listener.accept(process.toHandle(), process.onExit(), Await.PATIENCE),
                    patience -> "QEMU said " + read(directory.path().resolve("stderr")), Await.PATIENCE);
            return new LiveQemu(directory, process, ram, qmp);
        }
    }

    /// The versioned type behind the alias `pc`, which this machine has.
    String machineType() throws IOException {
        for (JsonNode type : qmp.execute(QmpCommand.of("query-machines"))) {
            if (type.path("alias").asText().equals("pc"))
                return type.get("name").asText();
        }
        throw new IOException("this QEMU has no machine type pc");
    }

    QmpClient qmp() {
        return qmp;
    }

    ProcessHandle process() {
        return process.toHandle();
    }

    SharedMemory ram() {
        return ram;
    }

    String stderr() {
        return read(directory.path().resolve("stderr"));
    }

    /// Waits until the guest has printed at least this many numbers.
    List<String> awaitNumbers(int count) {
        return Await.value("the guest has printed " + count + " numbers", () -> read(directory.path().resolve("serial"))
                .lines().filter(line -> line.length() == 8).toList(), numbers -> numbers.size() >= count);
    }

    String text(String name) {
        return read(directory.path().resolve(name));
    }

    byte[] save(String command, String... arguments) throws IOException {
        Path file = directory.path().resolve("saved");
        QmpCommand qmpCommand = QmpCommand.of(command).with("filename", file);
        for (int i = 0; i < arguments.length; i += 2)
            qmpCommand = qmpCommand.with(arguments[i], Long.parseLong(arguments[i + 1]));
        qmp.execute(qmpCommand);
        byte[] bytes = Files.readAllBytes(file);
        Files.delete(file);
        return bytes;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "(nothing)";
        }
    }

    @Override
    public void close() {
        qmp.close();
        process.destroyForcibly();
        process.onExit().join();
        directory.close();
    }
}
