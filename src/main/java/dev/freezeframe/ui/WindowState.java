package dev.freezeframe.ui;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the window remembers from one start to the next: place, theme, store and the dividers. A file that is missing or
/// broken means the defaults, never an error.
///
/// @param dark         whether the theme is dark
/// @param store        the store of the last time, empty for the default one
/// @param x            place on the screens, logical pixels; not a number for wherever the system puts it
/// @param y            like `x`
/// @param width        logical pixels
/// @param height       logical pixels
/// @param maximized    whether it fills the screen
/// @param intervalMillis the interval that recordings begin with
/// @param dividers     positions of the dividers of split panes, from 0 to 1, by the name of the pane
public record WindowState(boolean dark, String store, double x, double y, double width, double height,
        boolean maximized, long intervalMillis, Map<String, double[]> dividers) {
    private static final Logger LOG = LoggerFactory.getLogger(WindowState.class);
    private static final String FILE_NAME = "window.json";
    private static final ObjectMapper JSON = new ObjectMapper()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(SerializationFeature.INDENT_OUTPUT);
    private static final double SMALLEST_WIDTH = 800;
    private static final double SMALLEST_HEIGHT = 500;
    private static final double LARGEST = 20_000;

    /// What a first start has.
    public static final WindowState FIRST = new WindowState(false, "", Double.NaN, Double.NaN, 1440, 900, false, 1000,
            Map.of());

    /// Puts what no window can have right.
    public WindowState {
        store = store == null ? "" : store;
        dividers = dividers == null ? Map.of() : new HashMap<>(dividers);
        width = width >= SMALLEST_WIDTH && width < LARGEST ? width : 1440;
        height = height >= SMALLEST_HEIGHT && height < LARGEST ? height : 900;
        intervalMillis = Math.clamp(intervalMillis, 100, 60_000);
    }

    /// Reads what was remembered in this folder.
    public static WindowState read(Path folder) {
        try {
            WindowState read = JSON.readValue(Files.readAllBytes(folder.resolve(FILE_NAME)), WindowState.class);
            return read == null ? FIRST : read;
        } catch (NoSuchFileException _) {
            return FIRST;
        } catch (IOException e) {
            LOG.warn("the remembered state of the window in {} is left out: {}", folder, e.toString());
            return FIRST;
        }
    }

    /// Remembers it, readable by its owner only.
    public void write(Path folder) throws IOException {
        Files.createDirectories(folder,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path fresh = Files.createTempFile(folder, "window", ".tmp");
        try {
            Files.write(fresh, JSON.writeValueAsBytes(this));
            Files.move(fresh, folder.resolve(FILE_NAME), StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}
