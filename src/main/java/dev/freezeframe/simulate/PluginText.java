package dev.freezeframe.simulate;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A plugin with its arguments, as the command line takes it and the store keeps it: `NAME,ARG=VALUE…`, where a comma in a name
/// or a value is doubled. One argument is not the plugin's but ours, `warm-up=N`; it is here because what was warmed up in
/// another way is another simulation. Immutable.
///
/// @param name     of one of ours, or a file, without doubled commas; empty where there is none
/// @param settings what is behind it, as QEMU takes it: `,ARG=VALUE…` or nothing
/// @param warmUp   how many intervals of the recording each interval is begun earlier than it is counted
public record PluginText(String name, String settings, int warmUp) {
    /// A comma that is not doubled ends the name.
    private static final Pattern PARTS = Pattern.compile("((?:[^,]|,,)*)(.*)", Pattern.DOTALL);
    private static final Pattern SETTING = Pattern.compile(",(?:[^,]|,,)*");
    private static final Pattern OUR_NAME = Pattern.compile("[a-z][a-z0-9]*");
    private static final Pattern WARM_UP = Pattern.compile(",warm-up=([0-9]{1,9})");

    /// Takes a text apart. What is wrong with it is for whomever looks for the plugin to say.
    public static PluginText of(String text) {
        Matcher parts = PARTS.matcher(text);
        if (!parts.matches()) {
            throw new IllegalStateException("every text matches");
        }
        StringBuilder settings = new StringBuilder();
        int warmUp = 0;
        for (Matcher each = SETTING.matcher(parts.group(2)); each.find();) {
            Matcher ours = WARM_UP.matcher(each.group());
            if (ours.matches()) {
                warmUp = Integer.parseInt(ours.group(1));
            } else {
                settings.append(each.group());
            }
        }
        return new PluginText(parts.group(1).replace(",,", ","), settings.toString(), warmUp);
    }

    /// The same with another warm-up.
    public PluginText withWarmUp(int intervals) {
        return new PluginText(name, settings, intervals);
    }

    /// Whether an argument has this name.
    boolean sets(String argument) {
        return SETTING.matcher(settings).results().anyMatch(each -> each.group().startsWith("," + argument + "="));
    }

    /// Whether it names one that comes with this program, and neither a file nor a command.
    public boolean isOfOurs() {
        return OUR_NAME.matcher(name).matches();
    }

    /// As text again.
    public String text() {
        return plugin() + (warmUp > 0 ? ",warm-up=" + warmUp : "");
    }

    /// The same without what is ours.
    public String plugin() {
        return name.replace(",", ",,") + settings;
    }

    /// A plugin as it is named where one is wanted; empty for none.
    ///
    /// @param plugin as a user names it; blank for nobody who looks on
    /// @param warmUp 0 for what is in the text
    public static Optional<String> wanted(String plugin, int warmUp) {
        if (plugin.isBlank()) {
            return Optional.empty();
        }
        return Optional.of(warmUp > 0 ? of(plugin).withWarmUp(warmUp).text() : plugin);
    }
}
