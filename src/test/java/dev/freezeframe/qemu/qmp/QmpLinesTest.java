package dev.freezeframe.qemu.qmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.freezeframe.suite.Seeds;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Bytes of a peer become the lines that they are, in whatever pieces they come; one that is too long is the first that does not.
class QmpLinesTest {
    @Test
    void anyBytesAreTheirLinesUpToTheFirstThatIsTooLong() {
        Seeds.check(200, random -> {
            // some of them longer than what room there is for at first
            int longest = random.nextInt(4) == 0 ? 200_000 : 50;
            int most = random.nextInt(3) == 0 ? longest / 2 : longest;
            List<String> wanted = new ArrayList<>();
            boolean tooLong = false;
            StringBuilder said = new StringBuilder();
            for (int lines = random.nextInt(8); lines > 0; lines--) {
                String line = line(random, random.nextInt(longest + 1));
                said.append(line).append('\n');
                tooLong |= line.length() > most;
                if (!tooLong) {
                    wanted.add(line);
                }
            }
            // one that does not end
            String rest = line(random, random.nextInt(longest + 1));
            said.append(rest);
            tooLong |= rest.length() > most;

            List<String> taken = new ArrayList<>();
            QmpLines lines = new QmpLines(most);
            byte[] bytes = said.toString().getBytes(StandardCharsets.ISO_8859_1);
            if (tooLong) {
                QmpException refused = assertThrows(QmpException.class,
                        () -> takeInPieces(random, bytes, lines, taken));
                assertEquals(QmpException.Kind.PROTOCOL, refused.kind());
                assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
            } else {
                takeInPieces(random, bytes, lines, taken);
            }
            assertEquals(wanted, taken);
        });
    }

    private static String line(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1).replace('\n', ' ');
    }

    private static void takeInPieces(Random random, byte[] bytes, QmpLines lines, List<String> taken)
            throws QmpException {
        for (int at = 0; at < bytes.length;) {
            int count = Math.min(bytes.length - at, random.nextInt(1 + Math.max(10, bytes.length / 3)));
            lines.takeIn(ByteBuffer.wrap(bytes, at, count), (line, length) -> taken.add(new String(line, 0, length,
                    StandardCharsets.ISO_8859_1)));
            at += count;
        }
    }
}
