package dev.freezeframe.qemu.stream;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// States of machines whose run is recorded, with nothing in them but where in that they are.
public final class ReplayStates {
    private ReplayStates() {}

    /// One at a place in the log, of which nothing was read ahead.
    public static byte[] at(long instructions, long logOffset) {
        return state(2, instructions, instructions, 0, false, 0, logOffset);
    }

    /// A state as QEMU 7.2 (section version 2) or a later one (3) saves it.
    static byte[] state(int version, long logged, long executed, int event, boolean read, int run,
            long offset) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(new byte[]{'Q', 'E', 'V', 'M', 0, 0, 0, 3});
            begin(out, 0, "timer", 2);
            out.write(new byte[24]);
            out.writeByte(5);
            text(out, "timer/icount");
            out.writeInt(1);
            out.writeLong(77);
            out.writeLong(executed);
            end(out, 0);
            begin(out, 1, "replay", version);
            out.write(new byte[16]);
            out.writeLong(logged);
            out.writeInt(run);
            if (version == 3) {
                out.writeInt(9);
            }
            out.writeInt(event);
            if (version == 3) {
                out.writeByte(read ? 1 : 0);
            } else {
                out.writeInt(read ? 1 : 0);
            }
            out.writeLong(offset);
            out.writeLong(3);
            out.writeLong(-1);
            end(out, 1);
            out.writeByte(0);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    private static void begin(DataOutputStream out, int id, String name, int version) throws IOException {
        out.writeByte(4);
        out.writeInt(id);
        text(out, name);
        out.writeInt(0);
        out.writeInt(version);
    }

    private static void end(DataOutputStream out, int id) throws IOException {
        out.writeByte(0x7e);
        out.writeInt(id);
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        out.writeByte(text.length());
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }
}
