package dev.freezeframe.qemu.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.profile.ProfileReader;
import dev.freezeframe.qemu.program.MachineException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is looked at before an image is given to QEMU, with headers that are made by hand and mostly lie. See
/// [ForeignImagesTest] for real images.
class DiskImageTest {
    private static final byte[] VMDK = HexFormat.of().parseHex("4b444d5601000000");
    private static final byte[] LUKS = HexFormat.of().parseHex("4c554b53babe0002");
    private static final byte[] GZIP = HexFormat.of().parseHex("1f8b080000000000");

    @TempDir
    private Path folder;

    private Disk disk(String fields) throws IOException {
        return ProfileReader.parse("p", "{\"memory\": \"16 MiB\", \"disks\": [{" + fields + "}]}", folder, folder)
                .disks()
                .getFirst();
    }

    private long size(String fields) throws IOException {
        return DiskImage.sizeBytes(disk(fields));
    }

    private String refusal(String fields) {
        MachineException e = assertThrows(MachineException.class, () -> size(fields));
        assertTrue(e.getMessage().startsWith("the image of disk0, " + folder), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        return e.getMessage();
    }

    private void assertRefused(String fields, String words) {
        String message = refusal(fields);
        assertTrue(message.contains(words), message);
    }

    private Path file(String name, byte[] head) throws IOException {
        Path file = folder.resolve(name);
        try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
            image.write(head);
            image.setLength(1 << 20);
        }
        return file;
    }

