package dev.freezeframe.ui.machine;

import dev.freezeframe.qemu.machine.GuestScreen;
import dev.freezeframe.qemu.machine.Machine;
import dev.freezeframe.qemu.machine.ScreenImage;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javafx.application.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at a guest's screen and presses its keys, in one background thread: keys arrive in their order, and pictures are
/// told only when they changed. Ends with [#close].
final class ScreenSession implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ScreenSession.class);
    private static final long MILLIS_BETWEEN_PICTURES = 200;
    /// Soon after a key the guest shows what it made of it.
    private static final long MILLIS_AFTER_KEY = 40;
    private static final int MOST_KEYS = 256;

    private final Machine machine;
    private final Consumer<ScreenImage> whenChanged;
    private final Consumer<String> whenFailed;
    private final ArrayBlockingQueue<Key> keys = new ArrayBlockingQueue<>(MOST_KEYS);
    private final AtomicBoolean closed = new AtomicBoolean();

    private sealed interface Key {
        record Press(String name, boolean down) implements Key {}

        record Together(List<String> names) implements Key {}
    }

    /// Begins to look.
    ///
    /// @param whenChanged gets pictures, on the JavaFX thread
    /// @param whenFailed gets one line, on the JavaFX thread, when nothing can be seen any more
    ScreenSession(Machine machine, Consumer<ScreenImage> whenChanged, Consumer<String> whenFailed) {
        this.machine = machine;
        this.whenChanged = whenChanged;
        this.whenFailed = whenFailed;
        Thread.ofPlatform().name("guest-screen").daemon().start(this::follow);
    }

    /// Presses a key or lets it go. Dropped where the guest takes none for long.
    void key(String name, boolean down) {
        if (!keys.offer(new Key.Press(name, down))) {
            LOG.debug("key {} is dropped", name);
        }
    }

    /// Presses keys together and lets them go.
    void together(String... names) {
        if (!keys.offer(new Key.Together(List.of(names)))) {
            LOG.debug("keys {} are dropped", Arrays.toString(names));
        }
    }

    private void follow() {
        try (GuestScreen screen = GuestScreen.of(machine)) {
            ScreenImage last = null;
            while (!closed.get()) {
                ScreenImage image = screen.capture();
                if (last == null || image.width() != last.width() || !Arrays.equals(image.argb(), last.argb())) {
                    last = image;
                    Platform.runLater(() -> {
                        if (!closed.get()) {
                            whenChanged.accept(image);
                        }
                    });
                }
                press(screen);
            }
            release(screen);
        } catch (IOException | RuntimeException e) {
            LOG.debug("the screen cannot be seen any more", e);
            Platform.runLater(() -> {
                if (!closed.get()) {
                    whenFailed.accept(e.getMessage());
                }
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Hands keys on until it is time for the next picture.
    private void press(GuestScreen screen) throws IOException, InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MILLIS_BETWEEN_PICTURES);
        while (!closed.get()) {
            Key next = keys.poll(until - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (next == null) {
                return;
            }
            press(screen, next);
            until = Math.min(until, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MILLIS_AFTER_KEY));
        }
    }

    private static void press(GuestScreen screen, Key key) throws IOException {
        switch (key) {
            case Key.Press(String name, boolean down) -> screen.key(name, down);
            case Key.Together(List<String> names) -> screen.sendKey(names.toArray(String[]::new));
        }
    }

    /// What was let go before the end must not stay pressed in the guest.
    private void release(GuestScreen screen) throws IOException {
        for (Key key = keys.poll(); key != null; key = keys.poll()) {
            if (key instanceof Key.Press(String name, boolean down) && !down) {
                screen.key(name, false);
            }
        }
    }

    @Override
    public void close() {
        closed.set(true);
    }
}
