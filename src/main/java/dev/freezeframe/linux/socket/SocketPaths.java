package dev.freezeframe.linux.socket;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// The limits of a UNIX socket's path. Checked by us, because the kernel and jnr cut or garble a path that breaks them.
public final class SocketPaths {
    /// `sun_path` of `struct sockaddr_un` (unix(7)), less its final NUL.
    public static final int MAX_BYTES = 107;

    private SocketPaths() {}

    /// The same path.
    ///
    /// @throws IOException when a socket cannot have it
    public static Path checked(Path path) throws IOException {
        String text = path.toString();
        if (text.length() > MAX_BYTES || !StandardCharsets.US_ASCII.newEncoder().canEncode(text)) {
            throw new IOException("socket path " + text + " is longer than " + MAX_BYTES
                    + " bytes or not plain ASCII; set XDG_RUNTIME_DIR to a folder with a short plain name");
        }
        return path;
    }
}
