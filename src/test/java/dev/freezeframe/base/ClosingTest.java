package dev.freezeframe.base;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Everything is closed, whatever fails, and no failure is lost.
class ClosingTest {
    private final List<String> closed = new ArrayList<>();

    private AutoCloseable failing(String name, Exception failure) {
        return () -> {
            closed.add(name);
            throw failure;
        };
    }

    @Test
    void allAreClosedInOrderAndTheFirstFailureHasTheOthers() {
        IOException first = new IOException("first");
        IllegalStateException second = new IllegalStateException("second");
        IOException thrown = assertThrows(IOException.class, () -> Closing.all(Arrays.asList(() -> closed.add("a"),
                failing("b", first), null, failing("c", second), () -> closed.add("d"))));
        assertEquals(List.of("a", "b", "c", "d"), closed);
        assertSame(first, thrown);
        assertArrayEquals(new Throwable[]{second}, thrown.getSuppressed());
    }

    @Test
    void aFailureThatIsCheckedBecomesAnInputOutputErrorWithItAsTheCause() {
        Exception failure = new Exception("why");
        IOException thrown = assertThrows(IOException.class, () -> Closing.all(List.of(failing("a", failure))));
        assertEquals("why", thrown.getMessage());
        assertSame(failure, thrown.getCause());
    }

    @Test
    void whatFailsAgainInTheSameWayIsNoFailureOfItsOwn() {
        IllegalStateException failure = new IllegalStateException("twice");
        IllegalStateException thrown = assertThrows(IllegalStateException.class, () -> Closing.each(() -> {
            throw failure;
        }, () -> {
            throw failure;
        }, () -> closed.add("last")));
        assertSame(failure, thrown);
        assertEquals(List.of("last"), closed);
    }
}
