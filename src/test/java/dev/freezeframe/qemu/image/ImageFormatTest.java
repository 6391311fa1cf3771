package dev.freezeframe.qemu.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.freezeframe.qemu.profile.BootProgram;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageFormatTest {
    private static ByteBuffer sector(int bytes) {
        return ByteBuffer.allocate(bytes);
    }

    @ParameterizedTest
    @CsvSource({"QCOW2, 0, 514649fb00000002", "QCOW2, 0, 514649fb00000003", "QCOW, 0, 514649fb00000001",
            "QED, 0, 51454400", "VMDK, 0, 4b444d56", "VMDK, 0, 434f5744",
            "VMDK, 0, 23204469736b2044657363726970746f7246696c65", "VDI, 64, 7f10dabe", "VHDX, 0, 7668647866696c65",
            "VHD, 0, 636f6e6563746978", "PARALLELS, 0, 576974686f757446726565537061636500",
            "PARALLELS, 0, 576974686f7546726553706163457874",
            "BOCHS, 0, 426f636873205669727475616c20484420496d616765000000000000000000000000",
            "CLOOP, 0, 23212f62696e2f73680a2356322e3020466f726d6174", "LUKS, 0, 4c554b53babe0002",
            "GZIP, 0, 1f8b0800", "XZ, 0, fd377a585a00", "ZSTD, 0, 28b52ffd", "BZIP2, 0, 425a6839314159265359",
            "LZ4, 0, 04224d18", "ZIP, 0, 504b0304", "SEVEN_ZIP, 0, 377abcaf271c", "TAR, 257, 7573746172"})
    void aFileIsToldByItsFirstBytes(ImageFormat expected, int offset, String hexadecimal) {
        byte[] signature = HexFormat.of().parseHex(hexadecimal);
        ByteBuffer head = sector(ImageFormat.HEAD_BYTES).put(offset, signature);
        assertEquals(expected, ImageFormat.of(head, sector(ImageFormat.TAIL_BYTES)));
        // one that ends within it is not that, and nothing behind its end is looked at
        ByteBuffer cut = head.duplicate().limit(Math.max(0, offset + signature.length - 5));
        assertEquals(ImageFormat.RAW, ImageFormat.of(cut, sector(0)));
    }

    @Test
    void whatIsAtTheEndOnlyIsFoundToo() {
        ByteBuffer footer = sector(ImageFormat.TAIL_BYTES).put(0, "conectix".getBytes(StandardCharsets.US_ASCII));
        assertEquals(ImageFormat.RAW, ImageFormat.of(sector(ImageFormat.HEAD_BYTES), footer), "no type is no footer");
        assertEquals(ImageFormat.VHD, ImageFormat.of(sector(ImageFormat.HEAD_BYTES), footer.putInt(60, 2)));
        assertEquals(ImageFormat.DMG, ImageFormat.of(sector(ImageFormat.HEAD_BYTES), sector(ImageFormat.TAIL_BYTES)
                .put(0, "koly".getBytes(StandardCharsets.US_ASCII))));
    }

    @Test
    void disksAreRaw() {
        ByteBuffer bootable = sector(ImageFormat.HEAD_BYTES).put(0, BootProgram.ROUNDS.sector());
        assertEquals(ImageFormat.RAW, ImageFormat.of(bootable, sector(ImageFormat.TAIL_BYTES)));
        assertEquals(ImageFormat.RAW, ImageFormat.of(sector(0), sector(0)));
        SplittableRandom random = new SplittableRandom(10);
        for (int i = 0; i < 1000; i++) {
            byte[] head = new byte[random.nextInt(ImageFormat.HEAD_BYTES + 1)];
            random.nextBytes(head);
            assertEquals(ImageFormat.RAW, ImageFormat.of(ByteBuffer.wrap(head), ByteBuffer.wrap(head)));
        }
    }
}
