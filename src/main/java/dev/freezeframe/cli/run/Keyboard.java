package dev.freezeframe.cli.run;

import dev.freezeframe.qemu.machine.Console;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.slf4j.LoggerFactory;

/// Types the lines of standard input into a guest, until one of them ends.
final class Keyboard {
    private Keyboard() {}

    static void attach(InputStream in, Console console) {
        Thread.ofPlatform().daemon().name("keyboard").start(() -> {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    console.type(line + "\n");
                }
            } catch (IOException e) {
                LoggerFactory.getLogger(Keyboard.class).debug("keyboard ended", e);
            }
        });
    }
}
