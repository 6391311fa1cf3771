package dev.freezeframe.qemu.profile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.freezeframe.qemu.image.Disk;
import dev.freezeframe.qemu.outside.FileIdentity;
import dev.freezeframe.qemu.outside.HostName;
import dev.freezeframe.qemu.outside.HostName.Use;
import dev.freezeframe.qemu.outside.HostNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A file that a running guest reads and cannot write, such as the image of a read-only disk or of a CD, so that no checkpoint
/// has it. A restore wants the same content there, and is told if it is not.
///
/// @param role `disk1` for a profile's disk; for an argument its `id`, else its option, such as `cdrom`
/// @param identity what it was; empty where nobody knows
public record MediaFile(String role, Path path, Optional<FileIdentity> identity) {
    private static final String DISK = "disk\\d+";

    /// The files of this kind that a machine has, not looked at.
    static List<MediaFile> of(Profile profile) {
        List<MediaFile> files = new ArrayList<>();
        for (Disk disk : profile.disks()) {
            if (disk.readOnly()) {
                files.add(new MediaFile(disk.id(), disk.file(), Optional.empty()));
            }
        }
        Set<String> roles = new HashSet<>();
        for (HostName name : HostNames.in(profile.arguments()).all()) {
            if (name.use() == Use.READS) {
                files.add(new MediaFile(role(roles, name), name.path(), Optional.empty()));
            }
        }
        return files;
    }

    private static String role(Set<String> taken, HostName name) {
        String role = name.label();
        for (int number = 2; !taken.add(role); number++) {
            role = name.label() + number;
        }
        return role;
    }

    /// The same profile with another file in a role; empty if it has no such role.
    static Optional<Profile> replaced(Profile profile, String role, Path path) {
        for (Disk disk : profile.disks()) {
            if (disk.readOnly() && disk.id().equals(role)) {
                return Optional.of(profile.withDisks(profile.disks().stream().map(each -> each.equals(disk)
                        ? disk
                                .withFile(path)
                        : each).toList()));
            }
        }
        Set<String> roles = new HashSet<>();
        HostNames names = HostNames.in(profile.arguments());
        for (HostName name : names.all()) {
            if (name.use() == Use.READS && role(roles, name).equals(role)) {
                return Optional.of(profile.withArguments(names.with(name, path.toString()).arguments()));
            }
        }
        return Optional.empty();
    }

    MediaFile withPath(Path other) {
        return new MediaFile(role, other, identity);
    }

    /// The same with what the file is now; reads it only if it is not known.
    MediaFile current() throws IOException {
        if ((identity.isPresent() && identity.get().isStampOf(path)) || !Files.isRegularFile(path)) {
            return this;
        }
        return new MediaFile(role, path, Optional.of(FileIdentity.of(path)));
    }

    /// The same with a hash of all of it.
    MediaFile whole() {
        return new MediaFile(role, path, identity.map(known -> known.whole(path)));
    }

    /// What it is to the user.
    String describe() {
        return (role.matches(DISK) ? "the image of " : "the file of ") + role + ", " + path + ",";
    }

    /// Whether nothing can be started with it.
    boolean isMissing() {
        return !Files.exists(path) || !Files.isReadable(path) || Files.isDirectory(path);
    }

    /// Why the file is not the one that was recorded, or empty.
    Optional<String> difference() {
        if (isMissing()) {
            return Optional.of(describe() + (Files.isDirectory(path)
                    ? " is a folder"
                    : Files.exists(path) ? " cannot be read" : " is not there"));
        }
        if (identity.isEmpty()) {
            return Optional.empty();
        }
        try {
            return identity.get().difference(path).map(why -> describe()
                    + " has changed since the machine was recorded: " + why);
        } catch (IOException e) {
            return Optional.of(describe() + " cannot be read: " + e.getMessage());
        }
    }

    void writeTo(ObjectNode json) {
        json.put("role", role).put("path", path.toString());
        identity.ifPresent(known -> known.writeTo(json));
    }

    /// Reads what [#writeTo] wrote. Where the file is, the profile says.
    static MediaFile from(JsonNode json) {
        return new MediaFile(json.path("role").asText(), Path.of(""), FileIdentity.from(json));
    }
}
