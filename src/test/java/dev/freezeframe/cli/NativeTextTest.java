package dev.freezeframe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.cli.terminal.NativeText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Text that the system hands over and Java cannot read is refused by its place, and all other text is let pass.
class NativeTextTest {
    private static final String UTF_8 = "UTF-8";
    private static final String ASCII = "ANSI_X3.4-1968";
    private static final byte[] LATIN = {'c', 'a', 'f', (byte) 0xe9};
    /// As Java reads [#LATIN], and as a file may really be called.
    private static final String REPLACED = "caf\uFFFD";

    @TempDir
    private Path kernel;

    private void write(String file, byte[]... entries) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] entry : entries) {
            all.write(entry);
            all.write(0);
        }
        Files.write(kernel.resolve(file), all.toByteArray());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Optional<String> problem(String charset, Map<String, String> environment, String... arguments) {
        return new NativeText(List.of(arguments), environment::get, charset, kernel).problem();
    }

    @Test
    void anArgumentIsAskedOfTheKernelBeforeItIsRefused() throws Exception {
        write("cmdline", utf8("java"), utf8("Main"), utf8("list"), LATIN);
        assertEquals(
                "argument 2, \"caf\uFFFD\" is not UTF-8; rename the file, or type it in a terminal that sends UTF-8",
                problem(UTF_8, Map.of(), "list", REPLACED).orElseThrow());
        write("cmdline", utf8("java"), utf8("Main"), utf8("list"), utf8(REPLACED));
        assertEquals(Optional.empty(), problem(UTF_8, Map.of(), "list", REPLACED));
        assertEquals(Optional.empty(), problem(UTF_8, Map.of(), "annotate", "--note", "grün 日本 😀"));
    }

    @Test
    void aFolderOfTheEnvironmentIsNamedWithItsVariable() throws Exception {
        write("environ", utf8("PATH=/bin"), utf8("XDG_DATA_HOME=/old/\uFFFD"));
        assertTrue(problem(UTF_8, Map.of("XDG_DATA_HOME", "/old/\uFFFD"), "list").isEmpty(), "its bytes are text");
        ByteArrayOutputStream home = new ByteArrayOutputStream();
        home.write(utf8("HOME=/"));
        home.write(LATIN);
        write("environ", home.toByteArray());
        assertTrue(problem(UTF_8, Map.of("HOME", "/" + REPLACED), "list").orElseThrow().startsWith(
                "the folder /caf\uFFFD in the variable HOME is not UTF-8; "));
    }

    @Test
    void theWorkingFolderIsLookedAtToo() throws Exception {
        Path folder = Files.createDirectory(kernel.resolve("grün"));
        Files.createSymbolicLink(kernel.resolve("cwd"), folder);
        assertEquals(Optional.empty(), problem(UTF_8, Map.of(), "list"));
        assertTrue(problem(ASCII, Map.of(), "list").orElseThrow().startsWith("the working folder "));
    }

    @Test
    void withoutUtf8WhatIsNotAsciiIsRefusedWithWhatToSet() {
        assertEquals(Optional.empty(), problem(ASCII, Map.of("HOME", "/home/anna"), "list"));
        assertTrue(problem(ASCII, Map.of(), "gr\uFFFD\uFFFDn").orElseThrow().endsWith("; set LC_ALL=C.UTF-8"));
        assertTrue(problem(ASCII, Map.of("HOME", "/home/j\uFFFDrg")).orElseThrow().contains("variable HOME"));
    }
}
