package dev.freezeframe.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a guest prints to steer a terminal leaves nothing behind, and takes nothing of its text along. `^` stands for the escape
/// character, `!` for the bell.
class ShownTextTest {
    @ParameterizedTest
    @CsvSource({"^[2J^[1;31mplain^[0m, plain", "^[?25hon^[38:5:9moff, onoff", "^(Btext^)0, text", "^#8screen, screen",
            "^]0;a title!text, text", "^]8;;http://there^\\link, link", "^P1$r0m^\\reply, reply", "^cnew, new",
            "^7saved^8, saved", "^=keys^>, keys", "cut^, cut", "cut^[1;3, cut1;3", "[0m, [0m"})
    void steeringIsLeftOut(String printed, String shown) {
        assertEquals(shown.replace('^', '\u001b'), ShownText.withoutSteering(printed.replace('^', '\u001b').replace('!',
                '\u0007')));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u009b1mtext", "\u001b]a title without an end\ntext", "\u001b[0mtext\u001b"})
    void whatOneWouldNotExpectDoesNoHarm(String printed) {
        assertEquals("text", ShownText.withoutSteering(printed).strip());
    }
}
