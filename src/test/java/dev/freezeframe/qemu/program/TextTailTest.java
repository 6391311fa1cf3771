package dev.freezeframe.qemu.program;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/// A QEMU's last words say why it ended.
class TextTailTest {
    @Test
    void warningsDoNotStandBeforeTheReason() {
        String warnings = "qemu-system-x86_64: warning: short-form boolean option 'server' deprecated\n".repeat(4);
        assertEquals("qemu-system-x86_64: -gdb x: cannot", TextTail.lastWords(warnings
                + "qemu-system-x86_64: -gdb x: cannot\n" + warnings));
        assertEquals("qemu: warning: odd", TextTail.lastWords("qemu: warning: odd\n"));
        assertEquals("", TextTail.lastWords("\n"));
    }
}
