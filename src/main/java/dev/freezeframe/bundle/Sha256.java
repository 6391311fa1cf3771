package dev.freezeframe.bundle;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/// SHA-256, and lists of it as `sha256sum` reads and writes them.
final class Sha256 {
    /// Hexadecimal digits.
    static final int DIGITS = 64;

    private Sha256() {}

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /// In lower-case hexadecimal.
    static String of(byte[] content) {
        return HexFormat.of().formatHex(digest().digest(content));
    }

    /// @param sums by name, in the order of the lines
    static byte[] list(Map<String, String> sums) {
        StringBuilder text = new StringBuilder();
        sums.forEach((name, sum) -> text.append(line(sum, name)));
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static String line(String sum, String name) {
        return sum + "  " + name + "\n";
    }
}
