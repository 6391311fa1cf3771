package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/// What the help of each command promises: what it does, what every option means, and examples that the program takes.
class HelpTest {
    private static final int COLUMNS = 80;
    private static final String COMMAND_INDENT = "    ";

    @TempDir
    Path home;

    static List<CommandLine> commands() {
        return CommandText.withAllBelow(CommandText.program());
    }

    private static UsageMessageSpec usage(CommandLine command) {
        return command.getCommandSpec().usageMessage();
    }

    private static List<String> examples(CommandLine command) {
        return Stream.of(usage(command).footer()).filter(line -> line.startsWith(COMMAND_INDENT) && line.contains(
                "freezeframe ")).map(String::strip).toList();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandSaysInOneLineWhatItDoes(CommandLine command) {
        assertEquals(1, usage(command).header().length, command.getCommandName());
        assertTrue(CommandGroups.header(command).matches("[A-Z].{10,110}\\."), CommandGroups.header(command));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyOptionAndArgumentIsDescribed(CommandLine command) {
        for (OptionSpec option : command.getCommandSpec().options().stream().filter(each -> !each.hidden()).toList()) {
            assertTrue(String.join(" ", option.description()).length() > 8, command.getCommandName() + " " + option);
        }
        for (PositionalParamSpec argument : command.getCommandSpec().positionalParameters()) {
            assertTrue(String.join(" ", argument.description()).length() > 8, command.getCommandName() + " "
                    + argument);
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandShowsTwoExamplesOrMoreThatTheProgramTakes(CommandLine command) {
        List<String> examples = examples(command);
        String name = command.getCommandSpec().qualifiedName();
        assertTrue(examples.size() >= 2, name + " shows " + examples);
        assertTrue(examples.stream().anyMatch(line -> line.contains(name)), name + " shows " + examples);
        assertEquals(List.of(), examples.stream().map(CommandText::refusal).flatMap(Optional::stream).toList());
        for (String line : usage(command).footer()) {
            assertTrue(line.startsWith("  ") && line.length() <= COLUMNS, "too long, or not indented: " + line);
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyHelpEndsWithExitStatusAndExamples(CommandLine command) {
        String[] arguments = Stream.concat(Arrays.stream(command.getCommandSpec().qualifiedName().split(" ", -1)).skip(
                1), Stream.of("--help")).toArray(String[]::new);
        Invocation help = Invocation.of(home, arguments);
        assertEquals(0, help.status(), help.err());
        assertTrue(help.out().indexOf("\nExit status:\n  0   ") < help.out().indexOf("\nExamples:\n"), help.out());
        assertTrue(help.out().indexOf("\nExit status:\n  0   ") > help.out().indexOf("\nOptions:\n"), help.out());
        for (String line : help.out().lines().toList()) {
            assertTrue(line.length() <= COLUMNS, line);
        }
        assertTrue(examples(command).stream().allMatch(help.out()::contains), help.out());
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandTellsTheVersion(CommandLine command) {
        String[] arguments = Stream.concat(Arrays.stream(command.getCommandSpec().qualifiedName().split(" ", -1)).skip(
                1), Stream.of("--version")).toArray(String[]::new);
        assertTrue(Invocation.of(home, arguments).out().startsWith("freezeframe "));
    }

    @Test
    void theHelpOfTheProgramShowsEveryCommandOnceAndInAGroup() {
        Map<String, CommandLine> commands = CommandText.program().getSubcommands();
        Map<String, Map<String, CommandLine>> groups = CommandGroups.of(commands);
        assertEquals(commands.keySet().stream().sorted().toList(), groups.values().stream().flatMap(group -> group
                .keySet().stream()).sorted().toList());
        String help = Invocation.of(home, "--help").out();
        for (String name : commands.keySet()) {
            assertEquals(1, help.lines().filter(line -> line.startsWith("  " + name + " ") && !line.contains("  -"))
                    .count(), name + " in: " + help);
        }
    }
}
