package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.suite.BuiltPlugins;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// README and CONTRIBUTING tell the truth: their commands work and print what is shown, their options are all there are, their
/// links lead somewhere.
///
/// How a document has to be written for that:
///
/// - **Commands are in fenced blocks `console`,** and in no other. A line that begins with `$ ` is a command, `\` at its end
///   continues it, ` # …` behind it is a remark. The lines below it, up to the next command or the end of the block, are its
///   output, standard error included. Blocks of other kinds (`text`, `json`, `bibtex`, none) must not have lines that begin like
///   a command.
/// - **The program is called `freezeframe`.**
/// - **Each command is executed,** in the order of the document, as one walk-through: all in one home folder of their own
///   ([WalkThrough]), by bash (`cd` lasts, variables do not), and has to end with status 0. What cannot be executed here, because
///   it wants root, a network, a display or a checkout of its own, is in [#ELSEWHERE] with the file that executes it and the words
///   there that do. An entry that no document uses any more is an error too.
/// - **Output is compared up to its figures** ([ShownOutput]): numbers and units may differ, also `-` for a number, sums,
///   phases, the home folder, and a remark of a slow computer's. Names of experiments may differ as well, and so may QEMU's process id behind `process`; a later
///   command that names one of them gets the name that was printed this time, and therefore only what was shown above can be
///   named. `…` alone in a line stands for any number of lines, `…` at the end of a line for its rest. `^C` alone in a line: the
///   command is interrupted as soon as it has printed as many lines as are above. Behind `console varies` the output is not
///   compared, because it is another on every computer; the status still counts. Behind `console fails` each command has to
///   fail, in the words that are shown.
/// - **Code in the text** that begins with `freezeframe` and a command is parsed as it stands (placeholders in capitals are fine
///   where a name can be); one with `…`, `|` or a placeholder for the command is not. Code that begins with a command of the program
///   (`restore --qemu BINARY`) may leave arguments out, but has only options that the command has.
/// - **The table of commands** is each table of the README whose first column is headed `command`: in the first cell the
///   command's name and its arguments as code; in the whole row, as code, its options. Every command has a row, every
///   option is in one of its command's rows; rows of several commands (`bench pause|store`) need no options. `--store`, `--json` and
///   `--verbose` are told once for all, anywhere in the text.
/// - **Links** to files, pictures and headings of the checkout exist; a picture has a text for those who cannot see it.
class ReadmeTest {
    private static final Path README = Path.of("README.md");
    private static final Path CONTRIBUTING = Path.of("CONTRIBUTING.md");

    /// A command that the walk-through does not execute, and what does.
    ///
    /// @param command as the document has it, without its remark
    /// @param file of the checkout
    /// @param words that are in this file
    private record Elsewhere(String command, String file, String words) {}

    private static final List<Elsewhere> ELSEWHERE = List.of(
            new Elsewhere("installer/bootstrap.sh run", "installer/bootstrap.sh",
                    "exec \"$installer/freezeframe\" demo"),
            new Elsewhere("installer/bootstrap.sh test", "installer/bootstrap.sh", "maven verify"),
            new Elsewhere("installer/bootstrap.sh build", "installer/bootstrap.sh", "build_program"),
            new Elsewhere("installer/bootstrap.sh package", "installer/bootstrap.sh", "build_package"),
            new Elsewhere("sudo apt install ./target/package/freezeframe_*_amd64.deb",
                    "installer/package/test-steps.sh",
                    "apt \"${as[@]}\" $here/freezeframe.deb"),
            new Elsewhere("freezeframe guest", "installer/package/test-steps.sh", "freezeframe guest --yes"),
            new Elsewhere("installer/package-test.sh", "installer/package-test.sh", "test_release"),
            new Elsewhere("installer/icons.sh", "installer/icons.sh", "rsvg-convert -w"),
            new Elsewhere("installer/bootstrap.sh guest", "src/test/java/dev/freezeframe/installer/TinyGuestTest.java",
                    "installer/bootstrap.sh guest"),
            new Elsewhere("installer/screenshots.sh", "installer/screenshots.sh", "--screenshot"),
            new Elsewhere("installer/other-qemus.sh test", "installer/other-qemus.sh", "mvn verify"),
            new Elsewhere("mvn -B test", "installer/bootstrap.sh", "maven verify"),
            new Elsewhere("mvn -B verify", "installer/bootstrap.sh", "maven verify"),
            new Elsewhere("mvn -B -Psoak verify", "pom.xml", "<id>soak</id>"),
            new Elsewhere("mvn -B test -Dtest=StoreFaultsTest", "installer/bootstrap.sh", "-Dtest=StoreFaultsTest"),
            new Elsewhere("mvn -B -Pmutation test-compile org.pitest:pitest-maven:mutationCoverage"
                    + " -DtargetClasses='dev.freezeframe.store.pack.Pack*' -DtargetTests='dev.freezeframe.store.StoredFormsTest'",
                    "pom.xml", "<id>mutation</id>"),
            new Elsewhere("mvn -B -q formatter:format", "pom.xml", "formatter-maven-plugin"),
            new Elsewhere("mvn -q test-compile dependency:build-classpath -Dmdep.includeScope=test"
                    + " -Dmdep.outputFile=target/test-classpath", "pom.xml", "maven-dependency-plugin"),
            new Elsewhere("java -cp \"target/test-classes:target/classes:$(cat target/test-classpath)\""
                    + " dev.freezeframe.dedup.DedupBenchmark",
                    "src/test/java/dev/freezeframe/dedup/DedupBenchmark.java",
                    "static void main("),
            new Elsewhere("java -Dglass.platform=Headless -Dprism.order=sw -cp"
                    + " \"target/test-classes:target/classes:$(cat target/test-classpath)\""
                    + " dev.freezeframe.ui.chart.ChartBench ours 10000",
                    "src/test/java/dev/freezeframe/ui/chart/ChartBench.java", "static void main("));

