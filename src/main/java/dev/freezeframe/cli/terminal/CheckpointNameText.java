package dev.freezeframe.cli.terminal;

import dev.freezeframe.store.model.CheckpointName;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads CHECKPOINT arguments.
public final class CheckpointNameText implements ITypeConverter<CheckpointName> {
    @Override
    public CheckpointName convert(String text) {
        try {
            return CheckpointName.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