    /// A qcow2 image of version 3 of which only the header is one.
    private Path qcow2(String name, Consumer<ByteBuffer> change) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(4096);
        header.putInt(0, 0x514649fb).putInt(4, 3).putInt(20, 16).putLong(24, 8 << 20).putInt(100, 104);
        change.accept(header);
        return file(name, header.array());
    }

    private Path qcow2Over(String name, String backing, String format) throws IOException {
        return qcow2(name, header -> {
            byte[] text = backing.getBytes(StandardCharsets.UTF_8);
            header.putLong(8, 1024).putInt(16, text.length).put(1024, text);
            if (!format.isEmpty()) {
                header.putInt(104, 0xe2792aca).putInt(108, format.length()).put(112, format.getBytes(
                        StandardCharsets.US_ASCII));
            }
        });
    }

    @Test
    void nothingIsWrittenIntoAnImageOfAFormatOfItsOwnWhateverTheProfileSays() throws IOException {
        file("d.vmdk", VMDK);
        for (String format : new String[]{"", ", \"format\": \"raw\""}) {
            assertEquals("the image of disk0, " + folder.resolve("d.vmdk")
                    + ", is a VMDK image (VMware) and would be used as raw bytes; convert it, and name the new file:"
                    + " qemu-img convert -f vmdk -O qcow2 " + folder.resolve("d.vmdk") + " "
                    + folder.resolve("d.qcow2"),
                    refusal("\"file\": \"d.vmdk\", \"writes\": \"keep\"" + format));
        }
        qcow2("q.img", _ -> {});
        assertRefused("\"file\": \"q.img\", \"format\": \"raw\", \"writes\": \"keep\"",
                "holds a qcow2 image and would be used as raw bytes; add \"format\": \"qcow2\"");
    }

    @Test
    void onlyWhoSaysRawGetsTheBytesOfAnotherFormat() throws IOException {
        file("d.img", VMDK);
        for (String kind : new String[]{"\"writes\": \"discard\"", "\"readOnly\": true"}) {
            assertRefused("\"file\": \"d.img\", " + kind,
                    "; or write \"format\": \"raw\" if the guest shall see the bytes");
            assertEquals(1 << 20, size("\"file\": \"d.img\", \"format\": \"raw\", " + kind));
        }
    }

    @Test
    void whatAGuestMayHavePutOnItsDiskIsWrittenOnlyByWhoSaysRaw() throws IOException {
        for (byte[] head : new byte[][]{LUKS, GZIP}) {
            file("d.img", head);
            assertRefused("\"file\": \"d.img\", \"writes\": \"keep\"", "or write \"format\": \"raw\"");
            assertEquals(1 << 20, size("\"file\": \"d.img\", \"format\": \"raw\", \"writes\": \"keep\""));
        }
    }

    @Test
    void theLineToCopyOverwritesNothing() throws IOException {
        file("it's.vmdk", VMDK);
        file("it's.qcow2", new byte[1]);
        assertRefused("\"file\": \"it's.vmdk\"", "-O qcow2 '" + folder + "/it'\\''s.vmdk' '" + folder
                + "/it'\\''s-2.qcow2'");
    }

    @Test
    void fileOfAnotherFormatIsNoQcow2Image() throws IOException {
        file("d.qcow2", VMDK);
        assertRefused("\"file\": \"d.qcow2\"", "is no qcow2 image but a VMDK image (VMware); convert it");
    }

    @Test
    void whatIsNoFileIsRefusedWithoutWaitingForIt() throws Exception {
        assertEquals(0, new ProcessBuilder("mkfifo", folder.resolve("fifo").toString()).start().waitFor());
        for (String name : new String[]{"fifo", "/dev/zero", "."}) {
            MachineException e = assertThrows(MachineException.class, () -> size("\"file\": \"" + name + "\""));
            assertTrue(e.getMessage().endsWith("is no regular file; name an image file"), e.getMessage());
            qcow2Over("over.qcow2", name, "raw");
            assertRefused("\"file\": \"over.qcow2\"", "names the backing file " + folder.resolve(name)
                    + ", which is no regular file");
        }
    }

    @Test
    void headerThatLiesIsRefusedInOneLine() throws IOException {
        Files.write(folder.resolve("cut.qcow2"), HexFormat.of().parseHex("514649fb00000003"));
        assertRefused("\"file\": \"cut.qcow2\"", "is cut off in its header");
        qcow2("v.qcow2", header -> header.putInt(4, -1));
        assertRefused("\"file\": \"v.qcow2\"", "is of version 4294967295 of qcow2");
        qcow2("zero.qcow2", header -> header.putLong(24, 0));
        assertRefused("\"file\": \"zero.qcow2\"", "is empty");
        qcow2("long.qcow2", header -> header.putInt(100, Integer.MAX_VALUE));
        assertRefused("\"file\": \"long.qcow2\"", "cannot be as long as it says");
        for (long offset : new long[]{-1, Long.MIN_VALUE, Long.MAX_VALUE, (1 << 16) - 3}) {
            qcow2("name.qcow2", header -> header.putLong(8, offset).putInt(16, 4));
            assertRefused("\"file\": \"name.qcow2\"", "backing file's name is not where it says");
        }
        for (int length : new int[]{0, -1, 1024, Integer.MIN_VALUE}) {
            qcow2("name.qcow2", header -> header.putLong(8, 1024).putInt(16, length));
            assertRefused("\"file\": \"name.qcow2\"", "backing file's name is not where it says");
        }
        qcow2("part.qcow2", header -> header.putLong(8, 1024).putInt(16, 4).putInt(1024, 0x61626364).putInt(104, 1)
                .putInt(108, -8));
        assertRefused("\"file\": \"part.qcow2\"", "parts that are longer than it");
        qcow2Over("words.qcow2", "a\u001b[2Jb", "raw");
        assertRefused("\"file\": \"words.qcow2\"", "/a?[2Jb, which is not there");
    }

    @Test
    void noHeaderMakesAFault() throws IOException {
        SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < 2000; i++) {
            qcow2("r.qcow2", header -> {
                for (int k = random.nextInt(6); k >= 0; k--) {
                    header.put(4 + random.nextInt(116), (byte) random.nextInt());
                }
            });
            try {
                size("\"file\": \"r.qcow2\"");
            } catch (MachineException e) {
                assertFalse(e.getMessage().contains("\n"), e.getMessage());
            }
        }
    }

    @Test
    void diskThatNoCheckpointCanHaveIsRefusedBeforeTheBoot() throws IOException {
        qcow2("4t.qcow2", header -> header.putLong(24, Disk.MOST_BYTES));
        assertEquals(Disk.MOST_BYTES, size("\"file\": \"4t.qcow2\""));
        qcow2("more.qcow2", header -> header.putLong(24, Disk.MOST_BYTES + 512));
        assertRefused("\"file\": \"more.qcow2\"",
                "is a disk of 4398046511616 bytes, and a checkpoint can have one of 4 TiB at most");
        assertEquals(Disk.MOST_BYTES + 512, size("\"file\": \"more.qcow2\", \"readOnly\": true"));
        qcow2("lie.qcow2", header -> header.putLong(24, -512));
        assertRefused("\"file\": \"lie.qcow2\", \"readOnly\": true", "is a disk of 18446744073709551104 bytes");
    }

    @Test
    void encryptedAndSplitAndDamagedImagesAreNamedWithWhatToDo() throws IOException {
        qcow2("e.qcow2", header -> header.putInt(32, 2));
        assertRefused("\"file\": \"e.qcow2\"", "is encrypted; decrypt it, and name the new file: qemu-img convert");
        qcow2("s.qcow2", header -> header.putLong(72, 4));
        assertRefused("\"file\": \"s.qcow2\"", "keeps its content in another file; make one of them");
        qcow2("d.qcow2", header -> header.putLong(72, 2));
        assertRefused("\"file\": \"d.qcow2\", \"writes\": \"keep\"",
                "is marked as damaged; repair it: qemu-img check -r all " + folder.resolve("d.qcow2"));
        assertEquals(8 << 20, size("\"file\": \"d.qcow2\""), "it can be read");
    }

    @Test
    void backingFilesAreThereToTheLastOne() throws IOException {
        Path gone = folder.resolve("gone.img");
        qcow2Over("a.qcow2", "gone.img", "raw");
        assertRefused("\"file\": \"a.qcow2\"", "names the backing file " + gone + ", which is not there; put it back,"
                + " or name the one that it has become: qemu-img rebase -u -f qcow2 -F raw -b NEW-FILE " + folder
                        .resolve("a.qcow2"));
        qcow2Over("b.qcow2", "file:a.qcow2", "qcow2");
        assertRefused("\"file\": \"b.qcow2\"", "needs the file " + folder.resolve("a.qcow2")
                + ", which names the backing file " + gone + ", which is not there");
        Files.write(gone, new byte[512]);
        assertEquals(8 << 20, size("\"file\": \"b.qcow2\""));
        // what a raw file holds is the guest's
        qcow2Over("gone.img", "/etc/shadow", "raw");
        assertEquals(8 << 20, size("\"file\": \"b.qcow2\""));
        qcow2Over("c.qcow2", "nbd://nobody/x", "raw");
        assertEquals(8 << 20, size("\"file\": \"c.qcow2\""), "QEMU judges that");
        qcow2("e.qcow2", header -> header.putInt(32, 1));
        qcow2Over("d.qcow2", "e.qcow2", "");
        assertRefused("\"file\": \"d.qcow2\"", "needs the file " + folder.resolve("e.qcow2") + ", which is encrypted");
        file("no.qcow2", VMDK);
        qcow2Over("f.qcow2", "no.qcow2", "qcow2");
        assertRefused("\"file\": \"f.qcow2\"", "no.qcow2, which is no qcow2 image");
    }

    @Test
    void backingFilesWithoutAnEndAreRefused() throws IOException {
        qcow2Over("self.qcow2", "self.qcow2", "qcow2");
        assertRefused("\"file\": \"self.qcow2\"", "leads back to itself");
        qcow2Over("a.qcow2", "b.qcow2", "qcow2");
        qcow2Over("b.qcow2", "c.qcow2", "");
        Files.createSymbolicLink(folder.resolve("c.qcow2"), Path.of("b.qcow2"));
        assertRefused("\"file\": \"a.qcow2\"", "leads back to itself");
        for (int i = 0; i < 300; i++) {
            qcow2Over("n" + i + ".qcow2", "n" + (i + 1) + ".qcow2", "qcow2");
        }
        assertRefused("\"file\": \"n0.qcow2\"", "has more than 200 backing files behind it");
    }
}
