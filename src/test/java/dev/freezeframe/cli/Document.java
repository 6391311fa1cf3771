package dev.freezeframe.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A document of the project in Markdown, taken apart into what a test can try: commands with their output, code in the
/// text, tables, links. Knows as much of Markdown as our documents use.
public final class Document {
    private static final Pattern FENCE = Pattern.compile("```+\\s*(.*)");
    private static final Pattern LINK = Pattern
            .compile("(!?)\\[((?:[^\\[\\]]|\\[[^\\]]*\\]\\([^)]*\\))*)\\]\\(([^)\\s]+)[^)]*\\)");
    private static final Pattern HTML_LINK = Pattern.compile("<(\\w+)[^>]*?\\s(?:src|srcset|href)=\"([^\"]+)\"[^>]*>");
    private static final Pattern HTML_TEXT = Pattern.compile("\\salt=\"[^\"]+\"");
    private static final Pattern CODE = Pattern.compile("(?<!`)`([^`]+)`(?!`)");
    private static final Pattern CELL = Pattern.compile("(?<!\\\\)\\|");
    /// Not one that is part of a name, such as UTF-8.
    private static final Pattern NUMBER = Pattern.compile("(?<![\\p{L}\\p{N}_.,-])\\d[\\d,.]*(?![\\p{L}\\p{N}_])");

    /// A fenced block.
    ///
    /// @param info the words behind the fence; the first is the language
    record Block(int line, List<String> info, List<String> lines) {}

    /// A command line of a block, with the output that the document shows for it.
    ///
    /// @param text without the prompt, continued lines joined, its comment taken off
    record Command(String where, String text, List<String> output, boolean outputVaries,
            boolean fails) {
        @Override
        public String toString() {
            return where + ": " + text;
        }
    }

    /// A reference to something else, as it is written.
    record Link(int line, boolean picture, String text, String target) {}

    private final Path file;
    private final List<Block> blocks = new ArrayList<>();
    /// What is outside of the blocks, by its line.
    private final Map<Integer, String> prose = new HashMap<>();
    private final int lineCount;

