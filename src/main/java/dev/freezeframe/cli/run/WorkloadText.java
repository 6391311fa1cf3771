package dev.freezeframe.cli.run;

import dev.freezeframe.bench.Workload;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Workloads as people type them: `ticker`, `idle`, `build`, `random25k`.
public final class WorkloadText implements ITypeConverter<Workload> {
    private static final Pattern RANDOM = Pattern.compile("random(\\d{1,6})(k?)");
    private static final int RANDOM_MEBIBYTES = 64;

    @Override
    public Workload convert(String text) {
        Matcher random = RANDOM.matcher(text);
        if (random.matches()) {
            return Workload.random(Integer.parseInt(random.group(1)) * (random.group(2).isEmpty() ? 1 : 1000),
                    RANDOM_MEBIBYTES);
        }
        return switch (text) {
            case "ticker" -> Workload.TICKER;
            case "idle" -> Workload.IDLE;
            case "build" -> Workload.BUILD;
            default -> throw new TypeConversionException("\"" + text
                    + "\" is no workload: write ticker, idle, build or random25k");
        };
    }
}
