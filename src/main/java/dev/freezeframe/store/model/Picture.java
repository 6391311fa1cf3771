package dev.freezeframe.store.model;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// What the guest showed at a checkpoint: its screen, or the last lines of its console. Bounded, and checked on its way in
/// and out: a screen begins as a PNG does, a console is UTF-8.
///
/// @param content bytes of a PNG file, or text; not to be changed
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode are written for it
public record Picture(Kind kind, byte[] content) {
    /// What a picture is of.
    public enum Kind {
        /// The screen, as a PNG file.
        SCREEN,
        /// The last lines of the serial console, as UTF-8 text.
        CONSOLE
    }

    /// A screen is at most so long.
    public static final int MAX_SCREEN_BYTES = 1_000_000;
    /// The text of a console is at most so long.
    public static final int MAX_CONSOLE_BYTES = 64 << 10;

    /// PNG specification (third edition), 5.2.
    private static final byte[] PNG_SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    /// `IHDR`.
    private static final int PNG_HEADER = 0x49484452;

    /// @throws IllegalArgumentException with a line for the user
    public Picture {
        int max = kind == Kind.SCREEN ? MAX_SCREEN_BYTES : MAX_CONSOLE_BYTES;
        if (content.length > max) {
            throw new IllegalArgumentException("a picture of " + content.length + " bytes is too large: at most " + max
                    + " are kept");
        }
        switch (kind) {
            case SCREEN -> {
                if (content.length < PNG_SIGNATURE.length || !Arrays.equals(content, 0, PNG_SIGNATURE.length,
                        PNG_SIGNATURE, 0, PNG_SIGNATURE.length)) {
                    throw new IllegalArgumentException("the picture of a screen is no PNG file");
                }
            }
            case CONSOLE -> decoded(content);
        }
    }

    /// A picture of a console; text that is too long loses its first lines.
    public static Picture ofConsole(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int from = Math.max(0, bytes.length - MAX_CONSOLE_BYTES);
        // not into the middle of a character
        while (from < bytes.length && (bytes[from] & 0xc0) == 0x80) {
            from++;
        }
        return new Picture(Kind.CONSOLE, Arrays.copyOfRange(bytes, from, bytes.length));
    }

    /// How many pixels a screen says that it has; 0 for a console. A file that does not say so has more than any.
    public long pixels() {
        if (kind == Kind.CONSOLE) {
            return 0;
        }
        // the header chunk comes first: length, type, width, height
        if (content.length < PNG_SIGNATURE.length + 16) {
            return Long.MAX_VALUE;
        }
        ByteBuffer header = ByteBuffer.wrap(content, PNG_SIGNATURE.length + 4, 12);
        int type = header.getInt();
        long width = Integer.toUnsignedLong(header.getInt());
        long height = Integer.toUnsignedLong(header.getInt());
        return type == PNG_HEADER && width <= 1 << 16 && height <= 1 << 16 ? width * height : Long.MAX_VALUE;
    }

    /// The text of a console.
    ///
    /// @throws IllegalStateException if it is a screen
    public String text() {
        if (kind != Kind.CONSOLE) {
            throw new IllegalStateException("the picture is of a screen");
        }
        return decoded(content);
    }

    private static String decoded(byte[] content) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("the text of a console is not UTF-8", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Picture(Kind otherKind, byte[] otherContent) && kind == otherKind
                && Arrays.equals(content, otherContent);
    }

    @Override
    public int hashCode() {
        return 31 * kind.hashCode() + Arrays.hashCode(content);
    }

    @Override
    public String toString() {
        return "Picture[" + kind + ", " + content.length + " bytes]";
    }
}
