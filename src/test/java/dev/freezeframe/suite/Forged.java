package dev.freezeframe.suite;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Makes of what is as it should be something that is so nearly, for those who read what others wrote.
public final class Forged {
    /// A text, a number or a word, where JSON may have a value.
    private static final Pattern VALUE = Pattern.compile("(?<=[:\\[,])\\s*(\"(?:[^\"\\\\]|\\\\.)*\"|[-+.\\w]+)");
    private static final List<String> VALUES = List.of("null", "true", "0", "-1", "1", "0.5", "1e9", "1e999",
            "2147483648", "9223372036854775807", "99999999999999999999", "\"\"", "\"x\"", "\"\\u001b[31m\\n\"", "[]",
            "[null]", "{}", "{\"x\":[]}", "", "]", "\"");

    private Forged() {}

    /// Some bytes changed, cut off or added.
    public static byte[] bytes(Random random, byte[] content) {
        byte[] forged = random.nextInt(3) == 0
                ? Arrays.copyOf(content, Math.max(0, content.length + random.nextInt(7) - 3))
                : content.clone();
        for (int changes = random.nextInt(4); changes > 0 && forged.length > 0; changes--) {
            forged[random.nextInt(Math.min(forged.length, random.nextBoolean() ? 4 : forged.length))] = (byte) random
                    .nextInt();
        }
        return forged;
    }

    /// JSON with another value in the place of one, mostly still JSON.
    public static String json(Random random, String json) {
        List<MatchResult> values = VALUE.matcher(json).results().toList();
        MatchResult one = values.get(random.nextInt(values.size()));
        return json.substring(0, one.start()) + VALUES.get(random.nextInt(VALUES.size())) + json.substring(one.end());
    }
}