    private Document(Path file, List<String> lines) {
        this.file = file;
        lineCount = lines.size();
        Block open = null;
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i).strip());
            if (open != null && lines.get(i).strip().matches("```+")) {
                open = null;
            } else if (open == null && fence.matches()) {
                open = new Block(i + 1, List.of(fence.group(1).strip().split(" +", -1)), new ArrayList<>());
                blocks.add(open);
            } else if (open != null) {
                open.lines().add(lines.get(i));
            } else {
                prose.put(i + 1, lines.get(i));
            }
        }
        if (open != null) {
            throw new AssertionError(file + ":" + open.line() + ": this block has no end");
        }
    }

    public static Document read(Path file) throws IOException {
        return new Document(file, Files.readAllLines(file));
    }

    /// A document that is no file, for what this class promises.
    static Document of(Path name, String text) {
        return new Document(name, text.lines().toList());
    }

    Path file() {
        return file;
    }

    List<Block> blocks() {
        return blocks;
    }

    private Stream<Map.Entry<Integer, String>> proseInOrder() {
        return prose.entrySet().stream().sorted(Map.Entry.comparingByKey());
    }

    /// The commands of all blocks `console`, in their order.
    List<Command> commands() {
        List<Command> commands = new ArrayList<>();
        for (Block block : blocks) {
            if (block.info().getFirst().equals("console")) {
                addCommands(block, commands);
            }
        }
        return commands;
    }

    private void addCommands(Block block, List<Command> commands) {
        boolean varies = block.info().contains("varies");
        boolean fails = block.info().contains("fails");
        Command open = null;
        for (int i = 0; i < block.lines().size(); i++) {
            String line = block.lines().get(i);
            String where = file + ":" + (block.line() + 1 + i);
            if (line.startsWith("$ ")) {
                StringBuilder text = new StringBuilder(line.substring(2));
                while (text.toString().endsWith("\\") && i + 1 < block.lines().size()) {
                    text.setLength(text.length() - 1);
                    text.append(block.lines().get(++i).strip());
                }
                open = new Command(where, text.toString().replaceFirst("\\s+#\\s.*$", "").strip().replaceAll("\\s+",
                        " "), new ArrayList<>(), varies, fails);
                commands.add(open);
            } else if (open != null) {
                open.output().add(line);
            } else if (!line.isBlank()) {
                throw new AssertionError(where + ": output without a command; a command's line begins with \"$ \"");
            }
        }
    }

    /// Code in the text, by its line.
    public List<Map.Entry<Integer, String>> inlineCode() {
        return proseInOrder().flatMap(line -> CODE.matcher(line.getValue()).results().map(code -> Map.entry(line
                .getKey(), code.group(1).replace("\\|", "|")))).toList();
    }

    /// The heads of all tables, each as that of its first column.
    public List<String> headsOfTables() {
        List<String> heads = new ArrayList<>();
        for (int i = 1; i <= lineCount; i++) {
            if (isInTable(i) && !isInTable(i - 1)) {
                heads.add(CELL.split(prose.get(i).substring(1), 2)[0].strip());
            }
        }
        return heads;
    }

    private boolean isInTable(int line) {
        return prose.getOrDefault(line, "").startsWith("|");
    }

    /// Numbers in the text that are in no table, each with its line.
    public List<String> numbersOutsideOfTables() {
        return proseInOrder().filter(line -> !isInTable(line.getKey())).flatMap(line -> NUMBER.matcher(line.getValue())
                .results().map(number -> line.getKey() + ": " + number.group())).toList();
    }

    /// The lines below a heading, up to the next, that are not empty.
    public List<String> linesBelow(String heading) {
        List<String> lines = new ArrayList<>();
        boolean inside = false;
        for (int i = 1; i <= lineCount; i++) {
            String line = prose.getOrDefault(i, "");
            if (line.matches("#+ .*")) {
                inside = line.replaceFirst("^#+ ", "").equals(heading);
            } else if (inside && !line.isBlank()) {
                lines.add(line);
            }
        }
        return lines;
    }

    /// The headings of a level, in their order.
    ///
    /// @param above the heading of the level above that they are below
    public List<String> headingsBelow(String above) {
        List<String> headings = new ArrayList<>();
        int level = 0;
        for (int i = 1; i <= lineCount; i++) {
            String line = prose.getOrDefault(i, "");
            if (line.matches("#+ .*")) {
                int depth = line.indexOf(' ');
                String heading = line.substring(depth + 1);
                if (level > 0 && depth == level + 1) {
                    headings.add(heading);
                } else if (level == 0 || depth <= level) {
                    level = heading.equals(above) ? depth : 0;
                }
            }
        }
        return headings;
    }

    /// The rows of all tables whose first column is headed so, without their heads, each as its cells.
    public List<List<String>> rowsOfTablesHeaded(String heading) {
        List<List<String>> rows = new ArrayList<>();
        boolean inside = false;
        for (int i = 1; i <= lineCount; i++) {
            String line = prose.getOrDefault(i, "");
            if (!line.startsWith("|")) {
                inside = false;
            } else {
                List<String> cells = CELL.splitAsStream(line.substring(1)).map(cell -> cell.replace("\\|", "|").strip())
                        .toList();
                if (inside && !cells.getFirst().matches("[-: ]+")) {
                    rows.add(cells);
                }
                inside |= !isInTable(i - 1) && cells.getFirst().equalsIgnoreCase(heading);
            }
        }
        return rows;
    }

    List<Link> links() {
        List<Link> links = new ArrayList<>();
        proseInOrder().forEach(line -> {
            String text = CODE.matcher(line.getValue()).replaceAll("code");
            addLinks(line.getKey(), text, links);
            HTML_LINK.matcher(text).results().forEach(link -> links.add(new Link(line.getKey(), link.group(1).equals(
                    "img"), HTML_TEXT.matcher(link.group()).find() ? "text" : "", link.group(2))));
        });
        return links;
    }

    private static void addLinks(int line, String text, List<Link> links) {
        Matcher link = LINK.matcher(text);
        while (link.find()) {
            links.add(new Link(line, !link.group(1).isEmpty(), link.group(2), link.group(3)));
            addLinks(line, link.group(2), links); // a picture that is a link
        }
    }

    /// What can stand behind a `#` in a link to this document, by GitHub's rule.
    Set<String> anchors() {
        Set<String> anchors = new TreeSet<>();
        proseInOrder().map(Map.Entry::getValue).filter(line -> line.matches("#+ .*")).forEach(line -> anchors.add(line
                .replaceFirst("^#+ ", "").replaceAll("[`*]|\\[|\\]\\([^)]*\\)", "").strip().toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-')));
        return anchors;
    }

    /// What a cell says, without the marks of code.
    public static String plain(String cell) {
        return cell.replace("`", "");
    }

    /// The number in a cell.
    public static long number(String cell) {
        return Long.parseLong(cell.replace(",", ""));
    }
}
