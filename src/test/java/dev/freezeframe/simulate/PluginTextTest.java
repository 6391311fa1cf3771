package dev.freezeframe.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a user says of a plugin, taken apart and put together.
class PluginTextTest {
    @ParameterizedTest
    @ValueSource(strings = {"cache", "cache,l1d=32k:8,l2=off", "/a,,b/c.so,x=1,,2,y=", "cache,warm-up=2", "", ",x=1",
            "cache,warm-up=much", "cache,,warm-up=1"})
    void whatWasTakenApartIsTheSameTogether(String text) {
        assertEquals(text, PluginText.of(text).text());
    }

    @Test
    void theWarmUpIsOursWhereverItStands() {
        PluginText text = PluginText.of("cache,warm-up=3,l2=off");
        assertEquals(new PluginText("cache", ",l2=off", 3), text);
        assertEquals("cache,l2=off,warm-up=3", text.text());
        assertEquals("cache,l2=off", text.plugin());
        assertEquals(new PluginText("/a,b.so", ",x=1,,warm-up=2", 0), PluginText.of("/a,,b.so,x=1,,warm-up=2"));
    }

    @Test
    void anArgumentIsFoundByItsWholeName() {
        PluginText text = PluginText.of("cache,xskip=1,y=,,skip=2");
        assertFalse(text.sets("skip"));
        assertTrue(text.sets("xskip"));
    }

    @Test
    void nobodyIsNotWarmedUp() {
        assertEquals(Optional.empty(), PluginText.wanted(" ", 2));
        assertEquals(Optional.of("cache,warm-up=2"), PluginText.wanted("cache", 2));
        assertEquals(Optional.of("cache,warm-up=2"), PluginText.wanted("cache,warm-up=2", 0));
        assertEquals(Optional.of("cache,warm-up=1"), PluginText.wanted("cache,warm-up=2", 1));
    }
}
