import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Copies jars into a package and leaves the native code of other systems out: `SlimLibraries TIME TO NATIVE JAR…`
/// The native code for Linux on x86-64 becomes files of the folder NATIVE, so that no run has to unpack it into somebody's
/// home or temporary folder first; everything else goes into TO as it was. The same jars give the same bytes.
///
/// Jars that have nothing but a manifest, which Maven needs for JavaFX, are not copied at all. Entries are stored, not
/// compressed: the package is compressed as a whole, and far better so.
final class SlimLibraries {
    private static final Pattern NATIVE_CODE = Pattern.compile(".*\\.(so|a|dll|dylib|jnilib)");
    /// JavaFX, whose jars are for one system each, has its libraries at the top.
    private static final Pattern FOR_THIS_SYSTEM = Pattern.compile("[^/]*|.*/?(linux/(amd64|x86_64)|x86_64-linux)/[^/]*");

    private final long timeMillis;
    private final Path libraries;
    private final Path nativeCode;

    private SlimLibraries(long timeMillis, Path libraries, Path nativeCode) {
        this.timeMillis = timeMillis;
        this.libraries = libraries;
        this.nativeCode = nativeCode;
    }

    public static void main(String[] arguments) throws IOException {
        SlimLibraries slim = new SlimLibraries(Long.parseLong(arguments[0]) * 1000, Path.of(arguments[1]),
                Path.of(arguments[2]));
        Files.createDirectories(slim.libraries);
        Files.createDirectories(slim.nativeCode);
        for (String jar : List.of(arguments).subList(3, arguments.length)) {
            slim.copy(Path.of(jar));
        }
    }

    private void copy(Path jar) throws IOException {
        try (ZipFile from = new ZipFile(jar.toFile())) {
            List<ZipEntry> kept = new ArrayList<>();
            for (Enumeration<? extends ZipEntry> entries = from.entries(); entries.hasMoreElements();) {
                ZipEntry entry = entries.nextElement();
                if (!NATIVE_CODE.matcher(entry.getName()).matches()) {
                    if (!entry.isDirectory()) {
                        kept.add(entry);
                    }
                } else if (FOR_THIS_SYSTEM.matcher(entry.getName().toLowerCase(Locale.ROOT)).matches()) {
                    unpack(from, entry);
                }
            }
            if (kept.stream().anyMatch(entry -> !entry.getName().startsWith("META-INF/"))) {
                write(from, kept, libraries.resolve(jar.getFileName()));
            }
        }
    }

    private void unpack(ZipFile from, ZipEntry entry) throws IOException {
        String name = entry.getName();
        try (InputStream in = from.getInputStream(entry)) {
            Files.copy(in, nativeCode.resolve(name.substring(name.lastIndexOf('/') + 1)));
        }
    }

    private void write(ZipFile from, List<ZipEntry> entries, Path to) throws IOException {
        try (OutputStream file = Files.newOutputStream(to); ZipOutputStream out = new ZipOutputStream(file)) {
            out.setMethod(ZipOutputStream.STORED);
            for (ZipEntry entry : entries) {
                byte[] content;
                try (InputStream in = from.getInputStream(entry)) {
                    content = in.readAllBytes();
                }
                CRC32 sum = new CRC32();
                sum.update(content);
                ZipEntry copy = new ZipEntry(entry.getName());
                // in local time, as ZIP has it: package.sh sets the time zone
                copy.setTime(timeMillis);
                copy.setSize(content.length);
                copy.setCrc(sum.getValue());
                out.putNextEntry(copy);
                out.write(content);
                out.closeEntry();
            }
        }
    }
}
