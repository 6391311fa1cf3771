package dev.freezeframe.qemu.machine;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.freezeframe.linux.SharedMemory;
import dev.freezeframe.qemu.program.MachineException;
import dev.freezeframe.qemu.qmp.QmpCommand;
import dev.freezeframe.qemu.qmp.QmpException;
import java.io.IOException;
import java.time.Duration;

/// The screen and the keyboard of a machine that has a display. A picture can be had a few times a second while the guest
/// runs; nothing of it ever lies in a file that others could open.
///
/// QEMU writes the picture (`screendump`, without a format: QEMU compresses a PNG in its main loop, which takes five times
/// as long and holds up the guest's devices) into a memfd of ours, by its path under our `/proc/…/fd`. It is asked on the
/// session for onlookers, so no checkpoint waits for it to be sent.
///
/// Safe for use by several threads; one picture is taken at a time. Close it before the machine, or after.
public final class GuestScreen implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /// More keys than anybody holds at once.
    private static final int MAX_KEYS = 16;

    private final Machine machine;
    @GuardedBy("this")
    private final SharedMemory file;

    private GuestScreen(Machine machine, SharedMemory file) {
        this.machine = machine;
        this.file = file;
    }

    /// The screen of a machine.
    ///
    /// @throws IOException if the machine has no display, or there is no memory
    public static GuestScreen of(Machine machine) throws IOException {
        if (!machine.hasDisplay()) {
            throw new MachineException("profile " + machine.spec().profile().name()
                    + " has no display; add \"display\": \"std\" to it and start the machine again");
        }
        return new GuestScreen(machine, SharedMemory.allocate("freezeframe-screen", 0));
    }

    /// What the screen shows now. Takes QEMU some milliseconds.
    ///
    /// @throws IOException if QEMU does not answer or its picture is larger than [ScreenImage] takes
    public synchronized ScreenImage capture() throws IOException {
        machine.watchQmp().execute(QmpCommand.of("screendump").with("filename", file.path()), PATIENCE);
        return ScreenImage.ofPortablePixmap(file.readFile(ScreenImage.MAX_FILE_BYTES));
    }

    /// Presses keys together and lets them go again, such as `ctrl`, `alt`, `delete`.
    ///
    /// @param qcodes QEMU's names of keys (`QKeyCode` in qapi/ui.json)
    /// @throws QmpException also when QEMU does not know a key
    public void sendKey(String... qcodes) throws QmpException {
        machine.watchQmp().execute(QmpCommand.of("send-key").with("keys", keys(qcodes)), PATIENCE);
    }

    private static ArrayNode keys(String... qcodes) {
        if (qcodes.length < 1 || qcodes.length > MAX_KEYS) {
            throw new IllegalArgumentException("from 1 to " + MAX_KEYS + " keys at once, not " + qcodes.length);
        }
        ArrayNode keys = JsonNodeFactory.instance.arrayNode();
        for (String qcode : qcodes) {
            keys.addObject().put("type", "qcode").put("data", qcode);
        }
        return keys;
    }

    /// Presses one key, or lets it go, as it happens on the user's own keyboard.
    public void key(String qcode, boolean down) throws QmpException {
        ArrayNode events = JsonNodeFactory.instance.arrayNode();
        events.addObject().put("type", "key").putObject("data").put("down", down).putObject("key").put("type", "qcode")
                .put("data", qcode);
        machine.watchQmp().execute(QmpCommand.of("input-send-event").with("events", events), PATIENCE);
    }

    @Override
    public synchronized void close() {
        file.close();
    }
}
