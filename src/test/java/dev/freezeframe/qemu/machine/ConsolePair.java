package dev.freezeframe.qemu.machine;

import dev.freezeframe.linux.socket.UnixConnection;
import java.io.IOException;

/// A console and the other end of its line, where the guest is.
public record ConsolePair(Console console, UnixConnection guest) implements AutoCloseable {

    /// Connects the two.
    public static ConsolePair open() throws IOException {
        UnixConnection[] pair = UnixConnection.pair();
        return new ConsolePair(Console.on(pair[1]), pair[0]);
    }

    @Override
    public void close() {
        guest.close();
        console.close();
    }
}
