package dev.freezeframe.qemu.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The user's own profiles: what an editor does with them.
class ProfileEditingTest {
    private static final String GOOD = "{ // mine\n  \"memory\": \"16 MiB\"\n}\n";

    @TempDir
    Path folder;

    private Path own;
    private Profiles profiles;

    @BeforeEach
    void open() {
        own = folder.resolve("own");
        profiles = new Profiles(Path.of("qemu-profiles").toAbsolutePath(), own, Path.of("/guest"));
    }

    private ProfileEntry entry(String name) {
        return profiles.list().stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void whatIsSavedIsReadBackLetterForLetterAndIsTheOwnersOnly() throws IOException {
        ProfileEntry saved = profiles.save("mine", GOOD);
        assertTrue(saved.own());
        assertEquals(GOOD, profiles.text(entry("mine")));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(saved.file())));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(own)));
        profiles.save("mine", GOOD.replace("16", "32"));
        assertEquals(32 << 20, profiles.find("mine").memoryBytes());
        try (Stream<Path> files = Files.list(own)) {
            assertEquals(List.of(own.resolve("mine.json")), files.toList());
        }
    }

    @Test
    void aBrokenProfileIsNotSavedAndTheOldOneStays() throws IOException {
        profiles.save("mine", GOOD);
        ProfileException e = assertThrows(ProfileException.class, () -> profiles.save("mine", "{\"memory\": \"x\"}"));
        assertEquals("$.memory", e.jsonPath());
        assertEquals(GOOD, profiles.text(entry("mine")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "../x", "a/b", "/etc/x", ".hidden", "a b", "a\0b"})
    void noNameLeadsOutOfTheFolder(String name) {
        assertThrows(ProfileException.class, () -> profiles.save(name, GOOD));
        assertThrows(ProfileException.class, () -> profiles.delete(name));
        assertFalse(Files.exists(own));
    }

    @Test
    void aCopyMeansTheSameMachine() throws IOException {
        profiles.duplicate("tiny-linux", "copy");
        Profile original = profiles.find("tiny-linux");
        Profile copy = profiles.find("copy");
        assertEquals(original.toJson(), copy.toJson());
        assertThrows(ProfileException.class, () -> profiles.duplicate("tiny-linux", "copy"));
    }

    @Test
    void anImportedFileFindsItsFilesFromItsNewPlace() throws IOException {
        Path file = Files.writeString(Files.createDirectories(folder.resolve("elsewhere")).resolve("theirs.json"),
                "{\"memory\": \"16 MiB\", \"kernel\": \"vmlinuz\"}");
        profiles.importFile(file);
        assertEquals(Optional.of(folder.resolve("elsewhere/vmlinuz")), profiles.find("theirs").kernel());
        assertThrows(ProfileException.class, () -> profiles.importFile(file));
    }

    @Test
    void aProfileIsRenamedAndDeletedAndTheProgramsStay() throws IOException {
        profiles.save("mine", GOOD);
        profiles.rename("mine", "yours");
        assertThrows(ProfileException.class, () -> profiles.find("mine"));
        assertEquals(GOOD, profiles.text(entry("yours")));
        profiles.save("tiny-linux", GOOD);
        assertTrue(entry("tiny-linux").own());
        profiles.delete("tiny-linux");
        assertFalse(entry("tiny-linux").own());
        ProfileException e = assertThrows(ProfileException.class, () -> profiles.delete("tiny-linux"));
        assertTrue(e.getMessage().contains("cannot be changed; duplicate one"), e.getMessage());
        assertThrows(ProfileException.class, () -> profiles.rename("boot-sector", "other"));
    }

    @Test
    void allThatIsWrongIsToldByItsPlace() {
        List<ProfileProblem> problems = profiles.problems("bad name", "{\"memory\": \"1 MB\", \"cpus\": 0, \"initrd\": "
                + "\"i\", \"display\": \"a b\", \"arguments\": [\"-m\", \"4\"]}");
        assertEquals(List.of("", "$.initrd", "$.memory", "$.cpus", "$.display", "$.arguments[0]"), problems.stream()
                .map(ProfileProblem::jsonPath).toList());
        assertEquals(List.of("$.cpu"), profiles.problems("p", "{\"memory\": \"16 MiB\", \"cpu\": 1}").stream().map(
                ProfileProblem::jsonPath).toList());
        assertEquals(1, profiles.problems("p", "{").size());
        assertEquals(List.of(), profiles.problems("p", GOOD));
        assertFalse(Files.exists(own));
    }

    @Test
    void theFormHasEveryFieldThatTheReaderTakesAndNoOther() {
        assertEquals(new TreeSet<>(ProfileReader.fieldNames()), new TreeSet<>(ProfileField.ALL.stream().map(
                ProfileField::name).toList()));
    }

    @Test
    void theFormsDefaultsAndChoicesAreTheReaders() throws IOException {
        JsonNode usual = ProfileReader.parse("p", GOOD, folder, folder).toJson();
        for (ProfileField field : ProfileField.ALL) {
            assertFalse(field.title().isEmpty() || field.help().isEmpty(), field.name());
            if (!field.defaultText().isEmpty()) {
                assertEquals(usual.path(field.name()).asText(), field.defaultText(), field.name());
            }
            for (String choice : field.choices()) {
                ObjectNode json = JsonNodeFactory.instance.objectNode().put("memory", "16 MiB").put(field.name(),
                        choice);
                if (field.kind() == ProfileField.Kind.SWITCH) {
                    json.put(field.name(), Boolean.parseBoolean(choice));
                }
                assertEquals(List.of(), profiles.problems("p", json.toString()), field.name() + " " + choice);
            }
            if (field.kind() == ProfileField.Kind.CHOICE) {
                String other = "{\"memory\": \"16 MiB\", \"" + field.name() + "\": \"other\"}";
                assertEquals(1, profiles.problems("p", other).size(), field.name());
            }
        }
        assertEquals(List.of("memory"), ProfileField.ALL.stream().filter(ProfileField::required).map(
                ProfileField::name).toList());
    }
}
