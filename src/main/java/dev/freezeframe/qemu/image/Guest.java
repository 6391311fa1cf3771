package dev.freezeframe.qemu.image;

import dev.freezeframe.base.UserFolders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The guests of the program's own profiles: what they boot is not part of the program, but fetched and built on each
/// computer. Tells which files belong to which, and by what command they are made.
public enum Guest {
    /// A kernel and an initramfs, for tiny-linux and its relatives.
    TINY_LINUX("tiny-linux", ""),
    /// The same kernel, and a Debian on a disk.
    DEBIAN("debian-build", "debian");

    private final String profile;
    private final String argument;

    Guest(String profile, String argument) {
        this.profile = profile;
        this.argument = argument;
    }

    /// Where the kernel, the initramfs and the disk of all guests are, once they are prepared.
    public static Path folder() {
        return UserFolders.OWN.cache().resolve("guest");
    }

    /// What to do about a file of a profile that is not there.
    public static String remedyForMissing(Path file) {
        return of(file).map(guest -> "run " + guest.command() + ", which prepares it").orElse(
                "correct the profile or put the file there");
    }

    /// The profile that shows it best.
    public String profile() {
        return profile;
    }

    /// What `freezeframe guest` and installer/guest.sh call it; empty for the one that they prepare unasked.
    public Optional<String> argument() {
        return argument.isEmpty() ? Optional.empty() : Optional.of(argument);
    }

    /// What prepares it.
    public String command() {
        return ("freezeframe guest " + argument).strip();
    }

    /// What it consists of.
    ///
    /// @param folder where guests are, as a rule [#folder]
    public List<Path> files(Path folder) {
        List<String> names = switch (this) {
            case TINY_LINUX -> List.of("vmlinuz", "initramfs.cpio.gz");
            case DEBIAN -> List.of("vmlinuz", "initramfs.cpio.gz", "initramfs-disk.cpio.gz", "debian.img");
        };
        return names.stream().map(folder::resolve).toList();
    }

    /// Whether all of it is there. Whether it is of today's sources, only its preparation knows.
    public boolean isPrepared(Path folder) {
        return files(folder).stream().allMatch(Files::isReadable);
    }

    /// The smallest guest that has this file.
    static Optional<Guest> of(Path file) {
        return file.startsWith(folder())
                ? Stream.of(values()).filter(guest -> guest.files(folder()).contains(file)).findFirst()
                : Optional.empty();
    }

    /// The guest that has to be prepared before all of these files are there; empty if there is nothing missing, or what is
    /// missing is no guest's.
    public static Optional<Guest> missingFor(Stream<Path> files) {
        return files.filter(file -> !Files.isReadable(file)).map(Guest::of).flatMap(Optional::stream)
                .max(Guest::compareTo);
    }
}
