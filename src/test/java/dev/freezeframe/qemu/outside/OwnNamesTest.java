package dev.freezeframe.qemu.outside;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.linux.Holders;
import dev.freezeframe.qemu.program.MachineException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every machine writes to files and listens at sockets and ports of its own; nothing that is there is lost.
class OwnNamesTest {
    @TempDir
    private Path folder;

    private static OwnNames booted(String... arguments) throws MachineException {
        return OwnNames.take(List.of(arguments), false, Set.of());
    }

    private static OwnNames restored(String... arguments) throws MachineException {
        return OwnNames.take(List.of(arguments), true, Set.of());
    }

    @Test
    void aRestoredMachineWritesBesideWhatIsThere() throws Exception {
        Path log = Files.writeString(folder.resolve("log"), "the original's");
        Files.writeString(folder.resolve("log.2"), "an older one's");
        try (OwnNames own = restored("-serial", "file:" + log)) {
            assertEquals(List.of("-serial", "file:" + log + ".3"), own.arguments());
            assertEquals(List.of(new MovedFile("serial", log, folder.resolve("log.3"))), own.moved());
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(
                    "log.3"))));
            try (OwnNames second = restored("-serial", "file:" + log)) {
                assertEquals(folder.resolve("log.4"), second.moved().getFirst().used());
            }
            Files.writeString(folder.resolve("log.3"), "its own");
        }
        assertEquals("the original's", Files.readString(log));
        assertEquals("its own", Files.readString(folder.resolve("log.3")), "what it wrote stays");
        assertFalse(Files.exists(folder.resolve("log.4")), "what nobody wrote to goes");
    }

    @Test
    void aRestoredMachineHasTheNameWhereNothingIsThere() throws Exception {
        Path log = folder.resolve("log");
        try (OwnNames own = restored("-serial", "file:" + log); OwnNames second = restored("-serial", "file:" + log)) {
            assertEquals(List.of(), own.moved());
            assertEquals(folder.resolve("log.2"), second.moved().getFirst().used());
        }
    }

    @Test
    void aBootedMachineHasWhatItsProfileNamesUnlessAnotherLives() throws Exception {
        Path log = Files.writeString(folder.resolve("log"), "of an older run");
        try (OwnNames own = booted("-D", log.toString())) {
            assertEquals(List.of(), own.moved());
            try (OwnNames second = booted("-D", log.toString())) {
                assertEquals(folder.resolve("log.2"), second.moved().getFirst().used());
            }
        }
        // another process has it, such as a machine of another freezeframe
        Process other = new ProcessBuilder("sh", "-c", "echo; read line").redirectErrorStream(true).redirectOutput(
                ProcessBuilder.Redirect.appendTo(log.toFile())).start();
        try {
            try (OwnNames own = booted("-D", log.toString())) {
                assertEquals(folder.resolve("log.2"), own.moved().getFirst().used());
            }
        } finally {
            try (OutputStream in = other.getOutputStream()) {
                in.write('\n');
            }
            other.waitFor();
        }
        booted("-D", log.toString()).close();
        assertTrue(Files.exists(log));
    }

    @Test
    void aSocketThatSomebodyListensAtStaysTheirs() throws Exception {
        Path socket = folder.resolve("s");
        String argument = "socket,id=c,path=" + socket + ",server=on,wait=off";
        try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listening.bind(UnixDomainSocketAddress.of(socket));
            try (OwnNames own = booted("-chardev", argument); OwnNames second = restored("-chardev", argument)) {
                assertEquals(folder.resolve("s.2"), own.moved().getFirst().used());
                assertEquals(folder.resolve("s.3"), second.moved().getFirst().used());
            }
        }
        assertTrue(Files.exists(socket), "a name that nobody listens at any more");
        assertFalse(Holders.isBound(socket));
        try (OwnNames own = restored("-chardev", argument)) {
            assertEquals(List.of(), own.moved());
        }
    }

    @Test
    void anotherNameOfTheSameSocketOrFileIsTheirsAsWell() throws Exception {
        Path real = Files.createDirectory(folder.resolve("real"));
        Path linked = Files.createSymbolicLink(folder.resolve("linked"), real);
        try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listening.bind(UnixDomainSocketAddress.of(real.resolve("s")));
            for (Path other : List.of(linked.resolve("s"), Files.createLink(folder.resolve("hard"), real.resolve(
                    "s")))) {
                try (OwnNames own = booted("-chardev", "socket,id=c,path=" + other + ",server=on,wait=off")) {
                    assertEquals(other + ".2", own.moved().getFirst().used().toString());
                }
            }
        }
        Path log = Files.writeString(real.resolve("log"), "");
        try (OwnNames _ = booted("-D", log.toString()); OwnNames own = booted("-D", linked.resolve("log").toString())) {
            assertEquals(linked.resolve("log.2"), own.moved().getFirst().used(), "by a machine of ours");
        }
        Path hard = Files.createLink(folder.resolve("hard.log"), log);
        Process other = new ProcessBuilder("sh", "-c", "read line").redirectOutput(
                ProcessBuilder.Redirect.appendTo(log.toFile())).start();
        try (OwnNames own = booted("-D", hard.toString())) {
            assertEquals(folder.resolve("hard.log.2"), own.moved().getFirst().used(), "by another program");
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    @Test
    void aPortThatIsTakenIsRefusedByNameOfWhoHasIt() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String argument = "user,hostfwd=tcp:127.0.0.1:" + taken.getLocalPort() + "-:22";
            String message = assertThrows(MachineException.class, () -> restored("-nic", argument)).getMessage();
            assertTrue(
                    message.contains("TCP port " + taken.getLocalPort() + ", which process " + ProcessHandle.current()
                            .pid() + " (java) has"),
                    message);
            assertTrue(message.endsWith("leave it out with --without hostfwd"), message);
            List<String> left = OutsideArguments.without(List.of("-nic", argument), "hostfwd");
            OwnNames.take(left, true, Set.of()).close();
        }
    }

    @Test
    void twoMachinesNeverGetOnePort() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (OwnNames own = restored("-gdb", "tcp::" + port)) {
            assertEquals(List.of("-gdb", "tcp::" + port), own.arguments());
            String message = assertThrows(MachineException.class, () -> restored("-gdb", "tcp::" + port)).getMessage();
            assertTrue(message.contains("another machine") && message.endsWith("--without gdb"), message);
        }
        restored("-gdb", "tcp::" + port).close();
    }

    @Test
    void aFileOfWhichNothingIsKnownIsRefusedUnlessItIsToBeKept() throws Exception {
        Path file = Files.writeString(folder.resolve("t"), "something");
        String[] arguments = {"-object", "some-new-thing,id=t,store=" + file};
        booted(arguments).close();
        String message = assertThrows(MachineException.class, () -> restored(arguments)).getMessage();
        assertTrue(message.contains(file.toString()) && message.endsWith("--keep t"), message);
        OwnNames.take(List.of(arguments), true, Set.of("t")).close();
        assertEquals("something", Files.readString(file));
    }

    @Test
    void whatIsKeptIsUsedAsItIsNamed() throws Exception {
        Path log = Files.writeString(folder.resolve("log"), "the original's");
        try (OwnNames own = OwnNames.take(List.of("-serial", "file:" + log), true, Set.of("serial"))) {
            assertEquals(List.of(), own.moved());
        }
    }
}
