package dev.freezeframe.cli;

import dev.freezeframe.cli.terminal.CheckpointNameText;
import dev.freezeframe.cli.terminal.CommandFailure;
import dev.freezeframe.store.model.CheckpointName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.TypeConversionException;

/// `freezeframe app`: the desktop window, or a picture of it.
@Command(name = "app", mixinStandardHelpOptions = true, header = "Open the workbench: launch, record, look and restore in a window.", footer = {
        "  The window, on the store of the last time:",
        "    freezeframe app",
        "  The same, asking whether to take a bundle in:",
        "    freezeframe app tiny-linux.freezeframe",
        "  On another store:",
        "    freezeframe app --store /srv/checkpoints",
        "  A picture of it, where there is no display:",
        "    freezeframe app --screenshot window.png --dark --size 1600x1000"})
final class AppCommand implements Callable<Integer> {
    @ParentCommand
    private RootCommand program;

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "A bundle; the window asks whether to import it.")
    private Optional<Path> bundle;

    @Option(names = "--store", paramLabel = "DIR", description = "The store. Default: the one of the last time.")
    private Optional<Path> store;

    @Option(names = "--screenshot", paramLabel = "FILE", description = "Render the window on the store into this PNG file and end; needs no display.")
    private Optional<Path> screenshot;

    @Mixin
    private Appearance appearance;

    /// How a screenshot looks.
    static final class Appearance {
        @Option(names = "--dark", description = "With --screenshot: the dark theme.")
        private boolean dark;

        @Option(names = "--size", paramLabel = "WxH", defaultValue = "1280x800", converter = SizeText.class, description = "With --screenshot: size of the window, default ${DEFAULT-VALUE}.")
        private Size size;

        @Option(names = "--scale", paramLabel = "FACTOR", defaultValue = "1", description = "With --screenshot: pixels for each logical one, such as 2.")
        private double scale;

        @Option(names = "--page", paramLabel = "PAGE", defaultValue = "experiment", description = "With --screenshot: what is shown: ${COMPLETION-CANDIDATES}. Default ${DEFAULT-VALUE}.")
        private WindowLauncher.Page page;

        @Option(names = "--checkpoint", paramLabel = "CHECKPOINT", defaultValue = "latest", converter = CheckpointNameText.class, description = "With --screenshot: the checkpoint that is selected.")
        private CheckpointName checkpoint;

        private record Size(int width, int height) {}

        private static final class SizeText implements ITypeConverter<Size> {
            private static final Pattern SIZE = Pattern.compile("(\\d{3,5})x(\\d{3,5})");

            @Override
            public Size convert(String text) {
                Matcher size = SIZE.matcher(text);
                if (!size.matches()) {
                    throw new TypeConversionException("\"" + text + "\" is no size, write such as 1280x800");
                }
                return new Size(Integer.parseInt(size.group(1)), Integer.parseInt(size.group(2)));
            }
        }
    }

    @Override
    public Integer call() throws Exception {
        if (appearance.scale < 0.5 || appearance.scale > 4) {
            throw new CommandFailure("--scale " + appearance.scale + " is not from 0.5 to 4");
        }
        if (screenshot.isPresent() && store.isPresent() && !Files.isDirectory(store.get())) {
            throw new CommandFailure("there is no store at " + store.get()
                    + "; record something first, or say where it is with --store");
        }
        if (bundle.isPresent() && screenshot.isPresent()) {
            throw new CommandFailure("the window asks before it imports " + bundle.get()
                    + ", which a screenshot cannot; leave one of them out");
        }
        if (bundle.isPresent() && !Files.exists(bundle.get())) {
            throw new CommandFailure("there is no file " + bundle.get());
        }
        WindowLauncher window = ServiceLoader.load(WindowLauncher.class).findFirst()
                .orElseThrow(() -> new CommandFailure(
                        "this build has no window; install the whole program"));
        return window.open(new WindowLauncher.Opening(store, program.surroundings().defaultStore(),
                program.surroundings().folders().configuration(),
                screenshot.map(file -> new WindowLauncher.Screenshot(file, appearance.dark,
                        appearance.size.width(), appearance.size.height(), appearance.scale, appearance.page,
                        appearance.checkpoint)),
                bundle.map(Path::toAbsolutePath)));
    }
}
