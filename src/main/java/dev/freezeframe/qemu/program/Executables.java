package dev.freezeframe.qemu.program;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// Finds programs as a shell does, so that a missing one is told by name before anything is started.
public final class Executables {
    private Executables() {}

    /// The program itself where it is a path, else the first of that name in `PATH`.
    public static Optional<Path> find(Path program) {
        if (program.getNameCount() > 1 || program.isAbsolute()) {
            return Optional.of(program.toAbsolutePath()).filter(Executables::isProgram);
        }
        String path = System.getenv("PATH");
        return Stream.of((path == null ? "/usr/bin:/bin" : path).split(File.pathSeparator, -1))
                .filter(s -> !s.isEmpty())
                .map(folder -> Path.of(folder).resolve(program)).filter(Executables::isProgram).findFirst();
    }

    /// A program that has to be there.
    ///
    /// @param debianPackage that has it
    /// @throws MachineException in one line, if it is not
    public static String required(String name, String debianPackage) throws MachineException {
        return find(Path.of(name)).orElseThrow(() -> new MachineException("program " + name
                + " not found; install the package " + debianPackage)).toString();
    }

    private static boolean isProgram(Path path) {
        return Files.isRegularFile(path) && Files.isExecutable(path);
    }
}
