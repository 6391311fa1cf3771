package dev.freezeframe.qemu.stream;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// A reading position in untrusted stream bytes. Every step is checked against the end, and what is missing is named.
final class StreamCursor {
    private final ByteBuffer bytes;

    StreamCursor(byte[] stream, int position) {
        this.bytes = ByteBuffer.wrap(stream).position(position);
    }

    int position() {
        return bytes.position();
    }

    int remaining() {
        return bytes.remaining();
    }

    int u8(String what) throws DeviceStateException {
        need(1, what);
        return bytes.get() & 0xff;
    }

    int be32(String what) throws DeviceStateException {
        need(4, what);
        return bytes.getInt();
    }

    long be64(String what) throws DeviceStateException {
        need(8, what);
        return bytes.getLong();
    }

    /// A length that must lie inside what is left.
    int length32(String what) throws DeviceStateException {
        long length = be32("length of " + what) & 0xffff_ffffL;
        if (length > bytes.remaining())
            throw new DeviceStateException(what + " claims " + length + " bytes at byte " + (position() - 4)
                    + " of the device state, but only " + bytes.remaining() + " follow; it is cut short or damaged");
        return (int) length;
    }

    String name(String what) throws DeviceStateException {
        return text(u8("length of " + what), what);
    }

    String text(int length, String what) throws DeviceStateException {
        int start = position();
        need(length, what);
        for (int i = 0; i < length; i++) {
            int c = bytes.get(start + i);
            if (c < 0x20 || c > 0x7e)
                throw new DeviceStateException(what + " at byte " + start
                        + " of the device state is not a name; the device state is damaged");
        }
        if (length == 0)
            throw new DeviceStateException(what + " at byte " + start + " of the device state is empty; it is damaged");
        byte[] ascii = new byte[length];
        bytes.get(ascii);
        return new String(ascii, StandardCharsets.US_ASCII);
    }

    void skip(int length, String what) throws DeviceStateException {
        need(length, what);
        bytes.position(bytes.position() + length);
    }

    private void need(int length, String what) throws DeviceStateException {
        if (length > bytes.remaining())
            throw new DeviceStateException("device state ends after " + bytes.limit() + " bytes, in the middle of "
                    + what + " at byte " + position() + "; it is cut short");
    }
}
