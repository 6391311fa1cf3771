package dev.freezeframe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.base.Units;
import dev.freezeframe.cli.terminal.JsonLines;
import dev.freezeframe.cli.terminal.JsonOption;
import dev.freezeframe.cli.terminal.TerminalOutput;
import dev.freezeframe.qemu.profile.Profile;
import dev.freezeframe.qemu.profile.ProfileEntry;
import dev.freezeframe.qemu.profile.Profiles;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/// `freezeframe profiles`: the machines that can be recorded by name, also those whose file is refused, with the reason.
@Command(name = "profiles", mixinStandardHelpOptions = true, header = "List the machines that can be recorded by name.", description = "Shown are the profiles that come with the program and your own, which lie in $${XDG_CONFIG_HOME:-~/.config}/freezeframe/qemu-profiles and hide the program's of the same name. A profile that is refused is listed with the reason.", footer = {
        "  What can be recorded:",
        "    freezeframe profiles",
        "  The same for a script, with all fields of each profile:",
        "    freezeframe profiles --json"})
final class ProfilesCommand implements Callable<Integer> {
    @ParentCommand
    private RootCommand program;

    @Mixin
    private JsonOption format;

    @Override
    public Integer call() {
        List<ProfileEntry> entries = Profiles.standard().list();
        TerminalOutput screen = new TerminalOutput(program.surroundings());
        int nameWidth = entries.stream().mapToInt(entry -> entry.name().length()).max().orElse(0);
        for (ProfileEntry entry : entries) {
            screen.line(format.json() ? json(entry).toString() : text(entry, nameWidth));
        }
        return 0;
    }

    private static String text(ProfileEntry entry, int nameWidth) {
        String name = Units.text("%-" + Math.max(1, nameWidth) + "s  ", entry.name());
        return entry.profile().map(profile -> name + Units.text("%8s  %-4s  %s%s", Units.bytes(profile.memoryBytes()),
                profile.accelerator().text(), profile.description(), entry.own() ? " (your own)" : "")).orElseGet(
                        () -> name + "refused: " + entry.problem().orElse("no reason known"));
    }

    private static ObjectNode json(ProfileEntry entry) {
        ObjectNode json = JsonLines.ofType("profile").put("profile", entry.name()).put("file", entry.file().toString())
                .put("own", entry.own());
        entry.problem().ifPresent(problem -> json.put("problem", problem));
        entry.profile().map(Profile::toJson).ifPresent(json::setAll);
        return json;
    }
}
