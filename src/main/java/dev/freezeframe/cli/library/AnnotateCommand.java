package dev.freezeframe.cli.library;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.cli.terminal.CheckpointNameText;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.Program;
import dev.freezeframe.cli.terminal.StoreOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.Annotation;
import dev.freezeframe.store.model.CheckpointName;
import dev.freezeframe.store.model.CheckpointRecord;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/// `freezeframe annotate`: writes a note and tags to a checkpoint. Without any option it shows what is written.
@Command(name = "annotate", mixinStandardHelpOptions = true, sortOptions = false, header = "Write a note and tags to a checkpoint, or show them.", description = "A note takes the place of the one before; an empty one takes it away. Without options the command shows what is written. A budget that thins a recording out spares checkpoints with a note or a tag.", footer = {
        "  Remember a place:",
        "    freezeframe annotate tiny-linux-20260101-120000/7 --note 'warm from here'",
        "  Another tag for the newest checkpoint:",
        "    freezeframe annotate latest --tag boot --remove-tag warm",
        "  What is written there:",
        "    freezeframe annotate latest"})
public final class AnnotateCommand implements Callable<Integer> {
    @ParentCommand
    private Program program;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "CHECKPOINT", converter = CheckpointNameText.class, description = "EXPERIMENT/NUMBER, EXPERIMENT for its newest, or latest.")
    private CheckpointName name;

    @Option(names = "--note", paramLabel = "TEXT", description = "The note.")
    private Optional<String> note;

    @Option(names = "--tag", paramLabel = "T", description = "Add a tag, a single word. May be given more than once.")
    private List<String> added = List.of();

    @Option(names = "--remove-tag", paramLabel = "T", description = "Take a tag away. May be given more than once.")
    private List<String> removed = List.of();

    @Mixin
    private StoreOption storeOption;

    @Mixin
    private JsonOption format;

    @Override
    public Integer call() throws Exception {
        TerminalOutput screen = new TerminalOutput(program.surroundings());
        // what is wrong in itself is wrong usage, whatever the store holds
        changed(Annotation.NONE);
        try (Store store = storeOption.openExisting(program)) {
            CheckpointRecord checkpoint = StoreOption.find(store, name);
            Annotation before = store.annotation(checkpoint.id());
            Annotation after = changed(before);
            if (!after.equals(before)) {
                store.annotate(checkpoint.id(), after);
            }
            screen.line(format.json()
                    ? JsonLines
                            .annotated(JsonLines.ofType("annotation").put("checkpoint", checkpoint.name().toString()),
                                    after)
                            .toString()
                    : checkpoint.name() + ": " + (after.isEmpty() ? "no note, no tags" : text(after)));
        }
        return 0;
    }

    private Annotation changed(Annotation before) {
        try {
            Annotation after = before;
            for (String tag : removed) {
                Annotation.checkTag(tag);
                after = after.withoutTag(tag);
            }
            for (String tag : added) {
                after = after.withTag(tag);
            }
            return note.isPresent() ? after.withNote(note.get().strip()) : after;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /// On one line, tags first: `[boot] [good] the note`.
    static String text(Annotation annotation) {
        StringBuilder text = new StringBuilder();
        annotation.tags().forEach(tag -> text.append('[').append(tag).append("] "));
        return ShownText.oneLine(text.append(annotation.note()).toString().strip());
    }
}