    /// Changes the computer, needs a network or a checkout.
    private static final Pattern NOT_FOR_A_TEST = Pattern.compile(
            "(sudo|apt|apt-get|dnf|pacman|zypper|dpkg|rpm|git|mvn|curl|wget|\\S*installer/\\S+)( .*)?");
    /// What begins a command, where it is not in a block of commands.
    private static final Pattern LIKE_A_COMMAND = Pattern.compile(
            "\\s*(\\$ |(sudo|apt|apt-get|dnf|git|mvn|java|bash|sh|source|freezeframe|\\S*installer/\\S+) \\S).*");
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z-]*");
    /// Told once for all commands.
    private static final Set<String> COMMON_OPTIONS = Set.of("--store", "--json", "--verbose", "--help", "--version");

    private static final Map<String, CommandLine> COMMANDS = new TreeMap<>(CommandText.program().getSubcommands());

    @TempDir
    Path folder;

    static List<Path> documentsWithCommands() {
        return List.of(README, CONTRIBUTING);
    }

    static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        try (Stream<Path> top = Files.list(Path.of(""))) {
            // not even a look into these, where files go while it lasts
            for (Path each : top.filter(path -> !path.startsWith("target") && !path.startsWith(".git")).toList()) {
                try (Stream<Path> files = Files.walk(each)) {
                    files.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
                }
            }
        }
        return documents.stream().sorted().toList();
    }

    private static Optional<Elsewhere> elsewhere(Document.Command command) {
        return ELSEWHERE.stream().filter(each -> each.command().equals(command.text())).findFirst();
    }

    @ParameterizedTest
    @MethodSource("documentsWithCommands")
    @Tag("qemu")
    @Tag("slow")
    void everyCommandDoesWhatTheDocumentShows(Path file) throws Exception {
        List<Document.Command> here = Document.read(file).commands().stream().filter(command -> elsewhere(command)
                .isEmpty()).toList();
        assertEquals(List.of(), here.stream().filter(command -> NOT_FOR_A_TEST.matcher(command.text()).matches())
                .toList(), "nothing executes these; name what does in ELSEWHERE");
        BuiltPlugins.require();
        try (WalkThrough user = new WalkThrough(folder)) {
            for (Document.Command command : here) {
                user.type(command);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("documentsWithCommands")
    void everyCommandIsTakenByTheProgram(Path file) throws IOException {
        List<String> refusals = new ArrayList<>();
        for (Document.Command command : Document.read(file).commands()) {
            if (command.text().matches("(.*[ (])?freezeframe .*")) {
                CommandText.refusal(command.text()).ifPresent(why -> refusals.add(command.where() + ": " + why));
            }
        }
        assertEquals(List.of(), refusals);
    }

    @Test
    void whatIsExecutedElsewhereIsExecutedThereAndStillInADocument() throws IOException {
        Set<String> used = new TreeSet<>();
        for (Path file : documentsWithCommands()) {
            Document.read(file).commands().forEach(command -> used.add(command.text()));
        }
        for (Elsewhere each : ELSEWHERE) {
            assertTrue(used.contains(each.command()), "no document has this any more: " + each);
            assertTrue(Files.readString(Path.of(each.file())).contains(each.words()), "not found: " + each);
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void commandsAreInBlocksOfCommandsOnly(Path file) throws IOException {
        for (Document.Block block : Document.read(file).blocks()) {
            if (!block.info().getFirst().equals("console")) {
                assertEquals(List.of(), block.lines().stream().filter(LIKE_A_COMMAND.asMatchPredicate()).toList(),
                        file + ":" + block.line() + ": commands belong into a block \"console\"");
            } else {
                assertTrue(Set.of("console", "varies", "fails").containsAll(block.info()), file + ":" + block.line()
                        + ": " + block.info());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void codeInTheTextIsTakenByTheProgram(Path file) throws IOException {
        List<String> refusals = new ArrayList<>();
        for (Map.Entry<Integer, String> code : Document.read(file).inlineCode()) {
            refusalOfCode(code.getValue()).ifPresent(why -> refusals.add(file + ":" + code.getKey() + ": " + why));
        }
        assertEquals(List.of(), refusals);
    }

    private static Optional<String> refusalOfCode(String code) {
        String[] words = code.split(" ", -1);
        if (code.contains("…") || code.contains("|") || words.length == 1) {
            return Optional.empty();
        }
        if (words[0].equals("freezeframe")) {
            return words[1].matches("[A-Z]+") ? Optional.empty() : CommandText.refusal(code);
        }
        if (!COMMANDS.containsKey(words[0])) {
            return Optional.empty();
        }
        Set<String> unknown = optionsIn(code);
        CommandText.withAllBelow(COMMANDS.get(words[0])).forEach(each -> unknown.removeAll(optionsOf(each)));
        return unknown.isEmpty() ? Optional.empty() : Optional.of(code + ": no such option: " + unknown);
    }

    @Test
    void theTableOfCommandsHasThemAllWithAllTheirOptions() throws IOException {
        assertEquals(List.of(), faultsOfTable(Document.read(README)));
    }

    private static List<String> faultsOfTable(Document document) {
        Map<String, Set<String>> told = new TreeMap<>();
        Set<String> several = new TreeSet<>();
        List<String> faults = new ArrayList<>();
        for (List<String> row : document.rowsOfTablesHeaded("command")) {
            String name = row.getFirst().replaceAll("^`?(?:freezeframe )?([a-z-]+).*", "$1");
            if (!COMMANDS.containsKey(name)) {
                faults.add("there is no command " + row.getFirst());
                continue;
            }
            told.computeIfAbsent(name, _ -> new TreeSet<>()).addAll(optionsIn(String.join(" ", row)));
            if (!COMMANDS.get(name).getSubcommands().isEmpty()) {
                several.add(name);
            }
        }
        COMMANDS.forEach((name, command) -> {
            if (!told.containsKey(name)) {
                faults.add("the command " + name + " is in no table");
                return;
            }
            Set<String> existing = new TreeSet<>();
            CommandText.withAllBelow(command).forEach(each -> existing.addAll(optionsOf(each)));
            Set<String> wrong = new TreeSet<>(told.get(name));
            wrong.removeAll(existing);
            wrong.forEach(option -> faults.add(name + " has no option " + option));
            if (!several.contains(name)) {
                Set<String> missing = new TreeSet<>(existing);
                missing.removeAll(told.get(name));
                missing.removeAll(COMMON_OPTIONS);
                missing.forEach(option -> faults.add(option + " of " + name + " is in no table"));
            }
        });
        return faults;
    }

    @Test
    void theOptionsOfAllCommandsAreTold() throws IOException {
        assertTrue(optionsIn(Files.readString(README)).containsAll(List.of("--store", "--json", "--verbose")));
    }

    private static Set<String> optionsIn(String text) {
        return new TreeSet<>(OPTION.matcher(text).results().map(option -> option.group()).toList());
    }

    /// The long names of what its help shows.
    private static Set<String> optionsOf(CommandLine command) {
        Set<String> names = new TreeSet<>();
        command.getCommandSpec().options().stream().filter(option -> !option.hidden()).map(OptionSpec::longestName)
                .forEach(names::add);
        return names;
    }

    @ParameterizedTest
    @MethodSource("documents")
    void linksLeadSomewhereAndPicturesHaveAText(Path file) throws IOException {
        assertEquals(List.of(), faultsOfLinks(Document.read(file)));
    }

    private static List<String> faultsOfLinks(Document document) throws IOException {
        List<String> faults = new ArrayList<>();
        for (Document.Link link : document.links()) {
            String where = document.file() + ":" + link.line() + ": " + link.target();
            if (link.picture() && link.text().isBlank()) {
                faults.add(where + " is a picture without a text");
            }
            if (link.target().matches("[a-z]+:.*")) {
                continue;
            }
            String[] parts = link.target().split("#", 2);
            boolean here = parts[0].isEmpty();
            Path target = document.file().resolveSibling(parts[0]).normalize();
            if (!here && !Files.exists(target)) {
                faults.add(where + " does not exist");
            } else if (parts.length == 2 && (here || target.toString().endsWith(".md")) && !(here
                    ? document
                    : Document.read(target)).anchors().contains(parts[1])) {
                faults.add(where + " is no heading there");
            }
        }
        return faults;
    }

    /// That the checks above see what is wrong; the documents show that they let pass what is right.
    @Test
    @Tag("qemu")
    void aDocumentThatDoesNotTellTheTruthIsFoundOut() throws Exception {
        Document document = Document.of(Path.of("wrong.md"), """
                [one](README.md#no-such-heading), [two](no/such/file.png), ![](README.md), [three](#here-too)
                # Here, too
                | command | what |
                | --- | --- |
                | `fly` | flies |
                | `gc --faster` | |
                ```console
                $ freezeframe profiles
                tiny-linux 256 MiB
                $ freezeframe \\
                    list --color      # in colours
                ```
                """);
        assertEquals(List.of("wrong.md:1: README.md#no-such-heading is no heading there",
                "wrong.md:1: no/such/file.png does not exist", "wrong.md:1: README.md is a picture without a text"),
                faultsOfLinks(document));
        List<String> faults = faultsOfTable(document);
        assertTrue(faults.containsAll(List.of("there is no command `fly`", "gc has no option --faster",
                "the command record is in no table")), faults.toString());
        assertEquals("freezeframe list --color", document.commands().getLast().text());
        assertTrue(CommandText.refusal("freezeframe list --color").orElseThrow().contains("--color"));
        assertTrue(refusalOfCode("freezeframe record").isPresent());
        assertTrue(refusalOfCode("restore --colour latest").isPresent());
        try (WalkThrough user = new WalkThrough(folder)) {
            for (Document.Command command : document.commands()) {
                AssertionError error = assertThrows(AssertionError.class, () -> user.type(command));
                assertTrue(error.getMessage().startsWith("wrong.md:"), error.getMessage());
            }
        }
    }

    /// A recording that ends with Ctrl-C, and commands that name what it printed.
    @Test
    @Tag("qemu")
    @Tag("soak")
    void aDocumentThatTellsTheTruthIsWalkedThrough() throws Exception {
        Document document = Document.of(Path.of("right.md"), """
                ```console
                $ mkdir runs && cd runs
                $ freezeframe record boot-sector --interval 200ms
                recording boot-sector-20260102-030405 every 200 ms, tracker userfault, QEMU process 1100
                    #      time    pause  phases       dirty      new     dup    zero    same     stored late
                    1     0.0 s  1.13 ms  sssddddddh     331      126       0     205       0    232 KiB    -
                    2     0.2 s  0.91 ms  ssddddddhr      65       65       0       0       0   3.57 KiB    -
                ^C
                …
                restore   freezeframe restore boot-sector-20260102-030405/2
                ```
                The folder lasts, the name is understood, and a figure is not compared:
                ```console
                $ freezeframe list boot-sector-20260102-030405 \\
                    | tail -n 1 > last && ls # the last checkpoint
                last
                ```
                ```console varies
                $ freezeframe doctor
                whatever
                ```
                ```console fails
                $ freezeframe delete nothing
                freezeframe delete: there is no experiment nothing in …
                ```
                """);
        try (WalkThrough user = new WalkThrough(folder)) {
            for (Document.Command command : document.commands()) {
                user.type(command);
            }
        }
        assertTrue(Files.exists(folder.resolve("home/runs/last")));
    }

    @Test
    void outputIsComparedUpToItsFigures() {
        List<String> printed = List.of("recording a-20260102-030405 every 1000 ms, QEMU process 77",
                "  1  0.0 s  1.39 ms  sssdddhhrr  34.3 MiB  -", "in /tmp/home/.local/share/freezeframe/store", "done");
        ShownOutput.Comparison same = new ShownOutput(List.of(
                "recording a-20250708-091011 every 1000 ms, QEMU process 4,321",
                "  1  12.0 s   2.1 ms  ssssdddhrr  980 KiB  2", "in /home/anna/.local/share/freezeframe/store", "done",
                "")).with(printed);
        assertEquals(Optional.empty(), same.firstMissing());
        assertEquals("a-20260102-030405/3", ShownOutput.withNames("a-20250708-091011/3", same.names()));
        assertTrue(new ShownOutput(List.of("…", "in …", "…")).with(printed).same());
        assertTrue(new ShownOutput(List.of("recording", "stored")).with(List.of("recording",
                "the first checkpoint takes long: all of the memory goes to the store", "stored")).same());
        for (List<String> wrong : List.of(List.<String>of(), List.of("…", "finished"), List.of("recording b…", "…"),
                List
                        .of("…", "done", "more"))) {
            ShownOutput.Comparison other = new ShownOutput(wrong).with(printed);
            assertTrue(!other.same() && other.firstMissing().isPresent(), wrong.toString());
        }
        assertThrows(AssertionError.class, () -> ShownOutput.withNames("freezeframe list b-20250708-091011", same
                .names()));
    }
}
