package dev.freezeframe.base;

/// A listener that is listening; closing it stops that. Closing twice is harmless.
@FunctionalInterface
public interface Registration extends AutoCloseable {
    @Override
    void close();
}
