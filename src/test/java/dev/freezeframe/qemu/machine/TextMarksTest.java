package dev.freezeframe.qemu.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A text that a guest prints is found at its last byte, however its bytes arrive and whatever a terminal makes of them.
class TextMarksTest {
    private record Found(int text, long bytes, long lines) {}

    /// What is found when the text arrives in parts of so many bytes.
    private static List<Found> found(String printed, int part, String... texts) {
        byte[] bytes = printed.getBytes(StandardCharsets.UTF_8);
        List<Found> found = new ArrayList<>();
        TextMarks marks = new TextMarks(List.of(texts));
        for (int start = 0; start < bytes.length; start += part) {
            byte[] next = new byte[Math.min(part, bytes.length - start)];
            System.arraycopy(bytes, start, next, 0, next.length);
            marks.take(next, (text, at, lines) -> found.add(new Found(text, at, lines)));
        }
        assertEquals(bytes.length, marks.bytes());
        return found;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000})
    void howeverTheBytesArriveATextIsFoundEachTimeItComes(int part) {
        assertEquals(List.of(new Found(0, 17, 1), new Found(1, 18, 1), new Found(0, 26, 1)), found(
                "boot\r\nDie Größe: Größe", part, "Größe", "röße:"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 1000})
    void whatOnlyATerminalSeesDoesNotHideAText(int part) {
        String coloured = "\u001b[1;32mlog\u001b[0m\u001b]0;a title\u0007in\u0007:\u001b(B x\r\ny";
        assertEquals(1, found(coloured, part, "login: x\ny").size());
        assertEquals(1, found(coloured, part, "login: x\r\ny").size());
        assertEquals(0, found(coloured, part, "title").size());
        assertEquals(1, found("\u001b]never ended\nlogin: ", part, "login: ").size());
        assertEquals(1, found("\u001bPa\u001b\\b", part, "b").size());
    }

    @Test
    void overlappingTextsAreFoundAsASearchFromEachByteFindsThem() {
        Random random = new Random(5);
        for (int round = 0; round < 300; round++) {
            String printed = letters(random, 60);
            String text = letters(random, 1 + random.nextInt(6));
            List<Found> expected = new ArrayList<>();
            for (int at = printed.indexOf(text); at >= 0; at = printed.indexOf(text, at + 1)) {
                expected.add(new Found(0, at + text.length(), 0));
            }
            assertEquals(expected, found(printed, 1 + random.nextInt(9), text), printed + " " + text);
        }
    }

    private static String letters(Random random, int count) {
        StringBuilder text = new StringBuilder();
        random.ints(count, 0, 2).forEach(letter -> text.append(letter == 0 ? 'a' : 'b'));
        return text.toString();
    }

    @Test
    void bytesThatAreNoTextDoNoHarm() {
        byte[] noise = new byte[100_000];
        new Random(3).nextBytes(noise);
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        printed.writeBytes(noise);
        printed.writeBytes("\nready\n".getBytes(StandardCharsets.UTF_8));
        List<Long> found = new ArrayList<>();
        new TextMarks(List.of("ready")).take(printed.toByteArray(), (_, at, _) -> found.add(at));
        assertEquals(List.of(100_006L), found);
    }

    @Test
    void aTextThatNoGuestCouldPrintIsRefused() {
        assertNull(TextMarks.problem("größe\n\tx"));
        assertNotNull(TextMarks.problem(""));
        assertNotNull(TextMarks.problem("\r"));
        assertNotNull(TextMarks.problem("\u001b[0m"));
    }
}
