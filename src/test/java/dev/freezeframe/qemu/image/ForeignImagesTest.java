package dev.freezeframe.qemu.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.ProfileReader;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.suite.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Real images, made by the programs that make them. Each is refused with a line for a shell that makes a usable image of
/// it, and the line is tried.
@Tag("qemu")
class ForeignImagesTest {
    private static final String DISK_BYTES = Integer.toString(8 << 20);

    @TempDir
    private Path folder;
    private byte[] content;

    @BeforeEach
    void makeContent() throws IOException {
        content = new byte[8 << 20];
        for (int i = 0; i < content.length; i += 4096) {
            content[i] = (byte) (i >> 12 | 1);
        }
        Files.write(folder.resolve("content.img"), content);
        Files.writeString(folder.resolve("passphrase"), "open");
    }

    private void run(String... command) throws Exception {
        assertEquals(0, new ProcessBuilder(command).directory(folder.toFile()).inheritIO().start().waitFor(), String
                .join(" ", command));
    }

    /// Makes an encrypted image of the content. First qemu-img measures this computer's speed, from the processor time that its
    /// thread has used; on a busy one that sometimes says nothing, and it gives up.
    private void encrypt(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-img", "convert", "--object",
                "secret,id=s,file=passphrase", "-f", "raw"));
        command.addAll(List.of(options));
        Await.until("qemu-img has measured this computer's speed", () -> {
            Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            boolean measured = !said.contains("Unable to get accurate CPU usage");
            assertEquals(measured ? 0 : 1, process.waitFor(), () -> command + ": " + said);
            return measured;
        });
    }

    private Disk disk(String file, String more) throws IOException {
        return ProfileReader
                .parse("p", "{\"memory\": \"16 MiB\", \"disks\": [{\"file\": \"" + file + "\"" + more + "}]}",
                        folder, folder)
                .disks().getFirst();
    }

    /// The program's line, and the file that it makes.
    private Path followed(MachineException refusal) throws Exception {
        String line = refusal.getMessage().replaceFirst("(?s).*?, and name (?:the new file|it): ", "").replaceFirst(
                "; or write .*", "").replace("PASSPHRASE-FILE", folder.resolve("passphrase").toString());
        run("sh", "-c", line);
        return Path.of(line.replaceFirst(".* ", ""));
    }

    private void assertHasTheContent(Path made) throws Exception {
        assertEquals(content.length, DiskImage.sizeBytes(disk(made.getFileName().toString(), "")));
        run("qemu-img", "convert", "-f", made.toString().endsWith(".qcow2") ? "qcow2" : "raw", "-O", "raw", made
                .toString(), "made.img");
        assertArrayEquals(content, Files.readAllBytes(folder.resolve("made.img")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            vmdk      | monolithicSparse       | VMDK
            vmdk      | monolithicFlat         | VMDK
            vmdk      | twoGbMaxExtentSparse   | VMDK
            vmdk      | streamOptimized        | VMDK
            vdi       |                        | VDI
            vhdx      |                        | VHDX
            vpc       | dynamic,force_size=on  | VHD
            vpc       | fixed,force_size=on    | VHD
            qed       |                        | QED
            parallels |                        | Parallels
            qcow      |                        | qcow image of version 1
            """)
    void imageOfAnotherFormatIsRefusedWithTheLineThatConvertsIt(String format, String kind, String name)
            throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-img", "convert", "-f", "raw", "-O", format));
        if (kind != null) {
            command.addAll(List.of("-o", "subformat=" + kind));
        }
        command.addAll(List.of("content.img", "d." + format));
        run(command.toArray(String[]::new));
        byte[] before = Files.readAllBytes(folder.resolve("d." + format));
        MachineException e = assertThrows(MachineException.class, () -> Machine.boot(MachineSpec.of(ProfileReader.parse(
                "p", "{\"memory\": \"16 MiB\", \"bootSector\": \"disk-writes\", \"disks\": [{\"file\": \"d." + format
                        + "\", \"writes\": \"keep\"}]}",
                folder, folder))));
        assertTrue(e.getMessage().contains("is a " + name), e.getMessage());
        assertHasTheContent(followed(e));
        assertArrayEquals(before, Files.readAllBytes(folder.resolve("d." + format)));
    }

    @Test
    @Tag("soak")
    void encryptedImagesAreRefusedWithTheLineThatDecryptsThem() throws Exception {
        encrypt("-O", "luks", "-o", "key-secret=s,iter-time=10", "content.img", "d.img");
        encrypt("-O", "qcow2", "-o", "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10", "content.img",
                "e.qcow2");
        assertHasTheContent(followed(assertThrows(MachineException.class, () -> DiskImage.sizeBytes(disk("d.img",
                "")))));
        assertHasTheContent(followed(assertThrows(MachineException.class, () -> DiskImage.sizeBytes(disk("e.qcow2",
                "")))));
    }

    @Test
    void imageWithItsContentElsewhereIsRefusedWithTheLineThatMakesItOne() throws Exception {
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-o", "data_file=elsewhere.raw", "content.img",
                "s.qcow2");
        assertHasTheContent(followed(assertThrows(MachineException.class, () -> DiskImage.sizeBytes(disk("s.qcow2",
                "")))));
    }

    @Test
    void compressedImageIsRefusedWithTheLineThatUnpacksIt() throws Exception {
        run("gzip", "-k", "content.img");
        Files.delete(folder.resolve("content.img"));
        MachineException e = assertThrows(MachineException.class, () -> DiskImage.sizeBytes(disk("content.img.gz",
                "")));
        assertTrue(e.getMessage().contains("is compressed with gzip"), e.getMessage());
        assertHasTheContent(followed(e));
    }

    @Test
    void backingFileThatHasMovedIsFoundAgainByTheLine() throws Exception {
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "content.img", "top.qcow2", DISK_BYTES);
        Files.move(folder.resolve("content.img"), folder.resolve("moved.img"));
        MachineException e = assertThrows(MachineException.class, () -> DiskImage.sizeBytes(disk("top.qcow2", "")));
        run("sh", "-c", e.getMessage().replaceFirst(".*has become: ", "").replace("NEW-FILE", folder.resolve(
                "moved.img").toString()));
        assertHasTheContent(folder.resolve("top.qcow2"));
    }
}
