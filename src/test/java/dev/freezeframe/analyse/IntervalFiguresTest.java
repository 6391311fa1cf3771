package dev.freezeframe.analyse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

/// The numbers in what a plugin says.
class IntervalFiguresTest {
    @Test
    void onlyNumbersAreFiguresHoweverStrangeTheRest() {
        assertEquals(Map.of("a", 1.0, "o.b", 2.5), IntervalFigures.of(
                "{\"a\":1,\"s\":\"x\",\"l\":[1,2],\"n\":null,\"o\":{\"b\":2.5},\"huge\":1e999}"));
        assertEquals(Map.of(), IntervalFigures.of("[1]"));
        assertEquals(Map.of(), IntervalFigures.of("no JSON"));
    }
}
