package dev.freezeframe.cli.run;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// What a guest writes to its disk in a second, as people type it: `10M/s`. The number is in MiB.
public final class DiskRateText implements ITypeConverter<Integer> {
    private static final Pattern RATE = Pattern.compile("(\\d{1,4}) ?M(?:iB)?/s");

    @Override
    public Integer convert(String text) {
        Matcher matcher = RATE.matcher(text.strip());
        if (!matcher.matches() || Integer.parseInt(matcher.group(1)) == 0) {
            throw new TypeConversionException("\"" + text + "\" is no rate: write 10M/s");
        }
        return Integer.valueOf(matcher.group(1));
    }
}
