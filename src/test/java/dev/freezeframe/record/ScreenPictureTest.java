package dev.freezeframe.record;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.capture.CaptureOptions;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.ScreenImage;
import dev.freezeframe.qemu.profile.BootSector;
import dev.freezeframe.qemu.profile.MachineSpec;
import dev.freezeframe.qemu.profile.Profiles;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.CheckpointRecord;
import dev.freezeframe.store.model.Picture;
import dev.freezeframe.suite.Await;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The picture of a checkpoint as another program reads it.
@Tag("qemu")
class ScreenPictureTest {

    @TempDir
    Path folder;

    private static BufferedImage decode(byte[] png) throws Exception {
        return ImageIO.read(new ByteArrayInputStream(png));
    }

    @Test
    void aMachineWithAScreenGetsAThumbnailOfItWithEachCheckpoint() throws Exception {
        BlockingQueue<Picture> pictures = new LinkedBlockingQueue<>();
        try (Store store = Store.open(folder.resolve("store"));
                Machine machine = Machine.boot(MachineSpec.of(Profiles.standard().find("boot-sector-vga")))) {
            // By then the firmware has written its text, and nobody writes over it.
            machine.console().awaitLine(line -> BootSector.round(line).isPresent(), Await.PATIENCE);
            try (Recording _ = Recording.start(store, machine, Optional.empty(), false, RecordingOptions.DEFAULT.with(
                    CaptureOptions.DEFAULT.withInterval(Duration.ofMillis(400))), new RecordingListener() {
                        @Override
                        public void pictureStored(CheckpointRecord checkpoint, Picture picture) {
                            pictures.add(picture);
                        }

                        @Override
                        public void checkpointStored(CheckpointRecord checkpoint) {}

                        @Override
                        public void checkpointFailed(int number, Exception cause) {}

                        @Override
                        public void captureEnded(String reason) {}
                    })) {
                Picture picture = pictures.poll(60, TimeUnit.SECONDS);
                assertEquals(Picture.Kind.SCREEN, picture.kind());
                assertTrue(picture.content().length <= PictureTaker.MOST_SCREEN_BYTES);
                BufferedImage image = decode(picture.content());
                assertEquals(PictureTaker.MOST_PIXELS_WIDE, image.getWidth());
                int[] pixels = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
                assertTrue(Arrays.stream(pixels).distinct().count() > 1, "the firmware's text is on the screen");
            }
        }
    }

    @Test
    void aPngIsThePictureThatItWasMadeOf() throws Exception {
        int[] few = new int[30 * 20];
        int[] many = new int[30 * 20];
        for (int i = 0; i < few.length; i++) {
            few[i] = 0xff000000 | 0x102030 * (i % 7);
            many[i] = 0xff000000 | 0x010307 * i;
        }
        for (int[] argb : new int[][]{few, many}) {
            BufferedImage image = decode(PngFile.of(new ScreenImage(30, 20, argb)));
            assertArrayEquals(argb, image.getRGB(0, 0, 30, 20, null, 0, 30));
        }
    }

    @Test
    void evenNoiseFitsIntoTheBound() throws Exception {
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        int[] noise = random.ints(1024 * 768).map(pixel -> pixel | 0xff000000).toArray();
        byte[] png = PngFile.thumbnail(new ScreenImage(1024, 768, noise), 240, 20 << 10);
        assertTrue(png.length <= 20 << 10);
        assertTrue(decode(png).getWidth() >= 60);
    }
}
