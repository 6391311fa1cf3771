package dev.freezeframe.qemu.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.freezeframe.qemu.image.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProfilesTest {
    @TempDir
    private Path folder;

    private Profile read(String json) throws IOException {
        return ProfileReader.read(Files.writeString(folder.resolve("p.json"), json), Path.of("/guest"));
    }

    private ProfileException refusal(String json) {
        return assertThrows(ProfileException.class, () -> read(json));
    }

    private static String withArguments(String commaSeparated) {
        return "{\"memory\": \"16 MiB\", \"arguments\": [\"" + commaSeparated.replace("|", "\", \"") + "\"]}";
    }

    @Test
    void everyProfileThatComesWithTheProgramIsUsable() {
        List<ProfileEntry> entries = new Profiles(Path.of("qemu-profiles").toAbsolutePath(), folder, Path.of("/guest"))
                .list();
        assertEquals(
                List.of("boot-sector", "boot-sector-vga", "debian-build", "deterministic-linux", "replay-build",
                        "replay-linux", "replay-network", "tiny-linux", "vga-linux"),
                entries
                        .stream().map(ProfileEntry::name).toList());
        entries.forEach(entry -> assertEquals(Optional.empty(), entry.problem()));
        entries.forEach(entry -> assertFalse(entry.profile().orElseThrow().description().isEmpty()));
    }

    @Test
    void templateIsAProfileOnceItsPathsAreFilledIn() throws IOException {
        String template = Files.readString(Path.of("qemu-profiles/my-machine.json.template"));
        assertEquals(List.of(), read(template).disks());
        Profile whole = read(template.replaceAll("(?m)^( *)// (?=\"disks\"| *\\{ \"file\"|\\],|\"-)", "$1"));
        assertEquals(1, whole.disks().size());
        assertEquals(List.of("-cdrom", "/path/to/live.iso", "-nic", "user,model=virtio-net-pci"), whole.arguments());
    }

    @Test
    void aFileThatIsNoneIsRefusedAndIsNotWaitedFor() throws Exception {
        assertEquals(0, new ProcessBuilder("mkfifo", folder.resolve("pipe.json").toString()).start().waitFor());
        Files.createSymbolicLink(folder.resolve("zeros.json"), Path.of("/dev/zero"));
        Files.createSymbolicLink(folder.resolve("dangling.json"), folder.resolve("nowhere"));
        Files.createDirectory(folder.resolve("folder.json"));
        Files.write(folder.resolve("large.json"), new byte[(1 << 20) + 1]);
        Files.write(folder.resolve("latin.json"), new byte[]{'{', (byte) 0xfc, '}'});
        Profiles profiles = new Profiles(folder.resolve("none"), folder, Path.of("/guest"));
        assertEquals(List.of("dangling", "folder", "large", "latin", "pipe", "zeros"), profiles.list().stream().map(
                ProfileEntry::name).toList());
        assertTrue(profiles.list().stream().allMatch(entry -> entry.problem().isPresent()));
        for (String line : List.of("pipe is no regular file", "zeros is no regular file", "folder is no regular file",
                "dangling cannot be read: No such file", "large is larger than 1 MiB", "latin is not UTF-8")) {
            String name = line.substring(0, line.indexOf(' '));
            ProfileException refused = assertThrows(ProfileException.class, () -> profiles.find(name));
            assertTrue(refused.getMessage().contains(line.substring(name.length())), refused.getMessage());
        }
        Files.delete(folder.resolve("zeros.json")); // the suite would say that it leads out of its folder
    }

    @Test
    void fieldsHaveTheDocumentedDefaults() throws IOException {
        Profile profile = read("{\"memory\": \"16 MiB\"}");
        assertEquals(new Profile("p", "", 16 << 20, 1, "pc", Accelerator.AUTO, Optional.empty(), Optional.empty(),
                Optional.empty(), "", "none", List.of(), Optional.empty(), false, List.of()), profile);
    }

    @Test
    void pathsAreFilledInAndResolvedAgainstTheProfilesFolder() throws IOException {
        Profile profile = read("{\"memory\": \"1 GiB\", \"kernel\": \"${guest}/vmlinuz\", \"initrd\": \"../initrd\", "
                + "\"firmware\": \"~/bios\", \"arguments\": [\"-cdrom\", \"${profile}/a.iso\"]}");
        assertEquals(Path.of("/guest/vmlinuz"), profile.kernel().orElseThrow());
        assertEquals(folder.getParent().resolve("initrd"), profile.initrd().orElseThrow());
        assertEquals(Path.of(System.getProperty("user.home"), "bios"), profile.firmware().orElseThrow());
        assertEquals(List.of("-cdrom", folder + "/a.iso"), profile.arguments());
    }

    @Test
    void commasAndQuotesOfAFolderDoNotEndAnOption() throws IOException {
        Path odd = Files.createDirectory(folder.resolve("a,b\"c"));
        String json = """
                {"memory": "16 MiB", "arguments": ["-cdrom", "${profile}/a.iso",
                "-drive", "file=${profile}/b.img,if=virtio,format=raw,readonly=on", "-option-rom", "${profile}/rom",
                "-serial", "file:${profile}/log", "-parallel", "unix:${profile}/s,server=on", "-blockdev",
                "{\\"driver\\": \\"file\\", \\"filename\\": \\"${guest}/d\\", \\"read-only\\": true}"]}""";
        Profile profile = ProfileReader.parse("p", json, odd, odd);
        String doubled = odd.toString().replace(",", ",,");
        assertEquals(List.of("-cdrom", odd + "/a.iso", "-drive", "file=" + doubled
                + "/b.img,if=virtio,format=raw,readonly=on", "-option-rom", doubled + "/rom", "-serial",
                "file:" + odd
                        + "/log",
                "-parallel", "unix:" + doubled + "/s,server=on", "-blockdev", "{\"driver\": \"file\", \"filename\": \""
                        + odd.toString().replace("\"", "\\\"") + "/d\", \"read-only\": true}"),
                profile.arguments());
        assertEquals(profile, ProfileReader.fromJson("p", profile.toJson()));
    }

    @Test
    void profileSurvivesItsRecord() throws IOException {
        Profile profile = read("{\"memory\": \"24 MiB\", \"cpus\": 2, \"machine\": \"q35,hpet=off\", \"kernel\": "
                + "\"/k\", \"append\": \"quiet\", \"arguments\": [\"-no-reboot\"]}");
        assertEquals(profile, ProfileReader.fromJson("p", profile.toJson()));
    }

    @Test
    void commentsAreAllowed() throws IOException {
        assertEquals(2, read("{ // why\n \"memory\": \"16 MiB\", /* two */ \"cpus\": 2, }").cpus());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"memory": "16 MiB", "cpu": 1}                        | $.cpu          | unknown field; known are accelerator
            {"memory": "16 MiB", "cpus": "two"}                   | $.cpus         | README.md
            {"memory": "16 MiB", "cpus": 0}                       | $.cpus         | between 1 and 255
            {"cpus": 1}                                           | $.memory       | is missing
            {"memory": 256}                                       | $.memory       | README.md
            {"memory": "256 MB"}                                  | $.memory       | "256 MB" is not a size
            {"memory": "12345678 B"}                              | $.memory       | not a multiple of two 4 KiB pages
            {"memory": "0 MiB"}                                   | $.memory       | between 1 MiB and 1 TiB
            {"memory": "99999999999 TiB"}                         | $.memory       | is not a size
            {"memory": "2 MiB", "bootSector": "rounds"}           | $.memory       | the boot sector writes
            {"memory": "16 MiB", "machine": "pc; rm"}             | $.machine      | is no machine type
            {"memory": "16 MiB", "machine": "pc,memory-backend=x"} | $.machine     | is set by us
            {"memory": "16 MiB", "machine": "q35,confidential-guest-support=sev"} | $.machine | cannot be read
            {"memory": "16 MiB", "accelerator": "xen"}            | $.accelerator  | write auto, kvm or tcg
            {"memory": "16 MiB", "display": "std,x=y"}            | $.display      | is no graphics card
            {"memory": "16 MiB", "bootSector": "mine"}            | $.bootSector   | write one of rounds
            {"memory": "16 MiB", "bootSector": "rounds", "kernel": "k"} | $.bootSector | leave one out
            {"memory": "16 MiB", "initrd": "i"}                   | $.initrd       | add the field kernel
            {"memory": "16 MiB", "append": "quiet"}               | $.append       | add the field kernel
            {"memory": "16 MiB", "kernel": "${elsewhere}/k"}      | $.kernel       | known are ${guest} and ${profile}
            {"memory": "16 MiB", "kernel": "/k\\u0000"}           | $.kernel       | zero character
            {"memory": "16 MiB", "arguments": ["-uuid", "\\u0000"]} | $.arguments[1] | zero character
            {"memory": "16 MiB", "disks": {}}                     | $.disks        | README.md
            {"memory": "16 MiB", "disks": [null]}                 | $.disks[0]     | is null
            {"memory": "16 MiB", "disks": [{}]}                   | $.disks[0].file | is missing
            {"memory": "16 MiB", "disks": [{"file": ""}]}         | $.disks[0].file | is empty
            {"memory": "16 MiB", "disks": [{"file": 7}]}          | $.disks[0].file | README.md
            {"memory": "16 MiB", "disks": [{"file": "a"}, {"file": "${x}"}]} | $.disks[1].file | unknown placeholder
            {"memory": "16 MiB", "disks": [{"file": "a", "size": 1}]} | $.disks[0].size | known are file, format, interface, readOnly, writes
            {"memory": "16 MiB", "disks": [{"file": "a", "format": "vmdk"}]} | $.disks[0].format | write raw or qcow2
            {"memory": "16 MiB", "disks": [{"file": "a", "interface": "nvme"}]} | $.disks[0].interface | write virtio, scsi or ide
            {"memory": "16 MiB", "disks": [{"file": "a", "writes": "yes"}]} | $.disks[0].writes | write discard or keep
            {"memory": "16 MiB", "disks": [{"file": "a", "readOnly": "yes"}]} | $.disks[0].readOnly | README.md
            {"memory": "16 MiB", "disks": [{"file": "a", "readOnly": true, "writes": "keep"}]} | $.disks[0].writes | leave one out
            {"memory": "16 MiB", "disks": [{"file": "a", "readOnly": true, "interface": "ide"}]} | $.disks[0].readOnly | cannot be read-only
            {"memory": "16 MiB", "disks": [{"file": "a"}, {"file": "./a", "writes": "keep"}]} | $.disks[1].file | the image of another disk too
            {"memory": "16 MiB", "arguments": ["-no-reboot", 7]}  | $.arguments[1] | README.md
            {"memory": "16 MiB", "arguments": ["-no-reboot", null]} | $.arguments[1] | write a string
            {"memory": "16 MiB", "memory": "32 MiB"}              | $.memory       | Duplicate
            """)
    void brokenProfileIsRefusedWithItsPlaceAndARemedy(String json, String path, String text) {
        ProfileException e = refusal(json);
        assertTrue(e.getMessage().startsWith("profile p.json: "), e.getMessage());
        assertTrue(e.getMessage().contains(text), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        if (!text.equals("Duplicate")) {
            assertEquals(path, e.jsonPath());
        }
    }

    @Test
    void disksHaveTheDocumentedDefaultsAndSurviveTheirRecord() throws IOException {
        Profile profile = read(
                """
                        {"memory": "16 MiB", "disks": [{"file": "a.QCOW2"}, {"file": "${guest}/b.img", "interface": "scsi",
                        "writes": "keep"}, {"file": "/c", "format": "qcow2", "readOnly": true}, {"file": "a.QCOW2", "interface": "ide"}]}""");
        assertEquals(List.of(
                new Disk("disk0", folder.resolve("a.QCOW2"), Disk.Format.QCOW2, false, Disk.Interface.VIRTIO, false,
                        Disk.Writes.DISCARD),
                new Disk("disk1", Path.of("/guest/b.img"), Disk.Format.RAW, false, Disk.Interface.SCSI, false,
                        Disk.Writes.KEEP),
                new Disk("disk2", Path.of("/c"), Disk.Format.QCOW2, true, Disk.Interface.VIRTIO, true,
                        Disk.Writes.DISCARD),
                new Disk("disk3", folder.resolve("a.QCOW2"), Disk.Format.QCOW2, false, Disk.Interface.IDE, false,
                        Disk.Writes.DISCARD)),
                profile.disks());
        assertEquals(profile, ProfileReader.fromJson("p", profile.toJson()));
    }

    @Test
    void moreDisksThanThereIsRoomForAreRefused() {
        String ide = "{\"file\": \"a\", \"interface\": \"ide\"}";
        assertTrue(refusal("{\"memory\": \"16 MiB\", \"disks\": [" + (ide + ",").repeat(4) + ide + "]}").getMessage()
                .contains("room for 4 IDE disks"));
        assertTrue(
                refusal("{\"memory\": \"16 MiB\", \"disks\": [" + "{\"file\": \"a\"},".repeat(17) + "]}").getMessage()
                        .contains("17 disks are more than 16"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "{", "{} {}", "\u0000"})
    void fileThatIsNoProfileIsRefused(String text) {
        ProfileException e = refusal(text);
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            -m|1G,                                                  use the profile's field memory
            --m|1G,                                                 use the profile's field memory
            `-machine|pc,accel=kvm`,                                use the profile's field machine
            -M|q35,                                                 use the profile's field machine
            -accel|tcg,                                             use the profile's field accelerator
            -enable-kvm,                                            use the profile's field accelerator
            -smp|2,                                                 use the profile's field cpus
            -kernel|k,                                              use the profile's field kernel
            -vga|std,                                               use the profile's field display
            -S,                                                     leave it out
            -nographic,                                             first serial port
            -incoming|defer,                                        restoring is our own work
            -loadvm|x,                                              restoring is our own work
            -daemonize,                                             must stay our child
            -qmp|stdio,                                             in the middle of a checkpoint
            -monitor|stdio,                                         in the middle of a checkpoint
            -qmp-pretty|stdio,                                      in the middle of a checkpoint
            `-mon|chardev=c,mode=control`,                          in the middle of a checkpoint
            `-serial|mon:telnet:127.0.0.1:4444,server=on,wait=off`, in the middle of a checkpoint
            -serial|mon:stdio,                                      in the middle of a checkpoint
            -parallel|mon:pty,                                      in the middle of a checkpoint
            -debugcon|mon:stdio,                                    in the middle of a checkpoint
            --debugcon|mon:stdio,                                   in the middle of a checkpoint
            -gdb|mon:pty,                                           in the middle of a checkpoint
            `-qtest|unix:s,server=on`,                              in the middle of a checkpoint
            `-object|qtest,id=q,chardev=c`,                         in the middle of a checkpoint
            -snapshot,                                              use the profile's field disks
            -mem-path|/dev/hugepages,                               huge pages
            -mem-prealloc,                                          every page would count as written
            `-numa|node,memdev=m0`,                                 one block
            `-object|memory-backend-ram,id=m,size=1M`,              the one block that we give
            `-object|memory-backend-memfd,id=m,size=1M,hugetlb=on`, the one block that we give
            `-object|cryptodev-vhost-user,id=c`,                    unseen by the tracker
            `-device|nvme,drive=d`,                                 cannot save the state of an emulated NVMe
            `-device|driver=nvme,drive=d`,                          cannot save the state of an emulated NVMe
            `-device|vfio-pci,host=01:00.0`,                        unseen by the tracker
            `-device|vhost-user-blk-pci,chardev=c`,                 unseen by the tracker
            `-device|vhost-vsock-pci,guest-cid=3`,                  unseen by the tracker
            `-device|ivshmem-plain,memdev=m`,                       unseen by the tracker
            `-device|pc-dimm,memdev=m`,                             one block
            `-device|nvdimm,memdev=m`,                              one block
            `-device|virtio-mem-pci,memdev=m`,                      one block
            `-device|virtio-balloon`,                               become zero without being written
            `-device|virtio-balloon-pci,free-page-reporting=on`,    become zero without being written
            `-device|id=b,driver=virtio-balloon-pci-transitional`,  become zero without being written
            `-device|virtio-rng-pci,driver=virtio-balloon-pci`,     become zero without being written
            `-device|hv-balloon`,                                   become zero without being written
            `-device|newer-device,free-page-reporting=on`,          become zero without being written
            -balloon|virtio,                                        become zero without being written
            `-device|virtio-mem,memdev=m`,                          one block
            `-device|vmgenid,guid=auto`,                            generation id into guest memory
            `-icount|shift=auto,rr=record,rrfile=f`,                record and replay
            `-icount|7,rrsnapshot=s`,                               record and replay
            `-tpmdev|emulator,id=t,chardev=c`,                      in another process
            `-tpmdev|passthrough,id=t`,                             in another process
            `-drive|file=nvme://0000:01:00.0/1,readonly=on`,        unseen by the tracker
            `-blockdev|nvme,read-only=on,node-name=d`,              unseen by the tracker
            `-drive|file=d.img,readonly=on,cache=none`,             page cache
            `-drive|file=d.img,readonly=on,cache.direct=on`,        page cache
            `-device|scsi-block,drive=d`,                           unseen by the tracker
            `-device|virtio-9p-pci,fsdev=f`,                        cannot be saved
            `-netdev|tap,id=n,vhost=on`,                            unseen by the tracker
            `-netdev|vhost-user,id=n,chardev=c`,                    unseen by the tracker
            `-netdev|vhost-vdpa,id=n,vhostdev=/dev/v`,              unseen by the tracker
            `-nic|tap,vhost=on`,                                    unseen by the tracker
            `-virtfs|local,path=/,mount_tag=t`,                     cannot be saved
            `-drive|file=d.img,if=virtio`,                          is in no checkpoint
            `-drive|file=d.img,readonly=off`,                       is in no checkpoint
            `-drive|file=a,,readonly=on`,                           is in no checkpoint
            `-blockdev|raw,node-name=d,file=f`,                     is in no checkpoint
            -hda|d.img,                                             is in no checkpoint
            -pflash|vars.fd,                                        is in no checkpoint
            d.img,                                                  stands where an option is expected
            -no-reboot|d.img,                                       stands where an option is expected
            -sandbox|on,                                            written pages are tracked
            -runas|nobody,                                          written pages
            -chroot|/var/empty,                                     the memory that we give
            -readconfig|c,                                          could set what is refused here
            -set|object.ram.share=off,                              could change what we set
            -global|memory-backend-file.share=off,                  could change what we set
            """)
    void argumentThatBreaksCheckpointingIsRefusedWithTheReason(String arguments, String reason) {
        ProfileException e = refusal(withArguments(arguments));
        assertTrue(e.getMessage().contains(reason), e.getMessage());
        assertTrue(e.jsonPath().startsWith("$.arguments["), e.jsonPath());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            -device,   `{"driver": "nvme"}`,                                          NVMe
            -device,   `{"id": "b", "driver": "virtio-balloon-pci"}`,                 become zero
            -device,   `{"driver": "virtio-\\u0062alloon"}`,                          become zero
            -device,   `{'driver': 'nvme'}`,                                          NVMe
            -device,   `{'driver': 'virtio-balloon'}`,                                become zero
            -device,   `{"driver": "newer", "free-page-reporting": true}`,            become zero
            -device,   `{"driver": }`,                                                is not JSON
            -object,   `{'qom-type': 'memory-backend-ram', 'id': 'm', 'size': 1024}`, the one block
            -blockdev, `{"driver": "raw", "file": {"driver": "nvme"}, "read-only": true}`, unseen by the tracker
            -blockdev, `{"driver": "file", "cache": {"direct": true}, "read-only": true}`, page cache
            """)
    void jsonFormOfAnArgumentIsUnderstoodToo(String option, String value, String reason) throws IOException {
        String json = "{\"memory\": \"16 MiB\", \"arguments\": " + new ObjectMapper().writeValueAsString(List.of(option,
                value)) + "}";
        String message = refusal(json).getMessage();
        assertTrue(message.contains(reason), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-icount|shift=2,sleep=off", "-seed|1|-rtc|base=2020-01-01,clock=vm|-no-shutdown",
            "-cdrom|a.iso", "-drive|file=d.img,if=virtio,format=raw,readonly=on", "-drive|file=a.iso,media=cdrom",
            "-netdev|user,id=n|-device|virtio-net-pci,netdev=n", "-netdev|tap,id=n,vhost=off",
            "-cpu|max|-usb|-device|usb-kbd", "-drive|file=d.img,readonly=on,cache=writeback",
            "-device|virtio-blk-pci,drive=d,id=balloon",
            "-serial|file:mon:", "-chardev|pty,id=c,mux=on|-serial|chardev:c|-debugcon|chardev:c",
            "-object|rng-random,id=r,filename=/dev/urandom|-device|virtio-rng-pci,rng=r", "-plugin|libinsn.so", "-s"})
    void harmlessArgumentsPass(String arguments) throws IOException {
        assertEquals(List.of(arguments.split("\\|", -1)), read(withArguments(arguments)).arguments());
    }

    @Test
    void profileOfTheUserHidesTheProgramsOfTheSameName() throws IOException {
        Path program = Files.createDirectory(folder.resolve("program"));
        Path user = Files.createDirectory(folder.resolve("user"));
        Files.writeString(program.resolve("a.json"), "{\"memory\": \"16 MiB\"}");
        Files.writeString(program.resolve("b.json"), "{\"memory\": \"16 MiB\"}");
        Files.writeString(user.resolve("a.json"), "{\"memory\": \"32 MiB\"}");
        Files.writeString(user.resolve("c.json"), "{\"memory\": 1}");
        Profiles profiles = new Profiles(program, user, folder);
        assertEquals(32 << 20, profiles.find("a").memoryBytes());
        assertEquals(16 << 20, profiles.find("b").memoryBytes());
        assertEquals(16 << 20, profiles.find(program.resolve("a.json").toString()).memoryBytes());
        List<ProfileEntry> entries = profiles.list();
        assertEquals(List.of("a", "b", "c"), entries.stream().map(ProfileEntry::name).toList());
        assertEquals(List.of(true, false, true), entries.stream().map(ProfileEntry::own).toList());
        assertTrue(entries.get(2).problem().orElseThrow().contains("$.memory"));
        ProfileException none = assertThrows(ProfileException.class, () -> profiles.find("d"));
        assertTrue(none.getMessage().contains("known are a, b, c"), none.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiny\0linux", "/etc/tiny\0linux.json"})
    void nameThatNoFileCanHaveIsRefused(String name) {
        ProfileException e = assertThrows(ProfileException.class,
                () -> new Profiles(folder, folder, folder).find(name));
        assertTrue(e.getMessage().contains("zero character"), e.getMessage());
        assertEquals(-1, e.getMessage().indexOf('\0'), "a terminal gets this");
    }
}
