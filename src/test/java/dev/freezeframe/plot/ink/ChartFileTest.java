package dev.freezeframe.plot.ink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

/// Pictures of charts are what was painted, in files that other programs read.
class ChartFileTest {
    private static final InkColor BLACK = new InkColor(0, 0, 0, 1);
    private static final InkColor WHITE = new InkColor(1, 1, 1, 1);
    private static final InkColor VERMILION = new InkColor(0xd5 / 255.0, 0x5e / 255.0, 0, 1);

    @TempDir
    private Path folder;

    private static void paint(Ink ink) {
        ink.clip(0, 0, 100, 50);
        ink.fill(VERMILION, 10, 10, 20, 20);
        ink.path(BLACK, 1, Ink.Dash.DASHED, new double[]{0, 99}, new double[]{45, 45}, 2);
        ink.cells(new int[]{0xff009e73, 0xff0072b2}, 2, 1, 40, 10, 40, 20);
        ink.unclip();
        ink.text(BLACK, Ink.Size.SMALL, false, "new < 5 & \"zero\"", 5, 48);
    }

    private Path write(String name) throws IOException {
        Path file = folder.resolve(name);
        ChartFile.write(file, 100, 50, WHITE, ChartFileTest::paint);
        return file;
    }

    @Test
    void aPngHasTwiceTheSizeAndTheColours() throws IOException {
        Path file = write("chart.png");
        var image = ImageIO.read(file.toFile());
        assertEquals(200, image.getWidth());
        assertEquals(100, image.getHeight());
        assertEquals(0xffd55e00, image.getRGB(40, 40));
        assertEquals(0xff009e73, image.getRGB(90, 40));
        assertEquals(0xff0072b2, image.getRGB(150, 40));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void anSvgIsWellFormedAndItsTextIsText() throws Exception {
        Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(write("chart.SVG").toFile());
        assertEquals("svg", document.getDocumentElement().getTagName());
        assertEquals("100", document.getDocumentElement().getAttribute("width"));
        assertEquals("new < 5 & \"zero\"", document.getElementsByTagName("text").item(0).getTextContent());
        assertEquals(1, document.getElementsByTagName("image").getLength());
        assertEquals("6,3", document.getElementsByTagName("polyline").item(0).getAttributes().getNamedItem(
                "stroke-dasharray").getTextContent());
    }

    @Test
    void aNameThatSaysNoFormatIsRefusedInOneLine() throws IOException {
        for (String name : List.of("chart.gif", "chart", "missing/chart.png")) {
            String message = assertThrows(IOException.class, () -> write(name)).getMessage();
            assertTrue(message.contains(name) && !message.contains("\n"), message);
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(0, files.count(), "nothing is left behind");
        }
    }
}
