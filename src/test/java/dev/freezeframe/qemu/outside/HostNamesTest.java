package dev.freezeframe.qemu.outside;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.qemu.program.MachineException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the arguments of a machine name outside the guest is found, wherever QEMU takes it, and can be replaced there.
class HostNamesTest {
    private static List<HostName> names(String... arguments) {
        return HostNames.in(List.of(arguments)).all();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "-debugcon | file:/x/bios.log | WRITES | /x/bios.log",
            "-serial | file:/x/a,b | WRITES | /x/a,b",
            "-parallel | file:/x/p | WRITES | /x/p",
            "-chardev | file,id=c,path=/x/a,,b | WRITES | /x/a,b",
            "-chardev | null,id=c,logfile=/x/log | WRITES | /x/log",
            "-chardev | ringbuf,id=c,logfile=/x/log | WRITES | /x/log",
            "-D | /x/qemu.log | WRITES | /x/qemu.log",
            "-D | /x/qemu-%d.log | SHARES | /x/qemu-%d.log",
            "-pidfile | /x/pid | WRITES | /x/pid",
            "-trace | enable=x*,file=/x/trace | WRITES | /x/trace",
            "-trace | events=/x/events | READS | /x/events",
            "-object | filter-dump,id=d,netdev=n,file=/x/net.pcap | WRITES | /x/net.pcap",
            "-object | {\"qom-type\": \"filter-dump\", \"id\": \"d\", \"file\": \"/x/net.pcap\"} | WRITES | /x/net.pcap",
            "-audiodev | wav,id=a,path=/x/a.wav | WRITES | /x/a.wav",
            "-audiodev | wav,id=a | WRITES | qemu.wav",
            "-audiodev | driver=wav,id=a,path=/x/a.wav | WRITES | /x/a.wav",
            "-device | usb-kbd,pcap=/x/usb.pcap | WRITES | /x/usb.pcap",
            "-global | usb-kbd.pcap=/x/usb.pcap | WRITES | /x/usb.pcap",
            "-chardev | socket,id=c,path=/x/s,server=on,wait=off | LISTENS_AT_SOCKET | /x/s",
            "-chardev | socket,id=c,path=/x/s,server,nowait | LISTENS_AT_SOCKET | /x/s",
            "-chardev | socket,id=c,path=/x/s | SHARES | /x/s",
            "-serial | unix:/x/s,server=on | LISTENS_AT_SOCKET | /x/s",
            "-vnc | unix:/x/vnc | LISTENS_AT_SOCKET | /x/vnc",
            "-display | vnc=unix:/x/vnc | LISTENS_AT_SOCKET | /x/vnc",
            "-spice | unix=on,addr=/x/spice | LISTENS_AT_SOCKET | /x/spice",
            "-netdev | stream,id=n,server=on,addr.type=unix,addr.path=/x/n | LISTENS_AT_SOCKET | /x/n",
            "-netdev | dgram,id=n,local.type=unix,local.path=/x/n | LISTENS_AT_SOCKET | /x/n",
            "-serial | pipe:/x/fifo | PIPE | /x/fifo",
            "-chardev | pipe,id=c,path=/x/fifo | PIPE | /x/fifo",
            "-netdev | user,id=n,hostfwd=tcp:127.0.0.1:2222-:22 | LISTENS_AT_PORT | tcp:127.0.0.1:2222",
            "-nic | user,hostfwd=::2222-:22 | LISTENS_AT_PORT | tcp::2222",
            "-netdev | user,id=n,hostfwd=udp::53-:53 | LISTENS_AT_PORT | udp::53",
            "-netdev | {\"type\": \"user\", \"id\": \"n\", \"hostfwd\": [{\"str\": \"tcp::2222-:22\"}]} | LISTENS_AT_PORT | tcp::2222",
            "-netdev | socket,id=n,listen=:5555 | LISTENS_AT_PORT | tcp::5555",
            "-gdb | tcp::1234 | LISTENS_AT_PORT | tcp::1234",
            "-serial | telnet:localhost:4444,server=on,wait=off | LISTENS_AT_PORT | tcp:localhost:4444",
            "-serial | udp::1111@:2222 | LISTENS_AT_PORT | udp::2222",
            "-chardev | socket,id=c,host=127.0.0.1,port=4444,server=on | LISTENS_AT_PORT | tcp:127.0.0.1:4444",
            "-chardev | udp,id=c,port=1,localport=4444 | LISTENS_AT_PORT | udp::4444",
            "-vnc | 127.0.0.1:3 | LISTENS_AT_PORT | tcp:127.0.0.1:5903",
            "-spice | port=5930,disable-ticketing=on | LISTENS_AT_PORT | tcp::5930",
            "-cdrom | /x/a=b.iso | READS | /x/a=b.iso",
            "-cdrom | cd.iso | READS | cd.iso",
            "-drive | if=none,id=d,readonly=on,file=/x/a,,b.img | READS | /x/a,b.img",
            "-drive | if=none,id=d,readonly=on,file=file:/x/a.img | READS | /x/a.img",
            "-blockdev | driver=raw,node-name=n,read-only=on,file.driver=file,file.filename=/x/a | READS | /x/a",
            "-blockdev | {\"driver\": \"raw\", \"read-only\": true, \"file\": {\"driver\": \"file\", \"filename\": \"/x/a\"}} | READS | /x/a",
            "-fw_cfg | name=opt/x,file=/x/cfg | READS | /x/cfg",
            "-smbios | file=/x/table | READS | /x/table",
            "-device | virtio-net-pci,romfile=/x/rom | READS | /x/rom",
            "-option-rom | /x/rom | READS | /x/rom",
            "-object | some-new-thing,id=t,store=/x/t | UNKNOWN | /x/t",
            "-new-option | what=/x/t | UNKNOWN | /x/t"})
    void whatAnArgumentNamesIsFoundAndCanBeReplaced(String option, String value, HostName.Use use, String text) {
        List<HostName> found = names(option, value);
        assertEquals(1, found.size(), found.toString());
        assertEquals(use, found.getFirst().use());
        assertEquals(text, found.getFirst().text());
        if (use != HostName.Use.LISTENS_AT_PORT) {
            HostNames replaced = HostNames.in(List.of(option, value)).with(found.getFirst(), "/other/a,b");
            HostName again = HostNames.in(replaced.arguments()).all().getFirst();
            assertEquals("/other/a,b", again.text(), replaced.arguments().toString());
            assertEquals(use == HostName.Use.SHARES && option.equals("-D") ? HostName.Use.WRITES : use, again.use());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-serial null", "-serial stdio", "-serial file:/dev/null", "-serial /dev/ttyS0",
            "-debugcon chardev:c", "-chardev stdio,id=c", "-chardev socket,id=c,host=h,port=1", "-cpu max", "-vnc none",
            "-vnc :1,reverse=on", "-netdev user,id=n,net=10.0.2.0/24", "-netdev tap,id=n,ifname=t,script=no",
            "-netdev user,id=n,hostfwd=tcp::0-:22", "-netdev socket,id=n,connect=h:1", "-gdb none", "-boot order=d",
            "-drive if=none,readonly=on,file=nbd:unix:/x", "-drive if=none,readonly=on,file=https://h/x.iso",
            "-object rng-random,id=r,filename=/dev/urandom", "-rtc base=2020-01-01", "-usb",
            "-smbios type=1,serial=a/b", "-vnc :99999999999999999999", "-vnc :60000",
            "-netdev user,id=n,hostfwd=tcp::99999999999-:22", "-netdev user,id=n,hostfwd=tcp::65536-:22",
            "-gdb tcp::70000", "-serial udp::1@:99999999999",
            "-device virtio-net-pci,netdev=n,mac=52:54:00:12:34:56"})
    void whatNamesNothingOutsideIsLeftAlone(String line) {
        assertEquals(List.of(), names(line.split(" ")));
    }

    @Test
    void relativePathsBecomeAbsoluteAndTheRestStaysAsItIs() {
        String here = Path.of("").toAbsolutePath().toString();
        assertEquals(List.of("-cdrom", here + "/cd.iso", "-s", "-serial", "file:" + here + "/log", "-cpu", "max,-avx"),
                OutsideArguments
                        .absolute(List.of("-cdrom", "cd.iso", "-s", "-serial", "file:log", "-cpu", "max,-avx")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "-nic user,model=e1000,hostfwd=tcp::22-:22,hostfwd=tcp::80-:80 | hostfwd | -nic user,model=e1000",
            "-netdev socket,id=n,listen=:1 -device e1000,netdev=n | n | -netdev user,id=n,restrict=on -device e1000,netdev=n",
            "-s -usb | s | -usb", "-gdb tcp::1 | gdb | ''", "-vnc :1 | vnc | ''", "-D /x/log | D | ''",
            "-serial file:/x | serial | -serial null", "-debugcon file:/x | debugcon | -debugcon null",
            "-chardev file,id=c,path=/x,mux=on -serial chardev:c | c | -chardev null,id=c,mux=on -serial chardev:c",
            "-object filter-dump,id=f,netdev=n,file=/x | f | ''",
            "-audiodev wav,id=a,path=/x | a | -audiodev none,id=a",
            "-device usb-kbd,pcap=/x | device | -device usb-kbd"})
    void whatIsOutsideCanBeLeftOutWithoutAChangeOfTheGuestsDevices(String line, String label, String left)
            throws Exception {
        assertEquals(Stream.of(left.split(" ")).filter(word -> !word.isEmpty()).toList(), OutsideArguments.without(List
                .of(line.split(" ")), label));
    }

    @Test
    void whatIsNotThereCannotBeLeftOut() {
        String message = assertThrows(MachineException.class, () -> OutsideArguments.without(List.of("-serial",
                "file:/x"), "vnc")).getMessage();
        assertTrue(message.contains("no argument vnc") && message.endsWith("it has serial"), message);
        assertTrue(
                assertThrows(MachineException.class, () -> OutsideArguments.without(List.of("-cdrom", "/x"), "cdrom"))
                        .getMessage().contains("cannot be left out"));
    }
}
