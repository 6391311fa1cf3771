package dev.freezeframe.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds profiles: in the program's own folder, in the user's, and by path. A profile of the user hides the program's
/// of the same name.
public final class Profiles {
    private static final Logger LOG = LoggerFactory.getLogger(Profiles.class);
    private static final String SUFFIX = ".json";

    private final Path programFolder;
    private final Path userFolder;
    private final Path guestFolder;

    Profiles(Path programFolder, Path userFolder, Path guestFolder) {
        this.programFolder = programFolder;
        this.userFolder = userFolder;
        this.guestFolder = guestFolder;
    }

    /// The folders of this installation: `qemu-profiles` in the folder named by the system property
    /// `freezeframe.home` (else the working folder), and `freezeframe/qemu-profiles` in the user's configuration.
    public static Profiles standard() {
        return new Profiles(Path.of(System.getProperty("freezeframe.home", "")).toAbsolutePath().resolve(
                "qemu-profiles"), xdg("XDG_CONFIG_HOME", ".config").resolve("freezeframe/qemu-profiles"),
                guestFolder());
    }

    /// Where the installer puts the guest kernel and its initramfs.
    public static Path guestFolder() {
        return xdg("XDG_CACHE_HOME", ".cache").resolve("freezeframe/guest");
    }

    private static Path xdg(String variable, String inHome) {
        String value = System.getenv(variable);
        // The XDG base directory specification: a relative path is invalid and to be ignored.
        return value != null && Path.of(value).isAbsolute()
                ? Path.of(value)
                : Path.of(System.getProperty("user.home"), inHome);
    }

    /// All profiles by name, also those that are refused.
    public List<ProfileEntry> list() {
        Map<String, ProfileEntry> byName = new TreeMap<>();
        for (Path file : files(programFolder)) {
            add(byName, file, false);
        }
        for (Path file : files(userFolder)) {
            add(byName, file, true);
        }
        return List.copyOf(byName.values());
    }

    private void add(Map<String, ProfileEntry> byName, Path file, boolean own) {
        String name = name(file);
        try {
            byName.put(name, new ProfileEntry(name, file, Optional.of(ProfileReader.read(file, guestFolder)), Optional
                    .empty(), own));
        } catch (ProfileException e) {
            byName.put(name, new ProfileEntry(name, file, Optional.empty(), Optional.of(e.getMessage()), own));
        }
    }

    private static String name(Path file) {
        String text = file.getFileName().toString();
        return text.substring(0, text.length() - SUFFIX.length());
    }

    private static Collection<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(SUFFIX) && !file.toString().endsWith("schema.json"))
                    .sorted().toList();
        } catch (IOException | java.io.UncheckedIOException e) {
            LOG.warn("cannot list the profiles in {}: {}", folder, e.toString());
            return List.of();
        }
    }

    /// The profile of this name, or in this file where the text has a slash or ends with `.json`.
    public Profile find(String nameOrPath) throws ProfileException {
        if (nameOrPath.indexOf('\0') >= 0) {
            throw new ProfileException(nameOrPath.replace("\0", "\\0"), "", "the name has a zero character, which no "
                    + "file's name has", "write the name of a profile, or a path");
        }
        if (nameOrPath.contains("/") || nameOrPath.endsWith(SUFFIX)) {
            return ProfileReader.read(Path.of(nameOrPath), guestFolder);
        }
        for (Path folder : List.of(userFolder, programFolder)) {
            Path file = folder.resolve(nameOrPath + SUFFIX);
            if (Files.isRegularFile(file)) {
                return ProfileReader.read(file, guestFolder);
            }
        }
        String known = String.join(", ", list().stream().map(ProfileEntry::name).toList());
        throw new ProfileException(nameOrPath, "", "there is none of this name in " + programFolder + " or "
                + userFolder, known.isEmpty() ? "set the system property freezeframe.home" : "known are " + known);
    }
}
