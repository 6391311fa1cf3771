package dev.freezeframe.qemu.profile;

import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/// A few bytes of 16-bit machine code with labels, so that jumps need not be counted by hand. Every label may be used
/// before it is set; [#bytes] fills the gaps in.
final class RealModeCode {
    private final int origin;
    private final ByteArrayOutputStream code = new ByteArrayOutputStream();
    private final Map<String, Integer> labels = new HashMap<>();
    private final Map<Integer, Gap> gaps = new HashMap<>();

    /// Bytes to fill in when all labels are known.
    ///
    /// @param value makes the value of the label's offset in the code
    private record Gap(String label, int bytes, IntUnaryOperator value) {}

    RealModeCode(int origin) {
        this.origin = origin;
    }

    RealModeCode emit(int... bytes) {
        for (int b : bytes) {
            code.write(b);
        }
        return this;
    }

    RealModeCode word(int value) {
        return emit(value & 0xff, value >> 8 & 0xff);
    }

    RealModeCode dword(int value) {
        return word(value).word(value >>> 16);
    }

    /// `mov al,value; out port,al`
    RealModeCode outByte(int port, int value) {
        return emit(0xb0, value, 0xe6, port);
    }

    void label(String name) {
        labels.put(name, code.size());
    }

    /// The 16-bit address of a label.
    RealModeCode address(String label) {
        gaps.put(code.size(), new Gap(label, 2, offset -> origin + offset));
        return word(0);
    }

    /// A jump with an 8-bit distance: jmp, jz, jnz or loop by its opcode.
    RealModeCode jump(int opcode, String label) {
        emit(opcode);
        int next = code.size() + 1;
        gaps.put(code.size(), new Gap(label, 1, offset -> offset - next));
        return emit(0);
    }

    /// `mov dx,port; mov al,value; out dx,al`
    RealModeCode outByteTo(int port, int value) {
        return emit(0xba).word(port).emit(0xb0, value, 0xee);
    }

    RealModeCode jumpNear(String label) {
        return near(0xe9, label);
    }

    RealModeCode call(String label) {
        return near(0xe8, label);
    }

    private RealModeCode near(int opcode, String label) {
        emit(opcode);
        int next = code.size() + 2;
        gaps.put(code.size(), new Gap(label, 2, offset -> offset - next));
        return word(0);
    }

    /// The code, padded with zeros.
    byte[] bytes(int length) {
        if (code.size() > length - 2) {
            throw new IllegalStateException("the code has " + code.size() + " bytes and leaves no room in " + length);
        }
        byte[] bytes = java.util.Arrays.copyOf(code.toByteArray(), length);
        gaps.forEach((at, gap) -> {
            int value = gap.value.applyAsInt(labels.get(gap.label));
            if (gap.bytes == 1 && value != (byte) value) {
                throw new IllegalStateException("label " + gap.label + " is too far for a short jump");
            }
            bytes[at] = (byte) value;
            if (gap.bytes == 2) {
                bytes[at + 1] = (byte) (value >> 8);
            }
        });
        return bytes;
    }
}
