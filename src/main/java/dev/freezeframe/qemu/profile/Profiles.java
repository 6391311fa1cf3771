package dev.freezeframe.qemu.profile;

import dev.freezeframe.base.ProgramFolder;
import dev.freezeframe.base.UserFolders;
import dev.freezeframe.qemu.image.Guest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds profiles: in the program's own folder, in the user's, and by path; and keeps the user's. A profile of the user
/// hides the program's of the same name, and only the user's are ever written.
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
        return new Profiles(ProgramFolder.path().resolve(
                "qemu-profiles"), UserFolders.OWN.configuration().resolve("qemu-profiles"),
                Guest.folder());
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
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                return ProfileReader.read(file, guestFolder);
            }
        }
        String known = String.join(", ", list().stream().map(ProfileEntry::name).toList());
        throw new ProfileException(nameOrPath, "", "there is none of this name in " + programFolder + " or "
                + userFolder, known.isEmpty() ? "set the system property freezeframe.home" : "known are " + known);
    }

    // --- the user's own profiles

    /// Everything that is wrong with the text of a profile, in the order of a form; empty for a good one. Reads and writes
    /// nothing.
    public List<ProfileProblem> problems(String name, String json) {
        return ProfileReader.problems(name, json, userFolder, guestFolder);
    }

    /// The profile that a text would make among the user's. Reads and writes nothing.
    ///
    /// @throws ProfileException if the text is refused, with the first reason
    public Profile parse(String name, String json) throws ProfileException {
        return ProfileReader.parse(name, json, userFolder, guestFolder);
    }

    /// The text of a profile's file, for an editor.
    public String text(ProfileEntry entry) throws ProfileException {
        return read(entry.file());
    }

    /// Writes a profile of the user: a new one, or in place of the one of this name.
    ///
    /// The file is either the old one or the whole new one, at every moment, and the owner's only. A profile of the program
    /// stays as it is, and is hidden by one of the same name.
    ///
    /// @throws ProfileException if the text is refused, with the first reason; then nothing is written
    public ProfileEntry save(String name, String json) throws ProfileException {
        Profile profile = ProfileReader.parse(name, json, userFolder, guestFolder);
        Path file = ownFile(name);
        write(file, json);
        return new ProfileEntry(name, file, Optional.of(profile), Optional.empty(), true);
    }

    /// Makes a copy of a profile, the program's or the user's, among the user's. Its paths mean the same as before: relative
    /// ones and `${profile}` are written out.
    ///
    /// @throws ProfileException if the source is refused, or the new name is taken
    public ProfileEntry duplicate(String name, String newName) throws ProfileException {
        return copy(find(name), newName);
    }

    /// Takes a file into the user's folder, under its own name; relative paths in it are written out.
    ///
    /// @throws ProfileException if it is refused, or the user has a profile of this name
    public ProfileEntry importFile(Path file) throws ProfileException {
        Profile profile = ProfileReader.read(file, guestFolder);
        return copy(profile, profile.name());
    }

    private ProfileEntry copy(Profile profile, String newName) throws ProfileException {
        requireFree(newName);
        return save(newName, profile.toJson().toPrettyString() + "\n");
    }

    /// Gives a profile of the user another name. What was recorded with it keeps the old one.
    ///
    /// @throws ProfileException if there is none of this name, or the new one is taken or impossible
    public ProfileEntry rename(String name, String newName) throws ProfileException {
        Path from = existingOwnFile(name);
        requireFree(newName);
        String json = read(from);
        ProfileEntry renamed = save(newName, json);
        delete(name);
        return renamed;
    }

    /// Deletes a profile of the user. One of the program that it hid comes back.
    ///
    /// @throws ProfileException if the user has none of this name
    public void delete(String name) throws ProfileException {
        Path file = existingOwnFile(name);
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new ProfileException(name, "", "cannot be deleted: " + e, "check the permissions of " + userFolder);
        }
    }

    /// Where the user's own profiles are; the folder need not exist.
    public Path userFolder() {
        return userFolder;
    }

    private void requireFree(String name) throws ProfileException {
        if (Files.exists(ownFile(name))) {
            throw new ProfileException(name, "", "you have a profile of this name already", "choose another name");
        }
    }

    private Path existingOwnFile(String name) throws ProfileException {
        Path file = ownFile(name);
        if (!Files.isRegularFile(file)) {
            throw new ProfileException(name, "", "there is none of this name in " + userFolder,
                    "the program's own profiles cannot be changed; duplicate one");
        }
        return file;
    }

    private Path ownFile(String name) throws ProfileException {
        ProfileReader.requireName(name);
        return userFolder.resolve(name + SUFFIX);
    }

    private static String read(Path file) throws ProfileException {
        try {
            return ProfileReader.text(file);
        } catch (IOException e) {
            throw new ProfileException(file.toString(), "", ProfileReader.problem(e),
                    "check the path and its permissions");
        }
    }

    private void write(Path file, String json) throws ProfileException {
        Path draft = null;
        try {
            Files.createDirectories(userFolder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(
                    "rwx------")));
            // Made with mode 0600, in the same folder, so that the move is a rename(2). It does not end with the suffix.
            draft = Files.createTempFile(userFolder, "." + file.getFileName(), ".draft");
            Files.writeString(draft, json);
            try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
            draft = null;
        } catch (IOException e) {
            throw new ProfileException(file.getFileName().toString(), "", "cannot be written: " + e, "check room and"
                    + " permissions of " + userFolder);
        } finally {
            if (draft != null) {
                deleteQuietly(draft);
            }
        }
    }

    private static void deleteQuietly(Path draft) {
        try {
            Files.deleteIfExists(draft);
        } catch (IOException e) {
            LOG.warn("the draft {} stays: {}", draft, e.toString());
        }
    }
}
