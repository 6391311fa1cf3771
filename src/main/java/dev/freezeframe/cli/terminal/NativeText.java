package dev.freezeframe.cli.terminal;

import dev.freezeframe.base.ShownText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// The text that the system hands to a program: arguments, and the names of the folders to work in. Where Java could not
/// read it as what it is, and would go on with another text in its place, this says so.
///
/// Java decodes by the character set of the locale that it was started in, which nothing changes afterwards; the start
/// script sees to it that this is UTF-8. What is not UTF-8 then, as a file's name from an old disk, becomes U+FFFD.
///
/// @param arguments as Java has them
/// @param environment looks up an environment variable, null where it is not set
/// @param charset what Java decoded them by
/// @param kernel where the kernel shows them as they were: the folder `/proc/self`
public record NativeText(List<String> arguments, UnaryOperator<String> environment, String charset, Path kernel) {
    private static final List<String> FOLDERS = List.of("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
            "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "TMPDIR");
    private static final char REPLACEMENT = '\uFFFD';

    public static NativeText ofThisProcess(String... arguments) {
        return new NativeText(List.of(arguments), System::getenv, System.getProperty("sun.jnu.encoding", "UTF-8"), Path
                .of("/proc/self"));
    }

    /// What cannot be read, as one line for the user.
    public Optional<String> problem() {
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (suspicious(argument) && !(isUtf8() && rawArgument(i).map(NativeText::isText).orElse(false))) {
                return Optional.of(refusal("argument " + (i + 1) + ", \"" + ShownText.oneLine(argument) + "\"",
                        "rename the file, or type it in a terminal that sends UTF-8"));
            }
        }
        for (String name : FOLDERS) {
            String folder = environment.apply(name);
            if (folder != null && suspicious(folder) && !(isUtf8() && rawVariable(name).map(NativeText::isText).orElse(
                    false))) {
                return Optional.of(refusal("the folder " + ShownText.oneLine(folder) + " in the variable " + name,
                        "rename the folder, or let the variable name another"));
            }
        }
        return workingFolderProblem();
    }

    private Optional<String> workingFolderProblem() {
        try {
            Path folder = Files.readSymbolicLink(kernel.resolve("cwd"));
            String text = folder.toString();
            // a path keeps its bytes; made of its own text it is the same only if the text tells them all
            return suspicious(text) && !(isUtf8() && Path.of(text).equals(folder))
                    ? Optional.of(refusal("the working folder " + ShownText.oneLine(text),
                            "rename it, or start in another folder"))
                    : Optional.empty();
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private boolean isUtf8() {
        return charset.equalsIgnoreCase("UTF-8");
    }

    private boolean suspicious(String text) {
        return isUtf8() ? text.indexOf(REPLACEMENT) >= 0 : text.chars().anyMatch(letter -> letter > 127);
    }

    private String refusal(String what, String remedy) {
        return isUtf8()
                ? what + " is not UTF-8; " + remedy
                : what + " cannot be read in the character set of this locale, " + charset + "; set LC_ALL=C.UTF-8";
    }

    /// An argument's bytes. Java's own come before those of the program.
    private Optional<byte[]> rawArgument(int index) {
        List<byte[]> all = entries("cmdline");
        int at = all.size() - arguments.size() + index;
        return at >= 0 ? Optional.of(all.get(at)) : Optional.empty();
    }

    private Optional<byte[]> rawVariable(String name) {
        String prefix = name + "=";
        return entries("environ").stream().filter(entry -> new String(entry, StandardCharsets.ISO_8859_1).startsWith(
                prefix)).findFirst();
    }

    /// What the kernel shows in one of its files, where each entry ends with a zero.
    private List<byte[]> entries(String file) {
        byte[] all;
        try {
            all = Files.readAllBytes(kernel.resolve(file));
        } catch (IOException _) {
            return List.of();
        }
        List<byte[]> entries = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < all.length; i++) {
            if (all[i] == 0) {
                entries.add(Arrays.copyOfRange(all, start, i));
                start = i + 1;
            }
        }
        return entries;
    }

    private static boolean isText(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)); // reports what it cannot decode
            return true;
        } catch (CharacterCodingException _) {
            return false;
        }
    }
}
