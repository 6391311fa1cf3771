package dev.freezeframe.cli.terminal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Sizes as people type them, in QEMU's binary units: `256M`, `2G`, `512MiB`. A number alone is refused, because QEMU
/// would read it as MiB here and as bytes there.
public final class SizeArgument implements ITypeConverter<Long> {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,9}) ?([KMGT])(?:iB)?", Pattern.CASE_INSENSITIVE);

    @Override
    public Long convert(String text) {
        Matcher matcher = SIZE.matcher(text.strip());
        if (!matcher.matches()) {
            throw new TypeConversionException("\"" + text + "\" is no size: write 256M, 2G or 512KiB");
        }
        int shift = switch (matcher.group(2)) {
            case "K", "k" -> 10;
            case "M", "m" -> 20;
            case "G", "g" -> 30;
            default -> 40;
        };
        long count = Long.parseLong(matcher.group(1));
        if (count > Long.MAX_VALUE >> shift) {
            throw new TypeConversionException("\"" + text + "\" is too large a size");
        }
        return count << shift;
    }
}
