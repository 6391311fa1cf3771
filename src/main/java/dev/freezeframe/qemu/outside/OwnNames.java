package dev.freezeframe.qemu.outside;

import dev.freezeframe.base.ShownText;
import dev.freezeframe.linux.Holders;
import dev.freezeframe.linux.Holders.Holder;
import dev.freezeframe.linux.socket.SocketPaths;
import dev.freezeframe.qemu.outside.HostName.Use;
import dev.freezeframe.qemu.program.MachineException;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The files, sockets and ports that one machine's arguments name for it to write and to listen at: no two living machines
/// ever have one of them together, and a restored machine never writes over what is there.
///
/// *The rule.* A freshly booted machine has what its profile names, as with plain QEMU, unless a living process has it. Every
/// other machine writes to `NAME.2`, `NAME.3`, …, the first that is not there, which is made before QEMU starts so that nobody
/// else gets it. A socket's name that nobody listens at is free. A port or FIFO that is taken is refused, as is a file of
/// which we do not know what QEMU does with it.
public final class OwnNames implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OwnNames.class);
    /// What machines of this JVM have: paths, and ports as `protocol:host:port`. Those of others are seen by `/proc`.
    private static final Set<String> TAKEN = ConcurrentHashMap.newKeySet();
    private static final int MOST_NAMES = 10_000;
    private static final String NAME_OPTION = "-name";
    private static final String OUR_NAME = "freezeframe-";

    private final boolean restored;
    private final Set<String> kept;
    private final List<String> taken = new ArrayList<>();
    /// Files that we have made.
    private final List<Path> made = new ArrayList<>();
    private final List<MovedFile> moved = new ArrayList<>();
    private List<String> arguments = List.of();

    private OwnNames(boolean restored, Set<String> kept) {
        this.restored = restored;
        this.kept = kept;
    }

    /// Takes what a machine needs.
    ///
    /// @param restored whether the machine goes on from a checkpoint, so that what is there may be the original's
    /// @param kept labels of arguments that are to be used as they are, whoever else has them
    /// @throws MachineException one line: what is taken, by whom, and what to do; then nothing is taken
    public static OwnNames take(List<String> arguments, boolean restored, Set<String> kept) throws MachineException {
        OwnNames own = new OwnNames(restored, kept);
        boolean done = false;
        try {
            HostNames names = HostNames.in(arguments);
            // the places stay the same while names are replaced
            for (HostName name : names.all()) {
                names = own.take(names, name);
            }
            own.arguments = names.arguments();
            done = true;
            return own;
        } finally {
            if (!done) {
                own.close();
            }
        }
    }

    private HostNames take(HostNames names, HostName name) throws MachineException {
        if (kept.contains(name.label()) || kept.contains(names.option(name).name())) {
            return name.isPort() || name.use() == Use.UNKNOWN ? names : names.with(name, name.path().toString());
        }
        return switch (name.use()) {
            case READS, SHARES -> names.with(name, name.path().toString());
            case WRITES, LISTENS_AT_SOCKET -> names.with(name, own(names, name).toString());
            case LISTENS_AT_PORT -> {
                takePort(names, name);
                yield names;
            }
            case PIPE -> {
                takePipe(names, name);
                yield names.with(name, name.path().toString());
            }
            case UNKNOWN -> {
                if (restored && isKeepingSomething(name.path())) {
                    throw MachineException.outside("the argument " + names.option(name) + " names " + name.path()
                            + ", which the restored machine might write over",
                            leaveOut(name) + ", or let it have the file with --keep " + name.label(), null);
                }
                yield names;
            }
        };
    }

    private static boolean isKeepingSomething(Path path) {
        return Files.exists(path) && !Files.isDirectory(path);
    }

    private String leaveOut(HostName name) {
        return restored
                ? "leave it out with --without " + name.label()
                : "change the profile, or leave it out with --without " + name.label();
    }

    // --- files and sockets

    private Path own(HostNames names, HostName name) throws MachineException {
        Path path = name.path();
        boolean socket = name.use() == Use.LISTENS_AT_SOCKET;
        if (!socket && Files.exists(path) && !Files.isRegularFile(path)) {
            // a FIFO or the like keeps nothing
            takePipe(names, name);
            return path;
        }
        if (isFree(path, socket) && TAKEN.add(key(path))) {
            taken.add(key(path));
            return path;
        }
        for (int number = 2; number < MOST_NAMES; number++) {
            Path other = path.resolveSibling(path.getFileName() + "." + number);
            if (make(names, name, other)) {
                moved.add(new MovedFile(name.label(), path, other));
                return other;
            }
        }
        throw new MachineException("there are " + MOST_NAMES + " files " + path + ".N already; delete some");
    }

    /// The same for every name of a folder.
    private static String key(Path path) {
        try {
            return path.toAbsolutePath().getParent().toRealPath().resolve(path.getFileName()).toString();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize().toString(); // no such folder, so no file either
        }
    }

    /// Whether a machine may have this very name.
    private boolean isFree(Path path, boolean socket) {
        if (TAKEN.contains(key(path))) {
            return false;
        }
        if (socket) {
            return !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) && !Holders.isBound(path);
        }
        return !Files.exists(path, LinkOption.NOFOLLOW_LINKS) || (!restored && Holders.ofFile(path).isEmpty());
    }

    private boolean make(HostNames names, HostName name, Path other) throws MachineException {
        if (!TAKEN.add(key(other))) {
            return false;
        }
        try {
            if (name.use() == Use.LISTENS_AT_SOCKET) {
                SocketPaths.checked(other);
            }
            Files.createFile(other, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            taken.add(key(other));
            made.add(other);
            return true;
        } catch (FileAlreadyExistsException e) {
            TAKEN.remove(key(other));
            return false;
        } catch (IOException e) {
            TAKEN.remove(key(other));
            throw new MachineException("the argument " + names.option(name) + " names " + name.path()
                    + ", which is another machine's, and " + other + " cannot be made (" + reason(e) + "); "
                    + leaveOut(name), e);
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "its folder does not exist";
            case java.nio.file.AccessDeniedException _ -> "its folder is not yours to write to";
            default -> String.valueOf(e.getMessage());
        };
    }

    private void takePipe(HostNames names, HostName name) throws MachineException {
        Path path = name.path();
        List<Path> ends = List.of(path, path.resolveSibling(path.getFileName() + ".in"), path.resolveSibling(path
                .getFileName() + ".out"));
        for (Path end : ends) {
            Optional<Holder> holder = Holders.ofFile(end);
            if (holder.isPresent()) {
                throw MachineException.outside("the argument " + names.option(name) + " needs " + end + ", which "
                        + who(holder.get()) + " has", "end that one, or " + leaveOut(name), null);
            }
        }
        if (!TAKEN.add(key(path))) {
            throw MachineException.outside("the argument " + names.option(name) + " needs " + path
                    + ", which another machine here has", "end that one, or " + leaveOut(name), null);
        }
        taken.add(key(path));
    }

    // --- ports

    private void takePort(HostNames names, HostName name) throws MachineException {
        String[] address = name.text().split(":", 2);
        int colon = address[1].lastIndexOf(':');
        String host = address[1].substring(0, colon);
        int port = Integer.parseInt(address[1].substring(colon + 1));
        boolean udp = address[0].equals("udp");
        String what = "the argument " + names.option(name) + " needs " + (udp ? "UDP" : "TCP") + " port " + port;
        if (!TAKEN.add(name.text())) {
            throw MachineException.outside(what + ", which another machine that was started here has", leaveOut(name),
                    null);
        }
        taken.add(name.text());
        try {
            tryPort(udp, host, port);
        } catch (IOException | IllegalArgumentException e) {
            Optional<Holder> holder = udp ? Holders.ofUdpPort(port) : Holders.ofTcpPort(port);
            throw MachineException.outside(what + (holder.isPresent()
                    ? ", which " + who(holder.get()) + " has"
                    : ", which cannot be had (" + e.getMessage() + ")"),
                    (holder.isPresent() ? "end that one, or " : "") + leaveOut(name), e);
        }
    }

    /// Takes it as QEMU would, and gives it back at once.
    private static void tryPort(boolean udp, String host, int port) throws IOException {
        String plain = host.replaceAll("[\\[\\]]", "");
        InetSocketAddress address = plain.isEmpty()
                ? new InetSocketAddress(port)
                : new InetSocketAddress(InetAddress.getByName(plain), port);
        if (udp) {
            new DatagramSocket(address).close();
            return;
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address);
        }
    }

    /// A process as a user knows it.
    private static String who(Holder holder) {
        if (holder.pid() == 0) {
            return "a process of another user";
        }
        List<String> command = holder.commandLine();
        int name = command.indexOf(NAME_OPTION);
        if (name >= 0 && name + 1 < command.size() && command.get(name + 1).startsWith(OUR_NAME)) {
            return "QEMU process " + holder.pid() + ", a machine of Freezeframe with the profile " + command.get(name
                    + 1).substring(OUR_NAME.length()).replaceFirst(",.*", "");
        }
        String program = command.isEmpty() || command.getFirst().isEmpty()
                ? ""
                : " (" + ShownText.marked(command.getFirst().replaceFirst(".*/", "")) + ")";
        return "process " + holder.pid() + program;
    }

    // --- afterwards

    /// The arguments to start QEMU with; all paths are absolute.
    public List<String> arguments() {
        return arguments;
    }

    /// What has another name than the arguments said.
    public List<MovedFile> moved() {
        return List.copyOf(moved);
    }

    /// Lets others have the names. For a machine that has ended: what it wrote stays, files that it never wrote to go.
    @Override
    public synchronized void close() {
        for (Path file : made) {
            try {
                boolean unused = !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) == 0;
                if (unused) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException e) {
                LOG.debug("{} stays", file, e);
            }
        }
        made.clear();
        taken.forEach(TAKEN::remove);
        taken.clear();
    }
}
